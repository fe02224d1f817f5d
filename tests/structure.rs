//! The flow points one way, and no file hides a second thing.

use std::fs;
use std::path::{Path, PathBuf};

/// What each stage may import from the crate, as path prefixes. A stage may always import from itself.
const ALLOWED: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("intake", &["text"]),
    ("spec", &["intake", "text"]),
    ("workload", &["intake", "spec", "text"]),
    ("probe", &[]),
    (
        "maps",
        &[
            "spec::Term",
            "spec::Values",
            "spec::Param",
            "spec::LoadFactors",
            "workload::Key",
            "workload::Value",
            "probe::event",
            "probe::blocks",
        ],
    ),
    ("record", &["intake", "probe::event", "text"]),
    ("ci", &["text"]),
    ("report", &["record", "ci", "text"]),
    ("gate", &["record", "ci", "text"]),
    ("diff", &["record", "gate", "report", "text"]),
    ("golang", &["workload", "text"]),
    ("replay", &["workload", "maps", "probe", "text"]),
    ("verify", &["workload", "golang", "replay"]),
    ("inspect", &["workload", "maps", "probe::event", "replay", "text"]),
    ("run", &["intake", "spec", "text", "workload", "probe", "maps", "record", "golang", "replay"]),
    (
        "cmd",
        &[
            "spec", "workload", "probe", "maps", "record", "ci", "report", "gate", "diff", "golang", "replay",
            "verify", "inspect", "run", "text", "intake",
        ],
    ),
];

const LINES_MAX: usize = 600;
const COLUMNS_MAX: usize = 120;

fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(extension) if extension == "rs" => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}

/// The modules that a file of `src/` lies in: `["maps", "go", "classic"]`.
fn modules(file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap().with_extension("");
    let names = relative.iter().map(|part| part.to_str().unwrap().to_owned());
    names.filter(|name| !["mod", "lib", "main"].contains(&name.as_str())).collect()
}

/// The code without comments, up to its unit tests.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = code.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Every path from the crate's root that the code names, without `crate::`; groups are spread out.
fn imports(code: &str, modules: &[String]) -> Vec<String> {
    let starts = |word: &'static str| code.match_indices(word).map(|(at, _)| at);
    let from_crate = starts("crate::").filter(|&at| !code[..at].ends_with("$")).map(|at| at + "crate::".len());
    // As many `super::` as there are modules lead to the root. Nested `mod` blocks don't import this way here.
    let supers = "super::".repeat(modules.len().max(1));
    let from_super = code.match_indices(&supers).map(|(at, _)| at + supers.len()).filter(|_| !modules.is_empty());
    let mut found = Vec::new();
    for at in from_crate.chain(from_super) {
        spread(&code[at..], String::new(), &mut found);
    }
    found
}

/// Reads one path or group; returns what follows it.
fn spread<'a>(text: &'a str, prefix: String, found: &mut Vec<String>) -> &'a str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || "_:*".contains(c))).unwrap_or(text.len());
    let path = prefix + &text[..end];
    let Some(mut rest) = text[end..].strip_prefix('{') else {
        found.push(path);
        return &text[end..];
    };
    loop {
        rest = rest.trim_start_matches([' ', '\n', ',']);
        match rest.strip_prefix('}') {
            Some(after) => return after,
            None if rest.is_empty() => return rest,
            None => {
                let before = rest.len();
                rest = spread(rest, path.clone(), found).trim_start();
                // `as` renames, and whatever else is no path.
                if rest.len() == before || rest.starts_with("as ") {
                    rest = rest.find([',', '}']).map_or("", |at| &rest[at..]);
                }
            }
        }
    }
}

fn allowed(stage: &str, import: &str) -> bool {
    let within = |prefix: &str| import == prefix || import.strip_prefix(prefix).is_some_and(|x| x.starts_with("::"));
    let (_, prefixes) = ALLOWED.iter().find(|(name, _)| *name == stage).unwrap_or(&("", &[]));
    within(stage) || prefixes.iter().any(|prefix| within(prefix))
}

#[test]
fn imports_point_one_way() {
    let mut backward = Vec::new();
    for file in sources() {
        let modules = modules(&file);
        let Some(stage) = modules.first().filter(|_| modules.last().is_none_or(|last| last != "tests")) else {
            continue;
        };
        for import in imports(&code(&fs::read_to_string(&file).unwrap()), &modules) {
            // `crate::` also begins paths that macros make; only the stages count.
            let to_a_stage = ALLOWED.iter().any(|(name, _)| import.split("::").next() == Some(name));
            if to_a_stage && !allowed(stage, &import) {
                backward.push(format!("{}: crate::{import}", file.display()));
            }
        }
    }
    assert!(backward.is_empty(), "backward imports:\n{}", backward.join("\n"));
}

