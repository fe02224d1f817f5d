//! What else differs between two cells besides what is compared.

use crate::record::{Cell, Environment, Results};

/// The fields that exact metrics may depend on: the map's own code, the layout of its types, whether a realloc moves.
const EXACT_DEPENDS_ON: [&str; 4] = ["rustc", "target", "allocator", "mapscope"];

/// What differs in the circumstances of one cell, in words: `cpu A -> B, kernel C -> D`. Empty where nothing does.
#[derive(Debug, Default)]
pub(super) struct Differences {
    /// What times may depend on.
    pub(super) times: String,
    /// What exact metrics may depend on.
    pub(super) exact: String,
}

/// The environment of a cell; `None` when the record has none at that index.
pub(super) fn of<'a>(results: &'a Results, cell: &Cell) -> Option<&'a Environment> {
    results.environments.get(cell.environment)
}

/// Compares the circumstances of the two records of one cell.
pub(super) fn differences(before: (&Results, &Cell), after: (&Results, &Cell)) -> Differences {
    let (Some(a), Some(b)) = (of(before.0, before.1), of(after.0, after.1)) else {
        return Differences { times: "the environment is not recorded".to_owned(), exact: String::new() };
    };
    let fields: Vec<_> = if a == b { Vec::new() } else { fields(a).into_iter().zip(fields(b)).collect() };
    let mut differences = Differences::default();
    for ((name, a), (_, b)) in fields {
        if a != b {
            push(&mut differences.times, name, &a, &b);
            if EXACT_DEPENDS_ON.contains(&name) {
                push(&mut differences.exact, name, &a, &b);
            }
        }
    }
    let (a, b) = (&before.1.map_version, &after.1.map_version);
    if a != b {
        push(&mut differences.exact, "map version", a, b);
    }
    differences
}

fn push(list: &mut String, name: &str, before: &str, after: &str) {
    let separator = if list.is_empty() { "" } else { ", " };
    list.push_str(&format!("{separator}{name} `{before}` -> `{after}`"));
}

fn fields(environment: &Environment) -> [(&'static str, String); 8] {
    // Taken apart by name, so that a new field can't be forgotten here.
    let Environment { cpu, cpus, kernel, page_bytes, rustc, target, allocator, mapscope } = environment.clone();
    [
        ("cpu", cpu),
        ("cpus", cpus.to_string()),
        ("kernel", kernel),
        ("page_bytes", page_bytes.to_string()),
        ("rustc", rustc),
        ("target", target),
        ("allocator", allocator),
        ("mapscope", mapscope),
    ]
}
