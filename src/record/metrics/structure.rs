//! The map's inner structure at the end of the measured operations, for maps that have it.

use super::{Better, Class, Metric, Number, memory, ratio};
use crate::record::{Cell, Searches, Structure};

const fn structural(
    name: &'static str,
    unit: &'static str,
    better: Better,
    summary: &'static str,
    value: fn(&Cell) -> Option<Number>,
) -> Metric {
    Metric::new(name, unit, Class::Exact, better, summary, value)
}

fn structure(cell: &Cell) -> Option<&Structure> {
    cell.count.as_ref().map(|count| &count.structure)
}

pub(super) const OVERFLOW_BUCKETS: Metric =
    structural("overflow_buckets", "count", Better::Lower, "Chained buckets in use.", |c| {
        structure(c)?.overflow_buckets.map(Number::Int)
    });

pub(super) const OVERFLOW_BUCKET_PERCENT: Metric = structural(
    "overflow_bucket_percent",
    "percent",
    Better::Lower,
    "100 * overflow_buckets / buckets that a key can hash to.",
    |c| ratio(100 * u128::from(structure(c)?.overflow_buckets?), structure(c)?.buckets?),
);

pub(super) const CHAIN_LENGTH_MAX: Metric =
    structural("chain_length_max", "count", Better::Lower, "Buckets in the longest chain, the first included.", |c| {
        structure(c)?.chain_length_max.map(Number::Int)
    });

pub(super) const HIT_PROBES: Metric = structural(
    "hit_probes",
    "keys/lookup",
    Better::Lower,
    "Keys looked at by a successful lookup, mean over the live entries.",
    |c| ratio(structure(c)?.hit_probes?, c.expected.entries),
);

pub(super) const MISS_PROBES: Metric = structural(
    "miss_probes",
    "keys/lookup",
    Better::Lower,
    "Keys looked at by an unsuccessful lookup, mean over the buckets.",
    |c| ratio(structure(c)?.miss_probes?, structure(c)?.buckets?),
);

pub(super) const HIT_PROBE_GROUPS: Metric = structural(
    "hit_probe_groups",
    "groups/lookup",
    Better::Lower,
    "Groups looked at by a successful lookup, mean over the live entries.",
    |c| ratio(structure(c)?.hit_groups?, c.expected.entries),
);

pub(super) const MISS_PROBE_GROUPS: Metric = structural(
    "miss_probe_groups",
    "groups/lookup",
    Better::Lower,
    "Groups looked at by an unsuccessful lookup, mean over all hashes.",
    |c| ratio(structure(c)?.miss_groups?, structure(c)?.miss_groups_of?),
);

pub(super) const PROBE_GROUPS_MAX: Metric =
    structural("probe_groups_max", "count", Better::Lower, "Groups looked at by the longest successful lookup.", |c| {
        structure(c)?.probe_groups_max.map(Number::Int)
    });

pub(super) const HIT_PROBES_WORST: Metric = structural(
    "hit_probes_worst",
    "keys/lookup",
    Better::Lower,
    "The highest hit_probes of the moments that the count pass looked at: when the map was full, about to grow, at each \
     eighth of the operations, and at their end.",
    |c| worst(c, |searches| searches.hit_probes).map(|(_, mean)| Number::Real(mean)),
);

pub(super) const HIT_PROBE_GROUPS_WORST: Metric = structural(
    "hit_probe_groups_worst",
    "groups/lookup",
    Better::Lower,
    "The highest hit_probe_groups of the moments that the count pass looked at: when the map was full, about to grow, at \
     each eighth of the operations, and at their end.",
    |c| worst_probe_groups(c).map(|(_, mean)| Number::Real(mean)),
);

