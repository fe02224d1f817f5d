//! The inside of a map that is one of hashbrown's tables, by the layout that [`open_table`](super::open_table) describes.
//!
//! A row is [`GROUP`] slots in order, which is how they are drawn. What a search looks at at once is as many, but begins at
//! any slot, so that it may lie in two rows.

use std::hash::BuildHasher;

use super::anatomy::{Anatomy, Entry, Field, Kind, Mark, Part, Row, Slot, Stage, Table};
use super::open_table::{GROUP, Slots, groups, hit, usable};
use crate::entry::{Key, Value};

static EMPTY: Mark = Mark { name: "empty", sign: "·", kind: Kind::Empty, meaning: "a search ends here" };
static DELETED: Mark = Mark {
    name: "deleted",
    sign: "×",
    kind: Kind::Tombstone,
    meaning: "a tombstone: its entry was removed, and a search may have gone on past it; an insert may take it",
};
static FULL: Mark = Mark {
    name: "full",
    sign: "",
    kind: Kind::Full,
    meaning: "has an entry; the control byte is the top 7 bits of its hash",
};

/// The control byte of a slot that ends a search.
const EMPTY_BYTE: u8 = 0xff;

/// Of a map with these keys, that holds as many as `capacity` says before it grows. Its memory must be
/// [followed](crate::probe::blocks), or the map looks as if it had no table.
///
/// # Safety
///
/// The keys are those of one of hashbrown's tables, of entries `(K, V)`, which is borrowed; where there are none, that
/// table is the only block of memory that is followed (of which then bytes are read, and no entry).
pub(super) unsafe fn anatomy<'a, K: Key + 'a, V: Value>(
    mut keys: impl ExactSizeIterator<Item = &'a K>,
    capacity: usize,
    hasher: &impl BuildHasher,
    part: Part<'_, K>,
) -> Anatomy {
    let len = keys.len();
    // An entry's address proves which block is the table.
    let slots = keys.next().map_or_else(Slots::<K, V>::only, Slots::around);
    let buckets = slots.as_ref().map_or(0, Slots::buckets);
    let tombstones = usable_slots(buckets).saturating_sub(capacity);
    let header = vec![
        Field::whole("len", len as u64, "entries", "live ones"),
        Field::whole("slots", buckets as u64, "slots", "of the table; 0 before the first insert"),
        Field::whole("growth_left", (capacity - len) as u64, "slots", "that may be taken before it grows or is packed"),
        Field::whole("tombstones", tombstones as u64, "slots", "deleted ones, which count as taken"),
    ];
    // SAFETY: the caller's.
    let table = slots.map(|slots| unsafe { table(&slots, len == 0, hasher, part) });
    Anatomy { row_word: "group", numbered: false, header, tables: table.into_iter().collect() }
}

fn usable_slots(buckets: usize) -> usize {
    if buckets == 0 { 0 } else { usable(buckets) }
}

/// # Safety
///
/// As for [`anatomy`].
unsafe fn table<K: Key, V: Value>(
    slots: &Slots<K, V>,
    is_empty: bool,
    hasher: &impl BuildHasher,
    part: Part<'_, K>,
) -> Table {
    let buckets = slots.buckets();
    let row_count = buckets.div_ceil(GROUP);
    let slot = |index: usize| {
        // SAFETY: the caller's.
        let (byte, entry) = unsafe { (slots.control(index), if is_empty { None } else { slots.entry(index) }) };
        let entry = entry.map(|(key, value)| {
            let looks = hit(hasher.hash_one(key), index, buckets) as u64;
            Entry { probed_groups: Some(looks), ..Entry::of(key, value) }
        });
        let mark = match byte {
            _ if entry.is_some() => &FULL,
            EMPTY_BYTE => &EMPTY,
            _ => &DELETED,
        };
        Slot { mark, byte, entry }
    };
    let row = |index: usize| {
        let own = (index * GROUP..buckets).take(GROUP).map(slot).collect();
        Row { index, stage: Stage::InUse, buckets: vec![own] }
    };
    let rows = match part {
        Part::Header => Vec::new(),
        Part::All => (0..row_count).map(row).collect(),
        Part::Row(index) => (index..row_count).take(1).map(row).collect(),
        Part::Key(key) => {
            // SAFETY: the caller's.
            let rows = unsafe { looked_at(slots, is_empty, hasher.hash_one(key), key) };
            rows.into_iter().map(row).collect()
        }
    };
    Table {
        name: "table".to_owned(),
        number: None,
        old: false,
        prefix: String::new(),
        identity: slots.identity(),
        fields: Vec::new(),
        row_count,
        frontier: None,
        rows,
    }
}

/// The rows that a search for a key looks at, in order.
///
/// # Safety
///
/// As for [`anatomy`].
unsafe fn looked_at<K: Key, V: Value>(slots: &Slots<K, V>, is_empty: bool, hash: u64, key: &K) -> Vec<usize> {
    let buckets = slots.buckets();
    let mut rows = Vec::new();
    // As many groups as there are show every slot.
    for from in groups(hash, buckets).take(buckets.div_ceil(GROUP)) {
        let mut ends = false;
        for index in (from..from + GROUP.min(buckets)).map(|slot| slot & (buckets - 1)) {
            // SAFETY: the caller's.
            let (byte, entry) = unsafe { (slots.control(index), if is_empty { None } else { slots.entry(index) }) };
            ends |= byte == EMPTY_BYTE || entry.is_some_and(|(other, _)| other == key);
            rows.push(index / GROUP);
        }
        if ends {
            break;
        }
    }
    rows.sort_unstable();
    rows.dedup();
    rows
}
