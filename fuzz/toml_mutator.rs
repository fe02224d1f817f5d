//! Profiles and policies with a line, a key, a value or a list changed.

use crate::rng::{NUMBERS, Rng, WORDS};
use crate::text_mutator;

/// What stands for something in a profile or a policy.
const VALUES: [&str; 36] = [
    "\"std\"",
    "\"go-classic\"",
    "\"go-swiss(go=1.24)\"",
    "\"go-swiss(go=1.3)\"",
    "[\"std\", \"btree\"]",
    "\"uniform\"",
    "\"zipfian(0.99)\"",
    "\"zipfian(9e99)\"",
    "\"hotspot(0.2,0.8)\"",
    "\"file:/nowhere\"",
    "\"fill\"",
    "\"churn\"",
    "\"mix(insert=1,get=2)\"",
    "\"mix(insert=1e309)\"",
    "\"u64/bytes\"",
    "\"string(24)/256\"",
    "[4.0, 6.5]",
    "[0, 100]",
    "\"shared\"",
    "\"disjoint\"",
    "true",
    "1979-05-27",
    "{ a = 1 }",
    "[]",
    "[[1]]",
    "\"*_ns\"",
    "\"*\"",
    "\"go-*(go=1.23)\"",
    "[\"hash*\", \"{std,btree}\"]",
    "\"ops\"",
    "\"live_bytes <= 1e999\"",
    "\"live_bytes >= -0 bytes\"",
    "\"live_bytes <= nan <= 5\"",
    "\"inform\"",
    "[\"ops\", \"hint\"]",
    "[\"map\", \"load-factor\", \"threads\"]",
];

pub fn mutate(seed: &[u8], rng: &mut Rng) -> Vec<u8> {
    let text = String::from_utf8(seed.to_vec()).expect("the corpus is text");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..=rng.below(3) {
        if lines.is_empty() {
            break;
        }
        let at = rng.below(lines.len());
        match rng.below(8) {
            0 => _ = lines.remove(at),
            1 => lines.insert(at, lines[at].clone()),
            2 => {
                let to = rng.below(lines.len());
                lines.swap(at, to);
            }
            3 => {
                let list: Vec<_> = (0..rng.below(400)).map(|n| n.to_string()).collect();
                replace(&mut lines[at], &format!("[{}]", list.join(", ")));
            }
            4 => replace(&mut lines[at], rng.word(&NUMBERS)),
            5 => {
                let word = toml_string(rng.word(&WORDS));
                replace(&mut lines[at], &word);
            }
            _ => replace(&mut lines[at], rng.word(&VALUES)),
        }
    }
    let text = lines.join("\n").into_bytes();
    if rng.one_in(5) { text_mutator::mutate(&text, rng) } else { text }
}

/// Gives a line's key another value.
fn replace(line: &mut String, value: &str) {
    if let Some(end) = line.find('=') {
        line.truncate(end + 1);
        line.push_str(value);
    }
}

fn toml_string(text: &str) -> String {
    let escaped: String = text.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
    format!("\"{escaped}\"")
}
