//! Latencies of timed operations, as they are recorded.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::probe::event::Cause;
use crate::probe::latency::{Latencies, kind_and_cause, serialize};
use crate::record::{LatencyHistogram, OpKind};

/// How many classes there are.
pub(in crate::run) const CLASSES: usize = OpKind::ALL.len() * Cause::ALL.len();

/// What a timed run records of its operations.
#[derive(Debug)]
pub(super) struct Recordings {
    latencies: Latencies,
    /// Of operations at the beginning of a batch.
    cold: Latencies,
    kind_ns: BTreeMap<OpKind, u64>,
}

impl Recordings {
    pub fn new() -> Recordings {
        Recordings { latencies: Latencies::new(CLASSES), cold: Latencies::new(CLASSES), kind_ns: BTreeMap::new() }
    }

    /// Takes an operation's latency down; whether it belongs into the histograms. One that is about all entries is not blurred
    /// by where it stands in its batch.
    pub fn add(&mut self, class: u8, ns: u64, cold: bool) -> bool {
        let kind = OpKind::ALL[kind_and_cause(class.into()).0];
        *self.kind_ns.entry(kind).or_default() += ns;
        let cold = cold && kind.has_key();
        if cold { &mut self.cold } else { &mut self.latencies }.record(class.into(), ns);
        !cold
    }

    /// The latencies by class, and their sums by kind. A kind that only occurs at beginnings of batches has those.
    pub fn finish(self) -> (Latencies, BTreeMap<OpKind, u64>) {
        let Recordings { mut latencies, cold, kind_ns } = self;
        let of = |class: usize| kind_and_cause(class).0;
        let warm: BTreeSet<usize> = latencies.recorded().map(|(class, _)| of(class)).collect();
        let only_cold = cold.recorded().filter(|(class, _)| !warm.contains(&of(*class)));
        for (class, histogram) in only_cold {
            latencies.add_to(class, histogram).expect("bounds are alike");
        }
        (latencies, kind_ns)
    }
}

/// The histograms as the record has them.
pub(in crate::run) fn recorded(latencies: &Latencies) -> Vec<LatencyHistogram> {
    let encoded = latencies.recorded().map(|(class, histogram)| {
        let (kind, cause) = kind_and_cause(class);
        let hdr_v2_deflate_base64 = STANDARD.encode(serialize(histogram));
        LatencyHistogram { kind: OpKind::ALL[kind], cause, count: histogram.len(), hdr_v2_deflate_base64 }
    });
    encoded.collect()
}

/// The sums of all of them.
pub(in crate::run) fn sum_kinds<'a>(parts: impl Iterator<Item = &'a BTreeMap<OpKind, u64>>) -> BTreeMap<OpKind, u64> {
    let mut sum = BTreeMap::new();
    let add = |sum: &mut u64, ns: u64| *sum = sum.saturating_add(ns);
    parts.flatten().for_each(|(&kind, &ns)| add(sum.entry(kind).or_default(), ns));
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::latency::class_of;

    #[test]
    fn every_kind_has_latencies_and_all_of_its_time() {
        let class = |kind: OpKind| class_of(kind as usize, Cause::Steady);
        let mut recordings = Recordings::new();
        assert!(!recordings.add(class(OpKind::Insert), 100, true));
        assert!(recordings.add(class(OpKind::Insert), 10, false));
        assert!(!recordings.add(class(OpKind::Get), 40, true), "cold, and there may be others");
        assert!(recordings.add(class(OpKind::Clear), 1000, true), "not blurred by its place");
        let (latencies, kind_ns) = recordings.finish();
        let recorded: Vec<_> = latencies.recorded().map(|(class, of)| (class, of.len(), of.max())).collect();
        let one = |kind, ns| (usize::from(class(kind)), 1, ns);
        assert_eq!(recorded, [one(OpKind::Insert, 10), one(OpKind::Get, 40), one(OpKind::Clear, 1000)]);
        assert_eq!(kind_ns, [(OpKind::Insert, 110), (OpKind::Get, 40), (OpKind::Clear, 1000)].into());
    }
}
