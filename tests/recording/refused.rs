//! What can't be recorded or read, and what is said of it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use super::{place, record, recording, toolchains};
use crate::cli_process::{Outcome, Place, listing, script};

fn refused(outcome: &Outcome, parts: &[&str]) {
    assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""), "{}", outcome.stderr);
    for part in parts {
        assert!(outcome.stderr.starts_with("error: ") && outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
}

#[test]
fn a_go_with_classic_maps_is_refused() {
    for go in toolchains(false) {
        let place = place();
        let outcome = place.run_command(&mut recording(&go, &["--out", "r", "--", "go", "run", "."]));
        refused(&outcome, &[&format!("go{}: ", go.version), "Go 1.23 or older", "mapscope records Go 1.24 to 1.27"]);
        assert!(outcome.left.is_empty(), "{:?}", outcome.left);
    }
}

#[test]
fn a_go_that_is_not_known_is_refused_with_the_hook_that_is_missing() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    let goroot =
        Command::new(&go.path).args(["env", "GOROOT"]).env("GOTOOLCHAIN", "local").output().expect("it starts");
    let goroot = String::from_utf8(goroot.stdout).expect("a path");
    let other = place.path().join("other");
    let (from, to) = ("src/internal/runtime/maps", other.join("src/internal/runtime/maps"));
    fs::create_dir_all(&to).expect("made");
    fs::create_dir(other.join("bin")).expect("made");
    for file in fs::read_dir(std::path::Path::new(goroot.trim()).join(from)).expect("its maps") {
        let path = file.expect("a file").path();
        let text = fs::read_to_string(&path).expect("a source").replace("growToTable", "enlarge");
        fs::write(to.join(path.file_name().expect("a name")), text).expect("written");
    }
    // A go command that has these sources, and builds programs with its own.
    let env =
        serde_json::json!({"GOROOT": other, "GOVERSION": "go1.99", "GOOS": "linux", "GOARCH": "amd64", "GOFLAGS": ""});
    fs::write(other.join("env.json"), env.to_string()).expect("written");
    let fake = other.join("bin/go");
    let text =
        format!("#!/bin/sh\n[ \"$2\" = -json ] && exec cat other/env.json\nexec \"{}\" \"$@\"\n", go.path.display());
    script(&fake, &text);
    symlink(&fake, place.path().join("go")).expect("linked");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    let outcome = place.run_command(command.args(["record", "--out", "r", "--go", "./go", "--", "go", "run", "."]));
    refused(&outcome, &["go1.99: its maps can't be recorded: hook missing: func (*Map) growToTable (found 0 of 1)"]);
    assert!(outcome.left.is_empty(), "{:?}", outcome.left);
}

#[test]
fn settings_that_would_leave_the_hooks_out_are_refused() {
    for go in toolchains(true) {
        let place = place();
        let outcome = place.run_command(&mut recording(&go, &["--", "go", "build", "-overlay", "own.json", "."]));
        refused(&outcome, &["put it into GOFLAGS"]);
        let mut elsewhere = recording(&go, &["--", "go", "build", "."]);
        refused(&place.run_command(elsewhere.env("GOOS", "windows")), &["windows/amd64", "unset GOOS and GOARCH"]);
        for architecture in ["386", "riscv64"] {
            let mut another = recording(&go, &["--", "go", "build", "."]);
            let outcome = place.run_command(another.env("GOARCH", architecture));
            refused(&outcome, &[&format!("linux/{architecture}, and mapscope records linux/amd64 and linux/arm64")]);
        }
        fs::write(place.path().join("own.json"), "[]").expect("written");
        let mut own = recording(&go, &["--", "go", "build", "."]);
        refused(&place.run_command(own.env("GOFLAGS", "-overlay=own.json")), &["own.json: is no overlay"]);
    }
}

