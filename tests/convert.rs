//! `convert`, and every format by every verb.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mapscope::plan::{Reading, Source, TraceSpec, Widths, WorkloadSpec};
use mapscope::workload::trace::Arrivals;
use mapscope::workload::{Op, Workload};
use serde_json::Value;

use crate::cli_process::Place;

/// A tiny file of each format that can be read.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces");
    let mut files: Vec<_> = fs::read_dir(folder).expect("it").map(|entry| entry.expect("it").path()).collect();
    files.retain(|file| cfg!(feature = "parquet") || !file.ends_with("parquet.parquet"));
    files.sort();
    files
}

fn ops(path: &Path) -> Vec<Op> {
    let source = Source::Trace(path.to_owned().into());
    let spec = WorkloadSpec { source, ops: u64::MAX, seed: 1, widths: Widths::WHOLE };
    let workload = Workload::open(&spec).unwrap_or_else(|error| panic!("{error}"));
    let mut ops = Vec::new();
    workload.stream().expect("a stream").next_batch(&mut ops, usize::MAX).expect("operations");
    ops
}

/// When the operations arrive; none of a trace without times.
fn arrivals(path: &Path) -> Option<Arrivals> {
    let reading = Reading { stamps: true, ..Reading::default() };
    let source = Source::Trace(TraceSpec { path: path.to_owned(), reading });
    let spec = WorkloadSpec { source, ops: u64::MAX, seed: 1, widths: Widths::WHOLE };
    Workload::open(&spec).ok().map(|workload| workload.arrivals().expect("a copy").expect("times"))
}

#[test]
fn what_is_converted_is_the_same_trace() {
    let place = Place::new();
    for file in files() {
        for name in ["out.csv", "out.csv.gz", "out.csv.zst"] {
            let output = place.run(&["convert", file.to_str().expect("UTF-8"), name]);
            assert_eq!(output.code, Some(0), "{}", output.stderr);
            assert_eq!(ops(&place.path().join(name)), ops(&file), "{} as {name}", file.display());
            assert_eq!(arrivals(&place.path().join(name)), arrivals(&file), "{} as {name}", file.display());
        }
        let output = place.run(&["convert", file.to_str().expect("UTF-8"), "-"]);
        assert_eq!(output.stdout.as_bytes(), fs::read(place.path().join("out.csv")).expect("it"), "{}", file.display());
    }
}

#[test]
fn a_table_has_the_sizes_that_the_trace_has() {
    let place = Place::new();
    let convert = |name: &str, flags: &[&str]| {
        let file = files().into_iter().find(|file| file.ends_with(name)).expect(name);
        let output = place.run(&[&["convert", file.to_str().expect("UTF-8"), "-", "-q"], flags].concat());
        output.stdout
    };
    let key = |from: &str| format!("nz:u:{from}W511W3dcH3de3d15ec,24");
    let twitter = format!(
        "op,key,key_bytes,value_bytes,time_s\nget,{0},,0\ninsert,{1},118,0\nremove,{1},,2\n",
        key("ee"),
        key("aa")
    );
    assert_eq!(convert("twitter.csv", &[]), twitter);
    assert_eq!(convert("csv.csv", &[]), "op,key,value_bytes\ninsert,alice,120\nget,bob; jr.,\nremove,31,\n");
    assert_eq!(
        convert("keys.txt", &["--trace-op", "get-or-insert"]),
        "op,key\nget,the\ninsert,the\nget,of\ninsert,of\nget,the\n"
    );
    let clears = "op,key,value_bytes,time_s\ninsert,x,3,1339518090.420270\nget,3/x,,1339518096.506257\n\
                  get,3/y,,1339518096.506257\nremove,x,,1339518099.363765\nclear,,,1339518100.544926\n";
    assert_eq!(convert("redis-monitor.log", &[]), clears);
    assert!(convert("msr.csv", &[]).ends_with(",12816637203638215.5\n"), "a tenth of a microsecond");
}

#[test]
fn nothing_is_left_of_a_trace_that_cannot_be_converted() {
    let place = Place::new();
    for (text, error) in
        [("op,key\ninsert,1\nrotate,2\n", "t.csv:3: unknown op `rotate`"), ("op,key\n", "t.csv: holds no operations")]
    {
        fs::write(place.path().join("t.csv"), text).expect("written");
        let output = place.run(&["convert", "t.csv", "out.csv"]);
        let stderr = output.stderr;
        assert!(output.code == Some(2) && stderr.contains(error), "{stderr}");
        assert!(!place.path().join("out.csv").exists());
    }
    fs::write(place.path().join("t.csv"), "op,key\ninsert,1\n").expect("written");
    let output = place.run(&["convert", "t.csv", "nodir/x.csv"]);
    let stderr = output.stderr;
    assert!(output.code == Some(2), "{stderr}");
    assert!(stderr.contains("nodir/x.csv: can't be written: No such file or directory"), "{stderr}");
    let output = place.run(&["convert", "t.csv", "./t.csv"]);
    assert!(output.stderr.contains("is the trace itself"));
    assert_eq!(fs::read(place.path().join("t.csv")).expect("it"), b"op,key\ninsert,1\n");
}

