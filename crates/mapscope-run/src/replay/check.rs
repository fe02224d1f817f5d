//! What a recording says an operation came to, compared with what the model did.

use super::player::ALLOCATED;

/// From this many buckets up (as log2) Go counts a classic map's overflow buckets by chance: `noverflow` is not compared.
pub const NOVERFLOW_EXACT_BELOW_B: u64 = 16;

/// The names of the columns that a model gives, in order.
pub fn columns(state: &'static [&'static str]) -> Vec<&'static str> {
    ["alloc_bytes", "allocs"].into_iter().chain(state.iter().copied()).collect()
}

/// Compares rows of figures in [`columns`]' order.
#[derive(Debug, Clone)]
pub struct Comparison {
    columns: Vec<&'static str>,
    /// Where `noverflow` and `b` are.
    by_chance: Option<(usize, usize)>,
}

/// A column in which two rows differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Differing {
    /// Its name.
    pub column: &'static str,
    /// What was recorded.
    pub expected: u64,
    /// What the model gave.
    pub got: u64,
}

impl Comparison {
    /// Of the rows of a map with these columns of state.
    pub fn new(state: &'static [&'static str]) -> Comparison {
        let at = |name| state.iter().position(|&column| column == name).map(|at| at + ALLOCATED);
        Comparison { columns: columns(state), by_chance: at("noverflow").zip(at("b")) }
    }

    /// Whether two rows have a figure that is not compared, because the runtime keeps it by chance there.
    #[inline]
    pub fn leaves_out(&self, expected: &[u64], got: &[u64]) -> bool {
        self.by_chance.is_some_and(|(_, b)| expected[b].min(got[b]) >= NOVERFLOW_EXACT_BELOW_B)
    }

    /// The first column that differs.
    #[inline]
    pub fn first(&self, expected: &[u64], got: &[u64]) -> Option<Differing> {
        if expected == got {
            return None;
        }
        let left_out = self.by_chance.filter(|_| self.leaves_out(expected, got)).map(|(noverflow, _)| noverflow);
        let counts = |at: usize| Some(at) != left_out;
        let mut differing = (0..self.columns.len()).filter(|&at| expected[at] != got[at] && counts(at));
        differing.next().map(|at| Differing { column: self.columns[at], expected: expected[at], got: got[at] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overflow_buckets_are_not_compared_where_go_counts_them_by_chance() {
        let comparison = Comparison::new(&["len", "b", "noverflow"]);
        let row = |b, noverflow| [144, 1, 7, b, noverflow];
        assert_eq!(comparison.first(&row(15, 3), &row(15, 3)), None);
        let differing = Differing { column: "noverflow", expected: 3, got: 4 };
        assert_eq!(comparison.first(&row(15, 3), &row(15, 4)), Some(differing));
        assert_eq!(comparison.first(&row(16, 3), &row(16, 4)), None);
        assert!(comparison.leaves_out(&row(16, 3), &row(17, 4)) && !comparison.leaves_out(&row(16, 3), &row(15, 3)));
        let differing = Differing { column: "b", expected: 16, got: 15 };
        assert_eq!(comparison.first(&row(16, 3), &row(15, 4)), Some(differing));
    }
}
