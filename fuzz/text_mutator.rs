//! Bytes damaged as files are: cut, flipped, repeated, out of place.

use crate::rng::{NUMBERS, Rng, WORDS};

pub fn mutate(seed: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut text = seed.to_vec();
    for _ in 0..=rng.below(3) {
        if text.is_empty() {
            return text;
        }
        let at = rng.below(text.len());
        let to = (at + 1 + rng.below(40)).min(text.len());
        match rng.below(8) {
            0 => text.truncate(at),
            1 => text[at] = rng.next() as u8,
            2 => text[at] ^= 1 << rng.below(8),
            3 => _ = text.drain(at..to),
            4 => {
                let part = text[at..to].to_vec();
                let times = if rng.one_in(30) { 3000 } else { 1 + rng.below(3) };
                text.splice(at..at, part.repeat(times));
            }
            5 => _ = text.splice(at..at, rng.word(&WORDS).bytes()),
            6 => _ = text.splice(at..at, rng.word(&NUMBERS).bytes()),
            _ => _ = text.splice(at..at, [0u8; 3]),
        }
    }
    text
}
