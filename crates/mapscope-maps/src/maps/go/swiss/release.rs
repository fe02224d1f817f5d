//! What differs between the releases of Go that have this map.
//!
//! | | 1.24 | 1.25, 1.26 | 1.27 |
//! |---|---|---|---|
//! | an overwrite in a single group that is full | makes a table of it | makes a table of it | leaves it alone |
//! | an insert prunes tombstones | never | where Go's compiler has an insert for the key, save for pointers | there, pointers too |
//! | a clear of an empty map | does nothing | takes the tombstones away | takes the tombstones away |

use crate::maps::Options;

/// The releases that the model can be of, oldest first.
pub const RELEASES: &[&str] = &["1.24", "1.25", "1.26", "1.27"];

/// One of [`RELEASES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Release {
    Go1_24,
    Go1_25,
    Go1_26,
    Go1_27,
}

impl Release {
    /// The one that a map is to be of.
    pub(super) fn chosen(options: &Options) -> Release {
        const ALL: [Release; RELEASES.len()] = [Release::Go1_24, Release::Go1_25, Release::Go1_26, Release::Go1_27];
        ALL[options.release_index(RELEASES)]
    }

    /// Whether a put into a full group makes a table of it before it looks for its key.
    #[inline]
    pub(super) fn grows_before_looking(self) -> bool {
        self < Release::Go1_27
    }

    /// Whether the inserts that Go's compiler has for some keys prune, given whether the key is a pointer.
    #[inline]
    pub(super) fn prunes(self, pointer: bool) -> bool {
        self >= if pointer { Release::Go1_27 } else { Release::Go1_25 }
    }

    /// Whether a clear looks for tombstones where there is no entry.
    #[inline]
    pub(super) fn clears_tombstones(self) -> bool {
        self >= Release::Go1_25
    }
}
