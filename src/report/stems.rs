//! File names for cells: readable, and never one name for two cells.

use std::collections::BTreeMap;

use crate::record::Results;

/// Longest stem in bytes; leaves room for a suffix under the 255 bytes that file systems allow.
const STEM_BYTES_MAX: usize = 160;

/// One file stem a cell, in the order of the cells.
///
/// It is [`CellId::file_stem`](crate::record::CellId::file_stem) where no other cell shares it. Otherwise, and where
/// that is too long, eight digits of a hash of the identity and the machine follow it, so that the name depends on
/// the cell and not on its place. Only records that agree in all of that are numbered.
pub(super) fn stems(results: &Results) -> Vec<String> {
    let short: Vec<String> = results.cells.iter().map(|cell| cell.id.file_stem()).collect();
    let sharing = tally(&short);
    let mut stems: Vec<String> = results
        .cells
        .iter()
        .zip(&short)
        .map(|(cell, stem)| match sharing[stem] {
            1 if stem.len() <= STEM_BYTES_MAX => stem.clone(),
            _ => {
                let machine = results.environments.get(cell.environment);
                let identity = format!("{} {}", cell.id, machine.map_or(String::new(), |m| format!("{m:?}")));
                let hash = blake3::hash(identity.as_bytes()).to_hex();
                let head: String = stem.chars().take(STEM_BYTES_MAX).collect();
                format!("{head}-{}", &hash[..8])
            }
        })
        .collect();
    let mut seen = BTreeMap::<String, u32>::new();
    for stem in &mut stems {
        let times = seen.entry(stem.clone()).or_default();
        *times += 1;
        if *times > 1 {
            stem.push_str(&format!("-{times}"));
        }
    }
    stems
}

fn tally(stems: &[String]) -> BTreeMap<&String, u32> {
    let mut tally = BTreeMap::new();
    for stem in stems {
        *tally.entry(stem).or_default() += 1;
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::metrics::fixture;

    #[test]
    fn a_stem_is_readable() {
        let stems = stems(&fixture::results());
        assert_eq!(stems[0], "go-classic_uniform_fill_lf6.5_u64-u64_1000000_s1");
        assert_eq!(stems[6], "std_zipfian-0.99_mix-insert-40-remove-40-get-20_string-24-u64_1000000_s1");
    }

    #[test]
    fn cells_that_share_a_name_are_told_apart_wherever_they_stand() {
        let mut results = fixture::results();
        results.cells.truncate(3);
        results.cells[0] = results.cells[1].clone();
        results.cells[0].id.keys = "file:a b@12".into();
        results.cells[1].id.keys = "file:a-b@12".into();
        let forward = stems(&results);
        assert_ne!(forward[0], forward[1]);
        assert!(forward[0].starts_with("std_file-a-b-12_fill_u64-u64_1000000_s1-"), "{}", forward[0]);
        assert_eq!(forward[2], "hashbrown_uniform_fill_u64-u64_1000000_s1");
        results.cells.swap(0, 1);
        assert_eq!(stems(&results)[0], forward[1]);
    }

    #[test]
    fn equal_records_are_numbered_and_long_names_cut() {
        let mut results = fixture::results();
        results.cells.truncate(2);
        results.cells[0] = results.cells[1].clone();
        let twins = stems(&results);
        assert_eq!(twins[1], format!("{}-2", twins[0]));
        results.cells[0].id.keys = format!("trace:{}@12", "x".repeat(400));
        assert!(stems(&results)[0].len() < 200);
    }
}
