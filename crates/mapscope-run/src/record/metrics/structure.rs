//! The map's inner structure at the end of the measured operations, for maps that have it.

use super::memory::{entry_bytes, overhead};
use super::{
    Better, Formula, Formula::Counted, Formula::Integer, Formula::Real, Metric, Shown::Nowhere, cost, description, per,
    rows, work,
};
use crate::record::{Cell, Searches};

/// A part of a metric: what a structure adds up to.
const fn sum(name: &'static str, unit: &'static str, summary: &'static str) -> Metric {
    description(name, unit, summary, Counted).shown(Nowhere)
}

/// What slots take beyond the keys and values in them.
fn slot_overhead(cell: &Cell) -> Option<i128> {
    let heap = i128::from(cell.expected.live_payload_heap_bytes?).checked_div(cell.expected.entries.into())?;
    overhead(cell, &IN_USE_BYTES, entry_bytes(cell).checked_sub(heap)?)
}

rows! {
    BUCKETS = sum("buckets", "count", "Buckets that a key can hash to.");
    IN_USE_BYTES = sum("in_use_bytes", "bytes", "Bytes of the buckets and chained buckets in use: no header, no reserve.");
    HIT_LOOKUP_KEYS = sum("hit_lookup_keys", "keys", "Keys looked at, summed over one hit for each live entry.");
    MISS_LOOKUP_KEYS = sum("miss_lookup_keys", "keys", "Keys looked at, summed over one miss in each bucket.");
    HIT_LOOKUP_GROUPS = sum("hit_lookup_groups", "groups", "Groups looked at, summed over one hit for each live entry.");
    MISS_LOOKUP_GROUPS = sum(
        "miss_lookup_groups",
        "groups",
        "Groups looked at, summed over misses spread evenly over all hashes.",
    );
    MISS_LOOKUPS = sum("miss_lookups", "count", "How many misses miss_lookup_groups is the sum of.");
    SLOTS_FREED = sum("slots_freed", "count", "Slots that removes left free.");
    SLOT_REUSES = sum("slot_reuses", "count", "Of those, slots taken by later inserts.");
    SLOT_REUSE_AGE_WRITES = sum(
        "slot_reuse_age_writes",
        "writes",
        "Writes from each such remove to its insert, that one included, summed up.",
    );
    OVERFLOW_BUCKETS = description("overflow_buckets", "count", "Chained buckets in use.", Counted);
    OVERFLOW_BUCKET_PERCENT = description(
        "overflow_bucket_percent",
        "percent",
        "100 * overflow_buckets / buckets that a key can hash to.",
        Formula::Quotient { of: &OVERFLOW_BUCKETS, per: &BUCKETS, scale: 100 },
    );
    CHAIN_LENGTH_MAX =
        description("chain_length_max", "count", "Buckets in the longest chain, the first included.", Counted);
    HIT_PROBES = cost(
        "hit_probes",
        "keys/lookup",
        "Keys looked at by a successful lookup, mean over the live entries.",
        per(&HIT_LOOKUP_KEYS, &work::ENTRIES),
    );
    MISS_PROBES = cost(
        "miss_probes",
        "keys/lookup",
        "Keys looked at by an unsuccessful lookup, mean over the buckets.",
        per(&MISS_LOOKUP_KEYS, &BUCKETS),
    );
    HIT_PROBE_GROUPS = cost(
        "hit_probe_groups",
        "groups/lookup",
        "Groups looked at by a successful lookup, mean over the live entries.",
        per(&HIT_LOOKUP_GROUPS, &work::ENTRIES),
    );
    MISS_PROBE_GROUPS = cost(
        "miss_probe_groups",
        "groups/lookup",
        "Groups looked at by an unsuccessful lookup, mean over all hashes.",
        per(&MISS_LOOKUP_GROUPS, &MISS_LOOKUPS),
    );
    PROBE_GROUPS_MAX =
        cost("probe_groups_max", "count", "Groups looked at by the longest successful lookup.", Counted);
    HIT_PROBES_WORST = cost(
        "hit_probes_worst",
        "keys/lookup",
        "The highest hit_probes of the moments that the count pass looked at: when the map was full, about to grow, at each \
         eighth of the operations, and at their end.",
        Real(|c| worst(c, |searches| searches.hit_probes).map(|(_, mean)| mean)),
    );
    HIT_PROBE_GROUPS_WORST = cost(
        "hit_probe_groups_worst",
        "groups/lookup",
        "The highest hit_probe_groups of the moments that the count pass looked at: when the map was full, about to grow, at \
         each eighth of the operations, and at their end.",
        Real(|c| worst_probe_groups(c).map(|(_, mean)| mean)),
    );
    BUCKET_ENTROPY_BITS = description(
        "bucket_entropy_bits",
        "bits",
        "How evenly entries spread over buckets: -sum of p log2 p, p being each bucket's share of the entries; at most log2 of the buckets.",
        Real(|c| entropy_bits(c.count.as_ref()?.distributions.occupancy.as_deref()?)),
    )
    .better(Better::Higher);
    TABLES = description("tables", "count", "Tables that the entries are spread over, by hash.", Counted);
    DIRECTORY_ENTRIES = description(
        "directory_entries",
        "count",
        "Entries of the directory that the top bits of a hash index; 0 for a map that is one group.",
        Counted,
    );
    TOMBSTONES =
        description("tombstones", "count", "Slots that held an entry, are empty, and still lengthen a search.", Counted);
    SLOT_REUSE_RATIO = description(
        "slot_reuse_ratio",
        "ratio",
        "Of the slots that removes freed, those that later inserts took; one lost when its table grew or was rehashed is not. \
         The set-up, which removes nothing, is left out.",
        per(&SLOT_REUSES, &SLOTS_FREED),
    )
    .better(Better::Higher);
    SLOT_REUSE_AGE_MEAN_WRITES = description(
        "slot_reuse_age_mean_writes",
        "writes",
        "Writes from the remove that freed a slot to the insert that took it, that one included: mean over the reused slots.",
        per(&SLOT_REUSE_AGE_WRITES, &SLOT_REUSES),
    );
    IN_USE_OVERHEAD_BYTES = cost(
        "in_use_overhead_bytes",
        "bytes",
        "in_use_bytes without what of the live entries' keys and values lies in slots.",
        Integer(slot_overhead),
    )
    .shown(Nowhere);
    IN_USE_OVERHEAD_BYTES_PER_ENTRY = cost(
        "in_use_overhead_bytes_per_entry",
        "bytes/entry",
        "Bytes of the buckets and chained buckets in use / live entries, minus what of key and value lies in a slot: no header, no reserve. \
         What Go's published load-factor table calls overhead.",
        per(&IN_USE_OVERHEAD_BYTES, &work::ENTRIES),
    );
}

