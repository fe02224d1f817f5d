//! What is recorded, changed while a program runs that makes maps of known content before, between and after.

use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::ptr;

use mapscope::engines::go;
use mapscope::recording::Process;
use serde_json::{Value, json};

use super::traced::line_of;
use super::{maps, record, rows, rust, toolchains};
use crate::cli_process::Place;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recording/switched");

/// A program that waits for a line wherever what is recorded may be changed.
pub(super) struct Waiting {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
}

impl Waiting {
    pub(super) fn start(mut command: Command) -> Waiting {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Waiting { child, output }
    }

    /// What it says next.
    pub(super) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.trim().to_owned()
    }

    pub(super) fn go_on(&mut self) {
        self.child.stdin.as_mut().expect("piped").write_all(b"\n").expect("it reads");
    }

    /// What it says from now on.
    pub(super) fn output(&mut self) -> &mut impl Read {
        &mut self.output
    }

    pub(super) fn end(mut self) {
        assert!(self.child.wait().expect("it ends").success());
    }
}

/// `mapscope maps PATH --set sample=S`, which changes it from what it was.
pub(super) fn set(place: &Place, path: &str, to: &str, from: &str) {
    let outcome = place.run(&["maps", path, "--set", &format!("sample={to}")]);
    let said = format!("sample={to} for maps made from now on; it was {from}\n");
    assert!(outcome.code == Some(0) && outcome.stderr.ends_with(&said), "{}", outcome.stderr);
}

/// A folder with the program, built as `prog`.
pub(super) fn built(go: &go::Toolchain) -> Place {
    let place = Place::new();
    for file in ["go.mod", "main.go"] {
        fs::copy(Path::new(PROGRAM).join(file), place.path().join(file)).expect("copied");
    }
    record(&place, go, &["--out", "b", "--", "go", "build", "-o", "prog", "."]);
    place
}

#[test]
fn a_map_is_recorded_from_when_it_is_made_or_never_and_until_it_is_switched_off() {
    for go in toolchains(true) {
        let place = built(&go);
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        command.args(["record", "--sample", "off", "--out", "r", "--", "./prog"]).current_dir(place.path());
        let mut program = Waiting::start(command);
        let pid = program.line();
        let off = place.run(&["maps", &pid]);
        assert!(
            off.stdout.contains(": 0 maps of 0 places") && off.stdout.contains("Recording is off"),
            "{}",
            off.stdout
        );
        set(&place, &pid, "all", "off");
        program.go_on();
        assert_eq!(program.line(), pid);
        set(&place, "r", "off", "all");
        program.go_on();
        assert_eq!(program.line(), pid);
        set(&place, "r", "all", "off");
        program.go_on();
        assert_eq!(program.line(), "400 500 2998 200 50", "go{}", go.version);
        program.end();

        let maps = maps(&place, "r");
        for function in ["main.first", "main.third"] {
            assert_eq!(rows(&maps, function), Vec::<&Value>::new(), "go{}", go.version);
        }
        let [whole, used] = rows(&maps, "main.second")[..] else { panic!("{maps}") };
        let (whole, used) = if whole["entries"] == 500 { (whole, used) } else { (used, whole) };
        let [later] = rows(&maps, "main.fourth")[..] else { panic!("{maps}") };
        for (row, partial, writes, entries, removes, lookups) in
            [(whole, 0, 500, 500, 0, 0), (used, 1, 1000, 999, 1, 10), (later, 0, 50, 50, 0, 0)]
        {
            let [expected, is] = [
                json!([1, partial, writes, writes, entries, removes, lookups]),
                ["maps", "partial_maps", "writes", "inserts", "entries", "removes", "lookups"]
                    .map(|figure| row[figure].clone())
                    .into(),
            ];
            assert_eq!(expected, is, "go{}: {row}", go.version);
        }
        // Its bytes are those of a map that was recorded as long as it lived.
        let bytes = |row: &Value| row["alloc_bytes"].as_u64().expect("bytes");
        assert!(bytes(used) > bytes(whole) && bytes(whole) > bytes(later), "{maps}");

        let process = &maps["processes"][0];
        let periods = process["periods"].as_array().expect("periods");
        let samples: Vec<_> = periods.iter().map(|period| &period["sample"]).collect();
        assert_eq!(samples, [&json!(null), &json!(1), &json!(null), &json!(1)]);
        assert_eq!((&process["sample"], &periods[0]["maps"], &periods[2]["maps"]), (&json!(1), &json!(0), &json!(0)));
        let sums = |figure: &str| periods.iter().map(|period| period[figure].as_u64().expect("a figure")).sum::<u64>();
        for figure in ["maps", "writes", "alloc_bytes", "growths"] {
            assert_eq!(maps["total"][figure], sums(figure), "{figure}");
        }
        let since: Vec<_> = periods.iter().map(|period| period["since_unix_ms"].as_u64()).collect();
        assert!(since.is_sorted() && since[0].is_some(), "{since:?}");

        let table = place.run(&["maps", "r"]).stdout;
        for line in [
            "What is recorded was changed while it ran, and figures are of the maps that were:\n",
            "\n  from the start on          off\n  after ",
            "1 map was used after recording was switched off: counted until then\n",
        ] {
            assert!(table.contains(line), "{table}");
        }
        let gate = place.run(&["gate", "r", "r"]);
        let unjudged = "What the baseline recorded was changed while its program ran: record all of it.";
        assert!(gate.code == Some(2) && gate.stdout.contains(unjudged), "{}{}", gate.stdout, gate.stderr);
        let ended = place.run(&["maps", "r", "--set", "sample=off"]);
        assert!(ended.code == Some(2) && ended.stderr.contains("no process of this recording is running"));
    }
}

