//! Groups and tables, of Go 1.24 and later.

use std::collections::BTreeMap;

use super::super::found::{Found, Program};
use super::super::swiss::{DELETED, EMPTY, Header, SLOTS, Table, large, tables};
use super::BYTES_MAX;

/// A map of groups.
#[derive(Debug, Default)]
pub struct Swiss {
    /// Entries of the directory; 0 where a single group is all there is.
    pub directory: u64,
    /// How many bits of a hash choose one.
    pub depth: u8,
    /// Its tables, in the order of the directory.
    pub tables: Vec<TableInside>,
    /// Tables that could not be read: they were replaced meanwhile, or are damaged.
    pub unread: u64,
    /// The groups of all tables.
    pub groups: Groups,
    /// Groups that a look-up of an absent key visits on average, each hash as likely as any other. `None` where nothing was
    /// looked into.
    pub miss_mean: Option<f64>,
}

/// A table.
#[derive(Debug)]
pub struct TableInside {
    /// The first entry of the directory that leads to it.
    pub index: u64,
    /// How many bits of a hash choose it.
    pub local_depth: u8,
    /// Its entries, as it says itself.
    pub used: u64,
    /// Its slots.
    pub capacity: u64,
    /// Slots that can be filled before it grows.
    pub growth_left: u64,
    /// Its groups. `None` where they could not be looked into.
    pub groups: Option<Groups>,
}

/// What the control words of groups say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// Groups by how many of their eight slots have an entry.
    pub by_full: [u64; SLOTS as usize + 1],
    /// Slots of removed entries that look-ups go past.
    pub deleted: u64,
    /// Free slots.
    pub empty: u64,
    /// Groups without a free slot: a look-up that comes by and does not find its key goes on to another.
    pub without_empty: u64,
    /// The most of them that follow each other in a table, whose last group is followed by its first.
    pub longest_run: u64,
    /// For each group of a table in which a look-up of an absent key can begin: how many it visits.
    pub misses: BTreeMap<u64, u64>,
}

impl Groups {
    /// Groups.
    pub fn count(&self) -> u64 {
        self.by_full.iter().sum()
    }

    /// Slots that have an entry.
    pub fn full(&self) -> u64 {
        (0..).zip(self.by_full).map(|(full, groups)| full * groups).sum()
    }

    /// Of the control words of all groups of a table. `None` where one has what no slot has.
    fn of(controls: &[[u8; SLOTS as usize]]) -> Option<Groups> {
        let mut groups = Groups::default();
        for slot in controls.as_flattened() {
            match *slot {
                EMPTY => groups.empty += 1,
                DELETED => groups.deleted += 1,
                0..EMPTY => {}
                _ => return None,
            }
        }
        for control in controls {
            groups.by_full[control.iter().filter(|&&slot| slot < EMPTY).count()] += 1;
        }
        let has_empty: Vec<bool> = controls.iter().map(|control| control.contains(&EMPTY)).collect();
        groups.without_empty = has_empty.iter().filter(|&&has| !has).count() as u64;
        groups.longest_run = longest_run(&has_empty);
        for start in 0..has_empty.len() {
            *groups.misses.entry(visited(&has_empty, start)).or_insert(0) += 1;
        }
        Some(groups)
    }

    fn add(&mut self, other: &Groups) {
        self.by_full.iter_mut().zip(other.by_full).for_each(|(sum, more)| *sum += more);
        self.deleted += other.deleted;
        self.empty += other.empty;
        self.without_empty += other.without_empty;
        self.longest_run = self.longest_run.max(other.longest_run);
        other.misses.iter().for_each(|(&visits, groups)| *self.misses.entry(visits).or_insert(0) += groups);
    }

    /// How many a look-up of an absent key visits on average.
    pub fn miss_mean(&self) -> f64 {
        let visits: u64 = self.misses.iter().map(|(visits, groups)| visits * groups).sum();
        visits as f64 / self.count() as f64
    }
}

/// The most in a row that have no empty slot; the last is followed by the first.
fn longest_run(has_empty: &[bool]) -> u64 {
    let (mut longest, mut run) = (0, 0);
    for &has in has_empty.iter().chain(has_empty) {
        run = if has { 0 } else { run + 1 };
        longest = longest.max(run);
    }
    longest.min(has_empty.len()) as u64
}

/// How many groups a look-up that begins there visits up to one with a free slot (`probeSeq` of `internal/runtime/maps`).
fn visited(has_empty: &[bool], start: usize) -> u64 {
    let (mut at, mut step) = (start, 0);
    // A table has free slots, and the sequence comes by each of its groups; what is damaged may have none.
    while !has_empty[at] && step + 1 < has_empty.len() {
        step += 1;
        at = (at + step) & (has_empty.len() - 1);
    }
    step as u64 + 1
}

