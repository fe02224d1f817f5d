//! Which place of one recording is which of another, also where its file was edited between them.
//!
//! Places of one function, file and type are paired in the order of their lines. Where one recording has more of them than
//! the other, that many are left over, and those are chosen with which the lines of the others move least in sum. The map
//! that Go makes of the environment's variables is left out.

use std::collections::BTreeMap;

use super::{Row, Table};

/// What makes the map of the environment's variables, of which a machine has as many as it likes: no program's concern.
const ENVIRONMENT: &str = "syscall.copyenv";

/// The rows of two tables.
#[derive(Debug, Default)]
pub struct Pairing<'a> {
    /// Rows of the same place and type.
    pub pairs: Vec<(&'a Row, &'a Row)>,
    /// Those that only the first has.
    pub gone: Vec<&'a Row>,
    /// Those that only the second has.
    pub new: Vec<&'a Row>,
}

impl<'a> Pairing<'a> {
    /// Pairs what is in both.
    pub fn new(before: &'a Table, after: &'a Table) -> Pairing<'a> {
        let mut groups: BTreeMap<_, [Vec<(u64, &Row)>; 2]> = BTreeMap::new();
        for (side, table) in [before, after].into_iter().enumerate() {
            for row in table.rows.iter().filter(|row| row.place.function != ENVIRONMENT) {
                let (file, line) = file_and_line(&row.place.at);
                groups.entry((file, &row.place.function, &row.ty)).or_default()[side].push((line, row));
            }
        }
        let mut pairing = Pairing::default();
        for mut sides in groups.into_values() {
            sides.iter_mut().for_each(|side| side.sort_by_key(|&(line, _)| line));
            let [before, after] = &sides;
            let lines = [before, after].map(|side| side.iter().map(|&(line, _)| line).collect::<Vec<_>>());
            let chosen = match before.len() <= after.len() {
                true => in_order(&lines[0], &lines[1]).into_iter().enumerate().collect::<Vec<_>>(),
                false => {
                    in_order(&lines[1], &lines[0]).into_iter().enumerate().map(|(few, many)| (many, few)).collect()
                }
            };
            pairing.pairs.extend(chosen.iter().map(|&(a, b)| (before[a].1, after[b].1)));
            let rest = |side: &[(u64, &'a Row)], taken: Vec<usize>| -> Vec<&'a Row> {
                side.iter().enumerate().filter(|(index, _)| !taken.contains(index)).map(|(_, &(_, row))| row).collect()
            };
            pairing.gone.extend(rest(before, chosen.iter().map(|&(a, _)| a).collect()));
            pairing.new.extend(rest(after, chosen.iter().map(|&(_, b)| b).collect()));
        }
        pairing
    }
}

fn file_and_line(at: &str) -> (&str, u64) {
    at.rsplit_once(':').and_then(|(file, line)| Some((file, line.parse().ok()?))).unwrap_or((at, 0))
}

/// For each of a few lines one of many, in order, so that the sum of their distances is least.
fn in_order(few: &[u64], many: &[u64]) -> Vec<usize> {
    /// A function of more has lost its places to a generator, or is none.
    const STEPS_MAX: usize = 1 << 20;
    if few.len() == many.len() || few.len().saturating_mul(many.len()) > STEPS_MAX {
        return (0..few.len()).collect();
    }
    // least[i][j]: of the first i of the few among the first j of the many.
    let width = many.len() + 1;
    let mut least = vec![u64::MAX; (few.len() + 1) * width];
    least[..width].fill(0);
    for (i, line) in few.iter().enumerate() {
        for (j, other) in many.iter().enumerate().skip(i) {
            let (without, with) = (least[(i + 1) * width + j], least[i * width + j]);
            least[(i + 1) * width + j + 1] = without.min(with.saturating_add(line.abs_diff(*other)));
        }
    }
    let (mut chosen, mut j) = (Vec::new(), many.len());
    for i in (0..few.len()).rev() {
        while j > i + 1 && least[(i + 1) * width + j] == least[(i + 1) * width + j - 1] {
            j -= 1;
        }
        j -= 1;
        chosen.push(j);
    }
    chosen.reverse();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_paired_in_order_and_as_near_as_can_be() {
        assert_eq!(in_order(&[10, 20], &[13, 23]), [0, 1]);
        assert_eq!(in_order(&[10, 20], &[12, 15, 22]), [0, 2]);
        assert_eq!(in_order(&[10, 20], &[1, 10, 20]), [1, 2]);
        assert_eq!(in_order(&[20], &[1, 10, 19, 30]), [2]);
        assert_eq!(in_order(&[], &[1]), [0; 0]);
        assert_eq!(in_order(&[5, 6], &[1, 2, 3]), [1, 2]);
    }
}
