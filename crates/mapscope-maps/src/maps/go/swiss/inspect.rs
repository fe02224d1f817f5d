//! The map's structure, counted, and its inside, shown.

use super::ctrl::{DELETED, EMPTY, h2};
use super::group::{Group, SLOTS};
use super::table::{MAX_GROUPS, Table};
use super::{GoSwissMap, Hashing, Key, Value};
use crate::maps::anatomy::{self, Anatomy, Entry, Field, Kind, Mark, Part, Row, Stage};
use crate::maps::{Structure, count_one};
use crate::probe::event::Probe;

/// What a row is called.
const ROW_WORD: &str = "group";

static EMPTY_MARK: Mark = Mark {
    name: "empty",
    sign: "·",
    kind: Kind::Empty,
    meaning: "a search ends with this group; an insert may take it while growth is left",
};
static DELETED_MARK: Mark = Mark {
    name: "deleted",
    sign: "×",
    kind: Kind::Tombstone,
    meaning: "a tombstone: its entry was removed from a full group; a search goes on, an insert may take it",
};
static FULL_MARK: Mark = Mark {
    name: "full",
    sign: "",
    kind: Kind::Full,
    meaning: "has an entry; the control byte is h2, the low 7 bits of its hash",
};

fn mark(ctrl: u8) -> &'static Mark {
    match ctrl {
        EMPTY => &EMPTY_MARK,
        DELETED => &DELETED_MARK,
        _ => &FULL_MARK,
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> GoSwissMap<K, V, S, P> {
    /// Misses are weighed as hashes fall: each directory entry alike, and in its table each group that a search may begin
    /// at. In shares of a table's largest number of groups these weights are whole.
    pub(super) fn inspect(&self) -> Structure {
        let header = self.header();
        let small = if header.is_small() { header.small_group() } else { None };
        let groups = || small.into_iter().chain(header.tables().flat_map(Table::groups));

        let (mut buckets, mut tombstones) = (0, 0);
        let mut occupancy = vec![0; if small.is_some() || !header.is_small() { 9 } else { 0 }];
        for group in groups() {
            buckets += 1;
            tombstones += group.ctrl().deleted().len() as u64;
            occupancy[group.ctrl().full().len()] += 1;
        }
        // A small map has one group to look at, whether it has the key or not.
        let entries = header.used as u64;
        let mut hit_group_lengths = if header.is_small() && entries > 0 { vec![0, entries] } else { Vec::new() };
        let (mut miss_groups, mut miss_groups_of) = (buckets, buckets);
        if !header.is_small() {
            (miss_groups, miss_groups_of) = (0, (header.directory().len() * MAX_GROUPS) as u64);
        }
        for table in header.tables() {
            self.count_hits(table, &mut hit_group_lengths);
            let weight = header.entries_of(table) * MAX_GROUPS / table.groups().count();
            miss_groups += misses(table) * weight as u64;
        }
        let hit_groups = (0..).zip(&hit_group_lengths).map(|(looks, entries)| looks * entries).sum();
        let longest = hit_group_lengths.iter().rposition(|&entries| entries > 0).unwrap_or(0);
        Structure {
            buckets: Some(buckets),
            in_use_bytes: Some(buckets * Group::<K, V>::BYTES as u64),
            hit_groups: Some(hit_groups),
            miss_groups: Some(miss_groups),
            miss_groups_of: Some(miss_groups_of),
            probe_groups_max: Some(longest as u64),
            tables: Some(header.tables as u64),
            directory_entries: Some(header.directory().len() as u64),
            tombstones: Some(tombstones),
            occupancy: Some(occupancy),
            hit_group_lengths: Some(hit_group_lengths),
            ..Structure::default()
        }
    }

    /// Adds a table's entries to those that so many groups are looked at for.
    fn count_hits(&self, table: Table<K, V>, lengths: &mut Vec<u64>) {
        for (home, group) in table.groups().enumerate() {
            for slot in group.full() {
                // SAFETY: full, and the map is borrowed.
                let hash = self.hasher.hash_one(unsafe { slot.key_ptr().as_ref() });
                count_one(lengths, 1 + table.probe(hash).take_while(|&index| index != home).count());
            }
        }
    }

    pub(super) fn take_apart(&self, part: Part<'_, K>) -> Anatomy {
        let (header, figures) = (self.header(), self.figures());
        let fields = vec![
            Field::whole("len", figures.len as u64, "entries", "live ones"),
            Field::whole(
                "dir_len",
                figures.dir_len as u64,
                "entries",
                "of the directory; 0 while the map is one group",
            ),
            Field::whole("tables", figures.tables as u64, "tables", "each counted once; 0 while the map is one group"),
            Field::whole("capacity", figures.capacity as u64, "slots", "of all tables, or of the group"),
            Field::whole(
                "growth_left",
                figures.growth_left as u64,
                "slots",
                "that may still be taken, over all tables",
            ),
            Field::whole(
                "global_depth",
                header.global_depth.into(),
                "bits",
                "of a hash, from the top, that index the directory",
            ),
            Field::flag("tombstone_possible", header.tombstone_possible, "whether any table may have a tombstone"),
        ];
        let tables = match header.is_small().then(|| header.small_group()) {
            Some(group) => group.map(|group| self.small_table(group, part)).into_iter().collect(),
            None => header.tables().map(|table| self.table_apart(table, part)).collect(),
        };
        Anatomy { row_word: ROW_WORD, numbered: true, header: fields, tables }
    }

    /// The group of a map that is no more than it.
    fn small_table(&self, group: Group<K, V>, part: Part<'_, K>) -> anatomy::Table {
        let listed = matches!(part, Part::All | Part::Key(_) | Part::Row(0));
        let row = || Row { index: 0, stage: Stage::InUse, buckets: vec![slots(group, &|_| None)] };
        anatomy::Table {
            name: "small map".to_owned(),
            number: None,
            old: false,
            prefix: String::new(),
            identity: group.address().addr().get(),
            fields: Vec::new(),
            row_count: 1,
            frontier: None,
            rows: listed.then(row).into_iter().collect(),
        }
    }

    fn table_apart(&self, table: Table<K, V>, part: Part<'_, K>) -> anatomy::Table {
        let row_count = table.slots() / SLOTS;
        let probed = |index: usize, key: &K| {
            let probe = table.probe(self.hasher.hash_one(key));
            Some(1 + probe.take(row_count).take_while(|&group| group != index).count() as u64)
        };
        let row = |index: usize| {
            let slots = slots(table.group(index), &|key| probed(index, key));
            Row { index, stage: Stage::InUse, buckets: vec![slots] }
        };
        let rows = match part {
            Part::Header => Vec::new(),
            Part::All => (0..row_count).map(row).collect(),
            Part::Row(index) => (index..row_count).take(1).map(row).collect(),
            Part::Key(key) => {
                let hash = self.hasher.hash_one(key);
                let its_own = self.header().table(hash) == table;
                let looked_at = |&index: &usize| {
                    let group = table.group(index);
                    group.ctrl().empty().is_empty() && group.find(h2(hash), key).is_none()
                };
                let passed = table.probe(hash).take(row_count).take_while(looked_at).count();
                let mut rows: Vec<Row> = match its_own {
                    true => table.probe(hash).take((passed + 1).min(row_count)).map(row).collect(),
                    false => Vec::new(),
                };
                rows.sort_by_key(|row| row.index);
                rows
            }
        };
        let number = table.index().unwrap_or_default() as u64;
        let entries = self.header().entries_of(table) as u64;
        let tombstones = table.tombstones() as u64;
        anatomy::Table {
            name: format!("table {number}"),
            number: Some(number),
            old: false,
            prefix: format!("table {number} "),
            identity: table.name(),
            fields: vec![
                Field::whole("index", number, "", "the first directory entry that names it"),
                Field::whole("directory_entries", entries, "entries", "that name it"),
                Field::whole(
                    "local_depth",
                    table.local_depth.into(),
                    "bits",
                    "from the top that its hashes have in common",
                ),
                Field::whole("capacity", table.slots() as u64, "slots", ""),
                Field::whole("used", table.used.get().into(), "slots", "full ones"),
                Field::whole(
                    "growth_left",
                    table.growth_left.get().into(),
                    "slots",
                    "that may be taken before it must grow",
                ),
                Field::whole("tombstones", tombstones, "slots", "deleted ones, which count as taken"),
            ],
            row_count,
            frontier: None,
            rows,
        }
    }
}

/// The slots of a group, each entry with the groups that a search for it looks at.
fn slots<K: Key, V: Value>(group: Group<K, V>, probed: &dyn Fn(&K) -> Option<u64>) -> Vec<anatomy::Slot> {
    let slot = |index| {
        let byte = group.ctrl().get(index);
        let mark = mark(byte);
        let entry = (mark.kind == Kind::Full).then(|| {
            // SAFETY: full; the map is borrowed.
            let (key, value) = unsafe { group.slot(index).entry() };
            Entry { probed_groups: probed(key), ..Entry::of(key, value) }
        });
        anatomy::Slot { mark, byte, entry }
    };
    (0..SLOTS).map(slot).collect()
}

/// Groups looked at by an unsuccessful search from each group of a table, in all.
fn misses<K: Key, V: Value>(table: Table<K, V>) -> u64 {
    let groups = table.groups().count() as u64;
    let looks = |start: u64| {
        // The hash that begins there.
        let full = table.probe(start << 7).take_while(|&index| table.group(index).ctrl().empty().is_empty());
        1 + full.count() as u64
    };
    (0..groups).map(looks).sum()
}
