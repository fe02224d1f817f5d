//! Heads of HTTP requests: lines changed, repeated and in another order; text-level damage comes beside it.

use crate::rng::{NUMBERS, Rng, WORDS};
use crate::text_mutator;

pub const CORPUS: [&str; 5] = [
    "GET / HTTP/1.1\r\nHost: localhost:9000\r\n\r\n",
    "GET /maps HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nAuthorization: Bearer 0123456789abcdef\r\nAccept: */*\r\n\r\n",
    "GET /metrics HTTP/1.1\r\nHost: [::1]:9000\r\nauthorization: bearer 0123456789abcdef\r\n\
     Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n",
    "POST /recording HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\nContent-Length: 14\r\n\
     Authorization: Bearer 0123456789abcdef\r\n\r\n{\"sample\":100}",
    "HEAD / HTTP/1.0\r\nHost: a\r\n\r\n",
];

const LINES: [&str; 14] = [
    "Host: evil.example",
    "host:localhost",
    "Host : localhost",
    "Origin: null",
    "Origin: http://evil.example",
    "Content-Length: 5",
    "Content-Length: +5",
    "Content-Length: 5, 5",
    "Transfer-Encoding: chunked",
    "Authorization: Bearer",
    "Authorization: Basic 0123456789abcdef",
    " folded: 1",
    "Expect: 100-continue",
    "",
];

pub fn mutate(seed: &[u8], rng: &mut Rng) -> Vec<u8> {
    if rng.one_in(3) {
        return text_mutator::mutate(seed, rng);
    }
    let text = String::from_utf8_lossy(seed).into_owned();
    let mut lines: Vec<String> = text.split("\r\n").map(str::to_owned).collect();
    for _ in 0..=rng.below(3) {
        let at = rng.below(lines.len());
        match rng.below(7) {
            0 => lines.insert(at, rng.word(&LINES).to_owned()),
            1 => {
                let line = lines[at].clone();
                let times = if rng.one_in(20) { 100 } else { 1 };
                lines.splice(at..at, std::iter::repeat_n(line, times));
            }
            2 if lines.len() > 1 => _ = lines.remove(at),
            3 => {
                let other = rng.below(lines.len());
                lines.swap(at, other);
            }
            4 => lines[at].push_str(rng.word(&WORDS)),
            5 => lines[at] = lines[at].replace(|c: char| c.is_ascii_digit(), rng.word(&NUMBERS)),
            _ => lines[at] = lines[at].replace(": ", rng.word(&[":", " : ", ":\t", ": \0", "=", ""])),
        }
    }
    let end = rng.word(&["\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n "]);
    lines.join(end).into_bytes()
}
