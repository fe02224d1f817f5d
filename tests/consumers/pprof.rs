//! `go tool pprof`, of each toolchain that `MAPSCOPE_GO` names (separated as in PATH), or of the one on the PATH.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use mapscope::engines::go;
use mapscope::record::{Cell, Frame, Profile, Results};

use super::skip::skip;
use super::{results, write};

fn pprof(go: &go::Toolchain, args: &[&str], file: &Path) -> String {
    let folder = file.parent().expect("a folder");
    let mut command = Command::new(&go.path);
    command.args(["tool", "pprof"]).args(args).arg(file).env("PPROF_TMPDIR", folder).current_dir(folder);
    let output = command.output().expect("go runs");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The record, sampled at a rate that a second is no multiple of, with a stack in which a function calls itself.
fn record() -> Results {
    let mut results = results();
    let profile = results.cells[0].profile.as_mut().expect("profiled");
    profile.cpu_frequency_hz = 997;
    let mut recursive = profile.cpu[0].clone();
    (recursive.stack, recursive.samples) = (vec![0, 1, 0, 1], 4);
    profile.cpu.push(recursive);
    results
}

/// One way to count samples: the file, the sample type, its unit, and each stack's value.
type Counted<'a> = (&'static str, &'static str, &'static str, Vec<(&'a [u32], u64)>);

fn counted(profile: &Profile) -> Vec<Counted<'_>> {
    let period_ns = 1_000_000_000 / profile.cpu_frequency_hz;
    let alloc = || profile.alloc.iter();
    let copy = || profile.copy.iter();
    let cpu = || profile.cpu.iter();
    vec![
        ("heap", "alloc_objects", "count", alloc().map(|x| (&*x.stack, x.alloc_count)).collect()),
        ("heap", "alloc_space", "B", alloc().map(|x| (&*x.stack, x.alloc_bytes)).collect()),
        ("heap", "inuse_objects", "count", alloc().map(|x| (&*x.stack, x.live_count.expect("known"))).collect()),
        ("heap", "inuse_space", "B", alloc().map(|x| (&*x.stack, x.live_bytes.expect("known"))).collect()),
        ("copy", "copy_objects", "count", copy().map(|x| (&*x.stack, x.moved_entries)).collect()),
        ("copy", "copy_space", "B", copy().map(|x| (&*x.stack, x.moved_bytes)).collect()),
        ("cpu", "samples", "count", cpu().map(|x| (&*x.stack, x.samples)).collect()),
        ("cpu", "cpu", "ns", cpu().map(|x| (&*x.stack, x.samples * period_ns)).collect()),
    ]
}

/// The last part of a function's name, which short names keep. Of the C library's, Go's `pprof` leaves out an underscore.
fn last(name: &str) -> &str {
    name.rsplit("::").next().expect("a part").trim_start_matches('_')
}

/// By function: its own value, and that of all stacks that it is on.
type Functions = BTreeMap<String, (u64, u64)>;

fn functions(profile: &Profile, stacks: &[(&[u32], u64)]) -> Functions {
    let mut functions = Functions::new();
    for &(stack, value) in stacks.iter().filter(|&&(_, value)| value > 0) {
        let name = |frame: &u32| last(&profile.frames[*frame as usize].function).to_owned();
        functions.entry(name(stack.last().expect("a leaf"))).or_default().0 += value;
        let mut on: Vec<_> = stack.iter().map(name).collect();
        on.sort();
        on.dedup();
        on.into_iter().for_each(|name| functions.entry(name).or_default().1 += value);
    }
    functions
}

/// Makes a check with each toolchain: of the first cell, and the folder of its files.
fn with_each(check: impl Fn(&go::Toolchain, &Cell, &Path)) {
    let named: Vec<PathBuf> =
        std::env::var_os("MAPSCOPE_GO").map(|paths| std::env::split_paths(&paths).collect()).unwrap_or_default();
    let toolchains = go::find(&named).expect("MAPSCOPE_GO names go commands");
    if toolchains.is_empty() {
        return skip("go", "no go command; name some in MAPSCOPE_GO");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let results = record();
    write("pprof", &results, folder.path());
    let cell = &results.cells[0];
    let folder = folder.path().join("cells").join(cell.id.file_stem());
    toolchains.iter().for_each(|go| check(go, cell, &folder));
}

#[test]
fn its_table_is_the_record_s() {
    with_each(|go, cell, folder| {
        let profile = cell.profile.as_ref().expect("profiled");
        for (file, sample_type, unit, stacks) in counted(profile) {
            let path = folder.join(format!("{file}.pb.gz"));
            let (index, shown_in) = (format!("-sample_index={sample_type}"), format!("-unit={unit}"));
            let text = pprof(go, &["-top", "-nodefraction=0", &index, &shown_in], &path);
            let suffix = if unit == "count" { "" } else { unit };
            let number = |text: &str| text.strip_suffix(suffix).and_then(|text| text.parse::<u64>().ok());
            let total: u64 = stacks.iter().map(|&(_, value)| value).sum();
            let line = format!("Showing nodes accounting for {total}{suffix}, 100% of {total}{suffix} total");
            assert!(text.lines().any(|shown| shown == line), "{sample_type}: {line} is not in\n{text}");
            assert!(text.contains(&format!("\n{}\n", cell.id)), "{text}");
            let rows = text.lines().skip_while(|line| !line.trim_start().starts_with("flat")).skip(1);
            let mut shown = Functions::new();
            for row in rows {
                let columns: Vec<_> = row.split_whitespace().collect();
                // A zero has no unit.
                let value = |text: &str| if text == "0" { 0 } else { number(text).expect("a number") };
                shown.insert(last(&columns[5..].join(" ")).to_owned(), (value(columns[0]), value(columns[3])));
            }
            assert_eq!(shown, functions(profile, &stacks), "{sample_type}: {text}");
        }
    });
}

#[test]
fn its_raw_samples_are_the_record_s() {
    let place = |frame: &Frame| format!("{}:{}", frame.file.as_deref().unwrap_or_default(), frame.line.unwrap_or(0));
    with_each(|go, cell, folder| {
        let profile = cell.profile.as_ref().expect("profiled");
        for file in ["heap", "copy", "cpu"] {
            let path = folder.join(format!("{file}.pb.gz"));
            let text = pprof(go, &["-raw"], &path);
            let (samples, locations) = text.split_once("Locations\n").expect("two parts");
            let locations: BTreeMap<&str, String> = locations
                .lines()
                .take_while(|line| line.starts_with(' '))
                .map(|line| {
                    let (id, rest) = line.trim_start().split_once(": ").expect("an id");
                    let at = rest.rsplit_once(" s=").expect("a start line").0.rsplit(' ').next().expect("a place");
                    (id, at.strip_suffix(":0").expect("no column").to_owned())
                })
                .collect();
            let rows = samples.lines().filter_map(|line| {
                let (values, ids) = line.split_once(": ")?;
                let values: Vec<u64> = values.split_whitespace().map(|x| x.parse().ok()).collect::<Option<_>>()?;
                let stack: Vec<_> = ids.split_whitespace().rev().map(|id| locations[id].clone()).collect();
                Some((values, stack)).filter(|(values, _)| !values.is_empty())
            });
            let columns: Vec<_> = counted(profile).into_iter().filter(|of| of.0 == file).collect();
            let expected = (0..columns[0].3.len()).map(|row| {
                let values = columns.iter().map(|column| column.3[row].1).collect::<Vec<_>>();
                let stack = columns[0].3[row].0;
                (values, stack.iter().map(|&frame| place(&profile.frames[frame as usize])).collect::<Vec<_>>())
            });
            assert_eq!(rows.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{file}: {text}");
            assert!(text.contains("map:[go-classic]"), "{text}");
        }
    });
}
