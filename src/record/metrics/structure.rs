//! Structural work, and the structure it left.

use super::Better::{Higher, Lower};
use super::Number::{Int, Real};
use super::{Cell, Metric, Number, exact, ratio};

pub(super) const METRICS: &[Metric] = &[
    exact("grow_events", "count", Lower, "Larger tables allocated, the first one included.", |c| {
        Some(Int(c.count.as_ref()?.grow_events))
    }),
    exact("same_size_grow_events", "count", Lower, "Tables of the same size allocated.", |c| {
        Some(Int(c.count.as_ref()?.same_size_grow_events))
    }),
    exact("max_moves_in_one_write", "count", Lower, "The most entries moved by one write.", |c| {
        Some(Int(c.count.as_ref()?.max_moves_in_one_write))
    }),
    exact("max_alloc_bytes_in_one_write", "bytes", Lower, "The most bytes allocated by one write.", |c| {
        Some(Int(c.count.as_ref()?.max_alloc_bytes_in_one_write))
    }),
    exact("overflow_buckets", "count", Lower, "Chained buckets in use.", |c| {
        Some(Int(c.count.as_ref()?.structure.overflow_buckets?))
    }),
    exact("overflow_bucket_percent", "percent", Lower, "100 x overflow_buckets / buckets a key can hash to.", |c| {
        let structure = &c.count.as_ref()?.structure;
        ratio(100 * structure.overflow_buckets?, structure.buckets?)
    }),
    exact("chain_length_max", "count", Lower, "Buckets in the longest chain, the first included.", |c| {
        Some(Int(c.count.as_ref()?.structure.chain_length_max?))
    }),
    exact(
        "hit_probes",
        "keys/lookup",
        Lower,
        "Keys looked at by a lookup that hits, mean over the live entries.",
        |c| ratio(c.count.as_ref()?.structure.hit_probes?, c.expected.entries),
    ),
    exact("miss_probes", "keys/lookup", Lower, "Keys looked at by a lookup that misses, mean over the buckets.", |c| {
        let structure = &c.count.as_ref()?.structure;
        ratio(structure.miss_probes?, structure.buckets?)
    }),
    exact(
        "bucket_entropy_bits",
        "bits",
        Higher,
        "How evenly entries spread: -sum of (n/N) log2 (n/N) over buckets with n of the N entries.",
        bucket_entropy_bits,
    ),
    exact("tombstones", "count", Lower, "Empty slots that once held an entry and still lengthen a search.", |c| {
        Some(Int(c.count.as_ref()?.structure.tombstones?))
    }),
    exact("slot_reuse_ratio", "ratio", Higher, "Inserts that took a removed entry's slot / inserts.", |c| {
        ratio(c.count.as_ref()?.slot_reuses?, c.expected.inserts)
    }),
];

/// Through `libm`, so that it is the same bit for bit on every machine.
fn bucket_entropy_bits(cell: &Cell) -> Option<Number> {
    let occupancy = cell.count.as_ref()?.structure.occupancy.as_ref()?;
    let entries: u64 = occupancy.iter().enumerate().map(|(n, buckets)| n as u64 * buckets).sum();
    let bits = |(n, &buckets): (usize, &u64)| {
        let share = n as f64 / entries as f64;
        -(buckets as f64) * share * libm::log2(share)
    };
    (entries > 0).then(|| Real(occupancy.iter().enumerate().skip(1).map(bits).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{CellId, Count, EndState, Status, Structure};

    fn cell(occupancy: Vec<u64>) -> Cell {
        Cell {
            id: CellId {
                map: "m".into(),
                keys: "k".into(),
                mix: "x".into(),
                load_factor: None,
                hint: 0,
                entry: "u64/u64".into(),
                ops: 1,
                seed: 1,
            },
            status: Status::Ok,
            error: None,
            exact: true,
            environment: 0,
            map_version: String::new(),
            key_bytes: 8,
            value_bytes: 8,
            expected: EndState::default(),
            count: Some(Count {
                structure: Structure { occupancy: Some(occupancy), ..Structure::default() },
                ..Count::default()
            }),
            time: None,
            profile: None,
        }
    }

    #[test]
    fn entropy_is_the_logarithm_of_the_buckets_when_all_hold_alike() {
        assert_eq!(bucket_entropy_bits(&cell(vec![0, 0, 8])), Some(Real(3.0)));
        assert_eq!(bucket_entropy_bits(&cell(vec![7, 0, 0, 1])), Some(Real(0.0)), "all in one bucket");
        assert_eq!(bucket_entropy_bits(&cell(vec![16])), None, "no entries");
    }
}
