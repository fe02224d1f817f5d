//! The figures of a row, for forms that have them all.

use super::{Counts, Recorded};

/// A figure's name, what it is, and the figure.
pub(super) type Column = (&'static str, &'static str, fn(&Counts) -> Option<u64>);

/// Each figure, by the name that it has in CSV and JSON.
pub(super) const COLUMNS: &[Column] = &[
    ("maps", "Maps recorded.", |c| Some(c.maps)),
    ("hinted_maps", "Maps made with a hint above 0.", |c| Some(c.hinted_maps)),
    ("entries", "Entries when last seen, of all maps together.", |c| Some(c.entries)),
    ("entries_p50", "Half of the maps had at most so many entries.", |c| c.size_at(50)),
    ("entries_p99", "99 of 100 maps had at most so many entries.", |c| c.size_at(99)),
    ("entries_max", "Most entries that a map had.", |c| c.sizes.last().copied()),
    ("writes", "Inserts and overwrites.", |c| Some(c.writes)),
    ("inserts", "Writes of new keys.", |c| Some(c.inserts)),
    ("overwrites", "Writes of keys that were there.", |c| Some(c.overwrites())),
    ("removes", "Removes of keys that were there.", |c| Some(c.removes)),
    ("lookups", "Lookups, whether or not the key was there.", |c| Some(c.lookups)),
    ("iterations", "Iterations begun over entries.", |c| Some(c.iterations)),
    ("clears", "Clears of maps that had entries.", |c| Some(c.clears)),
    ("growths", "Tables replaced by a larger one or by two.", |c| c.of_tables(c.growths)),
    ("moved_entries", "Entries that growing moved.", |c| c.of_tables(c.moved_entries)),
    ("treeifications", "Lists of entries that became trees (Java).", Counts::treeifications),
    ("alloc_bytes", "Bytes allocated.", |c| c.of_tables(c.alloc_bytes())),
    ("table_bytes", "Bytes allocated for tables, headers and directories.", |c| c.of_tables(c.table_bytes)),
    (
        "entry_bytes",
        "Bytes allocated for keys and values over 128 bytes (Go), for nodes (Java), or for arrays of entries (indexmap).",
        |c| c.of_tables(c.entry_bytes),
    ),
    ("abandoned_bytes", "Bytes of what growing replaced.", |c| c.of_tables(c.abandoned_bytes)),
    ("held_bytes_max", "Most bytes that one map held.", Counts::held_bytes_max),
    (
        "hint_saves_bytes",
        "Bytes that an exact hint of each map would have saved, of maps from which nothing was removed.",
        Counts::hint_saves_bytes,
    ),
    (
        "unmeasured_maps",
        "Maps of which it is not known what they allocated, in no figure of bytes, growths and moves.",
        |c| Some(c.unmeasured_maps),
    ),
    ("partial_maps", "Maps used after recording was switched off, counted until then.", |c| Some(c.partial_maps)),
];

/// A figure; what was not counted is absent.
pub(super) fn value(recorded: &Recorded<'_>, counts: &Counts, (name, _, of): &Column) -> Option<u64> {
    let is_counted = recorded.has_lookups() || !["lookups", "iterations"].contains(name);
    of(counts).filter(|_| is_counted)
}
