//! SARIF 2.1.0, which code scanning reads: what was found, where, and what would mend it.

use std::path::Path;

use serde_json::{Value, json};

use crate::text;

/// A kind of finding.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name, as it is in the results.
    pub id: String,
    /// What it is, in a line.
    pub summary: String,
    /// What to know of it.
    pub help: String,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Worth a look.
    Note,
    /// Worth a change.
    Warning,
}

/// Something found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The number of its rule.
    pub rule: usize,
    /// How much it matters.
    pub level: Level,
    /// What to say of it.
    pub message: String,
    /// Where.
    pub uri: Uri,
    /// Which characters.
    pub region: Region,
    /// What to put in their place.
    pub with: String,
}

/// Characters of a file: from a line and column to another, which is the first after them. All count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "positions")]
pub struct Region {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    text: String,
    is_relative: bool,
}

const ROOT: &str = "%SRCROOT%";

impl Uri {
    /// That of a file: from the root where it lies below that, else whole.
    pub fn new(file: &Path, root: Option<&Path>) -> Uri {
        match root.and_then(|root| file.strip_prefix(root).ok()) {
            Some(below) => Uri { text: escaped(below), is_relative: true },
            None => Uri { text: format!("file://{}", escaped(file)), is_relative: false },
        }
    }

    fn json(&self) -> Value {
        match self.is_relative {
            true => json!({ "uri": self.text, "uriBaseId": ROOT }),
            false => json!({ "uri": self.text }),
        }
    }
}

/// What stands in a URI as itself stays; every other byte is written as its number.
fn escaped(path: &Path) -> String {
    let mut text = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => text.push(byte.into()),
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

/// The whole as a document: one run of this tool.
pub fn document(tool: &str, version: &str, rules: &[Rule], found: &[Found]) -> String {
    let rules_json = rules.iter().map(|rule| {
        json!({
            "id": rule.id,
            "shortDescription": { "text": rule.summary },
            "fullDescription": { "text": rule.help },
            "help": { "text": rule.help },
        })
    });
    let results = found.iter().map(|found| {
        json!({
            "ruleId": rules[found.rule].id,
            "ruleIndex": found.rule,
            "level": match found.level { Level::Note => "note", Level::Warning => "warning" },
            "message": { "text": found.message },
            "locations": [{ "physicalLocation": { "artifactLocation": found.uri.json(), "region": region(found.region) } }],
            "fixes": [{
                "description": { "text": text::clean(&found.with) },
                "artifactChanges": [{
                    "artifactLocation": found.uri.json(),
                    "replacements": [{
                        "deletedRegion": region(found.region),
                        "insertedContent": { "text": found.with },
                    }],
                }],
            }],
        })
    });
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": tool,
                "version": version,
                "semanticVersion": version,
                "rules": rules_json.collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": { ROOT: { "description": { "text": "The root of the module." } } },
            "results": results.collect::<Vec<_>>(),
        }],
    });
    format!("{document:#}\n")
}

fn region(region: Region) -> Value {
    json!({
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_from_the_root_and_escaped() {
        let uri = |file: &str, root| Uri::new(Path::new(file), root).json();
        let root = Some(Path::new("/a b"));
        assert_eq!(uri("/a b/c/é#.go", root), json!({ "uri": "c/%C3%A9%23.go", "uriBaseId": "%SRCROOT%" }));
        assert_eq!(uri("/b/c.go", root), json!({ "uri": "file:///b/c.go" }));
        assert_eq!(uri("/b/c d.go", None), json!({ "uri": "file:///b/c%20d.go" }));
    }
}
