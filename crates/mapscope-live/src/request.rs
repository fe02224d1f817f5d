//! The head of a request, of which nothing is trusted.

use std::str;

/// What of a head is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head<'a> {
    /// `GET`.
    pub method: &'a str,
    /// The path, which begins with a slash.
    pub target: &'a str,
    /// By which name the client knows this server: a name or an address, perhaps with a port.
    pub host: &'a str,
    /// The origin of the page that asks, if a page does.
    pub origin: Option<&'a str>,
    /// The token that the client gives.
    pub bearer: Option<&'a [u8]>,
    /// Bytes that follow the head.
    pub body_bytes: usize,
}

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The status of HTTP.
    pub status: u16,
    /// Why, for whoever sent it.
    pub why: &'static str,
}

const HEADERS_MAX: usize = 64;

const fn refuse(status: u16, why: &'static str) -> Refusal {
    Refusal { status, why }
}

/// Reads a head and gives its length as well; `None` where more of it has to come.
///
/// # Errors
/// It is none, or one that could mean two things.
pub fn parse(bytes: &[u8]) -> Result<Option<(Head<'_>, usize)>, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(refuse(431, "more than 64 headers")),
        Err(_) => return Err(refuse(400, "no request of HTTP/1.1")),
    };
    let target = request.path.unwrap_or_default();
    if !target.starts_with('/') {
        return Err(refuse(400, "the path begins with a slash"));
    }
    let [mut host, mut origin, mut authorization, mut body_bytes] = [None; 4];
    for header in &*request.headers {
        let field = match () {
            () if header.name.eq_ignore_ascii_case("host") => &mut host,
            () if header.name.eq_ignore_ascii_case("origin") => &mut origin,
            () if header.name.eq_ignore_ascii_case("authorization") => &mut authorization,
            () if header.name.eq_ignore_ascii_case("content-length") => &mut body_bytes,
            () if header.name.eq_ignore_ascii_case("transfer-encoding") => {
                return Err(refuse(411, "a body comes with its Content-Length"));
            }
            () => continue,
        };
        if field.replace(header.value).is_some() {
            return Err(refuse(400, "Host, Origin, Authorization and Content-Length come once"));
        }
    }
    let text = |value| str::from_utf8(value).map_err(|_| refuse(400, "Host and Origin are ASCII"));
    let head = Head {
        method: request.method.unwrap_or_default(),
        target,
        host: text(host.ok_or(refuse(400, "Host is missing"))?)?,
        origin: origin.map(text).transpose()?,
        bearer: authorization.and_then(bearer),
        body_bytes: body_bytes.map_or(Ok(0), length_of)?,
    };
    Ok(Some((head, length)))
}

/// Digits alone: no sign, and no list.
fn length_of(value: &[u8]) -> Result<usize, Refusal> {
    let digits = value.iter().all(u8::is_ascii_digit).then(|| str::from_utf8(value).ok()?.parse().ok()).flatten();
    digits.ok_or(refuse(400, "Content-Length is no number"))
}

/// `Bearer TOKEN`.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> u16 {
        parse(text.as_bytes()).expect_err(text).status
    }

    #[test]
    fn a_head_is_read_however_it_comes_in() {
        let text = "POST /recording HTTP/1.1\r\nhOst: localhost:9000\r\nOrigin: http://localhost:9000\r\n\
                    authorization: bearer abc \r\nContent-Length: 3\r\n\r\n{} ";
        let (head, length) = parse(text.as_bytes()).expect("a request").expect("whole");
        let expected = Head {
            method: "POST",
            target: "/recording",
            host: "localhost:9000",
            origin: Some("http://localhost:9000"),
            bearer: Some(b"abc"),
            body_bytes: 3,
        };
        assert_eq!((head, &text[length..]), (expected, "{} "));
        for end in 0..length {
            assert_eq!(parse(&text.as_bytes()[..end]), Ok(None), "{end}");
        }
    }

    #[test]
    fn what_could_mean_two_things_is_refused() {
        let get = |headers: &str| status(&format!("GET / HTTP/1.1\r\n{headers}\r\n"));
        assert_eq!(get(""), 400);
        assert_eq!(get("Host: a\r\nhost: b\r\n"), 400);
        assert_eq!(get("Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n"), 400);
        assert_eq!(get("Host: a\r\nAuthorization: Bearer x\r\nAuthorization: Bearer y\r\n"), 400);
        for length in ["+1", "-1", "1,1", "0x1", "", "99999999999999999999"] {
            assert_eq!(get(&format!("Host: a\r\nContent-Length: {length}\r\n")), 400, "{length}");
        }
        assert_eq!(get("Host: a\r\nTransfer-Encoding: chunked\r\n"), 411);
        assert_eq!(get("Host : a\r\n"), 400);
        assert_eq!(get("Host: \u{e4}\r\nOrigin: \0\r\n"), 400);
        assert_eq!(get(&format!("Host: a\r\n{}", "X: y\r\n".repeat(64))), 431);
        assert_eq!(status("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
        assert_eq!(status("\x16\x03\x01\x02\0"), 400, "TLS");
        assert_eq!(status("GET / HTTP/2.0\r\n\r\n"), 400);
    }

    #[test]
    fn a_token_is_a_bearer_s() {
        let of = |value: &'static str| bearer(value.as_bytes());
        assert_eq!(of("Bearer  x "), Some(&b"x"[..]));
        for other in ["", "Bearer", "Basic abc", "Bearerx", "Token x"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
