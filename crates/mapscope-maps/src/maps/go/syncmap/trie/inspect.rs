//! The trie, counted, and its inside, shown.

use std::fmt::Write as _;

use super::node::{CHILDREN, Child, EntryAt, IndirectAt, index};
use super::read::{each_node, entries};
use super::{Entry, Hashing, Indirect, Key, TrieMap, Value};
use crate::maps::anatomy::{self, Anatomy, Field, Kind, Mark, Part, Row, Slot, Stage, Table};
use crate::maps::go::heap;
use crate::maps::{Structure, count_one};
use crate::probe::event::Probe;

/// What a row is called: the place of a child, which four bits of a hash choose.
const ROW_WORD: &str = "bucket";

static EMPTY_MARK: Mark =
    Mark { name: "empty", sign: "·", kind: Kind::Empty, meaning: "a search ends here; an insert takes it" };
static NODE_MARK: Mark = Mark {
    name: "node",
    sign: "↓",
    kind: Kind::Evacuated,
    meaning: "leads to another node, which the next four bits of the hash index",
};
static ENTRY_MARK: Mark =
    Mark { name: "entry", sign: "", kind: Kind::Full, meaning: "the byte is the flag isEntry that nodes begin with" };

impl<K: Key, V: Value, S: Hashing, P: Probe> TrieMap<K, V, S, P> {
    /// An indirect node is what elsewhere is a group: 16 slots that a lookup looks at together, since one index leads to
    /// one of them. Misses are weighed as hashes fall: a node of level `n` is passed by one hash in `16^n`.
    pub(super) fn inspect(&self) -> Structure {
        let (mut occupancy, mut hit_group_lengths, mut hit_probe_lengths) = (Vec::new(), Vec::new(), Vec::new());
        let mut chain_lengths = Vec::new();
        let deepest = self.levels().saturating_sub(1) as u32;
        let mut miss_groups = 0;
        let mut count = |node: IndirectAt<K, V>, level| {
            miss_groups += 1 << (4 * (deepest - level as u32));
            let mut entries_here = 0;
            // SAFETY: tree.
            for child in unsafe { node.as_ref() }.children() {
                let Child::Entry(head) = child else { continue };
                // SAFETY: tree.
                let chain = unsafe { entries(Some(head)) }.count();
                count_one(&mut chain_lengths, chain);
                for place in 1..=chain {
                    count_one(&mut hit_probe_lengths, place);
                    count_one(&mut hit_group_lengths, level + 1);
                }
                entries_here += chain;
            }
            count_one(&mut occupancy, entries_here);
        };
        if let Some(root) = self.root() {
            // SAFETY: tree.
            unsafe { each_node(root, 0, &mut count) };
        }
        let sum = |lengths: &[u64]| (0..).zip(lengths).map(|(looks, entries)| looks * entries).sum::<u64>();
        let nodes = self.indirect_nodes();
        let node_bytes = heap::occupied_bytes(Indirect::<K, V>::BYTES, false);
        let entry_bytes = heap::occupied_bytes(Entry::<K, V>::BYTES, false);
        Structure {
            buckets: Some(nodes as u64),
            overflow_buckets: Some(self.overflow_entries as u64),
            chain_length_max: Some(chain_lengths.len().saturating_sub(1) as u64),
            in_use_bytes: Some((nodes * node_bytes + self.len * entry_bytes) as u64),
            hit_probes: Some(sum(&hit_probe_lengths)),
            hit_groups: Some(sum(&hit_group_lengths)),
            miss_groups: Some(miss_groups),
            miss_groups_of: Some(if nodes == 0 { 0 } else { 1 << (4 * deepest) }),
            probe_groups_max: Some(hit_group_lengths.len().saturating_sub(1) as u64),
            occupancy: Some(occupancy),
            chain_lengths: Some(chain_lengths),
            hit_probe_lengths: Some(hit_probe_lengths),
            hit_group_lengths: Some(hit_group_lengths),
            ..Structure::default()
        }
    }

