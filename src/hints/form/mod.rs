//! What the hints of packages are shown as.

mod json;
mod sarif;
mod table;

use std::path::Path;

use super::{Finding, Linted, grown_bytes, hinted_bytes};
use crate::report::number::integer;

pub use sarif::{found, rules};

/// Findings, and where they are.
pub struct Shown<'a> {
    /// What was read.
    pub linted: &'a Linted,
    /// Those to show.
    pub findings: &'a [&'a Finding],
    /// The toolchain's version.
    pub go: &'a str,
    /// The folder from which files are named, as the reader sees them.
    pub folder: &'a Path,
    /// The folder of the module.
    pub root: Option<&'a Path>,
}

/// A form.
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// The whole of it.
    pub render: fn(&Shown<'_>) -> String,
}

/// Every form, the one for terminals first.
pub static FORMATS: &[Format] = &[
    Format { name: "table", render: table::render },
    Format { name: "json", render: json::render },
    Format { name: "sarif", render: sarif::render },
];

/// Numbers of entries for which figures are given.
const EXAMPLES: [u64; 2] = [100, 1000];

/// What a map of so many entries allocates for its tables, without the hint and with it.
struct Example {
    entries: u64,
    without_bytes: u64,
    with_bytes: u64,
}

/// The figures of a finding; none where sizes depend on type parameters.
fn examples(finding: &Finding) -> Vec<Example> {
    let of = |entries| {
        let group = finding.group()?;
        let (without_bytes, with_bytes) = (grown_bytes(entries, group)?, hinted_bytes(entries, group));
        Some(Example { entries, without_bytes, with_bytes })
    };
    EXAMPLES.into_iter().filter_map(of).collect()
}

/// `100 entries: 6,904 bytes, with it 3,496; 1,000: 108,968, with it 54,608`.
fn sentence(finding: &Finding) -> String {
    let mut parts = Vec::new();
    for example in examples(finding) {
        let [entries, without, with] = [example.entries, example.without_bytes, example.with_bytes].map(integer);
        let [of, unit] = if parts.is_empty() { [" entries", " bytes"] } else { ["", ""] };
        parts.push(format!("{entries}{of}: {without}{unit}, with it {with}"));
    }
    parts.join("; ")
}
