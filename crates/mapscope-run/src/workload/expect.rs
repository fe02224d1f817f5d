//! The expected end state, worked out without any map under test.

use serde::{Deserialize, Serialize};

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use super::rng::mix;
use super::{Kind, Lengths, Op, Spread, TEXT_BYTES_MIN};

/// What a workload leaves behind, and how its measured operations answer, whatever the map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Live entries at the end.
    pub entries: u64,
    /// The wrapping sum of [`entry_checksum`] over the live entries.
    pub checksum: u64,
    /// Measured puts of a key that was not there.
    pub inserts: u64,
    /// Measured puts of a key that was there.
    pub overwrites: u64,
    /// Measured removes, hit or miss.
    pub removes: u64,
    /// Measured removes that found their key.
    pub remove_hits: u64,
    /// Measured lookups, hit or miss.
    pub gets: u64,
    /// Measured lookups that found their key.
    pub get_hits: u64,
    /// Measured clears.
    pub clears: u64,
    /// Measured iterations.
    pub iterations: u64,
    /// Measured scans.
    pub scans: u64,
    /// Entries that these give, where keys are in the order of their identities.
    pub scanned_entries: u64,
    /// Sum of [`Op::value_bytes`](super::Op::value_bytes), at least 8 each, over the measured puts; 0 where lengths don't vary.
    pub put_value_bytes: u64,
    /// The same over the live entries.
    pub live_value_bytes: u64,
    /// How long the values of the measured puts are, and how many are made longer to hold their seeds.
    pub value_lengths: Option<Made>,
    /// Sum of [`Op::key_bytes`](super::Op::key_bytes), at least 13 each, over the measured puts; 0 where lengths don't vary.
    pub put_key_bytes: u64,
    /// The same over the live entries.
    pub live_key_bytes: u64,
    /// As `value_lengths`, of the keys.
    pub key_lengths: Option<Made>,
}

/// Lengths as a map meets them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// What lengths there are.
    pub spread: Spread,
    /// How many are longer than the trace says: so short that nothing could be told from another.
    pub lengthened: u64,
}

/// Lengths that are being counted, of which none is below the least.
#[derive(Default)]
struct Making {
    lengths: Lengths,
    lengthened: u64,
}

impl Making {
    fn add(&mut self, said: u32, made: u64) {
        self.lengths.add(made as u32, 1);
        self.lengthened += u64::from(made > said.into());
    }

    fn made(&self) -> Option<Made> {
        Some(Made { spread: self.lengths.spread()?, lengthened: self.lengthened })
    }
}

/// What one live entry adds to the checksum, from its key's identity and its value's seed.
///
/// Mixed twice, so that neither a key nor a value exchanged between two entries, nor a lost entry and a damaged one,
/// can cancel out in the sum but by a chance of 2^-64.
#[inline]
pub fn entry_checksum(key: u64, value: u64) -> u64 {
    // The constants, the first digits of the square roots of 2 and 3, keep the entry (0, 0) from adding nothing.
    mix(mix(key ^ 0x6a09_e667_f3bc_c908).wrapping_add(value) ^ 0xbb67_ae85_84ca_a73b)
}

/// A last-writer model of a map: which value each key has.
///
/// Its memory grows with the live entries, as that of any map does.
#[derive(Default)]
pub(super) struct Model {
    live: HashMap<u64, Last, BuildHasherDefault<IdHasher>>,
    /// The same keys in order, from the first scan on.
    order: Option<BTreeSet<u64>>,
    /// Where operations carry lengths of values, and of keys.
    values: Option<Making>,
    keys: Option<Making>,
    expected: Expected,
}

struct Last {
    value: u64,
    value_bytes: u32,
    key_bytes: u16,
}

impl Model {
    /// One of operations that carry lengths of values, or of keys, or don't.
    pub(super) fn new(value_lengths: bool, key_lengths: bool) -> Model {
        let [values, keys] = [value_lengths, key_lengths].map(|there| there.then(Making::default));
        Model { values, keys, ..Model::default() }
    }

    /// Applies an operation; counts it, too, when it is `measured`.
    pub(super) fn apply(&mut self, op: &Op, measured: bool) {
        let count = u64::from(measured);
        let expected = &mut self.expected;
        match op.kind {
            Kind::Put => {
                let last = Last { value: op.value, value_bytes: op.value_bytes, key_bytes: op.key_bytes };
                let overwrite = self.live.insert(op.key, last).is_some();
                self.order.as_mut().map(|order| order.insert(op.key));
                *(if overwrite { &mut expected.overwrites } else { &mut expected.inserts }) += count;
                if !measured {
                    return;
                }
                if let Some(values) = &mut self.values {
                    values.add(op.value_bytes, value_bytes(op.value_bytes));
                    expected.put_value_bytes += value_bytes(op.value_bytes);
                }
                if let Some(keys) = &mut self.keys {
                    // Of one that is no text nobody may say how long it is.
                    let said = if op.key_bytes == 0 { TEXT_BYTES_MIN } else { op.key_bytes };
                    keys.add(said.into(), key_bytes(op.key_bytes));
                    expected.put_key_bytes += key_bytes(op.key_bytes);
                }
            }
            Kind::Remove => {
                let hit = self.live.remove(&op.key).is_some();
                self.order.as_mut().map(|order| order.remove(&op.key));
                expected.removes += count;
                expected.remove_hits += count * u64::from(hit);
            }
            Kind::Get => {
                let hit = self.live.contains_key(&op.key);
                expected.gets += count;
                expected.get_hits += count * u64::from(hit);
            }
            Kind::Clear => {
                self.live.clear();
                self.order.as_mut().map(BTreeSet::clear);
                expected.clears += count;
            }
            Kind::Iterate => expected.iterations += count,
            Kind::Scan => {
                let order = self.order.get_or_insert_with(|| self.live.keys().copied().collect());
                let entries = usize::try_from(op.value).unwrap_or(usize::MAX);
                expected.scans += count;
                expected.scanned_entries += count * order.range(op.key..).take(entries).count() as u64;
            }
        }
    }

