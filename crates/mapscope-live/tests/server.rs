//! The server by its sockets: what a client that means no good can have of it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use mapscope_live::{By, Limits, Look, NoMap, Server, Settings, Source, Token, Wanted};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const GET: &str =
    "GET /maps HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer 0123456789abcdef0123456789abcdef\r\n\r\n";

struct Fixed;

impl Source for Fixed {
    fn maps(&mut self) -> Result<Vec<u8>, String> {
        Ok(b"{}".to_vec())
    }
    fn metrics(&mut self) -> Result<Vec<u8>, String> {
        Err("nothing is recorded yet".to_owned())
    }
}

fn server(limits: Limits, source: impl Source) -> Server {
    let token = Some(Token::new(TOKEN).expect("a token"));
    Server::start(Settings { token, limits, ..Settings::at("127.0.0.1:0") }, source).expect("a server")
}

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("set");
    stream
}

/// All that comes back; nothing where the connection ends without a word.
fn said(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    String::from_utf8(text).expect("text")
}

fn asked(to: SocketAddr, request: &str) -> String {
    let mut stream = connect(to);
    stream.write_all(request.as_bytes()).expect("it reads");
    said(stream)
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn an_answer_is_whole_and_says_what_a_browser_may_not_do() {
    let server = server(Limits::default(), Fixed);
    let answer = asked(server.address(), GET);
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert_eq!((status(head), body), ("200", "{}"));
    for line in ["Content-Length: 2", "Connection: close", "Cache-Control: no-store", "X-Content-Type-Options: nosniff"]
    {
        assert!(head.lines().any(|is| is == line), "{line}");
    }
    assert!(head.contains("\r\nContent-Security-Policy: default-src 'none'; script-src 'self';"));
    assert!(!head.to_lowercase().contains("access-control"));
    let head = asked(server.address(), &GET.replace("GET", "HEAD"));
    assert!(head.contains("Content-Length: 2\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    let answer = asked(server.address(), &GET.replace("/maps", "/metrics"));
    assert!(status(&answer) == "503" && answer.ends_with("nothing is recorded yet\n"), "{answer}");
    let page = asked(server.address(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(status(&page) == "200" && page.contains("<!doctype html>"), "{page}");
    assert_eq!(status(&asked(server.address(), &GET.replace("Bearer", "Basic"))), "401");
    assert_eq!(status(&asked(server.address(), &GET.replace("localhost", "evil.example"))), "421");
    let foreign = GET.replace("Host", "Origin: http://evil.example\r\nHost");
    assert_eq!(status(&asked(server.address(), &foreign)), "403");
}

#[test]
fn what_follows_a_request_is_no_second_one() {
    let server = server(Limits::default(), Fixed);
    let answer = asked(server.address(), &[GET, GET].concat());
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
}

#[test]
fn a_slow_request_is_cut() {
    let server = server(Limits { request_time: Duration::ZERO, ..Limits::default() }, Fixed);
    assert_eq!(status(&said(connect(server.address()))), "408");
}

#[test]
fn a_large_request_is_cut() {
    let server = server(Limits::default(), Fixed);
    let of = |request: String| status(&asked(server.address(), &request)).to_owned();
    assert_eq!(of(format!("GET /{} HTTP/1.1\r\n", "x".repeat(9000))), "431");
    assert_eq!(of(GET.replace("Host", &format!("X: {}\r\nHost", "y".repeat(9000)))), "431");
    assert_eq!(of(GET.replace("Host", "Content-Length: 1025\r\nHost")), "413");
    assert_eq!(of(GET.replace("Host", "Transfer-Encoding: chunked\r\nHost")), "411");
    assert_eq!(of("\x16\x03\x01\x02\0\x01\0".to_owned()), "400", "TLS");
}

#[test]
fn many_requests_are_answered_as_often_as_was_agreed() {
    // Of one a second, the next is not before this test is done, or the machine has stood still for it.
    let server = server(Limits { requests_per_second: 1, ..Limits::default() }, Fixed);
    let answers: Vec<_> = (0..20).map(|_| asked(server.address(), GET)).collect();
    assert_eq!(status(&answers[0]), "200");
    let refused = answers.iter().find(|answer| status(answer) == "429").expect("one too many");
    assert!(refused.contains("\r\nRetry-After: 1\r\n"), "{refused}");
}

/// Answers when it is told to, and says when it is asked.
struct Held(SyncSender<()>, Receiver<()>);

impl Source for Held {
    fn maps(&mut self) -> Result<Vec<u8>, String> {
        self.0.send(()).expect("somebody waits");
        self.1.recv().map_err(|error| error.to_string())?;
        Ok(b"held".to_vec())
    }
    fn metrics(&mut self) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }
}

#[test]
fn many_clients_at_once_are_turned_away_and_none_is_forgotten() {
    let (asks, is_asked) = sync_channel(0);
    let (answers, is_answered) = sync_channel(0);
    let server = server(Limits { connections: 1, ..Limits::default() }, Held(asks, is_answered));
    let mut first = connect(server.address());
    first.write_all(GET.as_bytes()).expect("it reads");
    is_asked.recv().expect("it is asked");
    for _ in 0..50 {
        let answer = said(connect(server.address()));
        assert!(status(&answer) == "503" && answer.ends_with("too many clients\n"), "{answer}");
    }
    answers.send(()).expect("it waits");
    assert!(said(first).ends_with("held"));
}

/// Looks when it is told to, and says when it is asked.
struct Slow(Mutex<Option<Turns>>);

type Turns = (SyncSender<()>, Receiver<()>);

impl Source for Slow {
    fn maps(&mut self) -> Result<Vec<u8>, String> {
        Ok(b"maps".to_vec())
    }
    fn metrics(&mut self) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }
    fn look(&self) -> Option<Box<dyn Look>> {
        Some(Box::new(Slow(Mutex::new(self.0.lock().expect("no panic").take()))))
    }
}

impl Look for Slow {
    fn map(&self, wanted: &Wanted) -> Result<Vec<u8>, NoMap> {
        match &wanted.by {
            By::At(1) => {
                let turns = self.0.lock().expect("no panic");
                let (asks, answers) = turns.as_ref().expect("the one that looks");
                asks.send(()).expect("somebody waits");
                answers.recv().expect("an answer");
                Ok(b"{\"at\":1}".to_vec())
            }
            By::At(2) => panic!("as asked"),
            By::At(_) => Err(NoMap::None("no \"map\"\n".to_owned())),
            By::Place { .. } => Err(NoMap::NotNow("not yet".to_owned())),
        }
    }
}

#[test]
fn one_request_at_a_time_looks_into_a_map_and_holds_up_no_other() {
    let (asks, is_asked) = sync_channel(0);
    let (answers, is_answered) = sync_channel(0);
    let server = server(Limits::default(), Slow(Mutex::new(Some((asks, is_answered)))));
    let get = |path: &str| asked(server.address(), &GET.replace("/maps", path));
    let mut first = connect(server.address());
    first.write_all(GET.replace("/maps", "/map?at=0x1").as_bytes()).expect("it reads");
    is_asked.recv().expect("it is asked");
    for _ in 0..3 {
        let second = get("/map?at=0x1");
        assert!(status(&second) == "503" && second.contains("\r\nRetry-After: 1\r\n"), "{second}");
        assert!(
            second.ends_with(
                "{\"error\":\"another request looks into a map, and one at a time does: ask again in a second\"}\n"
            ),
            "{second}"
        );
        assert!(get("/maps").ends_with("maps"), "it waits for nobody");
        assert_eq!(status(&get("/map?at=1")), "400", "what is wrong is said at once");
    }
    answers.send(()).expect("it waits");
    let first = said(first);
    assert!(first.contains("\r\nContent-Type: application/json\r\n") && first.ends_with("{\"at\":1}"), "{first}");
    // One that fails is over, too.
    assert_eq!(get("/map?at=0x2"), "");
    let none = get("/map?at=0x3");
    assert!(status(&none) == "404" && none.ends_with("{\"error\":\"no \\\"map\\\"\\u000a\"}\n"), "{none}");
    let later = get("/map?place=a");
    assert!(status(&later) == "503" && later.contains("\r\nRetry-After: 1\r\n"), "{later}");
}

#[test]
fn a_map_is_looked_into_with_the_token_and_from_here_alone() {
    let (server, get) = (server(Limits::default(), Fixed), GET.replace("/maps", "/map?at=0x1"));
    let of = |request: String| status(&asked(server.address(), &request)).to_owned();
    assert_eq!(of(get.replace("Bearer", "Basic")), "401");
    assert_eq!(of(get.replace("localhost", "evil.example")), "421");
    assert_eq!(of(get.replace("Host", "Origin: http://evil.example\r\nHost")), "403");
    assert_eq!(of(get.replace("GET", "POST")), "405");
    let answer = asked(server.address(), &get);
    assert!(status(&answer) == "404" && answer.contains("{\"error\":\"the inside of a map is shown of Go"), "{answer}");
}

#[test]
fn an_address_is_this_machine_s_or_allowed_and_free() {
    let refused = |address: &str| Settings::at(address).bind().err().expect("refused").to_string();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let why = refused(address);
        assert!(why.starts_with(&format!("{address}: other machines can reach this address")), "{why}");
        assert!(why.contains("--allow-remote"), "{why}");
    }
    assert!(refused("9000").contains("give an address and a port, as 127.0.0.1:9000"));
    assert!(refused("127.0.0.1:x").contains("127.0.0.1:9000"));
    let allowed = Server::start(Settings { allow_remote: true, ..Settings::at("0.0.0.0:0") }, Fixed).expect("a server");
    assert_ne!(allowed.address().port(), 0);
    assert!(refused(&format!("127.0.0.1:{}", allowed.address().port())).contains("in use"));
    // It waits for the thread that has it.
    drop(allowed);
}