/// The control words of so many groups.
fn controls(program: &Program<'_>, at: u64, count: u64, group_bytes: u64) -> Option<Vec<[u8; SLOTS as usize]>> {
    let bytes = usize::try_from(count.checked_mul(group_bytes)?).ok()?;
    let bytes = program.memory.bytes(at, bytes)?;
    bytes.chunks_exact(group_bytes as usize).map(|group| group.first_chunk().copied()).collect()
}

/// The map that has changed whenever it was read, as far as it can be told.
pub(super) fn changing(program: &Program<'_>, at: u64, on_stack: bool) -> Option<Found> {
    let header = Header::of(&program.memory.array(at)?, program.is_recorded());
    header.has_tables().then(|| large(program, at, &header, on_stack, false).ok()).flatten().map(|(found, _)| found)
}

/// Its inside, and whether that agrees with its header. `None` where it is no such map any more.
pub(super) fn read(program: &Program<'_>, map: &Found) -> Option<(Swiss, bool)> {
    let before = program.memory.array(map.address)?;
    let header = Header::of(&before, program.is_recorded());
    let (mut swiss, mut is_whole) = (Swiss::default(), true);
    let entries;
    if header.has_tables() {
        let tables = tables(program, &header, false)?;
        (swiss.directory, swiss.depth, swiss.unread) = (header.directory_length, header.depth, tables.unread);
        let mut bytes_left = BYTES_MAX;
        is_whole = tables.unread == 0;
        for table in &tables.all {
            swiss.tables.push(inside(program, table, map.group_bytes, &mut bytes_left, &mut is_whole));
        }
        entries = tables.all.iter().map(|table| table.used).sum();
    } else if header.has_a_group() {
        let control = program.memory.array(header.directory)?;
        let groups = Groups::of(&[control])?;
        entries = groups.full();
        let table = TableInside {
            index: 0,
            local_depth: 0,
            used: header.used,
            capacity: SLOTS,
            growth_left: SLOTS.saturating_sub(header.used),
            groups: Some(groups),
        };
        swiss.tables.push(table);
    } else {
        return None;
    }
    let (mut mean, mut weight) = (0.0, 0.0);
    for table in &swiss.tables {
        let Some(groups) = &table.groups else { continue };
        swiss.groups.add(groups);
        let share = 1.0 / (1_u64 << table.local_depth) as f64;
        (mean, weight) = (mean + share * groups.miss_mean(), weight + share);
    }
    swiss.miss_mean = (weight > 0.0).then(|| mean / weight);
    let after: Option<[u8; super::HEADER_BYTES]> = program.memory.array(map.address);
    let capacity: u64 = swiss.tables.iter().map(|table| table.capacity).sum();
    let is_of_map = map.entries == header.used && map.capacity == capacity;
    Some((swiss, is_whole && is_of_map && entries == header.used && after == Some(before)))
}

fn inside(
    program: &Program<'_>,
    table: &Table,
    group_bytes: Option<u64>,
    bytes_left: &mut u64,
    is_whole: &mut bool,
) -> TableInside {
    let count = table.capacity / SLOTS;
    let groups = group_bytes.and_then(|group_bytes| {
        *bytes_left = bytes_left.checked_sub(count.checked_mul(group_bytes)?)?;
        let groups = controls(program, table.groups, count, group_bytes).and_then(|controls| Groups::of(&controls));
        *is_whole &= groups.as_ref().is_some_and(|groups| groups.full() == table.used);
        groups
    });
    let Table { index, local_depth, used, capacity, growth_left, .. } = *table;
    TableInside { index, local_depth, used, capacity, growth_left, groups }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group of so many entries and removed ones.
    fn group(full: usize, deleted: usize) -> [u8; 8] {
        std::array::from_fn(|slot| match slot {
            _ if slot < full => 0x11,
            _ if slot < full + deleted => DELETED,
            _ => EMPTY,
        })
    }

    #[test]
    fn control_words_are_added_up() {
        let groups = Groups::of(&[group(8, 0), group(3, 1), group(0, 0), group(6, 2)]).expect("groups");
        assert_eq!(groups.by_full, [1, 0, 0, 1, 0, 0, 1, 0, 1]);
        assert_eq!((groups.count(), groups.full(), groups.deleted, groups.empty), (4, 17, 3, 12));
        // The last and the first follow each other.
        assert_eq!((groups.without_empty, groups.longest_run), (2, 2));
        // From the first group to the second; from the last to the first, and from there two on.
        assert_eq!(groups.misses, BTreeMap::from([(1, 2), (2, 1), (3, 1)]));
        assert_eq!(groups.miss_mean(), 7.0 / 4.0);
        assert_eq!(Groups::of(&[[0xff; 8]]), None);
    }

    #[test]
    fn a_probe_ends_where_no_group_has_a_free_slot() {
        let groups = Groups::of(&[group(8, 0); 4]).expect("groups");
        assert_eq!((groups.longest_run, groups.misses), (4, BTreeMap::from([(4, 4)])));
        assert_eq!(visited(&[false], 0), 1);
    }
}
