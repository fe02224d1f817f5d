//! inferno draws the folded stacks: the library, and its commands where they are installed (`cargo install inferno`).

use std::path::Path;
use std::process::Command;

use inferno::flamegraph::{self, Options};
use mapscope::report::{STACK_KINDS, diff_folded};

use super::skip::skip;
use super::{results, write};

/// What the tooltip of the whole says of a flame graph's stacks in sum, for each of the files.
const TOTALS: [(&str, &str); 3] = [("alloc", "6,472"), ("copy", "2,048"), ("cpu", "13")];

fn assert_total(name: &str, svg: &str, total: &str) {
    let whole = format!("<title>all ({total} samples, 100%)</title>");
    assert!(svg.contains(&whole), "{name}: {whole} is not in\n{svg}");
}

/// The record's sums are those above.
#[test]
fn its_drawing_adds_up_to_the_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let results = results();
    let files = write("folded", &results, folder.path());
    let profile = results.cells[0].profile.as_ref().expect("profiled");
    let sums: [u64; 3] = [
        profile.alloc.iter().map(|x| x.alloc_bytes).sum(),
        profile.copy.iter().map(|x| x.moved_bytes).sum(),
        profile.cpu.iter().map(|x| x.samples).sum(),
    ];
    assert_eq!(files.len(), TOTALS.len());
    for ((path, (name, total)), sum) in files.iter().zip(TOTALS).zip(sums) {
        assert!(path.ends_with(&format!("{name}.folded")), "{path}");
        assert_eq!(total.replace(',', ""), sum.to_string());
        let lines = std::fs::read(folder.path().join(path)).expect("written");
        let mut svg = Vec::new();
        flamegraph::from_reader(&mut Options::default(), lines.as_slice(), &mut svg).expect("a flame graph");
        let svg = String::from_utf8(svg).expect("UTF-8");
        assert_total(name, &svg, total);
        assert!(svg.contains(&format!("<title>go-classic ({total} samples, 100.00%)</title>")), "{svg}");
        assert!(!svg.contains("ERROR"), "{svg}");
    }
}

/// What one of inferno's commands prints; `None`, said in a word, where it is not there.
fn command(name: &str, args: &[&Path]) -> Option<String> {
    if Command::new(name).arg("--version").output().is_err() {
        skip("inferno", &format!("no {name} on PATH"));
        return None;
    }
    let output = Command::new(name).args(args).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn its_command_agrees() {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, (name, total)) in write("folded", &results(), folder.path()).iter().zip(TOTALS) {
        let Some(svg) = command("inferno-flamegraph", &[&folder.path().join(path)]) else { return };
        assert_total(name, &svg, total);
    }
}

/// From the folded files, whose stacks begin with the map's name.
#[test]
fn its_difference_is_ours() {
    let (before, mut after) = (results(), results());
    let profile = after.cells[0].profile.as_mut().expect("profiled");
    profile.alloc[1].alloc_bytes += 500;
    profile.copy.remove(1);
    profile.cpu[2].stack.truncate(2);
    let folder = tempfile::tempdir().expect("a folder");
    let [old, new] = ["old", "new"].map(|name| folder.path().join(name));
    let files = write("folded", &before, &old);
    assert_eq!(files, write("folded", &after, &new));
    for (path, kind) in files.iter().zip(&STACK_KINDS) {
        let Some(printed) = command("inferno-diff-folded", &[&old.join(path), &new.join(path)]) else { return };
        let mut printed: Vec<_> = printed.lines().map(|line| line.replacen("go-classic;", "map;", 1)).collect();
        printed.sort_unstable();
        assert_eq!(printed, diff_folded::lines(kind, &before.cells[0], &after.cells[0]), "{}", kind.name);
    }
}