#[test]
fn the_stages_are_those_of_the_flow() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let mut modules: Vec<_> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut stages: Vec<_> = ALLOWED.iter().map(|&(stage, _)| stage).collect();
    modules.sort_unstable();
    stages.sort_unstable();
    assert_eq!(modules, stages, "a top-level module needs its row in ALLOWED, and its place in lib.rs");
    assert!(!lib.lines().any(|line| line.starts_with("mod ")), "every stage is public");
    for stage in stages.into_iter().filter(|&stage| stage != "cmd") {
        let named = lib.lines().any(|line| line.starts_with("//!") && line.contains(stage));
        assert!(named, "lib.rs does not name the stage {stage}");
    }
}

#[test]
fn no_file_is_longer_than_one_thing_needs() {
    let long = sources().into_iter().filter_map(|file| {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        (lines > LINES_MAX).then(|| format!("{}: {lines} lines", file.display()))
    });
    let long: Vec<_> = long.collect();
    assert!(long.is_empty(), "over {LINES_MAX} lines, look for the second thing:\n{}", long.join("\n"));
}

/// Paths, and what files and programs say, are shown by `text`, which leaves nothing in them that acts on a terminal or
/// begins a line; a width at run time panics from 65,536 up.
#[test]
fn foreign_text_is_shown_in_one_way() {
    let banned = |line: &str| {
        let width = line.match_indices("$}").any(|(at, _)| {
            let hole = line[..at].rsplit('{').next().unwrap_or_default();
            hole.contains(':') && !hole.contains('.')
        });
        line.contains(".display()")
            || line.contains("to_string_lossy()")
            || width && !BOUNDED.iter().any(|bounded| line.contains(bounded))
    };
    /// Widths of what is ours alone.
    const BOUNDED: [&str; 12] = [
        "INDENT$",
        "GAP$",
        "name_width$",
        "figure_width$",
        "count_width$",
        "indent$",
        "label_width$",
        "widest$",
        "\"\\n{:1$}\"",
        "{:2$}\"",
        "\"{:1$}\"",
        "{label}{:1$}",
    ];
    let mut found = Vec::new();
    /// Names of functions and of the system, and one that is compared, not shown.
    const OURS: [&str; 4] =
        ["src/text.rs", "src/probe/symbols.rs", "src/record/environment.rs", "src/workload/trace/oracle_general.rs"];
    let ours = |file: &&PathBuf| OURS.iter().any(|ours| file.ends_with(ours)) || file.ends_with("tests.rs");
    for file in sources().iter().filter(|file| !ours(file)) {
        let code = code(&fs::read_to_string(file).unwrap());
        found.extend(code.lines().filter(|line| banned(line)).map(|line| format!("{}: {line}", file.display())));
        // An error that derives its words from a path shows it as it is.
        let words: Vec<_> = code.split("#[error(").skip(1).filter_map(|rest| rest.split(")]").next()).collect();
        let paths = code.lines().filter_map(|line| line.trim().trim_start_matches("pub ").strip_suffix(": PathBuf,"));
        let shown = paths.map(|field| format!("{{{field}}}")).filter(|hole| words.iter().any(|of| of.contains(hole)));
        found.extend(shown.map(|hole| format!("{}: {hole} of an error", file.display())));
    }
    assert!(found.is_empty(), "use text::path, text::pad:\n{}", found.join("\n"));
}

/// Tables, links and code may be as wide as they must.
#[test]
fn the_lines_of_the_documents_can_be_read_side_by_side() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut long = Vec::new();
    let documents = fs::read_dir(root).unwrap().chain(fs::read_dir(root.join("docs")).unwrap());
    for path in documents.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|x| x == "md"))
    {
        let text = fs::read_to_string(&path).unwrap();
        let prose = text.split("```").step_by(2).flat_map(str::lines).filter(|line| !line.starts_with(['|', '[']));
        let wide = prose.filter(|line| line.chars().count() > COLUMNS_MAX);
        long.extend(wide.map(|line| format!("{}: {line}", path.display())));
    }
    assert!(long.is_empty(), "over {COLUMNS_MAX} columns:\n{}", long.join("\n"));
}

#[test]
fn the_reader_of_imports_sees_every_form() {
    let modules = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let text = "use crate::probe::{self, event::{Cause, Probe}, alloc as a};\nuse super::super::run::Plan;\n\
                fn f() { crate::gate::compare() } // crate::report\nuse super::wire;";
    assert_eq!(
        imports(&code(text), &modules(&["spec", "plan"])),
        ["probe::self", "probe::event::Cause", "probe::event::Probe", "probe::alloc", "gate::compare", "run::Plan"]
    );
    assert_eq!(imports("use super::maps;", &modules(&["spec"])), ["maps"]);
    assert!(imports(&code("#[cfg(test)]\nmod tests { use crate::run; }"), &modules(&["spec"])).is_empty());
}

#[test]
fn a_backward_import_is_refused() {
    assert!(allowed("maps", "probe::event::Cause"));
    assert!(allowed("maps", "spec::Term"));
    assert!(allowed("maps", "maps::go"));
    assert!(!allowed("maps", "spec::Terms"));
    assert!(!allowed("maps", "probe::alloc"));
    assert!(!allowed("maps", "probe::self"));
    assert!(!allowed("workload", "maps::Map"));
    assert!(!allowed("report", "gate"));
    assert!(!allowed("run", "cmd::main"));
    assert!(allowed("cmd", "run::execute"));
}
