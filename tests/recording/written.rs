//! Which files `--write` and `--fix` change, and which never.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use mapscope::engines::go::Toolchain;
use serde_json::Value;

use super::hints::place;
use super::{record, rows, toolchains};
use crate::cli_process::{Outcome, Place};

/// A function with a map that surely gets a hint.
const FILLED: &str = "func F(names []string) map[int]string {\n\tm := make(map[int]string)\n\tfor i, name := range names {\n\
                      \t\tm[i] = name\n\t}\n\treturn m\n}\n";

/// `mapscope ARGS --go GO`.
fn mapscope(go: &Toolchain, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(args).arg("--go").arg(&go.path);
    for name in ["GOFLAGS", "GOWORK", "PWD"] {
        command.env_remove(name);
    }
    command.env("GOTOOLCHAIN", "local");
    command
}

fn write(place: &Place, file: &str, text: &str) {
    let file = place.path().join(file);
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(file, text).expect("written");
}

/// A file that stays as it is, whether a patch or the source is to be written.
fn stays(place: &Place, go: &Toolchain, package: &str, file: &Path, why: &str) {
    let before = fs::read(file).expect("it is there");
    for flags in [&["--write"][..], &["--fix", "-"]] {
        let outcome = place.run_command(&mut mapscope(go, &[&["lint", "-q"], flags, &[package]].concat()));
        assert_eq!(outcome.code, Some(0), "{package}: {}", outcome.stderr);
        let said = format!("left as it is: 1 file, {why}: ");
        assert!(outcome.stderr.contains(&said), "{package}: {}", outcome.stderr);
        assert!(!outcome.stdout.contains("+++"), "{package}: {}", outcome.stdout);
        assert!(fs::read(file).expect("it is there") == before, "{package}");
    }
}

#[test]
fn files_of_others_are_never_changed() {
    const OTHERS: &str = "Go's own, or of another module";
    for go in toolchains(true) {
        let place = Place::new();
        let package = format!("package x\n\n{FILLED}");
        write(&place, "m/go.mod", "module example.com/m\n\ngo 1.24\n\nrequire example.com/x v1.0.0\n");
        write(&place, "m/m.go", "package m\n\nimport _ \"example.com/x\"\n");
        write(&place, "m/vendor/modules.txt", "# example.com/x v1.0.0\n## explicit; go 1.24\nexample.com/x\n");
        write(&place, "m/vendor/example.com/x/x.go", &package);
        let vendored = place.path().join("m/vendor/example.com/x/x.go");
        let inside = |args: &[&str]| -> Outcome {
            let mut shell = Command::new("sh");
            let command = mapscope(&go, args);
            shell.args(["-c", "cd m && exec \"$@\"", "sh"]).arg(command.get_program()).args(command.get_args());
            place.run_command(shell.env("GOTOOLCHAIN", "local").env_remove("GOFLAGS"))
        };
        let outcome = inside(&["lint", "--write", "example.com/x"]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(&format!("left as it is: 1 file, {OTHERS}: ")), "{}", outcome.stderr);
        assert!(outcome.stderr.ends_with("0 files changed\n"), "{}", outcome.stderr);
        assert_eq!(fs::read_to_string(&vendored).expect("it is there"), package);
    }
}

#[test]
fn no_link_leads_out_of_the_module() {
    let Some(go) = toolchains(true).pop() else { return };
    let (place, other) = (Place::new(), Place::new());
    write(&place, "go.mod", "module example.com/m\n\ngo 1.24\n");
    write(&other, "x.go", &format!("package x\n\n{FILLED}"));
    let outside = other.path().join("x.go");
    fs::create_dir(place.path().join("file")).expect("made");
    symlink(&outside, place.path().join("file/x.go")).expect("linked");
    symlink(other.path(), place.path().join("folder")).expect("linked");
    for package in ["./file", "./folder"] {
        stays(&place, &go, package, &outside, "not below the folder of the module");
    }
    // Files of one's own in a folder with that name, too.
    write(&place, "in/vendor/x/x.go", &format!("package x\n\n{FILLED}"));
    stays(&place, &go, "./in/vendor/x", &place.path().join("in/vendor/x/x.go"), "vendored");
}

