//! `mapscope lint`, and the form for code scanning.

use std::fs;
use std::path::Path;
use std::process::Command;

use mapscope::engines::go::Toolchain;
use serde_json::Value;

use super::hints::place;
use super::{record, toolchains};
use crate::cli_process::Place;

fn linting(go: &Toolchain, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["lint", "--go"]).arg(&go.path).args(args);
    command.env("GOTOOLCHAIN", "local").env_remove("GOFLAGS").env_remove("GOWORK");
    command
}

/// What `mapscope lint` finds; it says nothing else.
fn lint(place: &Place, go: &Toolchain, args: &[&str]) -> String {
    let outcome = place.run_command(&mut linting(go, args));
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""), "{args:?}");
    outcome.stdout
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Every hint with its kind, in the order of the file.
fn kinds(document: &Value) -> Vec<(&str, &str)> {
    let findings = document["findings"].as_array().expect("findings").iter();
    findings.map(|finding| (finding["kind"].as_str().expect("text"), finding["hint"].as_str().expect("text"))).collect()
}

/// A file of package main in place of the program's.
fn program(place: &Place, body: &str) {
    fs::write(place.path().join("main.go"), format!("package main\n\nfunc main() {{}}\n\n{body}")).expect("written");
}

#[test]
fn every_kind_is_found_with_what_the_model_says() {
    for go in toolchains(true) {
        let place = place();
        let found = json(&lint(&place, &go, &["--format", "json"]));
        let expected = [
            ("copy", "len(names)"),
            ("each", "len(names)"),
            ("copy", "len(from)"),
            ("some", "len(names)"),
            ("counted", "n"),
            ("each", "len(names)"),
        ];
        assert_eq!(kinds(&found), expected, "go{}", go.version);
        let first = &found["findings"][0];
        assert_eq!((&first["sure"], &found["findings"][1]["sure"]), (&true.into(), &false.into()));
        assert_eq!(first["examples"][0]["entries"], 100);
        // map[int]string: groups of 200 bytes with pointers.
        let group = mapscope::hints::Group { bytes: 200, has_pointers: true };
        assert_eq!(first["examples"][1]["without_bytes"].as_u64(), mapscope::hints::grown_bytes(1000, group));
        assert_eq!(first["examples"][1]["with_bytes"], mapscope::hints::hinted_bytes(1000, group));
        let table = lint(&place, &go, &["--kind", "copy,each", "."]);
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        assert!(table.ends_with("\n4 hints in 1 package: 2 copy, 2 each\n"), "{table}");
    }
}

#[test]
fn what_can_not_be_known_before_is_left_alone() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    let filled = |before: &str, between: &str, over: &str, body: &str| {
        program(
            &place,
            &format!(
                "type box struct {{ names []string; inner *box }}\n\nfunc call() []string {{ return nil }}\n\n\
                 func f(b *box, names []string, c chan string, g func(func(string) bool)) map[string]int {{\n{before}\n\
                 m := map[string]int{{}}\n{between}\nfor _, name := range {over} {{\n{body}\n}}\nreturn m\n}}\n"
            ),
        );
        let found = json(&lint(&place, &go, &["--format", "json"]));
        kinds(&found).into_iter().map(|(kind, hint)| format!("{kind} {hint}")).collect::<Vec<_>>()
    };
    let plain = "m[name] = 1";
    assert_eq!(filled("", "", "names", plain), ["each len(names)"]);
    assert_eq!(filled("", "", "b.inner.names", plain), ["each len(b.inner.names)"]);
    assert_eq!(filled("", "x := 1; _ = x", "b.names[1:]", plain), ["each len(b.names[1:])"]);
    assert_eq!(filled("", "", "names", "if name == \"\" { continue }; m[name] = 1"), ["some len(names)"]);
    let none = Vec::<String>::new();
    // There may be nothing there, or something else, before what comes between.
    assert_eq!(filled("", "if b == nil { return nil }", "b.names", plain), none);
    assert_eq!(filled("", "b = b.inner", "b.names", plain), none);
    assert_eq!(filled("", "println(len(c))", "b.names", plain), none);
    assert_eq!(filled("", "names = append(names, \"x\")", "names", plain), none);
    assert_eq!(filled("", "local := names; _ = local", "local", plain), none);
    // No length.
    assert_eq!(filled("", "", "names[:copy(names, names)]", plain), none);
    assert_eq!(filled("", "", "call()", plain), none);
    // Keys repeat, or the loop is not alone.
    assert_eq!(filled("", "", "names", "m[name]++"), none);
    assert_eq!(filled("", "", "names", "m[name] = m[name] + 1"), none);
    assert_eq!(filled("", "", "names", "for range names { m[name] = 1 }"), none);
    assert_eq!(filled("", "", "names", "m[name] = 1; delete(m, name)"), none);
    assert_eq!(filled("", "", "names", "func() { m[name] = 1 }()"), none);
    // Other things of these names, and few entries.
    assert_eq!(filled("len := 1; _ = len", "", "names", plain), none);
    assert_eq!(filled("make := 1; _ = make", "", "names", plain), none);
    assert_eq!(filled("few := [8]string{}", "", "few", plain), none);
    assert_eq!(filled("more := [9]string{}", "", "more", plain), ["each len(more)"]);
    // Another map by then.
    assert_eq!(filled("", "m = nil", "names", plain), none);
}

