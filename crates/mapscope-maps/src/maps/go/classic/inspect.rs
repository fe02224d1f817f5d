//! The map's structure, counted, and its inside, shown.

use super::bucket::{Bucket, SLOTS, Slot};
use super::design::Design;
use super::hmap::{Array, ITERATOR, OLD_ITERATOR, SAME_SIZE_GROW};
use super::tophash::{EMPTY_ONE, EMPTY_REST, EVACUATED_EMPTY, EVACUATED_X, EVACUATED_Y};
use super::{GoClassicMap, Hashing, Key, Value};
use crate::maps::anatomy::{self, Anatomy, Entry, Field, Figure, Frontier, Kind, Mark, Part, Row, Stage, Table};
use crate::maps::{Structure, count_one};
use crate::probe::event::Probe;

/// What a row is called.
pub(in crate::maps::go) const ROW_WORD: &str = "bucket";

static EMPTY_REST_MARK: Mark = Mark {
    name: "empty rest",
    sign: "·",
    kind: Kind::Empty,
    meaning: "empty, as is every slot after it in the chain: a search ends here",
};
static EMPTY_ONE_MARK: Mark = Mark {
    name: "empty one",
    sign: "×",
    kind: Kind::Tombstone,
    meaning: "its entry was removed, and something follows: a search goes on, an insert may take it",
};
static EVACUATED_X_MARK: Mark = Mark {
    name: "evacuated X",
    sign: "→X",
    kind: Kind::Evacuated,
    meaning: "its entry is in the new bucket of the same index",
};
static EVACUATED_Y_MARK: Mark = Mark {
    name: "evacuated Y",
    sign: "→Y",
    kind: Kind::Evacuated,
    meaning: "its entry is in the new bucket in the upper half of the larger table",
};
static EVACUATED_EMPTY_MARK: Mark = Mark {
    name: "evacuated empty",
    sign: "→·",
    kind: Kind::Evacuated,
    meaning: "it was empty when its bucket was evacuated",
};
static FULL_MARK: Mark = Mark {
    name: "full",
    sign: "",
    kind: Kind::Full,
    meaning: "has an entry; the byte is its tophash, the hash's top byte (5 more where that is below 5)",
};

