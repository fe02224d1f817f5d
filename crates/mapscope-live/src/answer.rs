//! What is answered to a request that has come in whole.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use super::inside::Looking;
use super::{Head, Refusal, Source, Token};

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The media type of the body.
    kind: &'static str,
    /// A further header, with its line's end.
    more: &'static str,
    pub(crate) body: Cow<'static, [u8]>,
}

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a browser may do with any of it: run and show what came from here, and ask here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// Path, media type, content: what is there for anybody, and has no data.
const PAGE: &[(&str, &str, &[u8])] = &[
    ("/", "text/html; charset=utf-8", include_bytes!("page/live.html")),
    ("/live.js", "text/javascript; charset=utf-8", include_bytes!("page/live.js")),
    ("/live.css", "text/css; charset=utf-8", include_bytes!("page/live.css")),
    ("/live.svg", "image/svg+xml", include_bytes!("page/live.svg")),
];

impl Answer {
    fn of(kind: &'static str, bytes: Vec<u8>) -> Answer {
        Answer { status: 200, kind, more: "", body: Cow::Owned(bytes) }
    }

    fn refusal(status: u16, why: impl Into<String>) -> Answer {
        let why = why.into() + "\n";
        Answer { status, kind: TEXT, more: later(status), body: Cow::Owned(why.into_bytes()) }
    }

    pub(crate) fn json(bytes: Vec<u8>) -> Answer {
        Answer::of(JSON, bytes)
    }

    /// A refusal that a script reads.
    pub(crate) fn error(status: u16, why: &str) -> Answer {
        let body = format!("{{\"error\":{}}}\n", quoted(why)).into_bytes();
        Answer { status, kind: JSON, more: later(status), body: Cow::Owned(body) }
    }

    /// All that comes before the body.
    pub(crate) fn head(&self) -> String {
        let Answer { status, kind, more, body } = self;
        let reason = match status {
            200 => "OK",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            411 => "Length Required",
            413 => "Content Too Large",
            421 => "Misdirected Request",
            429 => "Too Many Requests",
            431 => "Request Header Fields Too Large",
            _ => "Service Unavailable",
        };
        let mut head =
            format!("HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        let _ = write!(head, "Connection: close\r\nCache-Control: no-store\r\nContent-Security-Policy: {POLICY}\r\n");
        let _ = write!(head, "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n");
        let _ =
            write!(head, "Cross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n");
        head + more + "\r\n"
    }
}

impl From<Refusal> for Answer {
    fn from(Refusal { status, why }: Refusal) -> Answer {
        Answer::refusal(status, why)
    }
}

/// Where it is worth asking again: a header, with its line's end.
fn later(status: u16) -> &'static str {
    if [429, 503].contains(&status) { "Retry-After: 1\r\n" } else { "" }
}

/// A string of JSON.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\0'..' ' => _ = write!(quoted, "\\u{:04x}", u32::from(c)),
            _ => quoted.push(c),
        }
    }
    quoted + "\""
}

/// Who is let in.
pub(crate) struct Gate {
    pub(crate) token: Token,
    /// Names by which clients may know this server, besides `localhost` and addresses.
    pub(crate) hosts: Vec<String>,
}

impl Gate {
    /// Whether it came by a name of this server's and from no page of another's.
    fn is_from_here(&self, head: &Head<'_>) -> Result<(), Answer> {
        if !is_address_or(&self.hosts, head.host) {
            let why = "no name of this server: call it by its address, or start it with --allow-host NAME";
            return Err(Answer::refusal(421, why));
        }
        let own = |scheme: &str, origin: &str| {
            origin.split_at_checked(scheme.len()).is_some_and(|(before, host)| {
                before.eq_ignore_ascii_case(scheme) && host.eq_ignore_ascii_case(head.host)
            })
        };
        match head.origin {
            Some(origin) if !own("http://", origin) && !own("https://", origin) => {
                Err(Answer::refusal(403, "no other origin is answered"))
            }
            _ => Ok(()),
        }
    }

