//! Connections: who may connect, and what of this machine one takes at most.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::answer::{Answer, Gate, answer};
use super::inside::Looking;
use super::rate::Rate;
use super::request::{Refusal, parse};
use super::{Source, Token};

/// What clients may take of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a request without its body.
    pub head_bytes: usize,
    /// Bytes of a body.
    pub body_bytes: usize,
    /// How long a request may take to come in.
    pub request_time: Duration,
    /// How long a client may take to read its answer.
    pub answer_time: Duration,
    /// Clients at once.
    pub connections: usize,
    /// Requests of all clients together.
    pub requests_per_second: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_bytes: 8 << 10,
            body_bytes: 1 << 10,
            request_time: Duration::from_secs(5),
            answer_time: Duration::from_secs(30),
            connections: 16,
            requests_per_second: 500,
        }
    }
}

/// Where a server is, and whom it answers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `127.0.0.1:9000`; of port 0 the system chooses one that is free.
    pub address: String,
    /// Whether other machines may reach it.
    pub allow_remote: bool,
    /// Names by which clients may call it, besides `localhost` and addresses.
    pub hosts: Vec<String>,
    /// What clients have to know; made at random where there is none.
    pub token: Option<Token>,
    /// What they may take.
    pub limits: Limits,
}

impl Settings {
    /// The usual ones, for an address of this machine.
    pub fn at(address: impl Into<String>) -> Settings {
        Settings {
            address: address.into(),
            allow_remote: false,
            hosts: Vec::new(),
            token: None,
            limits: Limits::default(),
        }
    }

    /// Takes the address. Nobody is answered yet.
    ///
    /// # Errors
    /// It is no address, one of another machine's without [`Settings::allow_remote`], or taken.
    pub fn bind(self) -> Result<Bound, LiveError> {
        let at = |what: String| LiveError { what: format!("{}: {what}", self.address) };
        let no_address = |error: io::Error| at(format!("{error}; give an address and a port, as 127.0.0.1:9000"));
        let addresses: Vec<SocketAddr> = self.address.to_socket_addrs().map_err(no_address)?.collect();
        if !self.allow_remote && !addresses.iter().all(|address| address.ip().is_loopback()) {
            let what = "other machines can reach this address, and what is sent is not encrypted: give 127.0.0.1 and a \
                        port, which ssh -L brings to yours, or add --allow-remote";
            return Err(at(what.to_owned()));
        }
        let token = self.token.clone().map_or_else(Token::random, Ok).map_err(|what| LiveError { what })?;
        let listener = TcpListener::bind(&addresses[..]).map_err(|error| at(error.to_string()))?;
        let address = listener.local_addr().map_err(|error| at(error.to_string()))?;
        Ok(Bound { listener, address, gate: Gate { token, hosts: self.hosts }, limits: self.limits })
    }
}

/// An address that is taken.
pub struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    gate: Gate,
    limits: Limits,
}

impl Bound {
    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What clients have to know.
    pub fn token(&self) -> &Token {
        &self.gate.token
    }

    /// Answers from now on, on a thread of its own.
    ///
    /// # Errors
    /// The system has no thread.
    pub fn serve(self, source: impl Source) -> Result<Server, LiveError> {
        let Bound { listener, address, gate, limits } = self;
        let token = gate.token.clone();
        let shared = Arc::new(Shared {
            gate,
            limits,
            looking: Looking::new(source.look()),
            source: Mutex::new(Box::new(source)),
            rate: Mutex::new(Rate::new(limits.requests_per_second, Instant::now())),
            connections: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
        });
        let its = Arc::clone(&shared);
        let accepting = thread::Builder::new().name("mapscope-live".to_owned()).spawn(move || accept(&listener, &its));
        let accepting = accepting.map_err(|error| LiveError { what: format!("no thread for the server: {error}") })?;
        Ok(Server { address, token, shared, accepting: Some(accepting) })
    }
}

