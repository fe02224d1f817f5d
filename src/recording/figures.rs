//! The figures of a row, for forms that have them all.

use super::{Counts, Recorded};

/// A figure's name, and the figure.
pub(super) type Column = (&'static str, fn(&Counts) -> Option<u64>);

/// Each figure, by the name that it has in CSV and JSON.
pub(super) const COLUMNS: &[Column] = &[
    ("maps", |c| Some(c.maps)),
    ("hinted_maps", |c| Some(c.hinted_maps)),
    ("entries", |c| Some(c.entries)),
    ("entries_p50", |c| c.size_at(0.5)),
    ("entries_p99", |c| c.size_at(0.99)),
    ("entries_max", |c| c.sizes.last().copied()),
    ("writes", |c| Some(c.writes)),
    ("inserts", |c| Some(c.inserts)),
    ("overwrites", |c| Some(c.overwrites())),
    ("removes", |c| Some(c.removes)),
    ("lookups", |c| Some(c.lookups)),
    ("iterations", |c| Some(c.iterations)),
    ("clears", |c| Some(c.clears)),
    ("growths", |c| Some(c.growths)),
    ("moved_entries", |c| Some(c.moved_entries)),
    ("alloc_bytes", |c| Some(c.alloc_bytes())),
    ("table_bytes", |c| Some(c.table_bytes)),
    ("entry_bytes", |c| Some(c.entry_bytes)),
    ("abandoned_bytes", |c| Some(c.abandoned_bytes)),
    ("held_bytes_max", |c| Some(c.held_bytes_max)),
    ("hint_saves_bytes", |c| Some(c.hint_saves_bytes)),
];

/// A figure; what was not counted is absent.
pub(super) fn value(recorded: &Recorded<'_>, counts: &Counts, (name, of): &Column) -> Option<u64> {
    let is_counted = recorded.has_lookups() || !["lookups", "iterations"].contains(name);
    of(counts).filter(|_| is_counted)
}
