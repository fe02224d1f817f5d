//! What `go-classic` would be if some of it were otherwise: one change each, everything else as it is.
//!
//! They are of the newest release that `go-classic` can be of. No program has such maps, and so there are no recordings to
//! hold them against. What they share with `go-classic` is the same code; their own part is tested with exact numbers.

use super::design::{Inline, Pooled, Slabbed};
use super::layout::layout;
use super::{GoClassic, GoClassicMap};
use crate::entry::{Key, Value};
use crate::maps::layout::{EntryShape, Layout};
use crate::maps::{Family, GoHash, Hashing, Info, LoadFactors, Options};
use crate::probe::event::Probe;
use crate::term::Term;

macro_rules! variants {
    ($($(#[$doc:meta])* $family:ident: $map:ident, $design:ident, $name:literal, $summary:literal;)*) => {$(
        $(#[$doc])*
        pub struct $family;

        #[doc = concat!("The map of [`", stringify!($family), "`].")]
        pub type $map<K, V, S, P> = GoClassicMap<K, V, S, P, $design>;

        impl Family for $family {
            const INFO: Info = Info {
                term: Term::plain($name, $summary, ""),
                version: concat!("mapscope ", env!("CARGO_PKG_VERSION")),
                load_factor: Some(LoadFactors::new(1.0, 8.0, 6.5)),
                layout: None,
                ..GoClassic::INFO
            };
            const HASHES: Option<bool> = Some(true);
            type Hasher = GoHash;
            type Map<K: Key, V: Value, S: Hashing, P: Probe> = $map<K, V, S, P>;

            fn layout(entry: &EntryShape, options: &Options, entries: u64) -> Option<Layout> {
                Some(layout::<$design>(entry, options, entries))
            }

            fn build<K: Key, V: Value, S: Hashing, P: Probe>(
                options: &Options,
                hasher: S,
                probe: P,
            ) -> $map<K, V, S, P> {
                GoClassicMap::new(options, hasher, probe)
            }
        }
    )*};
}

variants! {
    /// `go-classic-inline`: the header has room for the first bucket. A table that outgrows it evacuates it like any
    /// other; its room is then never used again.
    GoClassicInline: GoClassicInlineMap, Inline, "go-classic-inline", "go-classic with the first bucket in the header";

    /// `go-classic-slab`: overflow buckets lie in the chunks of a slab and are linked by 32-bit index. Arrays have no
    /// reserve of overflow buckets behind them, and nothing lists those without pointers.
    GoClassicSlab: GoClassicSlabMap, Slabbed, "go-classic-slab", "go-classic with overflow buckets in a slab, linked by index";

    /// `go-classic-pooled`: overflow buckets, the array and the list that a growth to the same size or a clear lets go
    /// of are kept, and handed out again by the same map.
    GoClassicPooled: GoClassicPooledMap, Pooled, "go-classic-pooled", "go-classic that reuses the buckets it lets go of";
}