/// Why there is no server, and what to do.
#[derive(Debug)]
pub struct LiveError {
    what: String,
}

impl LiveError {
    /// One that whoever starts a server has found.
    pub fn new(what: impl Into<String>) -> LiveError {
        LiveError { what: what.into() }
    }
}

impl fmt::Display for LiveError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.what)
    }
}

impl std::error::Error for LiveError {}

/// A server that runs until it is dropped.
pub struct Server {
    address: SocketAddr,
    token: Token,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// [`Settings::bind`] and [`Bound::serve`].
    ///
    /// # Errors
    /// Theirs.
    pub fn start(settings: Settings, source: impl Source) -> Result<Server, LiveError> {
        settings.bind()?.serve(source)
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What clients have to know.
    pub fn token(&self) -> &Token {
        &self.token
    }
}

impl Drop for Server {
    /// The address is free then.
    fn drop(&mut self) {
        self.shared.stopped.store(true, SeqCst);
        let mut own = self.address;
        if own.ip().is_unspecified() {
            own.set_ip(if own.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
        }
        // It waits for a client.
        if TcpStream::connect_timeout(&own, Duration::from_secs(1)).is_ok()
            && let Some(accepting) = self.accepting.take()
        {
            let _ = accepting.join();
        }
    }
}

struct Shared {
    gate: Gate,
    limits: Limits,
    /// One at a time: however many ask, it takes no more of the machine than one thread.
    source: Mutex<Box<dyn Source>>,
    looking: Looking,
    rate: Mutex<Rate>,
    connections: AtomicUsize,
    stopped: AtomicBool,
}

/// One of the clients that there may be at once.
struct Place(Arc<Shared>);

impl Place {
    fn of(shared: &Arc<Shared>) -> Option<Place> {
        let taken = shared.connections.fetch_add(1, SeqCst);
        let place = Place(Arc::clone(shared));
        (taken < shared.limits.connections).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, SeqCst);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    /// After an error, of which the likely one is that this process has no more files to open.
    const PAUSE: Duration = Duration::from_millis(50);
    loop {
        let accepted = listener.accept();
        if shared.stopped.load(SeqCst) {
            return;
        }
        let Ok((stream, _)) = accepted else {
            thread::sleep(PAUSE);
            continue;
        };
        let Some(place) = Place::of(shared) else {
            turn_away(stream);
            continue;
        };
        // Without a thread, the client sees its connection end.
        let _ = thread::Builder::new().name("mapscope-live".to_owned()).spawn(move || connected(&stream, &place.0));
    }
}

/// Nobody waits for a client here.
fn turn_away(mut stream: TcpStream) {
    let answer = Answer::from(Refusal { status: 503, why: "too many clients" });
    if stream.set_nonblocking(true).is_ok() {
        let _ = stream.write(&[answer.head().as_bytes(), &answer.body].concat());
    }
}

fn connected(stream: &TcpStream, shared: &Shared) {
    let limits = &shared.limits;
    let within = |time| Timed { stream, deadline: Instant::now() + time };
    let takes = shared.rate.lock().unwrap_or_else(PoisonError::into_inner).takes(Instant::now());
    let mut from = within(limits.request_time);
    let received = match takes {
        true => receive(&mut from, limits),
        false => Err(Stop::Refused(Refusal { status: 429, why: "too many requests" })),
    };
    let is_read = received.is_ok();
    let (answer, without_body) = match received {
        Ok(bytes) => match parse(&bytes) {
            Ok(Some((head, length))) => {
                (answer(&head, &bytes[length..], &shared.gate, &shared.source, &shared.looking), head.method == "HEAD")
            }
            _ => return,
        },
        Err(Stop::Refused(refusal)) => (refusal.into(), false),
        Err(Stop::Gone) => return,
    };
    let mut to = within(limits.answer_time);
    let body: &[u8] = if without_body { &[] } else { &answer.body };
    let sent = to.write_all(answer.head().as_bytes()).and_then(|()| to.write_all(body));
    if sent.is_ok() && !is_read {
        // What is closed with something unread takes the answer back from the client.
        let _ = stream.shutdown(Shutdown::Write);
        const UNREAD_BYTES_MAX: u64 = 64 << 10;
        let _ = io::copy(&mut from.take(UNREAD_BYTES_MAX), &mut io::sink());
    }
}

/// Why no request came in whole.
#[derive(Debug, PartialEq, Eq)]
enum Stop {
    Gone,
    Refused(Refusal),
}

/// A whole request: a head that [`parse`] takes, and its body.
fn receive(from: &mut impl Read, limits: &Limits) -> Result<Vec<u8>, Stop> {
    let refused = |status, why| Err(Stop::Refused(Refusal { status, why }));
    let mut bytes = Vec::new();
    let mut length = None;
    loop {
        let more = match length {
            Some(length) if bytes.len() >= length => {
                bytes.truncate(length);
                return Ok(bytes);
            }
            Some(length) => length - bytes.len(),
            None if bytes.len() >= limits.head_bytes => return refused(431, "the head is too long"),
            None => limits.head_bytes - bytes.len(),
        };
        let mut chunk = [0; 1 << 10];
        let chunk_bytes = more.min(chunk.len());
        match from.read(&mut chunk[..chunk_bytes]) {
            Ok(0) => return Err(Stop::Gone),
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::TimedOut => return refused(408, "the request took too long"),
            Err(_) => return Err(Stop::Gone),
        }
        if length.is_none()
            && let Some((head, at)) = parse(&bytes).map_err(Stop::Refused)?
        {
            if head.body_bytes > limits.body_bytes {
                return refused(413, "the body is too long");
            }
            length = Some(at + head.body_bytes);
        }
    }
}

/// A stream up to a moment, whatever comes how slowly.
struct Timed<'a> {
    stream: &'a TcpStream,
    deadline: Instant,
}

impl Timed<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

/// Where a stream's time is over, systems say that they would have to wait.
fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
}

