//! What a recorder that is killed leaves, and who removes it; and Ctrl-C.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::ptr;
use std::time::{Duration, SystemTime};

use mapscope::engines::go;

use super::{place, recording, toolchains};
use crate::cli_process::{Place, listing, script};

/// A recorder whose command has said that it is ready, and waits for a line.
fn waiting(place: &Place, temporary: &Path, go: &go::Toolchain, then: &str) -> (Child, BufReader<impl std::io::Read>) {
    let script = format!("echo ready; read line; {then}");
    let mut command = recording(go, &["--out", "waiting", "--", "sh", "-c", &script]);
    command.current_dir(place.path()).env("TMPDIR", temporary).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.spawn().expect("it starts");
    let mut output = BufReader::new(running.stdout.take().expect("piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    (running, output)
}

/// Another recorder comes and goes, a day later as far as folders can tell.
fn another(place: &Place, temporary: &Path, go: &go::Toolchain) {
    for entry in fs::read_dir(temporary).expect("listed") {
        let folder = File::open(entry.expect("listed").path()).expect("opened");
        folder.set_modified(SystemTime::now() - Duration::from_secs(24 * 60 * 60)).expect("aged");
    }
    let mut command = recording(go, &["--out", "another", "--", "true"]);
    place.run_command(command.env("TMPDIR", temporary));
}

#[test]
fn what_a_killed_recorder_leaves_is_removed_once_nothing_that_it_started_needs_it() {
    let Some(go) = toolchains(true).pop() else { return };
    let (place, temporary) = (place(), Place::new());
    let build = format!("exec \"{}\" build -o prog .", go.path.display());
    let (mut recorder, mut output) = waiting(&place, temporary.path(), &go, &build);
    let left = listing(temporary.path());
    let stdin = recorder.stdin.take();
    recorder.kill().expect("killed");
    recorder.wait().expect("it ends");
    // The shell still has to build.
    another(&place, temporary.path(), &go);
    assert_eq!(listing(temporary.path()), left);
    stdin.expect("piped").write_all(b"\n").expect("it reads");
    // To the end of its output, which is its own.
    output.read_to_end(&mut Vec::new()).expect("read");
    let program = fs::read(place.path().join("prog")).expect("it was built");
    assert!(program.windows(12).any(|part| part == b"MAPSCOPE_REC"), "without hooks");
    another(&place, temporary.path(), &go);
    assert!(listing(temporary.path()).is_empty(), "{:?}", listing(temporary.path()));
}

#[test]
fn what_a_recorder_uses_is_left_to_it() {
    let Some(go) = toolchains(true).pop() else { return };
    let (place, temporary) = (place(), Place::new());
    let (mut recorder, _output) = waiting(&place, temporary.path(), &go, "true");
    let used = listing(temporary.path());
    another(&place, temporary.path(), &go);
    assert_eq!(listing(temporary.path()), used);
    drop(recorder.stdin.take());
    recorder.wait().expect("it ends");
    assert!(listing(temporary.path()).is_empty(), "{:?}", listing(temporary.path()));
}

/// What is typed, and what is shown.
fn terminal() -> (File, OwnedFd) {
    let (mut typed, mut shown) = (-1, -1);
    // SAFETY: the system writes two descriptors, which are nobody else's; what else it could be told is null.
    unsafe {
        let opened = libc::openpty(&raw mut typed, &raw mut shown, ptr::null_mut(), ptr::null(), ptr::null());
        assert_eq!(opened, 0);
        (File::from_raw_fd(typed), OwnedFd::from_raw_fd(shown))
    }
}

#[test]
fn ctrl_c_is_the_command_s_and_pressed_three_times_it_ends_what_goes_on() {
    let (place, temporary) = (Place::new(), Place::new());
    let (mut typed, shown) = terminal();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    let ignoring = "trap 'echo caught' INT; echo ready; while :; do read never; done";
    command.args(["record", "--out", "r", "--", "sh", "-c", ignoring]).current_dir(place.path());
    command.env("TMPDIR", temporary.path()).stdin(shown.try_clone().expect("cloned"));
    command.stdout(shown.try_clone().expect("cloned")).stderr(shown);
    // SAFETY: these may be called between fork and exec.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGINT, libc::SIG_DFL);
            libc::setsid();
            libc::ioctl(0, libc::TIOCSCTTY, 0);
            Ok(())
        });
    }
    let mut recorder = command.spawn().expect("it starts");
    // It has the terminal's other end open.
    drop(command);
    let mut lines = BufReader::new(typed.try_clone().expect("cloned")).lines();
    let mut is_shown = |word: &str| lines.by_ref().map_while(Result::ok).any(|line| line.ends_with(word));
    assert!(is_shown("ready"));
    for press in ["first", "second"] {
        typed.write_all(b"\x03").expect("typed");
        assert!(is_shown("caught"), "the {press} is the command's");
    }
    // Until there is no terminal any more.
    while typed.write_all(b"\x03").is_ok() && is_shown("caught") {}
    assert_eq!(recorder.wait().expect("it ends").code(), Some(128 + libc::SIGKILL));
    assert!(listing(place.path()).is_empty() && listing(temporary.path()).is_empty());
}

#[test]
fn a_second_signal_ends_a_recorder_that_is_not_yet_at_its_command() {
    let place = Place::new();
    for name in ["ready", "never"] {
        assert!(Command::new("mkfifo").arg(place.path().join(name)).status().expect("mkfifo starts").success());
    }
    // A go command that answers nothing, so that nothing can be prepared.
    script(&place.path().join("go"), "#!/bin/sh\necho ready > ready\nexec cat never\n");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["record", "--out", "r", "--go", "./go", "--", "true"]).current_dir(place.path());
    // SAFETY: `signal` may be called between fork and exec.
    unsafe {
        command.pre_exec(|| {
            for signal in [libc::SIGTERM, libc::SIGHUP] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        });
    }
    let mut recorder = command.spawn().expect("it starts");
    fs::read(place.path().join("ready")).expect("it asks its go command");
    for signal in [libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: signals our own child.
        unsafe { libc::kill(recorder.id() as i32, signal) };
    }
    let code = recorder.wait().expect("it ends").code();
    assert!([Some(128 + libc::SIGTERM), Some(128 + libc::SIGHUP)].contains(&code), "{code:?}");
    // The go command reads to the end.
    drop(OpenOptions::new().write(true).open(place.path().join("never")).expect("opened"));
}
