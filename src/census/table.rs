//! Maps added up by type, or listed one by one.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::rc::Rc;

use super::{Census, Found, Kind};

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Sort {
    /// Bytes held
    Bytes,
    /// Maps
    Maps,
    /// Entries
    Entries,
    /// Slots without an entry
    Free,
    /// Slots of removed entries that look-ups go past
    Tombstones,
}

/// The maps of a type, or a single one.
#[derive(Debug)]
pub struct Row {
    /// Their type.
    pub kind: Rc<Kind>,
    /// The map, where it is a single one.
    pub map: Option<Found>,
    /// How many they are.
    pub maps: u64,
    /// Those whose header is on a goroutine's stack.
    pub on_stack: u64,
    /// Entries of all together.
    pub entries: u64,
    /// Slots of all together.
    pub capacity: u64,
    /// Slots of removed entries. `None` where maps have none.
    pub tombstones: Option<u64>,
    /// Tables, arrays of buckets, or single groups.
    pub tables: u64,
    /// Bytes of headers, directories, tables and groups, or of buckets.
    pub table_bytes: u64,
    /// Bytes of keys and elems that are objects of their own. `None` where that can't be known.
    pub entry_bytes: Option<u64>,
    /// Entries of each, in their order.
    pub sizes: Vec<u64>,
}

/// A census, added up.
#[derive(Debug)]
pub struct Table {
    /// The first by the figure asked for.
    pub rows: Vec<Row>,
    /// All of them. Its type means nothing.
    pub total: Total,
}

/// Sums of all maps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Total {
    /// Maps.
    pub maps: u64,
    /// Entries.
    pub entries: u64,
    /// Slots.
    pub capacity: u64,
    /// Slots of removed entries. `None` where maps have none.
    pub tombstones: Option<u64>,
    /// Bytes as far as they are known.
    pub bytes: u64,
    /// Maps of which the bytes of entries are not known.
    pub unknown: u64,
}

impl Table {
    /// By type, or `each` map.
    pub fn new(census: &Census, each: bool, sort: Sort) -> Table {
        let mut rows: Vec<Row> = Vec::new();
        let mut known: HashMap<(&[String], bool), usize> = HashMap::new();
        let mut total = Total::default();
        for map in &census.maps {
            total.add(map);
            let index = match each {
                true => rows.len(),
                false => *known.entry((&map.kind.names, map.kind.by.is_said())).or_insert(rows.len()),
            };
            if index == rows.len() {
                rows.push(Row::new(map, each));
            }
            rows[index].add(map);
        }
        for row in &mut rows {
            row.sizes.sort_unstable();
        }
        let order = |row: &Row| Reverse((row.figure(sort), row.known_bytes()));
        rows.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.kind.names.cmp(&b.kind.names)));
        Table { rows, total }
    }
}

impl Row {
    /// Of a single map.
    pub(super) fn of(map: &Found) -> Row {
        let mut row = Row::new(map, true);
        row.add(map);
        row
    }

    fn new(map: &Found, each: bool) -> Row {
        Row {
            kind: Rc::clone(&map.kind),
            map: each.then(|| map.clone()),
            maps: 0,
            on_stack: 0,
            entries: 0,
            capacity: 0,
            tombstones: None,
            tables: 0,
            table_bytes: 0,
            entry_bytes: Some(0),
            sizes: Vec::new(),
        }
    }

    fn add(&mut self, map: &Found) {
        self.maps += 1;
        self.on_stack += u64::from(map.on_stack);
        self.entries += map.entries;
        self.capacity += map.capacity;
        self.tombstones = map.tombstones.map(|more| self.tombstones.unwrap_or(0) + more);
        self.tables += map.tables;
        self.table_bytes += map.table_bytes;
        self.entry_bytes = self.entry_bytes.zip(map.entry_bytes()).map(|(all, more)| all.saturating_add(more));
        self.sizes.push(map.entries);
    }

    /// All bytes, where they are known.
    pub fn bytes(&self) -> Option<u64> {
        self.entry_bytes.map(|bytes| bytes.saturating_add(self.table_bytes))
    }

    /// Bytes as far as they are known.
    pub fn known_bytes(&self) -> u64 {
        self.entry_bytes.unwrap_or(0).saturating_add(self.table_bytes)
    }

    /// The entries that so many of a hundred maps have at most.
    pub fn size_at(&self, percent: usize) -> u64 {
        let rank = (self.sizes.len() * percent).div_ceil(100).max(1);
        self.sizes.get(rank - 1).copied().unwrap_or(0)
    }

    fn figure(&self, sort: Sort) -> u64 {
        match sort {
            Sort::Bytes => self.known_bytes(),
            Sort::Maps => self.maps,
            Sort::Entries => self.entries,
            Sort::Free => self.capacity.saturating_sub(self.entries),
            Sort::Tombstones => self.tombstones.unwrap_or(0),
        }
    }
}

impl Total {
    fn add(&mut self, map: &Found) {
        self.maps += 1;
        self.entries += map.entries;
        self.capacity += map.capacity;
        self.tombstones = map.tombstones.map(|more| self.tombstones.unwrap_or(0) + more);
        self.bytes = self.bytes.saturating_add(map.table_bytes).saturating_add(map.entry_bytes().unwrap_or(0));
        self.unknown += u64::from(map.entry_bytes().is_none());
    }
}
