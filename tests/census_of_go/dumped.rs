//! Of a core file.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use mapscope::census::Census;

use super::{build, census, program, said, take_known, toolchains};
use crate::cli_process::Place;
use crate::common::skip::skip;

/// The core that the system writes of the program, and what the program said of its maps.
fn dumped(place: &Place) -> Option<(PathBuf, Vec<super::Map>)> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -c unlimited; exec ./maps crash"]).env_clear().env("GOTRACEBACK", "crash");
    let outcome = place.run_command(&mut shell);
    let core = outcome.left.iter().find(|left| left.to_string_lossy().starts_with("core"));
    if core.is_none() {
        skip("core", "have the system write core files into the folder of the program (kernel.core_pattern: core)");
    }
    Some((place.path().join(core?), said(outcome.stdout.lines().map(str::to_owned))))
}

#[test]
fn a_core_file_has_what_a_process_has() {
    for go in toolchains() {
        let place = Place::new();
        build(&place, &go, &[]);
        let Some((core, maps)) = dumped(&place) else { return };
        let core = core.to_str().expect("a path");
        take_known(&census(&place, &[core]), &maps, &go);
        // The program was moved, and then it is another.
        let moved = place.path().join("moved");
        fs::rename(program(&place), &moved).expect("moved");
        let outcome = place.run(&["census", core]);
        assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""));
        assert!(outcome.stderr.contains("name where it is with --program FILE"), "{}", outcome.stderr);
        take_known(&census(&place, &[core, "--program", "moved"]), &maps, &go);
        let outcome = place.run(&["census", core, "--program", "/bin/sh"]);
        assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""));
        assert!(outcome.stderr.contains("/bin/sh: is not the program that wrote the core"), "{}", outcome.stderr);
    }
}

#[test]
fn a_damaged_core_file_does_no_harm() {
    let Some(go) = toolchains().pop() else { return };
    let place = Place::new();
    build(&place, &go, &[]);
    let Some((core, _)) = dumped(&place) else { return };
    let whole = fs::read(&core).expect("the core");
    fs::write(&core, &whole[..whole.len() / 2]).expect("written");
    let outcome = place.run(&["census", core.to_str().expect("a path")]);
    assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""));
    assert!(outcome.stderr.contains("is cut: it ends before the memory that it lists"), "{}", outcome.stderr);
    // Words that are anything, anywhere but in its head.
    const HEAD_BYTES: usize = 1 << 16;
    let used: Vec<usize> = (HEAD_BYTES..whole.len() - 8).step_by(8).filter(|&at| whole[at..at + 8] != [0; 8]).collect();
    for round in 1..=8_u64 {
        let mut state = round;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 16
        };
        let mut bytes = whole.clone();
        for _ in 0..1000 * round {
            let at = used[next() as usize % used.len()];
            let old = u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight"));
            let new = match next() % 4 {
                0 => u64::MAX,
                1 => old ^ 1 << (next() % 64),
                2 => next() % 1024,
                _ => old.wrapping_add(next() % 64),
            };
            bytes[at..at + 8].copy_from_slice(&new.to_le_bytes());
        }
        fs::write(&core, &bytes).expect("written");
        // Either is well; it ends, and without a panic.
        let _ = Census::of_core(&core, None).map(|census| census.maps.len());
    }
}
