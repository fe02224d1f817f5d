//! For terminals.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Shown, sentence};
use crate::hints::Kind;
use crate::report::number;
use crate::text;

pub(super) fn render(shown: &Shown<'_>) -> String {
    let mut text = String::new();
    for finding in shown.findings {
        let file = finding.file.strip_prefix(shown.folder).unwrap_or(&finding.file);
        let at = format!("{}:{}:{}", text::path(file), finding.line, finding.column);
        let _ = writeln!(text, "{at}: {}", text::clean(&finding.with));
        let kind = finding.kind;
        let _ = writeln!(text, "  {} ({}): {}", kind.name(), kind.sureness(), kind.what());
        let _ = writeln!(text, "  {}", sentence(finding));
    }
    let mut kinds: BTreeMap<Kind, u64> = BTreeMap::new();
    shown.findings.iter().for_each(|finding| *kinds.entry(finding.kind).or_default() += 1);
    let kinds = kinds.iter().map(|(kind, count)| format!("{} {}", number::integer(*count), kind.name()));
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    let (count, packages) = (shown.findings.len() as u64, shown.linted.packages);
    let [count, packages] = [(count, "hint"), (packages, "package")]
        .map(|(n, what)| format!("{} {what}{}", number::integer(n), if n == 1 { "" } else { "s" }));
    let colon = if kinds.is_empty() { "" } else { ": " };
    let _ = writeln!(text, "{}{count} in {packages}{colon}{kinds}", if text.is_empty() { "" } else { "\n" });
    if shown.linted.generic > 0 {
        let generic = number::integer(shown.linted.generic);
        let _ = writeln!(text, "{generic} more in generic code, whose sizes are not known: no hint without a figure");
    }
    text
}
