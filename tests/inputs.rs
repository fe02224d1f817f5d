//! What a run reads, it reads once: whatever becomes of the files meanwhile, and whatever they are.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::cli_process::{Place, listing};

const TRACE: &str = "op,key\ninsert,1\ninsert,2\nget,1\ninsert,3\nremove,2\ninsert,1\n";
const KEYS: &str = "5\n6\n7\n";

fn mapscope() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mapscope"))
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo runs").success());
}

fn cells(out: &Path) -> Vec<Value> {
    let text = fs::read_to_string(out.join("results.json")).expect("results.json");
    let results: Value = serde_json::from_str(&text).expect("JSON");
    results["cells"].as_array().expect("cells").clone()
}

/// Traces and keys that are changed once they were read, each in a way of its own, and a trace that a pipe brings, which
/// is opened after them.
const PROFILE: &str = r#"
passes = ["count", "time", "profile"]
repetitions = 2
time_limit_s = 3600
[[cells]]
map = "std"
trace = ["replaced.csv", "appended.csv", "truncated.csv", "removed.csv"]
[[cells]]
map = "std"
keys = "file:k.txt"
mix = "fill"
ops = 100
[[cells]]
map = "std"
trace = "pipe"
"#;

/// All of a cell that depends neither on the clock nor on what its trace is called.
fn exact(cell: &Value) -> Value {
    let recorded = cell["time"]["histograms"].as_array().expect("histograms").iter();
    let timed: u64 = recorded.map(|histogram| histogram["count"].as_u64().expect("a count")).sum();
    let digest = cell["id"]["keys"].as_str().and_then(|keys| keys.split('@').nth(1));
    let fields = ["status", "error", "expected", "key_bytes", "value_bytes", "count"].map(|field| &cell[field]);
    serde_json::json!([fields, timed, digest])
}

#[test]
fn a_record_is_of_what_was_there_when_the_run_began_whatever_becomes_of_it() {
    let place = Place::new();
    let at = |name: &str| place.path().join(name);
    let write = |name: &str, content: &str| fs::write(at(name), content).expect("written");
    write("p.toml", PROFILE);
    write("k.txt", KEYS);
    for name in ["replaced.csv", "appended.csv", "truncated.csv", "removed.csv"] {
        write(name, TRACE);
    }
    fifo(&at("pipe"));
    let mut run =
        mapscope().args(["run", "p.toml", "-q", "--out", "out"]).current_dir(place.path()).spawn().expect("it");
    // Opened when the run opens it; its reading then waits for bytes.
    let mut pipe = OpenOptions::new().write(true).open(at("pipe")).expect("a reader");
    write("new", "op,key\ninsert,9\n");
    fs::rename(at("new"), at("replaced.csv")).expect("moved");
    write("appended.csv", &[TRACE, "insert,9\n"].concat());
    write("truncated.csv", &TRACE[..20]);
    fs::remove_file(at("removed.csv")).expect("removed");
    write("k.txt", "8\n");
    pipe.write_all(TRACE.as_bytes()).expect("it reads");
    drop(pipe);
    assert!(run.wait().expect("its end").success());

    let cells = cells(&at("out"));
    let [traces @ .., keys, piped] = &cells[..] else { panic!("cells") };
    let digest = |text: &str| blake3::hash(text.as_bytes()).to_hex()[..8].to_owned();
    let counts = ["inserts", "overwrites", "removes", "gets", "entries"];
    let of = |cell: &Value| counts.map(|count| cell["expected"][count].clone());
    assert_eq!((piped["status"].as_str(), of(piped)), (Some("ok"), [3, 1, 1, 1, 2].map(Value::from)));
    assert_eq!(piped["id"]["keys"], format!("trace:pipe@{}", digest(TRACE)));
    assert_eq!(traces.len(), 4);
    for trace in traces {
        assert_eq!(exact(trace), exact(piped), "{}", trace["id"]);
        assert!(trace["profile"].is_object());
    }
    assert_eq!((keys["status"].as_str(), of(keys)), (Some("ok"), [3, 97, 0, 0, 3].map(Value::from)));
    assert_eq!(keys["id"]["keys"], format!("file:k.txt@{}", digest(KEYS)));
}