/// The moment at which searches were longest, by this sum over the live entries, and their mean.
fn worst(cell: &Cell, sum: fn(&Searches) -> Option<u64>) -> Option<(Searches, f64)> {
    let count = cell.count.as_ref()?;
    let [hit_probes, hit_groups] = [HIT_LOOKUP_KEYS, HIT_LOOKUP_GROUPS].map(|sum| count.quantities.get(sum.name));
    let end = Searches { ops: cell.id.ops, entries: cell.expected.entries, hit_probes, hit_groups };
    let moments = count.searches.iter().copied().chain([end]).filter(|searches| searches.entries > 0);
    let means = moments.filter_map(|searches| Some((searches, sum(&searches)? as f64 / searches.entries as f64)));
    means.max_by(|(_, one), (_, other)| one.total_cmp(other))
}

/// The moment at which most groups were looked at by a successful search, and how many on average.
pub fn worst_probe_groups(cell: &Cell) -> Option<(Searches, f64)> {
    worst(cell, |searches| searches.hit_groups)
}

/// Shannon entropy of the entries over the buckets, from the number of buckets that hold `n` entries, at each `n`.
///
/// `libm` and a fixed order of summation give the same bits on every machine.
fn entropy_bits(occupancy: &[u64]) -> Option<f64> {
    let entries =
        occupancy.iter().zip(0..).map(|(&buckets, n): (_, u128)| u128::from(buckets) * n).sum::<u128>() as f64;
    let share = |(&buckets, n): (&u64, u64)| {
        let p = n as f64 / entries;
        buckets as f64 * p * -libm::log2(p)
    };
    let occupied = occupancy.iter().zip(0..).filter(|&(&buckets, n)| buckets > 0 && n > 0);
    (entries > 0.0).then(|| occupied.map(share).sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::EndState;
    use crate::record::metrics::Number;
    use crate::record::metrics::fixture::counted;

    fn cell(structure: &[(Metric, u64)]) -> Cell {
        let mut cell = crate::record::metrics::fixture::cell("go-classic");
        (cell.key_bytes, cell.value_bytes) = (8, 8);
        cell.expected = EndState { entries: 416, inserts: 500, ..EndState::none() };
        let slots = [(SLOTS_FREED, 500), (SLOT_REUSES, 125), (SLOT_REUSE_AGE_WRITES, 200)];
        cell.count = Some(counted(&[structure, &slots].concat()));
        cell
    }

    #[test]
    fn probes_overflow_and_overhead() {
        let cell = cell(&[
            (BUCKETS, 64),
            (OVERFLOW_BUCKETS, 13),
            (IN_USE_BYTES, 77 * 144),
            (HIT_LOOKUP_KEYS, 1768),
            (MISS_LOOKUP_KEYS, 416),
        ]);
        assert_eq!(OVERFLOW_BUCKET_PERCENT.value(&cell), Some(Number::Real(20.3125)));
        assert_eq!(HIT_PROBES.value(&cell), Some(Number::Real(4.25)));
        assert_eq!(MISS_PROBES.value(&cell), Some(Number::Real(6.5)));
        assert_eq!(SLOT_REUSE_RATIO.value(&cell), Some(Number::Real(0.25)));
        assert_eq!(SLOT_REUSE_AGE_MEAN_WRITES.value(&cell), Some(Number::Real(1.6)));
        let overhead = (77.0 * 144.0 - 416.0 * 16.0) / 416.0;
        assert_eq!(IN_USE_OVERHEAD_BYTES_PER_ENTRY.value(&cell), Some(Number::Real(overhead)));
        let strings = Cell {
            key_bytes: 40,
            expected: EndState { live_payload_heap_bytes: Some(416 * 24), ..cell.expected },
            ..cell.clone()
        };
        let in_slots = (77.0 * 144.0 - 416.0 * 24.0) / 416.0;
        assert_eq!(IN_USE_OVERHEAD_BYTES_PER_ENTRY.value(&strings), Some(Number::Real(in_slots)), "16 + 24 + 8 bytes");
        assert_eq!(HIT_PROBES_WORST.value(&cell), Some(Number::Real(4.25)), "nobody looked before the end");
        assert_eq!(HIT_PROBE_GROUPS_WORST.value(&cell), None);
        assert_eq!(TOMBSTONES.value(&cell), None);
        assert_eq!(BUCKET_ENTROPY_BITS.value(&cell), None);
    }

    #[test]
    fn the_worst_searches_are_at_any_moment() {
        let mut cell = cell(&[(HIT_LOOKUP_GROUPS, 624)]);
        let at = |ops, entries, hit_groups| Searches { ops, entries, hit_groups: Some(hit_groups), hit_probes: None };
        cell.count.as_mut().expect("counted").searches = vec![at(20, 0, 0), at(224, 224, 560), at(448, 400, 600)];
        assert_eq!(HIT_PROBE_GROUPS.value(&cell), Some(Number::Real(1.5)));
        assert_eq!(HIT_PROBE_GROUPS_WORST.value(&cell), Some(Number::Real(2.5)));
        assert_eq!(worst(&cell, |searches| searches.hit_groups).expect("a moment").0.ops, 224);
        assert_eq!(HIT_PROBES_WORST.value(&cell), None);
    }

    #[test]
    fn entropy_of_an_even_spread_is_log2_of_the_buckets() {
        assert_eq!(entropy_bits(&[0, 0, 0, 64]), Some(6.0));
        assert_eq!(entropy_bits(&[7, 1]), Some(0.0), "all entries in one bucket");
        assert_eq!(entropy_bits(&[0, 2, 1]), Some(1.5), "shares 1/4, 1/4, 1/2");
        assert_eq!(entropy_bits(&[9]), None, "no entries");
    }
}