#[test]
fn nothing_is_left_where_nothing_more_can_be_written() {
    let place = Place::new();
    fs::write(place.path().join("t.csv"), "op,key\ninsert,1\n").expect("written");
    fs::write(place.path().join("old.csv"), "old").expect("written");
    for name in ["out.csv", "out.csv.gz", "out.csv.zst", "old.csv"] {
        // As on a full disk: no file may have any bytes.
        let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" convert t.csv \"$1\"";
        let output = place.run_command(Command::new("sh").args(["-c", script, env!("CARGO_BIN_EXE_mapscope"), name]));
        let expected = format!("error: {name}: can't be written: File too large");
        assert!(output.code == Some(2) && output.stderr.starts_with(&expected), "{}", output.stderr);
        assert!(output.left.is_empty(), "{:?}", output.left);
    }
    assert_eq!(fs::read(place.path().join("old.csv")).expect("it"), b"old");
}

#[test]
#[cfg(target_os = "linux")]
fn a_device_that_is_full_is_named() {
    let place = Place::new();
    fs::write(place.path().join("t.csv"), "op,key\ninsert,1\n").expect("written");
    for (script, what) in [
        ("exec \"$0\" convert t.csv /dev/full", "/dev/full: can't be written"),
        ("exec \"$0\" convert t.csv - > /dev/full", "can't write to standard output"),
    ] {
        let output = place.run_command(Command::new("sh").args(["-c", script, env!("CARGO_BIN_EXE_mapscope")]));
        assert_eq!(output.code, Some(2), "{}", output.stderr);
        assert!(output.stderr.starts_with(&format!("error: {what}: No space left on device")), "{}", output.stderr);
    }
}

#[test]
fn an_interrupted_conversion_leaves_no_file() {
    let place = Place::new();
    // A file that is read at once, and of which a billion rows are written.
    let text = "key,n\n".to_owned() + &"1,1000000\n".repeat(1000);
    fs::write(place.path().join("t.csv"), text).expect("written");
    let mut convert = Command::new(env!("CARGO_BIN_EXE_mapscope"))
        .args(["convert", "t.csv", "out.csv", "--columns", "key=key,times=n"])
        .current_dir(place.path())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    while fs::read_dir(place.path()).expect("the folder").count() == 1 {
        assert_eq!(convert.try_wait().expect("its state"), None, "it ended before it was interrupted");
    }
    // SAFETY: signals our own child.
    unsafe { libc::kill(convert.id() as i32, libc::SIGINT) };
    assert_eq!(convert.wait().expect("it ends").code(), Some(130));
    let left: Vec<_> =
        fs::read_dir(place.path()).expect("the folder").map(|entry| entry.expect("it").file_name()).collect();
    assert_eq!(left, ["t.csv"]);
}

