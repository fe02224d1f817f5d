//! The cause of an operation on a runtime's map, told from the map's header before and after it.

use super::{Kind, Recorded};
use crate::probe::event::Cause;

/// Follows a map's header from operation to operation.
///
/// The header tells less than a model's events: an evacuation of empty buckets looks like one that moved entries, and
/// what grows inside a `sync.Map`'s inner maps is an allocation and no more.
pub(super) struct Causes {
    layout: String,
    state: Vec<u64>,
    /// Whether a map of the classic layout has its first bucket.
    first_bucket: bool,
}

impl Causes {
    /// For a map just built.
    pub fn new(layout: &str, built: &Recorded) -> Causes {
        Causes { layout: layout.to_owned(), state: built.state.clone(), first_bucket: built.allocs > 1 }
    }

    /// The next operation's.
    pub fn next(&mut self, kind: Kind, recorded: &Recorded) -> Cause {
        let (before, after) = (&self.state[..], &recorded.state[..]);
        let put = kind == Kind::Put;
        let told = match (&*self.layout, before, after) {
            (
                "classic",
                [_, b0, overflow0, evacuated0, growing0, same0],
                [_, b, overflow, evacuated, growing, same],
            ) => {
                let first = put && !self.first_bucket && recorded.allocs > 0;
                self.first_bucket |= put;
                let started = *growing == 1 && (*growing0 == 0 || evacuated < evacuated0 || same0 != same);
                match () {
                    () if first || b > b0 => Cause::Grow,
                    () if started => Cause::SameSizeGrow,
                    () if kind != Kind::Clear && (evacuated > evacuated0 || growing < growing0) => Cause::Move,
                    () if overflow > overflow0 => Cause::Overflow,
                    () => Cause::Steady,
                }
            }
            ("swiss", [_, dir0, tables0, capacity0, left0], [_, dir, tables, capacity, left]) => match () {
                () if dir > dir0 && *dir0 > 0 => Cause::DirectoryGrow,
                () if tables > tables0 && *tables0 > 0 => Cause::Split,
                () if capacity > capacity0 => Cause::Grow,
                () if put && left > left0 => Cause::Prune,
                () => Cause::Steady,
            },
            ("syncmap", [_, dirty0, amended0, _], [_, dirty, amended, _]) => match () {
                () if put && *dirty0 == 0 && *dirty > 0 => Cause::DirtyCopy,
                () if kind != Kind::Clear && amended < amended0 => Cause::Promote,
                () => Cause::Steady,
            },
            ("synctrie", [_, nodes0, _, overflow0], [_, nodes, _, overflow]) => match () {
                () if *nodes0 == 0 && *nodes > 0 => Cause::Grow,
                () if nodes > nodes0 || overflow > overflow0 => Cause::Overflow,
                () => Cause::Steady,
            },
            _ => Cause::Unknown,
        };
        self.state.clone_from(&recorded.state);
        if told == Cause::Steady && recorded.allocs > 0 { Cause::AllocOther } else { told }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(allocs: u64, state: &[u64]) -> Recorded {
        Recorded { allocs, state: state.to_vec(), ..Recorded::default() }
    }

    #[test]
    fn the_classic_header_tells_growth_and_evacuation() {
        let mut causes = Causes::new("classic", &recorded(1, &[0, 0, 0, 0, 0, 0]));
        let mut next = |allocs, state: [u64; 6]| causes.next(Kind::Put, &recorded(allocs, &state));
        assert_eq!(next(1, [1, 0, 0, 0, 0, 0]), Cause::Grow, "the first bucket");
        assert_eq!(next(0, [2, 0, 0, 0, 0, 0]), Cause::Steady);
        assert_eq!(next(1, [9, 1, 0, 1, 0, 0]), Cause::Grow);
        assert_eq!(next(1, [10, 1, 1, 1, 0, 0]), Cause::Overflow);
        assert_eq!(next(1, [14, 2, 0, 1, 1, 0]), Cause::Grow);
        assert_eq!(next(0, [15, 2, 0, 2, 0, 0]), Cause::Move);
        assert_eq!(next(2, [16, 2, 0, 0, 1, 1]), Cause::SameSizeGrow);
        assert_eq!(next(2, [16, 2, 0, 4, 0, 0]), Cause::Move);
        assert_eq!(next(1, [17, 2, 0, 4, 0, 0]), Cause::AllocOther, "a large value");
    }

    #[test]
    fn the_swiss_header_tells_growth_splits_and_pruning() {
        let mut causes = Causes::new("swiss", &recorded(1, &[0, 0, 0, 0, 0]));
        let mut next = |kind, allocs, state: [u64; 5]| causes.next(kind, &recorded(allocs, &state));
        assert_eq!(next(Kind::Put, 1, [1, 0, 0, 8, 7]), Cause::Grow);
        assert_eq!(next(Kind::Put, 3, [9, 1, 1, 16, 5]), Cause::Grow);
        assert_eq!(next(Kind::Remove, 0, [8, 1, 1, 16, 6]), Cause::Steady, "an empty slot left");
        assert_eq!(next(Kind::Put, 0, [9, 1, 1, 16, 8]), Cause::Prune);
        assert_eq!(next(Kind::Put, 5, [897, 2, 2, 2048, 900]), Cause::DirectoryGrow);
        assert_eq!(next(Kind::Put, 4, [1800, 2, 3, 3072, 900]), Cause::Split);
        assert_eq!(next(Kind::Clear, 0, [0, 2, 3, 3072, 2688]), Cause::Steady);
    }

    #[test]
    fn a_sync_map_s_fields_tell_promotions_and_copies() {
        let mut causes = Causes::new("syncmap", &recorded(1, &[0, 0, 0, 0]));
        let mut next = |kind, state: [u64; 4]| causes.next(kind, &recorded(1, &state));
        assert_eq!(next(Kind::Put, [0, 1, 1, 0]), Cause::DirtyCopy);
        assert_eq!(next(Kind::Get, [1, 0, 0, 0]), Cause::Promote);
        assert_eq!(next(Kind::Put, [1, 2, 1, 0]), Cause::DirtyCopy);
        assert_eq!(next(Kind::Clear, [0, 0, 0, 0]), Cause::AllocOther);
    }

    #[test]
    fn a_trie_s_nodes_tell_where_two_hashes_met() {
        let mut causes = Causes::new("synctrie", &recorded(1, &[0, 0, 0, 0]));
        let mut next = |kind, allocs, state: [u64; 4]| causes.next(kind, &recorded(allocs, &state));
        assert_eq!(next(Kind::Get, 1, [0, 1, 1, 0]), Cause::Grow, "the root");
        assert_eq!(next(Kind::Put, 3, [1, 1, 1, 0]), Cause::AllocOther);
        assert_eq!(next(Kind::Put, 5, [2, 3, 3, 0]), Cause::Overflow, "nodes on two levels");
        assert_eq!(next(Kind::Put, 3, [3, 3, 3, 1]), Cause::Overflow, "a chain");
        assert_eq!(next(Kind::Remove, 0, [2, 1, 1, 1]), Cause::Steady, "pruned");
        assert_eq!(next(Kind::Clear, 1, [0, 1, 1, 0]), Cause::AllocOther);
    }
}
