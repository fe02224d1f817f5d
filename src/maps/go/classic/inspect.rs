//! The map's structure, counted.

use super::bucket::{Bucket, Slot};
use super::design::Design;
use super::hmap::Array;
use super::tophash::EMPTY_ONE;
use super::{GoClassicMap, Hashing, Key, Value};
use crate::maps::{Structure, count_one};
use crate::probe::event::Probe;

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
}
