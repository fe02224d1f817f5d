//! The endpoint of a recording: the same bytes as on the command line, for whoever has the token, while it goes on.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::Value;

use super::{maps, rust};
use crate::cli_process::{Place, listing};
use crate::consumers::run_optional;

pub(super) const TOKEN: &str = "a-token-of-tests-that-nobody-else-has";

/// The file of the token.
fn token_file(place: &Place, mode: u32) {
    let path = place.path().join("token");
    fs::write(&path, format!("{}\n", TOKEN)).expect("written");
    fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set");
}

/// A process with an endpoint.
pub(super) struct Served {
    process: Child,
    pub(super) address: String,
    said: BufReader<ChildStderr>,
}

impl Served {
    /// `mapscope VERB --serve .. ARGS`.
    pub(super) fn start(place: &Place, verb: &str, args: &[&str]) -> Served {
        // Tests that share a folder run at the same time.
        let token = tempfile::NamedTempFile::new().expect("a file that nobody else can read");
        fs::write(token.path(), format!("{TOKEN}\n")).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        command.args([verb, "--serve", "127.0.0.1:0", "--token-file"]).arg(token.path()).args(args);
        command.current_dir(place.path());
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut said = BufReader::new(process.stderr.take().expect("piped"));
        let mut line = String::new();
        said.read_line(&mut line).expect("a line");
        let address = line.strip_prefix("live at http://").and_then(|rest| rest.split('/').next());
        let address = address.unwrap_or_else(|| panic!("{line}")).to_owned();
        Served { process, address, said }
    }

    /// The status and the body.
    pub(super) fn get(&self, path: &str, token: &str) -> (String, String) {
        self.ask("GET", path, token, "")
    }

    fn post(&self, path: &str, body: &str) -> (String, String) {
        self.ask("POST", path, TOKEN, body)
    }

    fn ask(&self, method: &str, path: &str, token: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}",
            self.address
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        (head.split(' ').nth(1).expect("a status").to_owned(), body.to_owned())
    }

    /// Ends the endpoint, whatever it serves.
    pub(super) fn kill(mut self) {
        drop(self.process.stdin.take());
        self.process.kill().expect("killed");
        self.process.wait().expect("it ends");
    }

    /// Has the program go on to its end; gives all that was said.
    pub(super) fn end(mut self) -> String {
        self.process.stdin.take().expect("piped").write_all(b"\n").expect("it reads");
        assert!(self.process.wait().expect("it ends").success());
        let mut all = String::new();
        self.said.read_to_string(&mut all).expect("text");
        assert!(TcpStream::connect(&self.address).is_err(), "nobody listens");
        all
    }
}

/// The number of the program, which it says when its maps are made.
pub(super) fn program(served: &mut Served) -> String {
    let said = BufReader::new(served.process.stdout.take().expect("piped"));
    let is_number = |line: &String| line.parse::<u32>().is_ok();
    said.lines().map(|line| line.expect("a line")).find(is_number).expect("it says")
}

