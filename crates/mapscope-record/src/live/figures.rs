//! What maps come to together, as `mapscope maps` has it: tests compare both.

use crate::recorder::{Layout, Reader};

/// The sums of maps.
#[derive(Default, Clone)]
pub(super) struct Counts {
    pub(super) maps: u64,
    hinted_maps: u64,
    /// Of each map the most that it had; in order once all are there.
    pub(super) sizes: Vec<u64>,
    entries: u64,
    writes: u64,
    inserts: u64,
    removes: u64,
    lookups: u64,
    iterations: u64,
    clears: u64,
    growths: u64,
    moved_entries: u64,
    table_bytes: u64,
    entry_bytes: u64,
    abandoned_bytes: u64,
    held_bytes_max: u64,
    hint_saves_bytes: u64,
    /// Maps that grew of which it can't be told what a hint would save.
    unhinted_maps: u64,
    /// Maps of nodes, whose number is not known, and those of which it can't be told what they allocate.
    unmeasured_maps: u64,
    partial_maps: u64,
}

/// Its table was replaced otherwise than by growing.
const REPLACED: u32 = 32;
/// What it allocated is not known.
const UNMEASURED: u32 = 512;
/// It was used after recording was switched off.
const ENDED: u32 = 256;

impl Counts {
    /// Adds the map whose row is there.
    pub(super) fn count(&mut self, from: Reader, at: usize, layout: Option<&Layout>) {
        let [hint, flags, growths, clears] = [4, 12, 64, 68].map(|field| from.u32(at + field));
        let [writes, inserts, removes, lookups, entries, entries_max] =
            [16, 24, 32, 40, 48, 56].map(|field| from.u64(at + field));
        let has_tables = layout.is_none_or(|layout| matches!(layout.kind, Layout::TABLE | Layout::INDEXED));
        let is_measured = flags & UNMEASURED == 0 && has_tables;
        let of_tables = |figure: u64| if is_measured { figure } else { 0 };
        let growths = of_tables(growths.into());
        let [moved, table_bytes, entry_bytes, abandoned, held_max] =
            [72, 80, 88, 96, 112].map(|field| of_tables(from.u64(at + field)));
        let iterations = from.u64(at + 120);
        let is_told = removes == 0 && flags & REPLACED == 0;
        let saves = match layout {
            Some(layout) if growths > 0 => is_told.then(|| {
                let hinted = layout.new_bytes(usize::try_from(entries_max).unwrap_or(usize::MAX));
                table_bytes.saturating_add(entry_bytes).saturating_sub(hinted)
            }),
            _ => Some(0),
        };
        self.sizes.push(entries_max);
        self.held_bytes_max = self.held_bytes_max.max(held_max);
        for (sum, more) in [
            (&mut self.maps, 1),
            (&mut self.hinted_maps, u64::from(hint > 0)),
            (&mut self.entries, entries),
            (&mut self.writes, writes),
            (&mut self.inserts, inserts),
            (&mut self.removes, removes),
            (&mut self.lookups, lookups),
            (&mut self.iterations, iterations),
            (&mut self.clears, clears.into()),
            (&mut self.growths, growths),
            (&mut self.moved_entries, moved),
            (&mut self.table_bytes, table_bytes),
            (&mut self.entry_bytes, entry_bytes),
            (&mut self.abandoned_bytes, abandoned),
            (&mut self.hint_saves_bytes, saves.unwrap_or(0)),
            (&mut self.unhinted_maps, saves.is_none().into()),
            (&mut self.unmeasured_maps, (!is_measured).into()),
            (&mut self.partial_maps, (flags & ENDED != 0).into()),
        ] {
            *sum = sum.saturating_add(more);
        }
    }

    /// Bytes allocated.
    pub(super) fn alloc_bytes(&self) -> u64 {
        self.table_bytes.saturating_add(self.entry_bytes)
    }

    fn size_at(&self, percent: usize) -> Option<u64> {
        self.sizes.get((percent * self.sizes.len()).div_ceil(100).saturating_sub(1)).copied()
    }

    /// A figure of tables; `None` where no map has one.
    fn of_tables(&self, figure: u64) -> Option<u64> {
        (self.maps == 0 || self.unmeasured_maps < self.maps).then_some(figure)
    }

    fn hint_saves_bytes(&self) -> Option<u64> {
        let saves = self.of_tables(self.hint_saves_bytes)?;
        (saves > 0 || self.unhinted_maps == 0).then_some(saves)
    }
}

/// A figure's name, what it is, and the figure. What is not known is absent.
pub(super) type Column = (&'static str, &'static str, fn(&Counts) -> Option<u64>);

/// Those of `mapscope maps`, but for what only Java's maps have.
pub(super) const COLUMNS: &[Column] = &[
    ("maps", "Maps recorded.", |c| Some(c.maps)),
    ("hinted_maps", "Maps made with a hint above 0.", |c| Some(c.hinted_maps)),
    ("entries", "Entries when last seen, of all maps together.", |c| Some(c.entries)),
    ("entries_p50", "Half of the maps had at most so many entries.", |c| c.size_at(50)),
    ("entries_p99", "99 of 100 maps had at most so many entries.", |c| c.size_at(99)),
    ("entries_max", "Most entries that a map had.", |c| c.sizes.last().copied()),
    ("writes", "Inserts and overwrites.", |c| Some(c.writes)),
    ("inserts", "Writes of new keys.", |c| Some(c.inserts)),
    ("overwrites", "Writes of keys that were there.", |c| Some(c.writes.saturating_sub(c.inserts))),
    ("removes", "Removes of keys that were there.", |c| Some(c.removes)),
    ("lookups", "Lookups, whether or not the key was there.", |c| Some(c.lookups)),
    ("iterations", "Iterations begun over entries.", |c| Some(c.iterations)),
    ("clears", "Clears of maps that had entries.", |c| Some(c.clears)),
    ("growths", "Tables replaced by a larger one or by two.", |c| c.of_tables(c.growths)),
    ("moved_entries", "Entries that growing moved.", |c| c.of_tables(c.moved_entries)),
    ("alloc_bytes", "Bytes allocated.", |c| c.of_tables(c.alloc_bytes())),
    ("table_bytes", "Bytes allocated for tables, headers and directories.", |c| c.of_tables(c.table_bytes)),
    (
        "entry_bytes",
        "Bytes allocated for keys and values over 128 bytes (Go), for nodes (Java), or for arrays of entries (indexmap).",
        |c| c.of_tables(c.entry_bytes),
    ),
    ("abandoned_bytes", "Bytes of what growing replaced.", |c| c.of_tables(c.abandoned_bytes)),
    ("held_bytes_max", "Most bytes that one map held.", |c| c.of_tables(c.held_bytes_max)),
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