/// The moment at which searches were longest, by this sum over the live entries, and their mean.
fn worst(cell: &Cell, sum: fn(&Searches) -> Option<u64>) -> Option<(Searches, f64)> {
    let count = cell.count.as_ref()?;
    let Structure { hit_probes, hit_groups, .. } = count.structure;
    let end = Searches { ops: cell.id.ops, entries: cell.expected.entries, hit_probes, hit_groups };
    let moments = count.searches.iter().copied().chain([end]).filter(|searches| searches.entries > 0);
    let means = moments.filter_map(|searches| Some((searches, sum(&searches)? as f64 / searches.entries as f64)));
    means.max_by(|(_, one), (_, other)| one.total_cmp(other))
}

/// The moment at which most groups were looked at by a successful search, and how many on average.
pub fn worst_probe_groups(cell: &Cell) -> Option<(Searches, f64)> {
    worst(cell, |searches| searches.hit_groups)
}

pub(super) const TABLES: Metric =
    structural("tables", "count", Better::Lower, "Tables that the entries are spread over, by hash.", |c| {
        structure(c)?.tables.map(Number::Int)
    });

pub(super) const DIRECTORY_ENTRIES: Metric = structural(
    "directory_entries",
    "count",
    Better::Lower,
    "Entries of the directory that the top bits of a hash index; 0 for a map that is one group.",
    |c| structure(c)?.directory_entries.map(Number::Int),
);

pub(super) const BUCKET_ENTROPY_BITS: Metric = structural(
    "bucket_entropy_bits",
    "bits",
    Better::Higher,
    "How evenly entries spread over buckets: -sum of p log2 p, p being each bucket's share of the entries; at most log2 of the buckets.",
    |c| entropy_bits(structure(c)?.occupancy.as_deref()?),
);

pub(super) const TOMBSTONES: Metric = structural(
    "tombstones",
    "count",
    Better::Lower,
    "Slots that held an entry, are empty, and still lengthen a search.",
    |c| structure(c)?.tombstones.map(Number::Int),
);

pub(super) const SLOT_REUSE_RATIO: Metric = structural(
    "slot_reuse_ratio",
    "ratio",
    Better::Higher,
    "Of the slots that removes freed, those that later inserts took; one lost when its table grew or was rehashed is not. \
     The set-up, which removes nothing, is left out.",
    |c| ratio(c.count.as_ref()?.slot_reuses?, c.count.as_ref()?.slots_freed?),
);

pub(super) const SLOT_REUSE_AGE_MEAN_WRITES: Metric = structural(
    "slot_reuse_age_mean_writes",
    "writes",
    Better::Lower,
    "Writes from the remove that freed a slot to the insert that took it, that one included: mean over the reused slots.",
    |c| ratio(c.count.as_ref()?.slot_reuse_age_writes?, c.count.as_ref()?.slot_reuses?),
);

pub(super) const IN_USE_OVERHEAD_BYTES_PER_ENTRY: Metric = structural(
    "in_use_overhead_bytes_per_entry",
    "bytes/entry",
    Better::Lower,
    "Bytes of the buckets and chained buckets in use / live entries, minus what of key and value lies in a slot: no header, no reserve. \
     What Go's published load-factor table calls overhead.",
    |c| memory::slot_overhead(c, structure(c)?.in_use_bytes?),
);