    fn knows(&self, head: &Head<'_>) -> Result<(), Answer> {
        match head.bearer.is_some_and(|token| self.token.is(token)) {
            true => Ok(()),
            false => Err(Answer {
                more: "WWW-Authenticate: Bearer realm=\"mapscope\"\r\n",
                ..Answer::refusal(401, "give the token in the header Authorization: Bearer TOKEN")
            }),
        }
    }
}

/// Whether a host, with its port or without, is an address, `localhost`, or one of these names. A name that leads here
/// from elsewhere is none of them, whatever its owner has it point to: an address can't be made to.
fn is_address_or(names: &[String], host: &str) -> bool {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').is_some_and(|(address, port)| {
            address.parse::<Ipv6Addr>().is_ok() && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        });
    }
    let name = match host.split_once(':') {
        Some((name, port)) if is_port(port) => name,
        Some(_) => return false,
        None => host,
    };
    let is_named = |own: &str| own.eq_ignore_ascii_case(name);
    is_named("localhost") || name.parse::<IpAddr>().is_ok() || names.iter().any(|own| is_named(own))
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Answers a request. Only one that is let in, and asks for what has to be read, waits for others that do.
pub(crate) fn answer(
    head: &Head<'_>,
    body: &[u8],
    gate: &Gate,
    source: &Mutex<Box<dyn Source>>,
    looking: &Looking,
) -> Answer {
    let page = PAGE.iter().find(|(path, ..)| *path == head.target);
    let checked = gate.is_from_here(head).and_then(|()| if page.is_some() { Ok(()) } else { gate.knows(head) });
    if let Err(refused) = checked {
        return refused;
    }
    let only = |methods: &'static str| Answer { more: methods, ..Answer::refusal(405, "another method is meant") };
    let is_read = ["GET", "HEAD"].contains(&head.method);
    let source = || source.lock().unwrap_or_else(PoisonError::into_inner);
    let (path, query) = head.target.split_once('?').unwrap_or((head.target, ""));
    match (head.target, page) {
        _ if path == "/map" && is_read => looking.answer(query),
        _ if path == "/map" => only("Allow: GET, HEAD\r\n"),
        (_, Some((_, kind, bytes))) if is_read => Answer { status: 200, kind, more: "", body: Cow::Borrowed(*bytes) },
        ("/maps", _) if is_read => source().maps().map_or_else(|why| Answer::error(503, &why), Answer::json),
        ("/metrics", _) if is_read => {
            source().metrics().map_or_else(|why| Answer::refusal(503, why), |bytes| Answer::of(OPENMETRICS, bytes))
        }
        ("/recording", _) if head.method == "POST" => match source().record(body) {
            Ok(now) => Answer::json(now),
            Err(why) => Answer::error(400, &why),
        },
        ("/recording", _) => only("Allow: POST\r\n"),
        ("/maps" | "/metrics", _) | (_, Some(_)) => only("Allow: GET, HEAD\r\n"),
        (target, _) if target.contains('?') => Answer::refusal(400, "a path has no query here"),
        _ => Answer::refusal(404, "there are /, /maps, /map, /metrics and /recording"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::parse;

    pub(crate) const TOKEN: &str = "0123456789abcdef";

    pub(crate) struct Fixed;

    impl Source for Fixed {
        fn maps(&mut self) -> Result<Vec<u8>, String> {
            Ok(b"{\"places\":[]}".to_vec())
        }
        fn metrics(&mut self) -> Result<Vec<u8>, String> {
            Err("nothing yet".to_owned())
        }
        fn record(&mut self, body: &[u8]) -> Result<Vec<u8>, String> {
            if body == b"{}" { Ok(b"{\"now\":1}".to_vec()) } else { Err("no {}".to_owned()) }
        }
    }

    fn answered(text: &str) -> Answer {
        let gate = Gate { token: Token::new(TOKEN).expect("a token"), hosts: vec!["box.example".to_owned()] };
        let (head, length) = parse(text.as_bytes()).expect("a request").expect("whole");
        answer(&head, &text.as_bytes()[length..], &gate, &Mutex::new(Box::new(Fixed)), &Looking::new(None))
    }

    fn status(line: &str, headers: &str) -> u16 {
        answered(&format!("{line} HTTP/1.1\r\n{headers}\r\n")).status
    }

    const HERE: &str = "Host: 127.0.0.1:9\r\n";
    const BEARER: &str = "Authorization: Bearer 0123456789abcdef\r\n";

    #[test]
    fn all_but_the_page_needs_the_token() {
        for path in [
            "/maps",
            "/metrics",
            "/",
            "/live.js",
            "/live.css",
            "/recording",
            "/x",
            "/maps?token=0123456789abcdef",
            "/map",
            "/map?at=0x1",
            "/maps/",
        ] {
            let is_page = PAGE.iter().any(|page| page.0 == path);
            let expected = if is_page { 200 } else { 401 };
            assert_eq!(status(&format!("GET {path}"), HERE), expected, "{path}");
            for wrong in ["Bearer 0123456789abcdeF", "Bearer 0123456789abcde", "Bearer", "Basic 0123456789abcdef"] {
                let wrong = format!("{HERE}Authorization: {wrong}\r\n");
                assert_eq!(status(&format!("GET {path}"), &wrong), expected, "{path} {wrong}");
            }
        }
        let right = [HERE, BEARER].concat();
        assert_eq!(
            [("GET /maps", 200), ("GET /metrics", 503), ("GET /x", 404), ("GET /maps?x", 400), ("POST /maps", 405)]
                .map(|(line, expected)| (status(line, &right), expected))
                .map(|(is, expected)| is == expected),
            [true; 5]
        );
        assert!(answered(&format!("GET /maps HTTP/1.1\r\n{HERE}\r\n")).head().contains("\r\nWWW-Authenticate: Bearer"));
    }

    #[test]
    fn what_is_recorded_is_changed_by_a_post_with_the_token_alone() {
        let with = |method: &str, headers: &str, body: &str| {
            answered(&format!("{method} /recording HTTP/1.1\r\n{HERE}{headers}\r\n{body}"))
        };
        let changed = with("POST", BEARER, "{}");
        assert_eq!((changed.status, &*changed.body), (200, &b"{\"now\":1}"[..]));
        let refused = with("POST", BEARER, "{\"x\":1}");
        assert_eq!((refused.status, &*refused.body), (400, &b"{\"error\":\"no {}\"}\n"[..]));
        assert_eq!(with("POST", "", "{}").status, 401);
        assert_eq!(with("POST", &format!("{BEARER}Origin: http://evil.example\r\n"), "{}").status, 403);
        for method in ["GET", "HEAD", "PUT", "OPTIONS"] {
            assert_eq!(with(method, BEARER, "{}").status, 405, "{method}");
        }
    }

    #[test]
    fn no_other_origin_and_no_other_name_is_answered() {
        let status = |host: &str, origin: &str| status("GET /maps", &format!("Host: {host}\r\n{origin}{BEARER}"));
        for host in ["127.0.0.1:9", "localhost", "LOCALHOST:80", "[::1]:9", "[::1]", "10.0.0.1:9", "Box.example:9"] {
            assert_eq!(status(host, ""), 200, "{host}");
            assert_eq!(status(host, &format!("Origin: http://{host}\r\n")), 200, "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:9",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "::1",
            "[::1",
            "",
            "a:b",
            "localhost:",
        ] {
            assert_eq!(status(host, ""), 421, "{host}");
        }
        for origin in
            ["http://evil.example", "null", "http://127.0.0.1:8", "http://127.0.0.1", "file://", "http://127.0.0.1:9/"]
        {
            assert_eq!(status("127.0.0.1:9", &format!("Origin: {origin}\r\n")), 403, "{origin}");
        }
    }

    #[test]
    fn the_page_has_no_script_of_its_own_and_no_other_source() {
        let page = std::str::from_utf8(PAGE[0].2).expect("text");
        assert_eq!(page.matches("<script").count(), page.matches("<script src=\"live.js\" defer></script>").count());
        assert!(!page.contains("style=") && !page.contains("<style") && !page.contains("://"), "{page}");
        let script = std::str::from_utf8(PAGE[1].2).expect("text");
        for word in
            ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "localStorage", "cookie", "location"]
        {
            assert!(!script.contains(word), "{word}");
        }
    }
}