#[test]
fn a_go_that_builds_with_the_maps_of_before_is_refused() {
    for go in toolchains(true) {
        let place = place();
        let mut classic = recording(&go, &["--out", "r", "--", "go", "run", "."]);
        let outcome = place.run_command(classic.env("GOEXPERIMENT", "noswissmap"));
        // From Go 1.26 on there are no such maps, and the go command itself says so.
        let why = match go.is_of("Go 1.24") || go.is_of("Go 1.25") {
            true => format!("go{}: its maps can't be recorded: it builds with the maps of Go 1.23", go.version),
            false => "unknown GOEXPERIMENT".to_owned(),
        };
        refused(&outcome, &[&why]);
        assert!(outcome.left.is_empty(), "{:?}", outcome.left);
    }
    // Nothing is asked of the environment where the toolchain itself was built so.
    let Some(go) = toolchains(true).pop() else { return };
    let place = place();
    let env = serde_json::json!({
        "GOROOT": "/nowhere", "GOVERSION": "go1.24.1 X:noswissmap", "GOOS": "linux", "GOARCH": "amd64", "GOFLAGS": ""
    });
    fs::write(place.path().join("env.json"), env.to_string()).expect("written");
    let fake = place.path().join("go");
    script(
        &fake,
        &format!("#!/bin/sh\n[ \"$2\" = -json ] && exec cat env.json\nexec \"{}\" \"$@\"\n", go.path.display()),
    );
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    let outcome = place.run_command(command.args(["record", "--out", "r", "--go", "./go", "--", "go", "run", "."]));
    refused(&outcome, &["go1.24.1: its maps can't be recorded: it builds with the maps of Go 1.23"]);
}

#[test]
fn a_command_of_which_nothing_is_recorded_is_told() {
    let place = Place::new();
    let path = |path: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        command.env("PATH", path);
        command
    };
    let outcome = place.run_command(path("/nowhere").args(["record", "--out", "a", "--", "go", "build"]));
    refused(&outcome, &["go: there is no such command", "go.dev/dl"]);
    script(&place.path().join("nothing"), "#!/bin/sh\n");
    let outcome = place.run_command(path("/nowhere").args(["record", "--out", "b", "--", "./nothing"]));
    refused(&outcome, &["nothing was recorded: no program that ran was built under `mapscope record`"]);
    // The code of a command that failed is its own.
    assert_eq!(place.run(&["record", "--out", "c", "--", "sh", "-c", "exit 7"]).code, Some(7));
    let outcome = place.run(&["record", "--out", "d", "--", "./nowhere"]);
    refused(&outcome, &["./nowhere: "]);
    assert!(outcome.left.is_empty(), "{:?}", outcome.left);
    let outcome = place.run(&["record", "--out", ".", "--", "true"]);
    refused(&outcome, &[".: is not empty"]);
    refused(&place.run(&["record", "--sample", "0.5", "--", "true"]), &["give all, off or 1/N"]);
    refused(&place.run(&["record", "true"]), &[]);
}

#[test]
fn what_recorded_nothing_leaves_nothing_and_is_not_called_built() {
    let place = Place::new();
    for command in [&["false", "build"][..], &["sh", "-c", "exit 1"]] {
        for out in [&["--out", "a/b"][..], &[]] {
            let outcome = place.run(&[&["record"], out, &["--"], command].concat());
            assert_eq!((outcome.code, &*outcome.stdout), (Some(1), ""), "{}", outcome.stderr);
            assert!(
                outcome.stderr.contains("nothing was recorded: the command ended with code 1"),
                "{}",
                outcome.stderr
            );
            assert!(outcome.left.is_empty(), "{:?}", outcome.left);
        }
    }
    // A folder that was there before stays.
    fs::create_dir(place.path().join("mine")).expect("made");
    let outcome = place.run(&["record", "--out", "mine", "--", "false"]);
    assert!(outcome.left.is_empty() && place.path().join("mine").is_dir(), "{:?}", outcome.left);
}

#[test]
fn a_build_that_fails_is_not_called_built() {
    for go in toolchains(true) {
        let place = place();
        fs::write(place.path().join("main.go"), "package main\n\nfunc main() { x }\n").expect("written");
        let outcome = place.run_command(&mut recording(&go, &["--out", "r", "--", "go", "build", "-o", "prog", "."]));
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("built"), "{}", outcome.stderr);
        assert!(outcome.left.is_empty(), "{:?}", outcome.left);
    }
}