/// Shannon entropy of the entries over the buckets, from the number of buckets that hold `n` entries, at each `n`.
///
/// `libm` and a fixed order of summation give the same bits on every machine.
fn entropy_bits(occupancy: &[u64]) -> Option<Number> {
    let entries =
        occupancy.iter().zip(0..).map(|(&buckets, n): (_, u128)| u128::from(buckets) * n).sum::<u128>() as f64;
    let share = |(&buckets, n): (&u64, u64)| {
        let p = n as f64 / entries;
        buckets as f64 * p * -libm::log2(p)
    };
    let occupied = occupancy.iter().zip(0..).filter(|&(&buckets, n)| buckets > 0 && n > 0);
    (entries > 0.0).then(|| Number::Real(occupied.map(share).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Count, EndState};

    fn cell(structure: Structure) -> Cell {
        let mut cell = crate::record::metrics::fixture::cell("go-classic");
        (cell.key_bytes, cell.value_bytes) = (8, 8);
        cell.expected = EndState { entries: 416, inserts: 500, ..EndState::none() };
        let (slots_freed, slot_reuses, slot_reuse_age_writes) = (Some(500), Some(125), Some(200));
        cell.count = Some(Count { structure, slots_freed, slot_reuses, slot_reuse_age_writes, ..Count::default() });
        cell
    }

    #[test]
    fn probes_overflow_and_overhead() {
        let cell = cell(Structure {
            buckets: Some(64),
            overflow_buckets: Some(13),
            in_use_bytes: Some(77 * 144),
            hit_probes: Some(1768),
            miss_probes: Some(416),
            ..Structure::default()
        });
        assert_eq!((OVERFLOW_BUCKET_PERCENT.value)(&cell), Some(Number::Real(20.3125)));
        assert_eq!((HIT_PROBES.value)(&cell), Some(Number::Real(4.25)));
        assert_eq!((MISS_PROBES.value)(&cell), Some(Number::Real(6.5)));
        assert_eq!((SLOT_REUSE_RATIO.value)(&cell), Some(Number::Real(0.25)));
        assert_eq!((SLOT_REUSE_AGE_MEAN_WRITES.value)(&cell), Some(Number::Real(1.6)));
        let overhead = (77.0 * 144.0 - 416.0 * 16.0) / 416.0;
        assert_eq!((IN_USE_OVERHEAD_BYTES_PER_ENTRY.value)(&cell), Some(Number::Real(overhead)));
        let strings = Cell {
            key_bytes: 40,
            expected: EndState { live_payload_heap_bytes: Some(416 * 24), ..cell.expected },
            ..cell.clone()
        };
        let in_slots = (77.0 * 144.0 - 416.0 * 24.0) / 416.0;
        assert_eq!(
            (IN_USE_OVERHEAD_BYTES_PER_ENTRY.value)(&strings),
            Some(Number::Real(in_slots)),
            "16 + 24 + 8 bytes"
        );
        assert_eq!((HIT_PROBES_WORST.value)(&cell), Some(Number::Real(4.25)), "nobody looked before the end");
        assert_eq!((HIT_PROBE_GROUPS_WORST.value)(&cell), None);
        assert_eq!((TOMBSTONES.value)(&cell), None);
        assert_eq!((BUCKET_ENTROPY_BITS.value)(&cell), None);
    }

    #[test]
    fn the_worst_searches_are_at_any_moment() {
        let mut cell = cell(Structure { hit_groups: Some(624), ..Structure::default() });
        let at = |ops, entries, hit_groups| Searches { ops, entries, hit_groups: Some(hit_groups), hit_probes: None };
        cell.count.as_mut().expect("counted").searches = vec![at(20, 0, 0), at(224, 224, 560), at(448, 400, 600)];
        assert_eq!((HIT_PROBE_GROUPS.value)(&cell), Some(Number::Real(1.5)));
        assert_eq!((HIT_PROBE_GROUPS_WORST.value)(&cell), Some(Number::Real(2.5)));
        assert_eq!(worst(&cell, |searches| searches.hit_groups).expect("a moment").0.ops, 224);
        assert_eq!((HIT_PROBES_WORST.value)(&cell), None);
    }

    #[test]
    fn entropy_of_an_even_spread_is_log2_of_the_buckets() {
        assert_eq!(entropy_bits(&[0, 0, 0, 64]), Some(Number::Real(6.0)));
        assert_eq!(entropy_bits(&[7, 1]), Some(Number::Real(0.0)), "all entries in one bucket");
        assert_eq!(entropy_bits(&[0, 2, 1]), Some(Number::Real(1.5)), "shares 1/4, 1/4, 1/2");
        assert_eq!(entropy_bits(&[9]), None, "no entries");
    }
}