#[test]
fn go_s_own_sources_are_not_changed_from_within() {
    let Some(go) = toolchains(true).pop() else { return };
    let goroot = Command::new(&go.path).args(["env", "GOROOT"]).output().expect("it runs").stdout;
    let source = Path::new(String::from_utf8(goroot).expect("UTF-8").trim()).join("src");
    let mut command = mapscope(&go, &["lint", "--fix", "-", "--kind", "copy,each,some,counted", "./go/types"]);
    let output = command.current_dir(source).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*output.stdout), (Some(0), &b""[..]), "{said}");
    assert!(said.starts_with("left as ") && said.contains("Go's own, or of another module"), "{said}");
}

#[test]
fn a_recording_does_not_choose_what_is_changed() {
    let Some(go) = toolchains(true).pop() else { return };
    let (recorded, elsewhere) = (place(), place());
    record(&recorded, &go, &["--out", "r", "--", "go", "run", "."]);
    let recording = recorded.path().join("r");
    let recording = recording.to_str().expect("UTF-8");
    let before = fs::read(recorded.path().join("main.go")).expect("it is there");
    let outcome = elsewhere.run_command(&mut mapscope(&go, &["maps", recording, "--write"]));
    assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("is not in the module of this folder"), "{}", outcome.stderr);
    assert!(fs::read(recorded.path().join("main.go")).expect("it is there") == before);

    // What is said of a patch works from anywhere.
    let outcome = elsewhere.run_command(&mut mapscope(&go, &["maps", recording, "--fix", "it's.patch"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let (_, apply) = outcome.stderr.split_once("a patch of 1 file: ").expect("a command");
    assert!(apply.starts_with("git -C /"), "{apply}");
    let applied = recorded.run_command(Command::new("sh").args(["-c", &format!("cd / && {apply}")]));
    assert_eq!(applied.code, Some(0), "{apply}{}", applied.stderr);
    assert!(fs::read(recorded.path().join("main.go")).expect("it is there") != before);
}

#[test]
fn hints_are_found_by_whichever_path_a_folder_was_entered() {
    let Some(go) = toolchains(true).pop() else { return };
    let (place, links) = (place(), Place::new());
    let link = links.path().join("link");
    symlink(place.path(), &link).expect("linked");
    let linked = |command: Command| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "cd \"$0\" && exec \"$@\""]).arg(&link).arg(command.get_program()).args(command.get_args());
        let outcome = place.run_command(shell.env("GOTOOLCHAIN", "local").env_remove("GOFLAGS"));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome
    };
    linked(super::recording(&go, &["--out", "r", "--", "go", "run", "."]));
    let maps = linked(mapscope(&go, &["maps", "r", "--hints", "--format", "json"]));
    let maps: Value = serde_json::from_str(&maps.stdout).expect("JSON");
    assert_eq!(rows(&maps, "main.indexed")[0]["hint"]["kind"], "copy", "{maps}");
    let written = linked(mapscope(&go, &["maps", "r", "--write"]));
    assert_eq!(written.stderr, "1 file changed\n");
}

#[test]
fn kinds_are_refused_where_nothing_takes_them() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
    let outcome = place.run_command(&mut mapscope(&go, &["maps", "r", "--hints", "--kind", "copy"]));
    assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""));
    assert!(outcome.stderr.contains("--fix and --write"), "{}", outcome.stderr);
}

#[test]
fn a_type_of_several_lines_is_put_in_as_it_is() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = Place::new();
    write(&place, "go.mod", "module example.com/m\n\ngo 1.24\n");
    let ty = "map[int]struct {\n\t\tname string\n\t}";
    let body = "for i, name := range names {\n\t\tm[i] = struct{ name string }{name}\n\t}\n\t_ = m";
    write(&place, "m.go", &format!("package m\n\nfunc f(names []string) {{\n\tm := make({ty})\n\t{body}\n}}\n"));
    let outcome = place.run_command(&mut mapscope(&go, &["lint", "--format", "sarif"]));
    let log: Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let result = &log["runs"][0]["results"][0];
    let change = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(change["insertedContent"]["text"], format!("make({ty}, len(names))"), "{log}");
    assert!(!result["message"]["text"].as_str().expect("text").contains('\n'));
}

#[test]
fn a_folder_that_json_can_not_name_is_refused_in_words() {
    use std::os::unix::ffi::OsStrExt as _;

    let Some(go) = toolchains(true).pop() else { return };
    let place = Place::new();
    let folder = place.path().join(std::ffi::OsStr::from_bytes(b"\xff"));
    fs::create_dir(&folder).expect("made");
    fs::write(folder.join("go.mod"), "module example.com/m\n").expect("written");
    let output = mapscope(&go, &["lint"]).current_dir(folder).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("is not UTF-8"), "{said}");
}