#[test]
fn only_a_loop_that_runs_to_its_end_is_sure() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    for (between, first, kind) in [
        ("", "", "copy"),
        ("f(nil, nil)", "func() { return }()", "copy"),
        ("if more == nil { return nil }", "", "each"),
        ("", "if name == \"\" { return nil }", "each"),
        ("", "if name == \"\" { break }", "some"),
    ] {
        program(
            &place,
            &format!(
                "func f(names []string, more map[int]string) map[int]string {{\nm := map[int]string{{}}\n{between}\n\
                 for i, name := range names {{\n{first}\nm[i] = name\n}}\nreturn m\n}}\n"
            ),
        );
        let found = json(&lint(&place, &go, &["--format", "json"]));
        assert_eq!(kinds(&found), [(kind, "len(names)")], "{between} {first}");
    }
    // A map may be filled wherever it is given to.
    for (between, count) in [("", 1), ("fill(from)", 0)] {
        program(
            &place,
            &format!(
                "func fill(map[int]int) {{}}\n\nfunc f(from map[int]int) map[int]int {{\nm := map[int]int{{}}\n{between}\n\
                 for i := range from {{\nm[i] = i\n}}\nreturn m\n}}\n"
            ),
        );
        assert_eq!(kinds(&json(&lint(&place, &go, &["--format", "json"]))).len(), count, "{between}");
    }
    // Functions of one file, each with the kind of its only map, or none.
    let mut source = SHARED.to_owned();
    let mut starts = Vec::new();
    for (at, (body, kind)) in FUNCTIONS.iter().enumerate() {
        starts.push((source.lines().count() as u64, *body, *kind));
        source += &format!("func f{at}(xs, ys []int, from map[int]int, s, t *box, c chan int) {{\n{body}\n}}\n");
    }
    fs::write(place.path().join("main.go"), source).expect("written");
    let found = json(&lint(&place, &go, &["--format", "json"]));
    let found = found["findings"].as_array().expect("findings");
    for (at, (start, body, kind)) in starts.iter().enumerate() {
        let end = starts.get(at + 1).map_or(u64::MAX, |next| next.0);
        let inside =
            found.iter().filter(|finding| (start + 1..=end).contains(&finding["line"].as_u64().expect("a line")));
        let inside: Vec<_> = inside.map(|finding| finding["kind"].as_str().expect("text")).collect();
        assert_eq!(inside, kind.iter().copied().collect::<Vec<_>>(), "{body}");
    }
}

/// What the functions below use.
const SHARED: &str = r#"package main

import "maps"

func main() {}

type box struct {
	m  map[int]int
	xs list
	in *box
}

type list []int

func (l *list) load()  { *l = make(list, 100) }
func (s *box) reset()  { s.m = nil }
func get() *box        { return &box{} }
func give(map[int]int) {}
func call()            {}

var global map[int]int
var all []int

"#;

