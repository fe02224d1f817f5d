//! The hints of a recording for code scanning.

use std::io;

use super::advice::{measured, saves};
use super::{Format, Recorded};
use crate::ci::sarif;
use crate::hints::form::{found, rules};

pub(super) const FORMAT: Format = Format { name: "sarif", binary: false, of_sources: true, render };

fn render(recorded: &Recorded<'_>) -> io::Result<Vec<u8>> {
    let results = recorded.hints.unwrap_or_default().iter().filter_map(|hint| {
        let (finding, bytes) = hint.found.as_ref().ok()?;
        let row = &recorded.table.rows[hint.row];
        Some(found(finding, &format!("{}; {}", saves(*bytes, row), measured(row)), recorded.root))
    });
    let results: Vec<_> = results.collect();
    Ok(sarif::document("mapscope", env!("CARGO_PKG_VERSION"), &rules(), &results).into_bytes())
}