#[test]
fn a_trace_is_whole_where_goroutines_read_its_map_while_recording_is_switched_off() {
    for go in toolchains(true) {
        let place = built(&go);
        let text = fs::read_to_string(place.path().join("main.go")).expect("the program");
        let at = line_of(&text, "reads", "map[string]int{}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        command.args(["record", "--trace", &at, "--out", "r", "--", "./prog", "reads"]).current_dir(place.path());
        let mut program = Waiting::start(command);
        let pid = program.line();
        set(&place, &pid, "off", "all");
        program.go_on();
        assert_eq!(program.line(), "1", "go{}", go.version);
        program.end();
        let trace = place.run(&["convert", "r/trace-001.csv.zst", "-"]);
        assert_eq!(trace.code, Some(0), "go{}: {}", go.version, trace.stderr);
        let words: Vec<_> = trace.stdout.lines().skip(1).filter_map(|row| row.split(',').next()).collect();
        let (first, others) = words.split_first().expect("rows");
        assert!(*first == "insert" && others.iter().all(|word| *word == "get"), "go{}", go.version);
    }
}

#[test]
fn maps_of_rust_are_recorded_by_the_same_rule() {
    let place = rust::recorded();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["record", "--sample", "off", "--out", "switched", "--", "./program", "switched"]);
    command.current_dir(place.path());
    let mut program = Waiting::start(command);
    let pid = program.line();
    for (to, from, then) in [
        ("all", "off", &*pid),
        ("off", "all", &*pid),
        ("all", "off", "300 2999 100 true one map of 2000000: give 1 to 1000000"),
    ] {
        set(place, &pid, to, from);
        program.go_on();
        assert_eq!(program.line(), then);
    }
    program.end();
    let maps = maps(place, "switched");
    let expected = [("whole", 0, 500, 500, 0), ("used", 1, 1000, 999, 1), ("later", 1, 50, 50, 0)];
    for (name, partial, writes, entries, removes) in expected {
        let [row] = rust::rows(&maps, rust::line(name))[..] else { panic!("{maps}") };
        let figures = ["maps", "partial_maps", "writes", "entries", "removes", "lookups"];
        let is: Value = figures.map(|figure| row[figure].clone()).into();
        assert_eq!(is, json!([1, partial, writes, entries, removes, 0]), "{name}: {row}");
    }
    assert_eq!(maps["total"]["maps"], 3);
    let periods = maps["processes"][0]["periods"].as_array().expect("periods");
    let samples: Vec<_> = periods.iter().map(|period| &period["sample"]).collect();
    assert_eq!(samples, [&json!(null), &json!(1), &json!(null), &json!(1), &json!(null)]);
}

#[test]
fn only_the_file_of_a_process_that_reads_it_is_changed() {
    let place = Place::new();
    let path = place.path().join("1-1.maps");
    let refused = |bytes: &[u8], why: &str| {
        fs::write(&path, bytes).expect("written");
        let outcome = place.run(&["maps", "1-1.maps", "--set", "sample=1/7"]);
        assert!(outcome.code == Some(2) && outcome.stderr.contains(why), "{}", outcome.stderr);
        assert_eq!(fs::read(&path).expect("it is there"), bytes);
    };
    refused(b"no recording", "is no recording of a process");
    refused(&[0; 4096], "or one that has only begun");
    let mut file = vec![0; 4096];
    file[..8].copy_from_slice(b"mapscope");
    file[8] = 2;
    refused(&file, "Java's can't");
    file[8] = 3;
    refused(&file, "most periods: 0");
    // Room for two periods at the end, of which the second is the last.
    file[168..170].copy_from_slice(&4064_u16.to_le_bytes());
    (file[176], file[160], file[164]) = (2, 5, 1);
    file[4064 + 16 + 12] = 5;
    refused(&file, "what it records has been changed 1 times, and no more fit");
    file[164] = 2;
    refused(&file, "number of the period: 2; expected 0 to 1");
    file[164] = 0;
    file[4064 + 12] = 5;
    refused(&file, "no process writes it any more");
    let _mapped = Mapped::of(&path);
    let changed = place.run(&["maps", "1-1.maps", "--set", "sample=all"]);
    assert_eq!(changed.code, Some(0), "{}", changed.stderr);
    assert_eq!(fs::read(&path).expect("it is there")[160..168], [1, 0, 0, 0, 1, 0, 0, 0]);
    let process = Process::read(&path).expect("it is one");
    let samples: Vec<_> = process.periods.iter().map(|period| period.sample.to_string()).collect();
    assert_eq!(samples, ["1/5", "all"]);
    for wrong in ["sample=", "sample=2", "rate=1/2", "all"] {
        let outcome = place.run(&["maps", "1-1.maps", "--set", wrong]);
        assert!(outcome.code == Some(2) && outcome.stderr.contains("give "), "{}", outcome.stderr);
    }
}

/// A page of a file, mapped into this process as one that records maps it.
struct Mapped(*mut libc::c_void);

impl Mapped {
    fn of(path: &Path) -> Mapped {
        let file = fs::OpenOptions::new().read(true).write(true).open(path).expect("a file");
        let both = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping takes the place of none.
        let base = unsafe { libc::mmap(ptr::null_mut(), 4096, both, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        assert_ne!(base, libc::MAP_FAILED);
        Mapped(base)
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: it was mapped so, and nothing refers to it.
        unsafe { libc::munmap(self.0, 4096) };
    }
}