/// Bodies of functions, and the kind of the map that each makes; none where no hint can be known to be right.
const FUNCTIONS: &[(&str, Option<&str>)] = &[
    ("m := map[int]int{}\nfor i := range xs { m[i] = 1 }", Some("copy")),
    ("m := map[int]int{}\nfor i := range xs { call(); (m)[i] = 1 }", Some("copy")),
    ("m := map[int]int{}\nfor k, v := range from { m[k] = v }", Some("copy")),
    ("m := map[int]int{}\nn := 1; _ = n\nfor k, v := range s.m { m[k] = v }", Some("copy")),
    ("m := map[int]int{}\nmaps.Copy(m, from)", Some("copy")),
    ("m := map[int]int{}\nfor i := 0; i < len(xs); i++ { m[i] = xs[i] }", Some("copy")),
    ("s.m = map[int]int{}\nfor i := range s.xs { s.m[i] = 1 }", Some("copy")),
    // What the making statement sets is read too early.
    ("var m map[int]int\ns, m = get(), map[int]int{}\nfor i := range s.xs { m[i] = 1 }", None),
    ("cur, next := from, from\ncur, next = next, map[int]int{}\nfor k := range cur { next[k] = 1 }", None),
    ("s.m = map[int]int{}\nfor k := range s.m { s.m[k] = 1 }", None),
    // Another struct's field, or this one's.
    ("s.m = map[int]int{}\nfor k, v := range t.m { s.m[k] = v }", Some("each")),
    // Changed by what does not name it.
    ("var l list\nm := map[int]int{}\nl.load()\nfor i := range l { m[i] = 1 }", None),
    ("p := &xs\nm := map[int]int{}\n*p = ys\nfor i := range xs { m[i] = 1 }", None),
    ("add := func() { xs = ys }\nm := map[int]int{}\nadd()\nfor i := range xs { m[i] = 1 }", None),
    ("go func() { xs = <-make(chan []int) }()\nm := map[int]int{}\n<-c\nfor i := range xs { m[i] = 1 }", None),
    ("m := map[int]int{}\nt.xs = ys\nfor i := range s.xs { m[i] = 1 }", None),
    ("m := map[int]int{}\ncall()\nfor k := range from { m[k] = 1 }", None),
    ("m := map[int]int{}\ncall()\nfor i := range all { m[i] = 1 }", None),
    // A bound that moves.
    ("m := map[int]int{}\nfor i := 0; i < len(c); i++ { m[i] = <-c }", None),
    ("m := map[int]int{}\nfor i := 0; i < len(xs); i++ { m[i] = 1; xs = xs[1:] }", None),
    ("m := map[int]int{}\nfor i := 0; i < len(s.xs); i++ { m[i] = 1; call() }", Some("each")),
    ("m := map[int]int{}\ni := 5\nfor i += 0; i < len(xs); i++ { m[i] = 1 }", None),
    ("m := map[int]int{}\nfor k := range from { m[k] = 1; delete(from, k+1) }", Some("each")),
    ("m := map[int]int{}\nfor k := range from { m[k] = 1; call() }", Some("each")),
    // Left before its end.
    ("for {\nm := map[int]int{}\nif len(ys) > 3 { continue }\nfor i := range xs { m[i] = 1 }\n}", Some("each")),
    ("m := map[int]int{}\nif len(ys) > 3 { goto end }\nfor i := range xs { m[i] = 1 }\nend:", Some("each")),
    ("m := map[int]int{}\nfor i := range xs { if i > 3 { panic(i) }; m[i] = 1 }", Some("each")),
    // Given to what may remove from it.
    ("m := map[int]int{}\nfor i := range xs { m[i] = 1; give(m) }", Some("each")),
    ("m := map[int]int{}\nn := m\nfor i := range xs { m[i] = 1; delete(n, i) }", Some("each")),
    ("m := map[int]int{}\nfor i := range xs { m[i] = 1; delete((m), i) }", None),
    ("s.m = map[int]int{}\ns.reset()\nfor i := range xs { s.m[i] = 1 }", Some("each")),
    ("global = map[int]int{}\nfor i := range xs { global[i] = 1; call() }", Some("each")),
    ("m := map[int]int{}\nfor m = range make(chan map[int]int) { }\nfor i := range xs { m[i] = 1 }", None),
    // Keys that may be one, and a length that is not that of what is written.
    (
        "m := map[int]int{}\na := 1\nfor i := range map[int]int{a: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9} { m[i] = 1 }",
        Some("each"),
    ),
    ("m := map[int]int{}\nfor i := range [99]int{1} { m[i] = 1 }", Some("copy")),
    ("m := map[uint64]int{}\nfor i := uint64(0); i < 1<<63; i++ { m[i] = 1 }", None),
    // Lines and columns are the file's own.
    ("m := map[int]int{}\n//line other.y:7\nfor i := range xs { m[i] = 1 }", Some("copy")),
    ("m := map[int]int{}\nfor i := range xs { m[i] = 1 }", Some("copy")),
];

#[test]
fn a_hint_put_in_compiles_and_is_not_found_again() {
    for go in toolchains(true) {
        let place = place();
        let kinds = "copy,each,some,counted";
        let outcome = place.run_command(&mut linting(&go, &["-q", "--kind", kinds, "--write", "./..."]));
        assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
        let mut vet = Command::new(&go.path);
        let vet = place.run_command(vet.args(["vet", "./..."]).env("GOTOOLCHAIN", "local").env_remove("GOFLAGS"));
        assert_eq!(vet.code, Some(0), "{}", vet.stderr);
        assert_eq!(lint(&place, &go, &["./..."]), "0 hints in 1 package\n");
    }
}

