//! A Rust program that shows its own maps says of them what `mapscope maps` says.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::cli_process::Place;

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recording/own");
pub(super) const TOKEN: &str = "a-token-of-tests-that-nobody-else-has";

/// A folder with the program, built as a user builds it.
fn built() -> &'static Place {
    static BUILT: OnceLock<Place> = OnceLock::new();
    BUILT.get_or_init(|| {
        let (place, root) = (Place::new(), env!("CARGO_MANIFEST_DIR"));
        fs::create_dir(place.path().join("src")).expect("a folder");
        fs::copy(Path::new(PROGRAM).join("src/main.rs"), place.path().join("src/main.rs")).expect("copied");
        let manifest = fs::read_to_string(Path::new(PROGRAM).join("Cargo.toml")).expect("a manifest");
        fs::write(place.path().join("Cargo.toml"), manifest.replace("../../..", root)).expect("written");
        fs::copy(Path::new(root).join("Cargo.lock"), place.path().join("Cargo.lock")).expect("copied");
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("own-maps");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--offline", "--quiet"]).current_dir(place.path()).env("CARGO_TARGET_DIR", &target);
        let output = cargo.env("CARGO_INCREMENTAL", "0").output().expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        fs::copy(target.join("debug/own-maps"), place.path().join("program")).expect("copied");
        place
    })
}

/// The program, once its maps are made.
pub(super) struct Running {
    process: Child,
    pub(super) address: String,
}

impl Running {
    fn start(mut command: Command) -> Running {
        command.current_dir(built().path()).env_remove("MAPSCOPE_RECORD");
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut address = String::new();
        let said = process.stdout.as_mut().expect("piped");
        BufReader::new(said).read_line(&mut address).expect("a line");
        Running { process, address: address.trim().to_owned() }
    }

    /// Alone, or under `mapscope record --out OUT`.
    pub(super) fn program() -> Running {
        Running::start(Command::new(built().path().join("program")))
    }

    fn recorded(out: &str) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        command.args(["record", "-q", "--out", out, "--", "./program"]);
        Running::start(command)
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let (at, length) = (&self.address, body.len());
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {at}\r\nAuthorization: Bearer {TOKEN}\r\n");
        let request = format!("{head}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        // What only the debug information names has its whole path.
        let body = body.replace(&format!("{}/", built().path().display()), "");
        (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status"), body)
    }

    pub(super) fn maps(&self) -> Value {
        let (status, text) = self.ask("GET", "/maps", "");
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).expect("JSON")
    }

    pub(super) fn end(mut self) {
        self.process.stdin.take().expect("piped").write_all(b"\n").expect("it reads");
        assert!(self.process.wait().expect("it ends").success());
    }
}

#[test]
fn what_a_program_says_of_its_maps_is_what_mapscope_says() {
    let place = built();
    let running = Running::recorded("r");
    let compare = || {
        let shown = |format: &str| place.run(&["maps", "r", "--format", format]).stdout;
        let (status, metrics) = running.ask("GET", "/metrics", "");
        assert!(status == 200 && metrics == shown("openmetrics"), "{metrics}");
        let mut shown: Value = serde_json::from_str(&shown("json")).expect("JSON");
        let mut own = running.maps();
        shown.as_object_mut().expect("an object").remove("recording").expect("it is there");
        for maps in [&mut shown, &mut own] {
            let file = maps["processes"][0]["file"].take();
            assert!(file.as_str().is_some_and(|file| file.ends_with(".maps")), "{file}");
        }
        assert_eq!(own, shown);
        own
    };
    let own = compare();
    let rows = own["places"].as_array().expect("places");
    let types: Vec<_> = rows.iter().map(|row| row["type"].as_str().expect("a type")).collect();
    for ty in ["HashMap<u64, u64, ", "HashMap<String, [u8; 40], ", "HashSet<u32, ", "BTreeMap<&str, i32>"] {
        assert!(types.iter().any(|is| is.starts_with(ty)), "{ty}: {types:?}");
    }
    assert!(rows.iter().any(|row| row["hint_saves_bytes"].as_u64().is_some_and(|bytes| bytes > 0)));
    assert!(rows.iter().any(|row| row.get("hint_saves_bytes").is_none() && row["removes"] != 0));

    // Switched by either, both say so, period by period.
    assert_eq!(running.ask("POST", "/recording", "{\"sample\":\"1/7\"}"), (200, "{\"sample\":\"1/7\"}\n".to_owned()));
    assert_eq!(compare()["processes"][0]["periods"][1]["sample"], 7);
    assert_eq!(place.run(&["maps", "r", "--set", "sample=off"]).code, Some(0));
    assert_eq!(compare()["processes"][0]["sample"], Value::Null);
    running.end();
}

#[test]
fn a_program_that_nobody_records_shows_the_same() {
    let (alone, recorded) = (Running::program(), Running::recorded("same"));
    let (own, other) = (alone.maps(), recorded.maps());
    assert!(own["places"].as_array().is_some_and(|rows| rows.len() > 5), "{own}");
    for field in ["places", "total", "dropped"] {
        assert_eq!(own[field], other[field], "{field}");
    }
    assert!(own["processes"][0].get("file").is_none(), "{own}");
    let (status, said) = alone.ask("GET", "/map?at=0x10", "");
    assert!(status == 404 && said.contains("not of a program that shows itself"), "{status} {said}");
    assert_eq!(alone.ask("POST", "/recording", "{\"sample\":\"off\"}").0, 200);
    assert_eq!(alone.maps()["processes"][0]["sample"], Value::Null);
    for wrong in [
        "",
        "{}",
        "{\"sample\":1}",
        "{\"sample\":\"1/0\"}",
        "{\"sample\":\"1/1000001\"}",
        "{\"sample\":\"all\",\"x\":1}",
    ] {
        let (status, said) = alone.ask("POST", "/recording", wrong);
        assert!(status == 400 && !said.trim().is_empty(), "{wrong}: {status} {said}");
    }
    alone.end();
    recorded.end();
}

#[test]
fn a_map_that_was_made_before_is_an_error_that_says_what_to_do() {
    let mut late = Command::new(built().path().join("program"));
    let outcome = built().run_command(late.arg("late").env_remove("MAPSCOPE_RECORD"));
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stdout.contains("serve before the first map"), "{}", outcome.stdout);
    let outcome = built().run(&["record", "-q", "--out", "late", "--", "./program", "late"]);
    assert_eq!(outcome.code, Some(0), "it is recorded all the same: {}", outcome.stdout);
}
