//! For code scanning.

use std::path::Path;

use super::{Shown, sentence};
use crate::ci::sarif::{self, Found, Level, Region, Rule, Uri};
use crate::hints::{Finding, Kind};
use crate::text;

pub(super) fn render(shown: &Shown<'_>) -> String {
    let found = shown.findings.iter().map(|finding| found(finding, &sentence(finding), shown.root));
    document(&found.collect::<Vec<_>>())
}

fn document(found: &[Found]) -> String {
    sarif::document("mapscope", env!("CARGO_PKG_VERSION"), &rules(), found)
}

/// Every kind, as a rule.
pub fn rules() -> Vec<Rule> {
    let kinds = Kind::OF_SOURCE.into_iter().chain([Kind::Constant]);
    let rule = |kind: Kind| Rule {
        id: format!("map-hint/{}", kind.name()),
        summary: format!("a map without a hint: {}", kind.what()),
        help: format!(
            "A map that is made without a hint leaves each of its tables behind as it grows. This kind is {}: {}.",
            if kind.is_sure() { "sure" } else { "a guess" },
            kind.what()
        ),
    };
    kinds.map(rule).collect()
}

/// A finding as a result, with what it saves in words.
pub fn found(finding: &Finding, saves: &str, root: Option<&Path>) -> Found {
    let kind = finding.kind;
    let with = &finding.with;
    Found {
        rule: Kind::OF_SOURCE.iter().position(|known| *known == kind).unwrap_or(Kind::OF_SOURCE.len()),
        level: if kind.is_sure() { Level::Warning } else { Level::Note },
        message: format!("{}: {} ({}). {saves}", text::clean(with), kind.what(), kind.sureness()),
        uri: Uri::new(&finding.file, root),
        region: Region {
            line: finding.line,
            column: finding.column,
            end_line: finding.end_line,
            end_column: finding.end_column,
        },
        with: with.clone(),
    }
}
