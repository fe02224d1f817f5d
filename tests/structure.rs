//! The flow points one way, and no file hides a second thing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What each stage may import from the crate, as path prefixes. A stage may always import from itself.
const ALLOWED: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("intake", &["text"]),
    ("plan", &["values", "term", "entry", "intake", "text"]),
    ("workload", &["entry", "intake", "plan", "text"]),
    ("probe", &[]),
    ("values", &["text"]),
    ("term", &["values"]),
    ("entry", &["term", "text"]),
    ("maps", &["values", "term", "entry", "probe::event", "probe::blocks", "probe::quantity"]),
    ("record", &["intake", "plan::CellId", "probe::event", "probe::quantity", "text"]),
    ("ci", &["text"]),
    ("report", &["record", "plan::axes", "ci", "text"]),
    ("gate", &["record", "ci", "text"]),
    ("diff", &["record", "plan::axes", "gate", "report", "text"]),
    ("ab", &["record", "gate", "report", "text"]),
    ("describe", &["plan", "workload", "record", "report", "run", "text"]),
    ("hints", &["engines", "maps::go::heap", "report", "ci", "text"]),
    ("recording", &["engines", "entry", "hints", "census", "maps::go::heap", "record", "report", "gate", "ci", "text"]),
    ("census", &["maps::go::heap", "report", "text"]),
    ("replay", &["workload", "maps", "probe", "text"]),
    ("subject", &["plan", "workload", "maps", "probe", "record", "replay"]),
    ("engines", &["plan", "workload", "maps::Info", "maps::go::heap", "probe", "record", "subject", "text"]),
    ("verify", &["workload", "engines", "replay"]),
    ("inspect", &["workload", "maps", "probe::event", "replay", "text"]),
    (
        "run",
        &["entry", "intake", "plan", "text", "workload", "probe", "maps", "record", "replay", "subject", "engines"],
    ),
    (
        "cmd",
        &[
            "plan",
            "workload",
            "probe",
            "maps",
            "record",
            "ci",
            "report",
            "gate",
            "diff",
            "ab",
            "describe",
            "replay",
            "subject",
            "engines",
            "verify",
            "inspect",
            "run",
            "text",
            "intake",
            "hints",
            "recording",
            "census",
        ],
    ),
];

const LINES_MAX: usize = 600;
const COLUMNS_MAX: usize = 120;

/// The sources of every package.
fn sources() -> Vec<PathBuf> {
    let crates = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    crates.chain([root()]).flat_map(|package| sources_of(&package)).collect()
}

/// The packages that have stages: the tool, and what it runs, whose modules it gives on as its own.
fn staged() -> [PathBuf; 3] {
    ["", "crates/mapscope-run", "crates/mapscope-maps"].map(|package| root().join(package))
}

/// The sources of these.
fn sources_of_the_tool() -> Vec<PathBuf> {
    staged().iter().flat_map(|package| sources_of(package)).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources_of(package: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![package.join("src")]);
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
    let below = staged().into_iter().rev().find_map(|package| file.strip_prefix(package.join("src")).ok());
    let relative = below.unwrap().with_extension("");
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
    // The crates of the tool are one tree of modules.
    let from_crate = ["crate::", "mapscope_maps::", "mapscope_run::"]
        .into_iter()
        .flat_map(|root| starts(root).filter(|&at| !code[..at].ends_with("$")).map(move |at| at + root.len()));
    // As many `super::` as there are modules lead to the root. Nested `mod` blocks don't import this way here.
    let supers = "super::".repeat(modules.len().max(1));
    let from_super = code.match_indices(&supers).map(|(at, _)| at + supers.len()).filter(|_| !modules.is_empty());
    let mut found = Vec::new();
    for at in from_crate.chain(from_super) {
        spread(&code[at..], String::new(), &mut found);
    }
    found
}

