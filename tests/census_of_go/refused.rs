//! What can't be read, and what is said of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use super::{Running, build, toolchains};
use crate::cli_process::{Outcome, Place};
use crate::common::skip::skip;

fn refused(outcome: &Outcome, parts: &[&str]) {
    assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""), "{}", outcome.stderr);
    for part in parts {
        assert!(outcome.stderr.starts_with("error: ") && outcome.stderr.contains(part), "{part}: {}", outcome.stderr);
    }
}

#[test]
fn a_process_of_somebody_else_is_refused_in_words() {
    const NOBODY: u32 = 65_534;
    let Some(go) = toolchains().pop() else { return };
    let place = Place::new();
    build(&place, &go, &[]);
    // Root may read anything, and asks as somebody else.
    // SAFETY: it only gives a number.
    let is_root = unsafe { libc::geteuid() } == 0;
    let running = Running::new(&place, if is_root { "" } else { "private" });
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["census", &running.pid()]);
    if is_root {
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).expect("set");
        command.uid(NOBODY);
        if command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            skip("nobody", "let every user start the program that is tested");
            return;
        }
    }
    let outcome = place.run_command(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    refused(
        &outcome,
        &[
            &format!("process {}: its memory can't be read by this user", running.pid()),
            "that takes the rights of a debugger (ptrace)",
        ],
    );
}

#[test]
fn what_is_no_go_program_is_refused() {
    let place = Place::new();
    let mut sleeping = Command::new("sleep").arg("1000").spawn().expect("it starts");
    // Until it has become another program, it is this one.
    while fs::read_to_string(format!("/proc/{}/comm", sleeping.id())).is_ok_and(|name| name != "sleep\n") {
        std::thread::yield_now();
    }
    let outcome = place.run(&["census", &sleeping.id().to_string()]);
    sleeping.kill().expect("killed");
    sleeping.wait().expect("it ends");
    refused(&outcome, &["is no Go program"]);
    refused(&place.run(&["census", "999999999"]), &["process 999999999: there is none"]);
    refused(&place.run(&["census", "1", "--program", "x"]), &["--program is for core files"]);
    refused(&place.run(&["census", "1", "--format", "html"]), &["html"]);
    fs::write(place.path().join("text"), "no core").expect("written");
    refused(&place.run(&["census", "text"]), &["text: is no core file"]);
    refused(&place.run(&["census", "/bin/sh"]), &["is no core file; expected one"]);
    refused(&place.run(&["census", "."]), &["is no file"]);
    refused(&place.run(&["census", "missing"]), &["missing: "]);
}