fn mark(top: u8) -> &'static Mark {
    match top {
        EMPTY_REST => &EMPTY_REST_MARK,
        EMPTY_ONE => &EMPTY_ONE_MARK,
        EVACUATED_X => &EVACUATED_X_MARK,
        EVACUATED_Y => &EVACUATED_Y_MARK,
        EVACUATED_EMPTY => &EVACUATED_EMPTY_MARK,
        _ => &FULL_MARK,
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe, D: Design> GoClassicMap<K, V, S, P, D> {
    /// Every filled slot once, old array and new.
    pub(super) fn filled(&self) -> impl Iterator<Item = Slot<K, V, D>> {
        let arrays = self.array().into_iter().chain(self.old_array());
        let reach = self.reach();
        arrays.flat_map(|array| array.heads()).flat_map(move |head| head.chain(reach)).flat_map(Bucket::filled)
    }

    /// The heads of the chains that lookups walk, each once: old buckets until they are evacuated, then the new
    /// buckets that took their entries.
    fn lookup_heads(&self) -> impl Iterator<Item = Bucket<K, V, D>> {
        let heads = |array: Option<Array<K, V, D>>| array.into_iter().flat_map(|array| array.heads());
        let unevacuated = heads(self.old_array()).filter(|old| !old.tops().evacuated());
        let taken_over = heads(self.array()).enumerate().filter(|&(index, _)| match self.old_array() {
            Some(old) => old.head(index).tops().evacuated(),
            None => true,
        });
        unevacuated.chain(taken_over.map(|(_, head)| head))
    }

    /// While a growth is under way, the buckets counted are the chains that lookups walk, each once: the old ones
    /// until they are evacuated, then the new ones. Then, too, the entries of all buckets add up to the map's, and
    /// `in_use_bytes` leaves out new buckets that nothing has been moved into yet.
    pub(super) fn inspect(&self) -> Structure {
        let (mut buckets, mut overflow, mut longest) = (0, 0, 0);
        let (mut hit_probes, mut miss_probes, mut tombstones) = (0, 0, 0);
        let (mut occupancy, mut chain_lengths, mut hit_probe_lengths) = (Vec::new(), Vec::new(), Vec::new());
        for head in self.lookup_heads() {
            let (mut length, mut entries) = (0, 0);
            for bucket in head.chain(self.reach()) {
                let tops = bucket.tops();
                length += 1;
                entries += tops.filled().len();
                tombstones += tops.matching(EMPTY_ONE).len() as u64;
            }
            buckets += 1;
            overflow += length - 1;
            longest = longest.max(length);
            // The first of a chain's entries is found at the first look, the second at the second.
            hit_probes += (entries * (entries + 1) / 2) as u64;
            miss_probes += entries as u64;
            count_one(&mut occupancy, entries);
            count_one(&mut chain_lengths, length as usize);
            (1..=entries).for_each(|look| count_one(&mut hit_probe_lengths, look));
        }
        Structure {
            buckets: Some(buckets),
            overflow_buckets: Some(overflow),
            chain_length_max: Some(longest),
            in_use_bytes: Some((buckets + overflow) * Bucket::<K, V, D>::BYTES as u64),
            hit_probes: Some(hit_probes),
            miss_probes: Some(miss_probes),
            tombstones: Some(tombstones),
            occupancy: Some(occupancy),
            chain_lengths: Some(chain_lengths),
            hit_probe_lengths: Some(hit_probe_lengths),
            ..Structure::default()
        }
    }

    pub(super) fn take_apart(&self, part: Part<'_, K>) -> Anatomy {
        let mut header = self.header_fields();
        let (hmap, load_factor) = (self.hmap(), self.load_factor);
        let flags = [(ITERATOR, "iterator"), (OLD_ITERATOR, "old iterator"), (SAME_SIZE_GROW, "same size grow")];
        let set: Vec<_> = flags.iter().filter(|(bit, _)| hmap.flags & bit != 0).map(|(_, name)| *name).collect();
        let words = if set.is_empty() { "none".to_owned() } else { set.join(", ") };
        let old = self.old_array().map_or(Figure::Absent, |old| Figure::Whole(1 << old.b));
        let overflow_max = 1 << hmap.b.min(15);
        header.extend([
            Field { name: "flags", figure: Figure::Words(words), unit: "", meaning: "of a growth and of iterators" },
            Field::whole("buckets", self.array().map_or(0, |array| 1 << array.b), "buckets", "of the current array"),
            Field {
                name: "old_buckets",
                figure: old,
                unit: "buckets",
                meaning: "of the array that is being evacuated",
            },
            Field {
                name: "load_factor",
                figure: Figure::Fraction(load_factor),
                unit: "entries/bucket",
                meaning: "a new key beyond it starts a growth",
            },
            Field::whole(
                "growth_at_entries",
                self.capacity as u64,
                "entries",
                "with so many the next new key doubles the table",
            ),
            Field::whole(
                "same_size_growth_at_noverflow",
                overflow_max,
                "overflow buckets",
                "with so many the next new key packs the entries",
            ),
        ]);
        Anatomy { row_word: ROW_WORD, numbered: false, header, tables: self.tables("", part, &Entry::of) }
    }

    /// The columns of recordings.
    pub(in crate::maps::go) fn header_fields(&self) -> Vec<Field> {
        let header = self.header();
        let evacuated = "old ones below this are evacuated, in this growth or the last";
        vec![
            Field::whole("len", header.len as u64, "entries", "live ones"),
            Field::whole("b", header.b.into(), "", "log2 of the number of buckets"),
            Field::whole("noverflow", header.noverflow.into(), "overflow buckets", "of the current array's chains"),
            Field::whole("nevacuate", header.nevacuate as u64, "buckets", evacuated),
            Field::flag("growing", header.growing, "whether entries are being evacuated"),
            Field::flag("same_size", header.same_size, "whether to an array of the same size"),
        ]
    }

    /// The array, and the one that is being evacuated to it. Their rows' names begin with `prefix`, their entries are what
    /// `entry` makes of them.
    pub(in crate::maps::go) fn tables(
        &self,
        prefix: &str,
        part: Part<'_, K>,
        entry: &dyn Fn(&K, &V) -> Entry,
    ) -> Vec<Table> {
        let table = |array: Array<K, V, D>, old: bool| {
            let buckets = 1 << array.b;
            let indices = match part {
                Part::Header => 0..0,
                Part::All => 0..buckets,
                Part::Key(key) => {
                    let index = self.hasher.hash_one(key) as usize & (buckets - 1);
                    index..index + 1
                }
                Part::Row(index) if old => index & (buckets - 1)..(index & (buckets - 1)) + 1,
                Part::Row(index) => index..(index + 1).min(buckets).max(index),
            };
            Table {
                name: format!("{prefix}{}buckets", if old { "old " } else { "" }),
                number: None,
                old,
                prefix: format!("{prefix}{}", if old { "old " } else { "" }),
                identity: array.first.address().addr().get(),
                fields: Vec::new(),
                row_count: buckets,
                frontier: old.then(|| Frontier { name: "nevacuate", row: self.hmap().nevacuate }),
                rows: indices.map(|index| self.row(&array, old, index, entry)).collect(),
            }
        };
        let old = self.old_array().map(|array| table(array, true));
        old.into_iter().chain(self.array().map(|array| table(array, false))).collect()
    }

    fn row(&self, array: &Array<K, V, D>, old: bool, index: usize, entry: &dyn Fn(&K, &V) -> Entry) -> Row {
        let head = array.head(index);
        let stage = match self.old_array() {
            _ if old && head.tops().evacuated() => Stage::Evacuated,
            _ if old => Stage::ToEvacuate,
            Some(before) if !before.head(index).tops().evacuated() => Stage::Waiting,
            _ => Stage::InUse,
        };
        let slot = |slot: Slot<K, V, D>| {
            let mark = mark(slot.top());
            // SAFETY: filled, since no state has this mark; the map is borrowed.
            let entry =
                (mark.kind == Kind::Full).then(|| unsafe { slot.entry() }).map(|(key, value)| entry(key, value));
            anatomy::Slot { mark, byte: slot.top(), entry }
        };
        let buckets = head.chain(self.reach()).map(|bucket| (0..SLOTS).map(|n| slot(bucket.slot(n))).collect());
        Row { index, stage, buckets: buckets.collect() }
    }
}