#[test]
fn what_is_served_is_what_is_shown_and_needs_the_token() {
    let place = rust::recorded();
    let args = ["--out", "live", "--", "./program", "wait"];
    let mut served = Served::start(place, "record", &args);
    let pid = program(&mut served);
    for (path, format) in [("/maps", "json"), ("/metrics", "openmetrics")] {
        let shown = place.run(&["maps", "live", "--format", format]).stdout;
        assert_eq!(served.get(path, TOKEN), ("200".to_owned(), shown), "{path}");
        assert_eq!(served.get(path, "another").0, "401");
    }
    let (_, page) = served.get("/", "");
    assert!(page.contains("<title>mapscope live</title>") && !page.contains("main.rs"), "{page}");

    // The file of one process, by its number, has the same; its endpoint ends with it.
    let mut other = Served::start(place, "maps", &[&pid, "--by", "maps"]);
    let shown = place.run(&["maps", &pid, "--by", "maps", "--format", "json"]).stdout;
    assert_eq!(other.get("/maps", TOKEN), ("200".to_owned(), shown));
    let metrics = other.get("/metrics", TOKEN).1;

    let said = served.end();
    assert!(other.process.wait().expect("it ends").success());
    assert!(!said.contains(TOKEN), "{said}");
    for file in listing(&place.path().join("live")) {
        let content = fs::read(place.path().join("live").join(&file)).expect("a file");
        assert!(!content.windows(TOKEN.len()).any(|is| is == TOKEN.as_bytes()), "{file:?}");
    }

    fs::write(place.path().join("metrics.prom"), metrics).expect("written");
    let file = fs::File::open(place.path().join("metrics.prom")).expect("it");
    let check = |command: &mut Command| _ = command.args(["check", "metrics"]).stdin(file);
    if let Some(output) = run_optional("promtool", "MAPSCOPE_PROMTOOL", check) {
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}

#[test]
fn there_is_nothing_to_serve_before_a_process_has_begun() {
    let place = Place::new();
    let args = ["--out", "live", "--", "sh", "-c", "read x; exit 3"];
    let mut served = Served::start(&place, "record", &args);
    let (status, why) = served.get("/maps", TOKEN);
    let why: Value = serde_json::from_str(&why).unwrap_or_else(|error| panic!("{why}: {error}"));
    let says = why["error"].as_str().is_some_and(|why| why.contains("no process has recorded its maps there"));
    assert_eq!((&*status, says), ("503", true), "{why}");
    served.process.stdin.take().expect("piped").write_all(b"\n").expect("it reads");
    assert_eq!(served.process.wait().expect("it ends").code(), Some(3));
}

#[test]
fn an_endpoint_that_others_could_use_is_refused_before_anything_runs() {
    let place = Place::new();
    let refused = |flags: &[&str], why: &str| {
        let args = [&["record", "--out", "r"], flags, &["--", "touch", "ran"]].concat();
        let outcome = place.run(&args);
        assert_eq!((outcome.code, outcome.left.len()), (Some(2), 0), "{flags:?}: {:?}", outcome.left);
        assert!(outcome.stderr.contains(why), "{flags:?}: {}", outcome.stderr);
    };
    token_file(&place, 0o600);
    let with_token = |address| ["--token-file", "token", "--serve", address];
    refused(&with_token("0.0.0.0:0"), "--serve: 0.0.0.0:0: other machines can reach this address");
    refused(&with_token("[::]:0"), "or add --allow-remote");
    refused(&with_token("localhost"), "give an address and a port, as 127.0.0.1:9000");
    refused(&["--serve", "127.0.0.1:0"], "standard error is no terminal but perhaps a log: give one in a file");
    refused(&["--token-file", "token"], "--serve");
    refused(&["--serve", "127.0.0.1:0", "--token-file", "nowhere"], "--token-file nowhere: No such file");
    token_file(&place, 0o640);
    refused(
        &with_token("127.0.0.1:0"),
        "--token-file token: others than its owner can use it (mode 640): chmod 600 it",
    );
    fs::write(place.path().join("token"), "short").expect("written");
    fs::set_permissions(place.path().join("token"), Permissions::from_mode(0o600)).expect("set");
    refused(&with_token("127.0.0.1:0"), "--token-file token: a token has 16 to 256 visible characters of ASCII");
}

#[test]
fn what_is_recorded_is_switched_through_the_endpoint() {
    let place = rust::recorded();
    let args = ["--out", "changed", "--", "./program", "wait"];
    let mut served = Served::start(place, "record", &args);
    program(&mut served);
    let sample = || maps(place, "changed")["processes"][0]["sample"].clone();
    assert_eq!(sample(), 1);
    for (to, was, n) in [("1/100", "all", Some(100)), ("off", "1/100", None), ("all", "off", Some(1))] {
        let (status, now) = served.post("/recording", &format!("{{\"sample\":\"{to}\"}}"));
        let now: Value = serde_json::from_str(&now).unwrap_or_else(|error| panic!("{status} {now}: {error}"));
        assert_eq!((&now["processes"][0]["sample"], &now["processes"][0]["was"]), (&to.into(), &was.into()));
        assert_eq!(sample(), n.map_or(Value::Null, Value::from));
    }
    for (body, why) in [
        ("", "expected {\"sample\": \"all\"}"),
        ("{\"sample\":100}", "expected {\"sample\": \"all\"}"),
        ("{\"sample\":\"all\",\"x\":1}", "unknown field"),
        ("{\"sample\":\"2/100\"}", "give all, off or 1/N"),
    ] {
        let (status, said) = served.post("/recording", body);
        let said: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{status} {said}: {error}"));
        assert!(status == "400" && said["error"].as_str().is_some_and(|said| said.contains(why)), "{body}: {said}");
    }
    assert_eq!(sample(), 1, "nothing was changed");
    served.end();
}
