//! For programs.

use serde_json::{Value, json};

use super::{Shown, examples};
use crate::text;

/// The version of the document.
const SCHEMA: u32 = 1;

pub(super) fn render(shown: &Shown<'_>) -> String {
    let findings = shown.findings.iter().map(|finding| {
        let bytes = examples(finding).into_iter().map(|example| {
            json!({
                "entries": example.entries,
                "without_bytes": example.without_bytes,
                "with_bytes": example.with_bytes,
            })
        });
        json!({
            "file": text::path(&finding.file),
            "line": finding.line,
            "column": finding.column,
            "kind": finding.kind,
            "sure": finding.kind.is_sure(),
            "type": text::clean(&finding.ty),
            "hint": text::clean(&finding.hint),
            "with": text::clean(&finding.with),
            "filled_in_line": finding.loop_line,
            "examples": bytes.collect::<Vec<_>>(),
        })
    });
    let mut document = json!({
        "schema": SCHEMA,
        "go": shown.go,
        "packages": shown.linted.packages,
        "generic": shown.linted.generic,
        "findings": findings.collect::<Vec<Value>>(),
    });
    if let Some(root) = shown.root {
        document["root"] = text::path(root).into();
    }
    format!("{document:#}\n")
}