/// A copy of a trace of YCSB's whose scans are gets.
fn get_of_scans(file: &str, place: &Place) -> String {
    let text = fs::read_to_string(file).expect("it").replace("\nSCAN ", "\nREAD ");
    let path = place.path().join("gets.txt");
    fs::write(&path, text).expect("written");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_map_without_order_is_refused_scans() {
    let place = Place::new();
    fs::write(place.path().join("t.csv"), "op,key,entries\nput,1,\nput,5,\nscan,2,9\nscan,1,1\n").expect("written");
    let ordered = "leave this map out; maps that keep it: btree, imbl-ordmap, skiplist";
    for args in [&["--trace", "t.csv"][..], &["--mix", "ycsb-e", "--ops", "100"], &["--mix", "mix(insert=1,scan=1)"]] {
        let output = place.run(&[&["run", "--map", "btree,std", "--passes", "count"], args].concat());
        assert_eq!(output.code, Some(2), "{}", output.stderr);
        assert!(output.stderr.contains("scans entries in the order of their keys, which std doesn't keep"));
        assert!(output.stderr.contains(ordered), "{}", output.stderr);
        assert!(output.left.is_empty(), "{:?}", output.left);
    }
    let output = place.run(&["replay", "--map", "std", "t.csv"]);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert!(output.stderr.contains("t.csv:4: a scan looks at entries in the order"), "{}", output.stderr);
    let output = place.run(&["describe", "--like", "t.csv"]);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert!(output.stderr.contains("scans 2 times, which maps that keep no order can't"), "{}", output.stderr);
    let described = place.run(&["describe", "t.csv"]).stdout;
    assert!(described.contains("scan                       2   50.0 % of 5 entries on average"), "{described}");
    for args in [["--trace", "t.csv"], ["--mix", "ycsb-e(records=1000)"]] {
        let maps =
            ["run", "--map", "btree,imbl-ordmap,skiplist", "--passes", "count,time", "-q", "--force", "--out", "o"];
        let output = place.run(&[&maps[..], &args, &["--ops", "3000"]].concat());
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        let record: Value =
            serde_json::from_slice(&fs::read(place.path().join("o/results.json")).expect("a record")).expect("JSON");
        let cells = record["cells"].as_array().expect("cells");
        assert_eq!(cells.len(), 3);
        for cell in cells {
            assert_eq!(cell["status"], "ok", "{cell}");
            let expected = &cell["expected"];
            assert_eq!(expected, &cells[0]["expected"]);
            if args[0] == "--trace" {
                assert_eq!((&expected["scans"], &expected["scanned_entries"]), (&2.into(), &2.into()));
            } else {
                assert!(
                    expected["scans"].as_u64() > Some(2700) && expected["scanned_entries"].as_u64() > Some(100_000)
                );
            }
            assert!(cell["time"]["kind_ns"]["scan"].as_u64() > Some(0), "{cell}");
        }
    }
}

#[test]
fn every_verb_takes_every_format() {
    let place = Place::new();
    for file in files() {
        let file = file.to_str().expect("UTF-8");
        let count = ops(Path::new(file)).len();
        // Maps without order have no scans; `a_map_without_order_is_refused_scans` is of them.
        let scans = file.ends_with("ycsb.txt");
        let (map, inspected) = if scans { ("btree", &get_of_scans(file, &place)) } else { ("std", &file.to_owned()) };
        let run = ["run", "--map", map, "--passes", "count", "-q", "--force", "--out", "o", "--trace", file];
        let replay = ["replay", "--map", map, file];
        let inspect = ["inspect", "--map", "go-classic", "--at", "end", "--trace", inspected];
        let convert = ["convert", file, "t.csv"];
        let describe = ["describe", file];
        let verbs = [&run[..], &replay, &inspect, &convert, &describe];
        // The file by its name, and what it holds through a pipe.
        let from_pipe =
            verbs.map(|args| args.iter().map(|&arg| if arg == file || arg == inspected { "-" } else { arg }));
        let from_pipe = from_pipe.map(Iterator::collect::<Vec<_>>);
        let piped =
            [file, file, inspected, file, file].into_iter().zip(&from_pipe).map(|(file, args)| (Some(file), &**args));
        for (file, args) in verbs.into_iter().map(|args| (None, args)).chain(piped) {
            let pipe = ["-c", "cat \"$1\" | { shift; exec \"$0\" \"$@\"; }", env!("CARGO_BIN_EXE_mapscope")];
            let output = match file {
                Some(file) => place.run_command(Command::new("sh").args(pipe).arg(file).args(args)),
                None => place.run(args),
            };
            let (stdout, stderr) = (output.stdout, output.stderr);
            assert_eq!(output.code, Some(0), "{args:?}: {stderr}");
            let described = format!("{:<16}{count:>14}\n", "operations");
            let said = [format!(": {count} operations"), format!("after operation {count}"), described];
            assert!(args[0] == "run" || said.iter().any(|said| stdout.contains(said)), "{args:?}: {stdout}");
        }
        let record: Value =
            serde_json::from_slice(&fs::read(place.path().join("o/results.json")).expect("a record")).expect("JSON");
        assert_eq!(record["cells"][0]["id"]["ops"], count, "{file}");
    }
}

#[test]
fn keys_of_a_file_are_gone_through_once_unless_operations_are_given() {
    let place = Place::new();
    fs::write(place.path().join("k.txt"), "5\n6\n7\n5\n").expect("written");
    let ops = |more: &[&str]| {
        let args = ["run", "--map", "std", "--passes", "count", "--out", "-", "-q", "--keys", "file:k.txt"];
        let output = place.run(&[&args, more].concat());
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        let text = output.stdout;
        let mut rows = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let at = rows.next().expect("a header").iter().position(|name| name == "ops").expect("ops");
        rows.map(|row| row[at].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ops(&[]), ["4"]);
    assert_eq!(ops(&["--ops", "10"]), ["10"]);
    assert_eq!(ops(&["--mix", "churn(records=2)"]), ["4"]);
    fs::write(place.path().join("p.toml"), "[[cells]]\nmap = \"std\"\nkeys = \"file:k.txt\"\nmix = \"fill\"\n")
        .expect("it");
    let output = place.run(&["run", "p.toml", "--passes", "count", "--out", "-", "-q"]);
    assert!(output.stdout.contains(",u64/u64,4,1,ok,"));
}