    pub(super) fn take_apart(&self, part: Part<'_, K>) -> Anatomy {
        let header = vec![
            Field::whole("len", self.len as u64, "entries", "live ones, which Go does not count"),
            Field::whole(
                "indirect_nodes",
                self.indirect_nodes() as u64,
                "nodes",
                "of 16 children each, the root's too",
            ),
            Field::whole("levels", self.levels() as u64, "levels", "that have an indirect node"),
            Field::whole(
                "overflow_entries",
                self.overflow_entries as u64,
                "entries",
                "behind another whose whole hash is the same",
            ),
        ];
        let hash = match part {
            Part::Key(key) => Some(self.hasher.hash_one(key)),
            _ => None,
        };
        let mut tables = Vec::new();
        if let Some(root) = self.root() {
            let listed = |name: &str, bucket: usize| match (part, hash) {
                (Part::Header, _) => false,
                (Part::Row(wanted), _) => bucket == wanted,
                (Part::Key(_), Some(hash)) => is_on_the_way(hash, name, bucket),
                _ => true,
            };
            // SAFETY: tree.
            unsafe { take_apart(root, String::new(), &listed, &mut tables) };
        }
        Anatomy { row_word: ROW_WORD, numbered: false, header, tables }
    }
}

/// Whether a hash leads over the node at the end of a way, each bucket a digit, to that bucket of it.
fn is_on_the_way(hash: u64, way: &str, bucket: usize) -> bool {
    let digits = format!("{hash:016x}");
    digits.starts_with(way) && index(hash, way.len()) == bucket
}

/// A table for a node and each below it. A node is called by the digits of a hash that lead to it.
///
/// # Safety
/// What is below the node is there.
unsafe fn take_apart<K: Key, V: Value>(
    node: IndirectAt<K, V>,
    way: String,
    listed: &dyn Fn(&str, usize) -> bool,
    tables: &mut Vec<Table>,
) {
    let name = if way.is_empty() { "root".to_owned() } else { format!("node {way}") };
    // SAFETY: the caller's promise.
    let child = |bucket: usize| unsafe { node.as_ref() }.child(bucket);
    // SAFETY: the caller's promise.
    let row = |index: usize| Row { index, stage: Stage::InUse, buckets: unsafe { slots(child(index)) } };
    tables.push(Table {
        prefix: format!("{name} "),
        name,
        number: None,
        old: false,
        identity: node.addr().get(),
        fields: Vec::new(),
        row_count: CHILDREN,
        frontier: None,
        rows: (0..CHILDREN).filter(|&bucket| listed(&way, bucket)).map(row).collect(),
    });
    for bucket in 0..CHILDREN {
        if let Child::Indirect(below) = child(bucket) {
            let mut way = way.clone();
            let _ = write!(way, "{bucket:x}");
            // SAFETY: the caller's promise.
            unsafe { take_apart(below, way, listed, tables) };
        }
    }
}

/// A child as a slot, and the entries chained behind it, each in a bucket of its own.
///
/// # Safety
/// It is there.
unsafe fn slots<K: Key, V: Value>(child: Child<K, V>) -> Vec<Vec<Slot>> {
    let slot = |entry: EntryAt<K, V>| {
        // SAFETY: the caller's promise.
        let Entry { key, value, .. } = unsafe { entry.as_ref() };
        // SAFETY: as above.
        let entry = unsafe { anatomy::Entry::of(key.get(), value.get()) };
        vec![Slot { mark: &ENTRY_MARK, byte: 1, entry: Some(entry) }]
    };
    match child {
        Child::Empty => vec![vec![Slot { mark: &EMPTY_MARK, byte: 0, entry: None }]],
        Child::Indirect(_) => vec![vec![Slot { mark: &NODE_MARK, byte: 0, entry: None }]],
        // SAFETY: the caller's promise.
        Child::Entry(head) => unsafe { entries(Some(head)) }.map(slot).collect(),
    }
}