#[test]
fn findings_fail_only_on_request() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    assert_eq!(place.run_command(&mut linting(&go, &["--fail", "."])).code, Some(1));
    let patch = place.run_command(&mut linting(&go, &["--fix", "-"]));
    // What is sure.
    assert_eq!((patch.code, patch.stdout.matches("\n+\t").count()), (Some(0), 3), "{}", patch.stdout);
    program(&place, "// No map.\n");
    assert_eq!(place.run_command(&mut linting(&go, &["--fail", "."])).code, Some(0));
}

#[test]
fn what_does_not_compile_is_refused_with_its_line() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    for (body, said) in
        [("func f() { nothing() }\n", "main.go:5:12: undefined: nothing"), ("func {\n", "main.go:5:6: ")]
    {
        program(&place, body);
        let outcome = place.run_command(&mut linting(&go, &["--fix", "x.patch", "."]));
        assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""), "{}", outcome.stderr);
        assert!(outcome.stderr.starts_with("error: ") && outcome.stderr.contains(said), "{}", outcome.stderr);
        assert!(outcome.left.is_empty(), "{:?}", outcome.left);
    }
    let outcome = place.run_command(&mut linting(&go, &["./nowhere"]));
    assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("nowhere"), "{}", outcome.stderr);
    for go in toolchains(false) {
        let outcome = place.run_command(&mut linting(&go, &["."]));
        assert_eq!(outcome.code, Some(2));
        assert!(outcome.stderr.contains("its maps are not those of Go 1.24 to 1.27"), "{}", outcome.stderr);
    }
}

/// The file with what a result says put in, by lines and columns.
fn mended(source: &str, results: &[Value]) -> String {
    let mut lines: Vec<String> = source.lines().map(str::to_owned).collect();
    for result in results {
        let replacement = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
        let region = &replacement["deletedRegion"];
        let [line, column, end_line, end_column] = ["startLine", "startColumn", "endLine", "endColumn"]
            .map(|field| region[field].as_u64().expect("a position") as usize - 1);
        assert_eq!(line, end_line);
        let characters: Vec<char> = lines[line].chars().collect();
        let part = |range: &[char]| range.iter().collect::<String>();
        let with = replacement["insertedContent"]["text"].as_str().expect("text");
        lines[line] = part(&characters[..column]) + with + &part(&characters[end_column..]);
    }
    lines.join("\n") + "\n"
}

#[test]
fn code_scanning_is_told_where_and_what_to_write() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    // Columns are those of characters.
    program(
        &place,
        "func f(names []string) map[int]string {\n\t_, m := \"é\", map[int]string{}\n\tfor i, name := range names {\n\t\tm[i] = name\n\t}\n\treturn m\n}\n",
    );
    fs::create_dir(place.path().join("in+a")).expect("made");
    fs::rename(place.path().join("main.go"), place.path().join("in+a/main.go")).expect("moved");
    let path = place.path().join("in+a/main.go");
    let log = json(&lint(&place, &go, &["--format", "sarif", "./in+a"]));
    let run = &log["runs"][0];
    assert_eq!((&log["version"], &run["columnKind"]), (&"2.1.0".into(), &"unicodeCodePoints".into()));
    assert_eq!(run["tool"]["driver"]["name"], "mapscope");
    let results = run["results"].as_array().expect("results");
    let [result] = &results[..] else { panic!("{log}") };
    let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().expect("a number") as usize];
    assert_eq!((&rule["id"], &result["ruleId"]), (&"map-hint/copy".into(), &"map-hint/copy".into()));
    let location = &result["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "in%2Ba/main.go");
    assert_eq!(location["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    assert!(run["originalUriBaseIds"]["%SRCROOT%"].is_object());
    let mended = mended(&fs::read_to_string(&path).expect("the program"), results);
    assert_eq!(place.run_command(&mut linting(&go, &["-q", "--write", "./in+a"])).code, Some(0));
    assert_eq!(fs::read_to_string(Path::new(&path)).expect("the program"), mended);
}

#[test]
fn a_recording_s_hints_are_results_too() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["maps", "r", "--format", "sarif", "--go"]).arg(&go.path).env("GOTOOLCHAIN", "local");
    let outcome = place.run_command(&mut command);
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
    let log = json(&outcome.stdout);
    let results = log["runs"][0]["results"].as_array().expect("results");
    let rules: Vec<_> = results.iter().map(|result| result["ruleId"].as_str().expect("text")).collect();
    assert_eq!(rules.len(), 7, "{log}");
    assert!(rules.contains(&"map-hint/constant") && rules.contains(&"map-hint/copy"), "{rules:?}");
    let first = &results[0];
    assert!(first["message"]["text"].as_str().is_some_and(|text| text.contains("saves up to ")), "{first}");
    assert_eq!(first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "main.go");
}