/// What each verb shows of a trace that comes by `path`, with `stdin` as standard input.
fn shown(path: &str, stdin: impl Fn() -> Stdio) -> [String; 4] {
    let place = Place::new();
    fs::write(place.path().join("t.csv"), TRACE).expect("written");
    let verbs: [&[&str]; 4] = [
        &["run", "--map", "btree", "--passes", "count", "--out", "-", "--trace"],
        &["replay", "--map", "btree", "--per-op", "-", "-q"],
        &["inspect", "--map", "go-classic", "--at", "end", "--trace"],
        &["describe", "--format", "json"],
    ];
    verbs.map(|args| {
        // What a shell does for `<(...)`: a pipe of another number.
        let mut sh = Command::new("sh");
        sh.args(["-c", r#"exec "$0" "$@" 3<&0"#, env!("CARGO_BIN_EXE_mapscope")]).args(args).arg(path);
        let output = sh.current_dir(place.path()).stdin(stdin()).output().expect("it starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?} {path}: {stderr}");
        String::from_utf8(output.stdout).expect("UTF-8")
    })
}

/// A pipe from a program that writes the trace and ends.
fn piped() -> Stdio {
    let mut writer =
        Command::new("printf").arg(TRACE.replace('\n', "\\n")).stdout(Stdio::piped()).spawn().expect("printf");
    let pipe = writer.stdout.take().expect("a pipe");
    // What it wrote is in the pipe, and nobody holds the other end.
    assert!(writer.wait().expect("its end").success());
    pipe.into()
}

#[test]
fn every_verb_reads_traces_from_files_pipes_and_standard_input() {
    let named = |shown: [String; 4], name: &str| shown.map(|text| text.replace(name, "NAME"));
    let from_file = named(shown("t.csv", Stdio::null), "t.csv");
    assert!(from_file[0].contains("trace:NAME@"), "{}", from_file[0]);
    for (path, name) in [("-", "stdin"), ("/dev/stdin", "stdin"), ("/dev/fd/3", "pipe")] {
        assert_eq!(named(shown(path, piped), name), from_file, "{path}");
        // A file as standard input is read from its beginning.
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), TRACE).expect("written");
        assert_eq!(named(shown(path, || File::open(file.path()).expect("it").into()), name), from_file, "{path}");
    }
}

