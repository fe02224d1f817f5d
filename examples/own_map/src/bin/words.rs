//! A program that uses a map, and writes down what it asks of it: `cargo run --bin words TEXT TRACE` counts the words of
//! a text, drops the rare ones as it goes, and prints how many are left.

use std::collections::HashMap;
use std::error::Error;

use mapscope::replay::Traced;

/// After so many words, those that came once are dropped.
const SWEEP_WORDS: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, text, trace] = &args[..] else { return Err("usage: words TEXT TRACE".into()) };
    let text = std::fs::read_to_string(text)?;
    let mut counts = Traced::new(HashMap::<String, u32>::new(), trace)?;
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    for (number, word) in words.enumerate() {
        let seen = counts.getting(word).get(word).copied().unwrap_or(0);
        counts.inserting(word).insert(word.to_owned(), seen + 1);
        if number % SWEEP_WORDS == SWEEP_WORDS - 1 {
            let mut rare: Vec<String> =
                counts.iter().filter(|(_, count)| **count == 1).map(|(word, _)| word.clone()).collect();
            rare.sort_unstable();
            for word in rare {
                counts.removing(&word).remove(&word);
            }
        }
    }
    println!("{} words are left", counts.finish()?.len());
    Ok(())
}