/// The same, and every path that begins with `super`, from the root.
fn absolute(code: &str, modules: &[String]) -> Vec<String> {
    let mut found = imports(code, modules);
    for (at, _) in code.match_indices("super::").filter(|(at, _)| !code[..*at].ends_with("super::")) {
        let path = code[at..].trim_start_matches("super::");
        let ups = (code.len() - at - path.len()) / "super::".len();
        if let Some(up) = modules.len().checked_sub(ups).filter(|&up| up > 0) {
            spread(path, modules[..up].join("::") + "::", &mut found);
        }
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

/// Nothing that lies in `tests/` is left out: a file that no program names would pass unseen.
#[test]
fn every_test_belongs_to_a_program() {
    let read = |path: PathBuf| fs::read_to_string(path).unwrap();
    let mut named: BTreeSet<String> = ["suite", "maps"]
        .iter()
        .flat_map(|program| code_parts(&code(&read(root().join(format!("tests/{program}.rs"))))))
        .collect();
    let manifest = read(root().join("Cargo.toml"));
    let programs = manifest.split("[[test]]\nname = \"").skip(1).filter_map(|rest| rest.split('"').next());
    named.extend(programs.map(str::to_owned));
    for entry in fs::read_dir(root().join("tests")).unwrap().map(|entry| entry.unwrap().path()) {
        let is_rust = entry.extension().is_some_and(|extension| extension == "rs");
        let has_tests = is_rust || ["mod.rs", "main.rs"].iter().any(|file| entry.join(file).exists());
        let name = entry.file_stem().unwrap().to_str().unwrap();
        assert!(!has_tests || named.contains(name), "add `mod {name};` to tests/suite.rs or tests/maps.rs");
    }
}

#[test]
fn imports_point_one_way() {
    let mut backward = Vec::new();
    for file in sources_of_the_tool() {
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

/// What the parts of `run` may import of it: `passes` drive sessions and know none, `sessions` know no pass, and neither knows
/// who started it.
const WITHIN_RUN: &[(&str, &[&str])] = &[
    ("place", &[]),
    ("passes", &["place"]),
    ("sessions", &[]),
    ("memory", &[]),
    ("answers", &["RunError"]),
    ("repetitions", &["passes"]),
    ("job", &["passes"]),
    ("limits", &["job", "memory"]),
    // The program for an entry that is not compiled in.
    ("runner", &[]),
    ("subjects", &["sessions", "memory", "runner"]),
    ("here", &["opened", "passes", "subjects"]),
    ("builtin", &["subjects"]),
    ("only", &["child", "job", "subjects"]),
    ("child", &["subjects", "passes", "job", "memory"]),
    // What there is to do and what is known; what happens, and what comes of it.
    ("opened", &["job", "runner", "subjects"]),
    ("task", &["job", "opened"]),
    ("event", &["job", "task"]),
    ("ledger", &["job", "opened", "passes", "place", "repetitions", "task"]),
    ("progress", &["event"]),
    ("log", &["event", "job", "place", "task"]),
    // It knows no process: who runs its jobs knows it.
    ("scheduler", &["event", "job", "ledger", "limits", "opened", "task"]),
    ("valgrind", &["passes"]),
    ("process", &["job", "passes", "scheduler", "valgrind"]),
    // What another program asks.
    ("fresh", &[]),
    ("turn", &["child", "fresh", "limits", "memory", "passes", "process", "runner", "subjects"]),
    (
        "schedule",
        &[
            "answers",
            "event",
            "job",
            "ledger",
            "limits",
            "log",
            "opened",
            "process",
            "progress",
            "runner",
            "scheduler",
            "subjects",
            "task",
            "valgrind",
            "Finished",
            "RunError",
            "Settings",
        ],
    ),
];

#[test]
fn within_a_run_passes_and_sessions_know_each_other_by_their_contract_alone() {
    let allowed = |part: &str, import: &str| {
        let (_, parts) = WITHIN_RUN.iter().find(|(name, _)| *name == part).unwrap_or(&("", &[]));
        let first = import.split("::").next().unwrap_or_default();
        first == part || parts.contains(&first)
    };
    let (mut wrong, mut parts) = (Vec::new(), BTreeSet::new());
    for file in sources_of_the_tool() {
        let modules = modules(&file);
        let [stage, part, ..] = &modules[..] else { continue };
        if stage != "run" || modules.last().is_some_and(|last| last == "tests") {
            continue;
        }
        parts.insert(part.clone());
        for import in absolute(&code(&fs::read_to_string(&file).unwrap()), &modules) {
            if let Some(import) = import.strip_prefix("run::").filter(|import| !allowed(part, import)) {
                wrong.push(format!("{}: run::{import}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "within run:\n{}", wrong.join("\n"));
    assert!(WITHIN_RUN.iter().all(|(part, _)| parts.remove(*part)) && parts.is_empty(), "{parts:?} have no row");
}

/// The circles that there are among the parts of a module, and why each stays.
const CIRCLES: &[(&str, &[&str], &str)] = &[
    ("gate", &["format", "github", "json", "junit", "markdown"], "a registry, and its rows, which have its type"),
    (
        "probe",
        &["blocks", "stacks", "watch"],
        "the allocator calls one hook, by name, which knows both who listen and sets it",
    ),
    ("record::metrics", &["latency", "shares"], "a histogram's shares of the tail, worked out with it once"),
    (
        "workload",
        &["inputs", "keys", "trace"],
        "what reads an input once knows both kinds; both are read from what it took",
    ),
    ("maps::go::classic", &["hmap", "pool"], "the map's fields hold the pool, which holds arrays and lists of the map"),
    ("inspect", &["key", "rows", "watch"], "what is watched is one of both; both describe a change of it"),
    ("diff", &["files", "html"], "the page shows the stacks that also are files"),
];

/// A file and what it says: the modules it lies in, its own included, its imports, and what it shows again.
struct File {
    imports: Vec<String>,
    shown: Vec<String>,
}

/// Every file of the tool by its module, unit tests and the roots left out.
fn files() -> BTreeMap<String, File> {
    let mut files = BTreeMap::new();
    for path in sources_of_the_tool() {
        let modules = modules(&path);
        if modules.is_empty() || modules.last().is_some_and(|last| last == "tests") {
            continue;
        }
        let code = code(&fs::read_to_string(&path).unwrap());
        // What is `pub use`d is no import of this file's, but the way to where it is.
        let (mut used, mut shown_code) = (String::new(), String::new());
        for statement in code.split_inclusive(';') {
            let at = statement.find("pub").filter(|&at| statement[at..].contains("use ")).unwrap_or(statement.len());
            let is_shown = statement[at..].split_once("use ").is_some_and(|(before, _)| {
                before.trim() == "pub" || before.trim().starts_with("pub(") && before.trim().ends_with(')')
            });
            let at = if is_shown { at } else { statement.len() };
            used.push_str(&statement[..at]);
            shown_code.push_str(&statement[at..]);
        }
        let named = |code: &str| {
            let mut found = absolute(code, &modules);
            found.extend(of_parts(code, &modules, &code_parts(&used)));
            found
        };
        let file = File { imports: named(&used), shown: named(&shown_code) };
        files.insert(modules.join("::"), file);
    }
    files
}

/// The parts that a file declares: `mod x;`.
fn code_parts(code: &str) -> Vec<String> {
    let names = code.lines().filter_map(|line| line.rsplit_once("mod ")?.1.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

/// Every path that begins with one of the file's own parts.
fn of_parts(code: &str, modules: &[String], parts: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for part in parts {
        for (at, _) in code.match_indices(&format!("{part}::")) {
            if !code[..at].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c)) {
                spread(&code[at..], modules.join("::") + "::", &mut found);
            }
        }
    }
    found
}

/// The file that a path leads to, through what others show again.
fn file_of(files: &BTreeMap<String, File>, path: &str, steps: usize) -> Option<String> {
    let parts: Vec<&str> = path.split("::").collect();
    let (end, name) =
        (1..=parts.len()).rev().map(|end| (end, parts[..end].join("::"))).find(|(_, name)| files.contains_key(name))?;
    let shown = parts.get(end).filter(|_| steps > 0).and_then(|next| {
        let leads = |shown: &&String| shown.rsplit("::").next() == Some(next) && *shown != path;
        files[&name].shown.iter().find(leads)
    });
    match shown {
        Some(shown) => file_of(files, &[&[shown.as_str()], &parts[end + 1..]].concat().join("::"), steps - 1),
        None => Some(name),
    }
}

/// Among the parts of a module, each with all that is in it, nothing comes back to where it began, but what [`CIRCLES`] names.
/// A module and its own parts know each other: it names them, and they use what it defines.
#[test]
fn no_part_imports_what_imports_it() {
    let files = files();
    let mut within: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (from, file) in &files {
        for to in file.imports.iter().filter_map(|path| file_of(&files, path, 6)) {
            let [from, to] = [from, &to].map(|file| file.split("::").collect::<Vec<_>>());
            let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(&a), Some(&b)) = (from.get(common), to.get(common)) {
                let parts = within.entry(from[..common].join("::")).or_default();
                parts.entry(b.to_owned()).or_default();
                parts.entry(a.to_owned()).or_default().insert(b.to_owned());
            }
        }
    }
    assert!(within[""].len() > 10 && within["run"].len() > 5, "imports are read");
    let mut circles = Vec::new();
    for (module, mut parts) in within {
        // What imports nothing that is left, and what nothing left imports, is taken away, until nothing can be.
        loop {
            let imported: BTreeSet<String> = parts.values().flatten().cloned().collect();
            let count = parts.len();
            parts.retain(|part, imports| !imports.is_empty() && imported.contains(part));
            let left: BTreeSet<String> = parts.keys().cloned().collect();
            parts.values_mut().for_each(|imports| imports.retain(|import| left.contains(import)));
            if parts.len() == count {
                break;
            }
        }
        if !parts.is_empty() {
            circles.push((module, parts.into_keys().collect::<Vec<_>>()));
        }
    }
    let mut known: Vec<_> = CIRCLES
        .iter()
        .map(|(module, parts, why)| {
            assert!(!why.is_empty());
            ((*module).to_owned(), parts.iter().map(|&part| part.to_owned()).collect::<Vec<_>>())
        })
        .collect();
    known.sort();
    circles.sort();
    assert_eq!(
        circles, known,
        "circles among the parts of modules, and what lies between them; left: found, right: CIRCLES"
    );
}

/// What is true of one runtime is in its engine and in the models of its maps: what measures knows none.
#[test]
fn who_measures_names_no_runtime() {
    const OURS: [&str; 5] = ["run", "subject", "cmd::run", "cmd::list", "cmd::toolchains"];
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for file in sources_of_the_tool() {
        let name = modules(&file).join("::");
        let is_go = |word: &str| word == "Go" || word == "golang" || word == "gogc" || word.starts_with("go-");
        if let Some(ours) = OURS.iter().find(|ours| name == **ours || name.starts_with(&format!("{ours}::"))) {
            seen.insert(*ours);
            let text = fs::read_to_string(&file).unwrap();
            let words = |line: &str| line.split(|c: char| !c.is_alphanumeric() && c != '-').any(is_go);
            found.extend(text.lines().filter(|line| words(line)).map(|line| format!("{name}: {line}")));
        }
    }
    assert_eq!(seen.len(), OURS.len(), "read: {seen:?}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_stages_are_those_of_the_flow() {
    let [lib, run, maps] = staged().map(|package| fs::read_to_string(package.join("src/lib.rs")).unwrap());
    let all = [&*lib, &*run, &*maps].concat();
    let mut modules: Vec<_> = all.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut stages: Vec<_> = ALLOWED.iter().map(|&(stage, _)| stage).collect();
    modules.sort_unstable();
    stages.sort_unstable();
    assert_eq!(modules, stages, "a top-level module needs its row in ALLOWED, and its place in lib.rs");
    assert!(!all.lines().any(|line| line.starts_with("mod ")), "every stage is public");
    for stage in stages.into_iter().filter(|&stage| stage != "cmd") {
        let named = lib.lines().any(|line| line.starts_with("//!") && line.contains(stage));
        assert!(named, "lib.rs does not name the stage {stage}");
    }
}

/// Packages that are compiled for whoever depends on one of the crates for programs, itself included.
#[test]
fn the_small_crates_stay_small() {
    const PACKAGES_MAX: usize = 10;
    for name in ["counting-alloc", "mapscope-live", "mapscope-record", "mapscope-trace"] {
        let args = ["tree", "--offline", "--package", name, "--edges", "normal,build", "--prefix", "none"];
        let output = Command::new(env!("CARGO")).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let tree = String::from_utf8(output.stdout).unwrap();
        let packages: BTreeSet<_> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
        assert!((1..=PACKAGES_MAX).contains(&packages.len()), "{name}: {packages:#?}");
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
    /// Names of functions and of the system.
    const OURS: [&str; 3] = ["src/text.rs", "src/probe/symbols.rs", "src/record/environment.rs"];
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

/// The documents: those of the repository, of `docs` and of each crate.
fn documents() -> Vec<PathBuf> {
    let crates = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let folders = crates.chain([root(), root().join("docs")]);
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|x| x == "md")).collect()
}

/// Phrases that read as translated, in lower case, and what to write instead.
const BANNED: &[(&str, &str)] = &[
    ("hangs on", "depends on"),
    ("hang on", "depend on"),
    ("hung on", "depended on"),
    ("hanging on", "depending on"),
    ("asked for for", "requested for"),
    ("be it", "even if it is, or whether it is"),
    ("be they", "whether they are"),
    ("so called", "called"),
    ("so-called", "called"),
    ("hears", "is told"),
    ("is heard", "is reported"),
    ("tells of", "reports"),
    ("tell of", "report"),
    ("told of", "reported"),
    ("bears", "has"),
    ("map tells", "map reports"),
    ("maps tell", "maps report"),
    ("map wants", "map needs"),
    ("maps want", "maps need"),
    ("heeds", "reacts to"),
    ("by lot", "at random"),
    ("lets go of", "releases"),
    ("at the most", "at most"),
    ("held against", "compared with"),
    ("dearer", "more expensive"),
    ("dearest", "most expensive"),
    ("of yours", "your own"),
    ("of ours", "our own"),
    ("not ours", "foreign"),
    ("eats", "uses up"),
];

/// Where a document's prose, outside of its blocks of code, has a banned phrase.
fn banned_phrases(text: &str) -> Vec<&'static str> {
    let prose: Vec<String> = text.split("```").step_by(2).map(str::to_lowercase).collect();
    // Line breaks, quotes and punctuation part words; a hyphen and an apostrophe do not.
    let is_word = |c: char| c.is_alphanumeric() || "-'".contains(c);
    let words = prose.join(" ").replace(|c: char| !is_word(c), " ");
    let words = format!(" {} ", words.split_whitespace().collect::<Vec<_>>().join(" "));
    let phrases = BANNED.iter().map(|&(phrase, _)| phrase);
    phrases.filter(|phrase| words.contains(&format!(" {phrase} "))).collect()
}

#[test]
fn the_documents_are_in_english() {
    let documents = documents();
    assert!(documents.len() > 10, "read: {documents:?}");
    let mut found = Vec::new();
    for path in documents {
        for phrase in banned_phrases(&fs::read_to_string(&path).unwrap()) {
            let (_, instead) = BANNED.iter().find(|(banned, _)| *banned == phrase).unwrap();
            found.push(format!("{}: \"{phrase}\", say: {instead}", path.display()));
        }
    }
    assert!(found.is_empty(), "read as translated:\n{}", found.join("\n"));
    assert_eq!(banned_phrases("It Hangs\non that, `so-called`."), ["hangs on", "so-called"]);
    assert!(banned_phrases("change one, maybe its own\n```sh\nbe it\n```\n").is_empty());
}

/// Tables, links and code may be as wide as they must.
#[test]
fn the_lines_of_the_documents_can_be_read_side_by_side() {
    let mut long = Vec::new();
    for path in documents() {
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
        imports(&code(text), &modules(&["plan", "plan"])),
        ["probe::self", "probe::event::Cause", "probe::event::Probe", "probe::alloc", "gate::compare", "run::Plan"]
    );
    assert_eq!(imports("use super::maps;", &modules(&["plan"])), ["maps"]);
    assert_eq!(imports("use mapscope_maps::maps::go;", &modules(&["plan"])), ["maps::go"]);
    assert!(imports(&code("#[cfg(test)]\nmod tests { use crate::run; }"), &modules(&["plan"])).is_empty());
}

/// What maps are made of is optimised in a program of one map, too, where the rest is hardly.
#[test]
fn a_program_of_one_map_optimises_all_that_maps_are_made_of() {
    const UNMEASURED: [&str; 8] =
        ["backtrace", "hdrhistogram", "libc", "rand_core", "rand_xoshiro", "serde", "thiserror", "unicode-width"];
    let manifest = fs::read_to_string(root().join("crates/mapscope-maps/Cargo.toml")).unwrap();
    let program = fs::read_to_string(root().join("crates/mapscope-run/src/run/runner/program.rs")).unwrap();
    let measured = program.split("];\n").next().unwrap();
    let dependencies = manifest.split("[dependencies]\n").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap();
    let names =
        dependencies.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split([' ', '.']).next());
    let names: Vec<_> = names.filter(|name| !name.is_empty() && *name != "hashbrown-0-14").collect();
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        let is_measured = measured.contains(&format!("\n    \"{name}\",\n"));
        assert!(is_measured != UNMEASURED.contains(&name), "{name}: in MEASURED of runner/program.rs, or among these");
    }
}

#[test]
fn a_backward_import_is_refused() {
    assert!(allowed("maps", "probe::event::Cause"));
    assert!(allowed("maps", "entry::Key"));
    assert!(allowed("maps", "maps::go"));
    assert!(!allowed("maps", "entryway::Key"));
    assert!(!allowed("maps", "probe::alloc"));
    assert!(!allowed("maps", "probe::self"));
    assert!(!allowed("workload", "maps::Map"));
    assert!(!allowed("report", "gate"));
    assert!(!allowed("run", "cmd::main"));
    assert!(allowed("cmd", "run::execute"));
}
