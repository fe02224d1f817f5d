//! What tables take, by the rule of hashbrown, of which the standard library's maps and indexmap's are made.

/// Slots that are looked at together.
const GROUP: usize = if cfg!(target_feature = "sse2") { 16 } else { 8 };

/// The kind and the sizes of a type of map.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// A table of slots, or nodes, whose number is not known.
    pub(crate) kind: u32,
    pub(crate) key_bytes: usize,
    pub(crate) value_bytes: usize,
    pub(crate) slot_bytes: usize,
    pub(crate) slot_align: usize,
    /// Of a table of indices, bytes of an entry in the array that they are of.
    pub(crate) entry_bytes: usize,
}

impl Layout {
    pub(crate) const GROUP: usize = GROUP;
    pub(crate) const TABLE: u32 = 1;
    const NODES: u32 = 2;
    pub(crate) const INDEXED: u32 = 6;

    pub(crate) const fn table<K, V>() -> Layout {
        Layout {
            kind: Layout::TABLE,
            key_bytes: size_of::<K>(),
            value_bytes: size_of::<V>(),
            slot_bytes: size_of::<(K, V)>(),
            slot_align: align_of::<(K, V)>(),
            entry_bytes: 0,
        }
    }

    pub(crate) const fn nodes<K, V>() -> Layout {
        Layout { kind: Layout::NODES, ..Layout::table::<K, V>() }
    }

    /// A table of indices into an array, of which an entry has its hash, too.
    #[cfg(feature = "indexmap")]
    pub(crate) const fn indexed<K, V>() -> Layout {
        Layout {
            kind: Layout::INDEXED,
            slot_bytes: size_of::<usize>(),
            slot_align: align_of::<usize>(),
            entry_bytes: size_of::<(usize, K, V)>(),
            ..Layout::table::<K, V>()
        }
    }

    /// The fewest buckets of a table: small slots would leave more than half of it to padding.
    pub(crate) const fn buckets_min(&self) -> usize {
        match (GROUP, self.slot_bytes) {
            (16, 0..=1) => 16,
            (16, 2..=3) | (8, 0..=1) => 8,
            _ => 4,
        }
    }

    /// Buckets of a new table for so many entries.
    pub(crate) const fn buckets_for(&self, entries: usize) -> usize {
        let buckets = match entries {
            0..4 => 4,
            4..8 => 8,
            8..15 => 16,
            _ => (entries.saturating_mul(8) / 7).next_power_of_two(),
        };
        if buckets > self.buckets_min() { buckets } else { self.buckets_min() }
    }

    /// Bytes of what a new map for so many entries has: the table, and the array where there is one.
    #[cfg(feature = "live")]
    pub(crate) const fn new_bytes(&self, entries: usize) -> u64 {
        self.new_table_bytes(entries).saturating_add(self.entry_bytes.saturating_mul(entries) as u64)
    }

    /// Bytes of a new table for so many entries.
    pub(crate) const fn new_table_bytes(&self, entries: usize) -> u64 {
        if entries == 0 { 0 } else { self.bytes(self.buckets_for(entries)) }
    }

    /// Bytes of a table of which at most a few slots are of removed entries, that has room for so many in all. A table has one
    /// more bucket than that, or eight sevenths; a power of two.
    pub(crate) const fn table_bytes(&self, capacity: usize) -> u64 {
        match capacity {
            0 => 0,
            1..8 => self.bytes((capacity + 1).next_power_of_two()),
            _ => self.bytes((capacity / 7 * 8 + capacity % 7).next_power_of_two()),
        }
    }

    /// Bytes of a table of so many buckets.
    pub(crate) const fn bytes(&self, buckets: usize) -> u64 {
        let align = if self.slot_align > GROUP { self.slot_align } else { GROUP };
        let slots = self.slot_bytes.saturating_mul(buckets).saturating_add(align - 1) / align * align;
        slots.saturating_add(buckets + GROUP) as u64
    }
}