#[test]
fn a_process_without_room_for_its_file_leaves_none() {
    for go in toolchains(true) {
        let place = place();
        record(&place, &go, &["--out", "b", "--", "go", "build", "-o", "prog", "."]);
        let outcome = place.run(&["record", "--out", "r", "--", "sh", "-c", "ulimit -f 1; ./prog"]);
        assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("nothing is recorded: can't allocate a file in "), "{}", outcome.stderr);
        assert!(!outcome.stdout.is_empty() && outcome.left.is_empty(), "{}: {:?}", outcome.stdout, outcome.left);
    }
}

#[test]
fn a_signal_is_the_command_s_and_nothing_is_left() {
    // The shell says that it is ready, and waits for what nobody sends it.
    for (signal, script, code) in [
        (libc::SIGTERM, "echo ready; read never", 128 + libc::SIGTERM),
        (libc::SIGHUP, "echo ready; read never", 128 + libc::SIGHUP),
        (libc::SIGINT, "trap 'exit 9' INT; echo ready; read never", 9),
        (libc::SIGTERM, "trap 'exit 7' TERM; echo ready; read never", 7),
    ] {
        let (place, temporary) = (Place::new(), Place::new());
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        command.args(["record", "--out", "r", "--", "sh", "-c", script]).current_dir(place.path());
        command.env("TMPDIR", temporary.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        // Whoever runs the tests may ignore some (`nohup`, and a script's `&`), and what is ignored is passed on to nobody.
        // SAFETY: `signal` may be called between fork and exec.
        unsafe {
            command.pre_exec(move || {
                libc::signal(signal, libc::SIG_DFL);
                Ok(())
            });
        }
        let mut running = command.spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(running.stdout.as_mut().expect("piped")).read_line(&mut line).expect("a line");
        assert_eq!(line, "ready\n");
        // `wait` would close the pipe that the shell reads.
        let stdin = running.stdin.take();
        // SAFETY: signals our own child.
        unsafe { libc::kill(running.id() as i32, signal) };
        assert_eq!(running.wait().expect("it ends").code(), Some(code), "{script}");
        drop(stdin);
        assert!(listing(place.path()).is_empty() && listing(temporary.path()).is_empty());
    }
}

#[test]
fn what_is_no_file_is_not_read() {
    let place = Place::new();
    let fifo = |path: &str| {
        let made = Command::new("mkfifo").arg(place.path().join(path)).status().expect("mkfifo starts");
        assert!(made.success());
    };
    fs::create_dir(place.path().join("a")).expect("made");
    fs::create_dir(place.path().join("b")).expect("made");
    fifo("x.maps");
    fifo("a/recording.json");
    fifo("b/x.maps");
    let manifest = r#"{"schema":1,"command":["x"],"folder":"/","sample":1,"lookups":true,"started_unix_ms":0}"#;
    fs::write(place.path().join("b/recording.json"), manifest).expect("written");
    for path in ["x.maps", "a", "b"] {
        refused(&place.run(&["maps", path]), &["it is a pipe; expected a recording"]);
    }
    for path in ["/dev/zero", "/dev/null"] {
        refused(&place.run(&["maps", path]), &[path, "it is a device; expected a recording"]);
    }
}

#[test]
fn what_is_no_recording_is_refused() {
    let place = Place::new();
    fs::create_dir(place.path().join("empty")).expect("made");
    refused(&place.run(&["maps", "nowhere"]), &["nowhere: "]);
    // Above the largest number that a process can have.
    refused(&place.run(&["maps", "4194305"]), &["4194305: no file and no process"]);
    refused(&place.run(&["maps", "empty"]), &["recording.json", "`mapscope record`"]);
    for (text, why) in [
        (&b"maps"[..], "is not what a recorded process writes"),
        (b"mapscope\x04\0\0\0", "is of version 4"),
        (b"mapscope\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff", "is cut short"),
    ] {
        fs::write(place.path().join("file"), text).expect("written");
        refused(&place.run(&["maps", "file"]), &["file: ", why]);
    }
    refused(&place.run(&["maps", "file", "--format", "cvs"]), &["did you mean"]);
}