    /// The end state.
    pub(super) fn finish(self) -> Expected {
        let mut expected = Expected { entries: self.live.len() as u64, ..self.expected };
        for (&key, last) in &self.live {
            expected.checksum = expected.checksum.wrapping_add(entry_checksum(key, last.value));
            expected.live_value_bytes += self.values.as_ref().map_or(0, |_| value_bytes(last.value_bytes));
            expected.live_key_bytes += self.keys.as_ref().map_or(0, |_| key_bytes(last.key_bytes));
        }
        let made = |making: &Option<Making>| making.as_ref().and_then(Making::made);
        (expected.value_lengths, expected.key_lengths) = (made(&self.values), made(&self.keys));
        expected
    }
}

/// A value holds its seed, 8 bytes, however short it is meant to be.
fn value_bytes(len: u32) -> u64 {
    u64::from(len.max(8))
}

/// As long as a key is made that is meant to be so long.
fn key_bytes(len: u16) -> u64 {
    len.max(TEXT_BYTES_MIN).into()
}

/// Hashes ids by mixing them; much cheaper than std's default, whose defence against chosen keys nobody needs here.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = mix(self.0 ^ id);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(ops: &[(Kind, u64, u64, u32)], setup: usize, value_lengths: bool) -> Expected {
        let mut model = Model::new(value_lengths, false);
        for (i, &(kind, key, value, value_bytes)) in ops.iter().enumerate() {
            model.apply(&Op { kind, key, value, hash: 0, value_bytes, key_bytes: 0 }, i >= setup);
        }
        model.finish()
    }

    #[test]
    fn every_outcome_is_counted_and_the_set_up_is_not() {
        use Kind::{Get, Iterate, Put, Remove, Scan};
        let ops = [
            (Put, 1, 10, 100),
            (Put, 2, 11, 0),
            (Put, 1, 12, 50),
            (Put, 3, 13, 3),
            (Get, 3, 0, 0),
            (Get, 4, 0, 0),
            (Remove, 2, 0, 0),
            (Remove, 2, 0, 0),
            (Iterate, 0, 0, 0),
            (Scan, 2, 9, 0),
            (Scan, 0, 2, 0),
        ];
        let expected = Expected {
            entries: 2,
            checksum: entry_checksum(1, 12).wrapping_add(entry_checksum(3, 13)),
            inserts: 1,
            overwrites: 1,
            removes: 2,
            remove_hits: 1,
            gets: 2,
            get_hits: 1,
            clears: 0,
            iterations: 1,
            scans: 2,
            scanned_entries: 3,
            put_value_bytes: 58,
            live_value_bytes: 58,
            value_lengths: Some(Made {
                spread: Spread { count: 2, mean: 29.0, p50: 8, p99: 50, max: 50 },
                lengthened: 1,
            }),
            put_key_bytes: 0,
            live_key_bytes: 0,
            key_lengths: None,
        };
        assert_eq!(run(&ops, 2, true), expected);
        assert_eq!(
            run(&ops, 2, false),
            Expected { put_value_bytes: 0, live_value_bytes: 0, value_lengths: None, ..expected }
        );
    }

    #[test]
    fn clear_empties_and_later_puts_are_inserts_again() {
        use Kind::{Clear, Put};
        let cleared = run(&[(Put, 1, 1, 0), (Put, 2, 2, 0), (Clear, 0, 0, 0)], 0, false);
        assert_eq!(cleared, Expected { inserts: 2, clears: 1, ..Expected::default() });
        let again = run(&[(Put, 1, 1, 0), (Clear, 0, 0, 0), (Put, 1, 2, 0)], 0, false);
        assert_eq!((again.entries, again.inserts, again.overwrites), (1, 2, 0));
        assert_eq!(again.checksum, entry_checksum(1, 2));
    }

    #[test]
    fn the_checksum_tells_exchanged_values_and_zeros_apart() {
        let sum = |entries: &[(u64, u64)]| entries.iter().fold(0u64, |s, &(k, v)| s.wrapping_add(entry_checksum(k, v)));
        assert_ne!(sum(&[(1, 2), (3, 4)]), sum(&[(1, 4), (3, 2)]));
        assert_ne!(sum(&[(1, 2)]), sum(&[(2, 1)]));
        assert_ne!(sum(&[(0, 0)]), 0);
        assert_eq!(entry_checksum(1, 2), 8_674_619_554_140_966_809);
    }
}