impl Read for Timed<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(to).map_err(timed_out)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(from).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that come in so many at a time; then an end, or nothing for too long.
    struct Client<'a> {
        bytes: &'a [u8],
        at_once: usize,
        stays: bool,
    }

    impl Read for Client<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let length = self.bytes.len().min(self.at_once).min(to.len());
            if length == 0 && self.stays {
                return Err(ErrorKind::TimedOut.into());
            }
            let (now, later) = self.bytes.split_at(length);
            to[..length].copy_from_slice(now);
            self.bytes = later;
            Ok(length)
        }
    }

    fn received(text: &str, at_once: usize, stays: bool) -> Result<usize, u16> {
        let limits = Limits { head_bytes: 100, body_bytes: 10, ..Limits::default() };
        match receive(&mut Client { bytes: text.as_bytes(), at_once, stays }, &limits) {
            Ok(bytes) => Ok(bytes.len()),
            Err(Stop::Refused(Refusal { status, .. })) => Err(status),
            Err(Stop::Gone) => Err(0),
        }
    }

    const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    #[test]
    fn a_request_is_whole_or_refused_however_it_comes_in() {
        for at_once in [1, 7, 1000] {
            assert_eq!(received(GET, at_once, true), Ok(GET.len()));
            let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
            assert_eq!(received(post, at_once, true), Ok(post.len()));
            for end in 0..post.len() {
                assert_eq!(received(&post[..end], at_once, true), Err(408), "a slow one, {end}");
                assert_eq!(received(&post[..end], at_once, false), Err(0), "one that has gone, {end}");
            }
            let large = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n";
            assert_eq!(received(large, at_once, true), Err(413));
            let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(100));
            assert_eq!(received(&long, at_once, true), Err(431));
            assert_eq!(received("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", at_once, true), Err(400));
        }
    }
}
