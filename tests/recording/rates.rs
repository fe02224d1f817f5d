//! `mapscope maps PID --rates` of a program that goes on when it is told to.

use std::io::Read as _;
use std::process::{Command, Stdio};

use super::switched::{Waiting, built};
use super::traced::line_of;
use super::{record, toolchains};
use crate::cli_process::Place;

#[test]
fn rates_are_shown_until_the_process_ends_and_new_places_have_their_names() {
    for go in toolchains(true) {
        let place = built(&go);
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        command.args(["record", "--out", "r", "--", "./prog"]).current_dir(place.path());
        let mut program = Waiting::start(command);
        let pid = program.line();
        let mut rates = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        rates.args(["maps", &pid, "--rates"]).current_dir(place.path()).stderr(Stdio::piped());
        let mut rates = Waiting::start(rates);
        // By then it has looked at what was there before.
        assert_eq!(rates.line(), "Rates come every 2 seconds");
        for _ in 0..3 {
            program.go_on();
            program.line();
        }
        program.end();
        let mut shown = String::new();
        rates.output().read_to_string(&mut shown).expect("text");
        rates.end();
        let text = std::fs::read_to_string(place.path().join("main.go")).expect("the program");
        for (function, make) in [("second", "whole = map[int]int{}"), ("fourth", "m := map[int]int{}")] {
            let at = line_of(&text, function, make);
            assert!(shown.contains(&format!("\n  {at}  map[int]int\n")), "go{}: {at}: {shown}", go.version);
        }
        assert!(!shown.contains("unknown"), "{shown}");
        assert!(shown.contains(&format!("prog, process {pid}: over ")), "{shown}");
        let outcome = place.run(&["maps", "r", "--rates", "--by", "hint"]);
        assert!(outcome.code == Some(2) && outcome.stderr.contains("is no rate"), "{}", outcome.stderr);
    }
}

#[test]
fn a_process_that_has_ended_has_no_rates() {
    let Some(go) = toolchains(true).pop() else { return };
    let place = super::place();
    record(&place, &go, &["--out", "r", "--", "go", "run", "."]);
    let file = |place: &Place| {
        let mut files =
            std::fs::read_dir(place.path().join("r")).expect("a folder").map(|at| at.expect("a file").path());
        files.find(|path| path.extension().is_some_and(|name| name == "maps")).expect("a process")
    };
    let outcome = place.run(&["maps", file(&place).to_str().expect("a path"), "--rates"]);
    assert!(outcome.code == Some(2) && outcome.stderr.contains("its process has ended"), "{}", outcome.stderr);
}
