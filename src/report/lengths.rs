//! How long the keys and values of traces are, in sentences.

use crate::record::{Cell, Lengths, Results};

use super::number::integer;

/// One for each entry and trace of which it is recorded.
pub fn sentences(results: &Results) -> Vec<String> {
    let mut all: Vec<String> = results.cells.iter().filter_map(sentence).collect();
    all.dedup();
    all
}

fn sentence(cell: &Cell) -> Option<String> {
    let lengths = [("keys", cell.key_lengths), ("values", cell.value_lengths)];
    let parts: Vec<_> = lengths.into_iter().filter_map(|(what, lengths)| Some(part(what, &lengths?))).collect();
    (!parts.is_empty()).then(|| format!("{} of {}: {}", cell.id.entry, cell.id.keys, parts.join("; ")))
}

fn part(what: &str, lengths: &Lengths) -> String {
    let Lengths { mean_bytes, p50_bytes, p99_bytes, max_bytes, lengthened, .. } = lengths;
    let lengthened = match lengthened {
        0 => String::new(),
        1 => "; 1 put has a longer one than the trace says".to_owned(),
        puts => format!("; {} puts have longer ones than the trace says", integer(*puts)),
    };
    format!(
        "{what} of {mean_bytes:.1} bytes on average, half up to {p50_bytes}, 99 % up to {p99_bytes}, all up to \
         {max_bytes}{lengthened}"
    )
}