#[test]
fn standard_input_is_one_trace_for_all_who_name_it_and_no_keys_besides() {
    let place = Place::new();
    let run = |tables: &str| {
        fs::write(place.path().join("p.toml"), format!("passes = [\"count\"]\n{tables}")).expect("written");
        let mut run = mapscope();
        run.args(["run", "p.toml", "-q", "--out", "out"]).current_dir(place.path()).stdin(piped());
        let output = run.output().expect("it starts");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    let trace = |map: &str, path: &str| format!("[[cells]]\nmap = \"{map}\"\ntrace = \"{path}\"\n");
    assert_eq!(run(&(trace("std", "-") + &trace("btree", "/dev/stdin"))), (Some(0), String::new()));
    let ran = cells(&place.path().join("out"));
    assert_eq!((ran.len(), &ran[0]["id"]["keys"]), (2, &ran[1]["id"]["keys"]));
    assert_eq!(ran[0]["expected"], ran[1]["expected"]);
    let keys = "[[cells]]\nmap = \"std\"\nkeys = \"file:-\"\nmix = \"fill\"\nops = 3\n";
    fs::remove_dir_all(place.path().join("out")).expect("removed");
    let both =
        "error: standard input: was read already, for a trace or for keys, and comes only once: save it to a file\n";
    assert_eq!(run(&(trace("std", "-") + keys)), (Some(2), both.to_owned()));
}

#[test]
fn what_has_no_end_or_no_rows_is_refused_by_every_verb() {
    let place = Place::new();
    std::os::unix::fs::symlink("/dev/zero", place.path().join("z.oracleGeneral")).expect("a link");
    fs::write(place.path().join("empty"), "").expect("written");
    let device = "it is a device; expected a file, a pipe or - for standard input";
    for (path, words) in [
        ("/dev/zero", device),
        ("/dev/null", device),
        ("z.oracleGeneral", device),
        ("-", device),
        (".", "it is a folder; expected a file or a pipe"),
        ("empty", "is empty"),
    ] {
        for args in [
            &["run", "--map", "std", "--trace", path][..],
            &["run", "--map", "std", "--mix", "fill", "--keys", &format!("file:{path}")],
            &["replay", "--map", "std", path],
            &["inspect", "--map", "go-classic", "--at", "1", "--trace", path],
            &["describe", path],
        ] {
            let outcome = place.run(args);
            let words = if path == "empty" && args.contains(&"file:empty") { "holds no keys" } else { words };
            assert!(outcome.stderr.contains(words), "{args:?}: {}", outcome.stderr);
            assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.left), (Some(2), "", vec![]), "{args:?}");
        }
    }
    for args in [&["run", "/dev/zero"][..], &["gate", "/dev/zero", "/dev/zero"], &["report", "/dev/zero"]] {
        let outcome = place.run(args);
        assert_eq!(outcome.code, Some(2), "{args:?}");
        assert!(outcome.stderr.contains("it is a device"), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_private_copy_without_room_is_refused_in_words() {
    let place = Place::new();
    fs::write(place.path().join("t.csv"), TRACE).expect("written");
    // No file may be longer than 0 bytes: the closest to a full disk that needs no privilege.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" run --map std --passes count --trace t.csv --out -";
    let full = place.run_command(Command::new("sh").args(["-c", script, env!("CARGO_BIN_EXE_mapscope")]));
    for words in
        ["error: t.csv: its private copy in ", ", 11 bytes a row, needs after 6 rows ", "set TMPDIR to a folder"]
    {
        assert!(full.stderr.contains(words), "{}", full.stderr);
    }
    let args = ["run", "--map", "std", "--passes", "count", "--trace", "t.csv", "--out", "-"];
    let nowhere = place.run_command(mapscope().args(args).env("TMPDIR", "no/such"));
    let words = "error: t.csv: no private copy of it can be made in no/such: ";
    assert!(nowhere.stderr.starts_with(words), "{}", nowhere.stderr);
    for outcome in [full, nowhere] {
        assert_eq!((outcome.code, outcome.stdout.as_str(), outcome.left), (Some(2), "", vec![]));
    }
}

/// Starts a verb that reads the pipe, and returns when it has opened it.
#[cfg(target_os = "linux")]
fn waiting(place: &Place, temporary: &Path, args: &[&str]) -> Child {
    let mut command = mapscope();
    command.args(args).current_dir(place.path()).env("TMPDIR", temporary).stdout(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    let descriptors = PathBuf::from(format!("/proc/{}/fd", child.id()));
    let has_it = || {
        let open = fs::read_dir(&descriptors).into_iter().flatten().flatten();
        open.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|file| file.ends_with("pipe"))
    };
    while !has_it() {
        assert!(child.try_wait().expect("a state").is_none(), "{args:?} ended");
        std::thread::yield_now();
    }
    child
}

#[test]
#[cfg(target_os = "linux")]
fn a_wait_for_a_writer_is_interrupted_and_leaves_nothing() {
    let (place, temporary) = (Place::new(), tempfile::tempdir().expect("a folder"));
    fifo(&place.path().join("pipe"));
    let before = listing(place.path());
    for args in [
        &["run", "--map", "std", "--trace", "pipe", "--out", "out"][..],
        &["run", "--map", "std", "--keys", "file:pipe", "--mix", "fill", "--out", "out"],
        &["replay", "--map", "std", "pipe", "--per-op", "rows.csv"],
        &["describe", "pipe"],
    ] {
        for signal in [libc::SIGINT, libc::SIGTERM] {
            for writes in [false, true] {
                let mut child = waiting(&place, temporary.path(), args);
                let writer = writes.then(|| {
                    let mut writer = OpenOptions::new().write(true).open(place.path().join("pipe")).expect("a reader");
                    writer.write_all(b"# begun\n").map(|()| writer)
                });
                // SAFETY: signals our own child.
                unsafe { libc::kill(child.id() as i32, signal) };
                let code = child.wait().expect("its end").code();
                drop(writer);
                assert_eq!(code, Some(130), "{args:?}, signal {signal}, with a writer: {writes}");
                assert_eq!(listing(place.path()), before, "{args:?}");
                assert!(listing(temporary.path()).is_empty(), "{args:?}");
            }
        }
    }
}

/// A limit of operations that a trace doesn't reach is none, and a hint of its operations is of those that it has.
#[test]
fn cells_that_are_the_same_once_their_trace_is_known_are_one() {
    let place = Place::new();
    fs::write(place.path().join("t.csv"), TRACE).expect("a trace");
    let args = ["run", "--map", "std", "--trace", "t.csv", "--ops", "2,6,10", "--hint", "ops,6,0"];
    let outcome = place.run(&[&args[..], &["--passes", "count", "--out", "out"]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let id = |cell: &Value| [&cell["id"]["ops"], &cell["id"]["hint"]].map(|n| n.as_u64().expect("a number"));
    let ids: Vec<_> = cells(&place.path().join("out")).iter().map(id).collect();
    assert_eq!(ids, [[2, 2], [2, 6], [2, 0], [6, 6], [6, 0]]);
}
