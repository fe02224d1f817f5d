//! The percentiles of each repetition, which show how far repetitions scatter.

use serde::{Deserialize, Serialize};

use super::OpKind;

/// The latencies of one kind of operation, all causes together, repetition by repetition, in nanoseconds.
///
/// Each list has an item a repetition, in their order, or none at all, where a repetition has too few operations of the kind
/// to resolve the percentile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindPercentiles {
    /// Kind of operation.
    pub kind: OpKind,
    /// Medians.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub p50_ns: Vec<u64>,
    /// 90th percentiles.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub p90_ns: Vec<u64>,
    /// 99th percentiles.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub p99_ns: Vec<u64>,
    /// 99.9th percentiles.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub p999_ns: Vec<u64>,
    /// 99.99th percentiles.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub p9999_ns: Vec<u64>,
    /// Maxima.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub max_ns: Vec<u64>,
}

impl KindPercentiles {
    /// The shares of operations below [`KindPercentiles::lists`].
    pub const QUANTILES: [f64; 6] = [0.5, 0.9, 0.99, 0.999, 0.9999, 1.0];

    /// Without any.
    pub fn of(kind: OpKind) -> KindPercentiles {
        let [p50_ns, p90_ns, p99_ns, p999_ns, p9999_ns, max_ns] = Default::default();
        KindPercentiles { kind, p50_ns, p90_ns, p99_ns, p999_ns, p9999_ns, max_ns }
    }

    /// Every list, the lowest percentile first.
    pub fn lists(&self) -> [&Vec<u64>; 6] {
        [&self.p50_ns, &self.p90_ns, &self.p99_ns, &self.p999_ns, &self.p9999_ns, &self.max_ns]
    }

    /// The same, to be filled.
    pub fn lists_mut(&mut self) -> [&mut Vec<u64>; 6] {
        [&mut self.p50_ns, &mut self.p90_ns, &mut self.p99_ns, &mut self.p999_ns, &mut self.p9999_ns, &mut self.max_ns]
    }

    /// The lists of one repetition after the other as one, for each kind that has any.
    pub fn join<'a>(repetitions: impl Iterator<Item = &'a [KindPercentiles]> + Clone) -> Vec<KindPercentiles> {
        let of_kind = |kind| {
            let mut joined = KindPercentiles::of(kind);
            let own = repetitions.clone().map(|all| all.iter().find(|own| own.kind == kind));
            // A kind that a repetition lacks is in none: the lists would not be as long as there are repetitions.
            let own: Vec<&KindPercentiles> = own.collect::<Option<_>>().unwrap_or_default();
            for (index, list) in joined.lists_mut().into_iter().enumerate() {
                if own.iter().all(|own| !own.lists()[index].is_empty()) {
                    list.extend(own.iter().flat_map(|own| own.lists()[index]));
                }
            }
            joined
        };
        let any = |joined: &KindPercentiles| joined.lists().iter().any(|list| !list.is_empty());
        OpKind::ALL.into_iter().map(of_kind).filter(any).collect()
    }
}
