//! Times whose truth is known, and what a busy machine makes of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};
use mapscope::probe::event::Cause;
use mapscope::record::{Cell, Collector, LatencyHistogram, OpKind, Time, Undisturbed};

/// A histogram of `(latency in nanoseconds, how often)`, of two digits: it is small.
fn histogram(kind: OpKind, cause: Cause, latencies: &[(u64, u64)]) -> LatencyHistogram {
    let mut histogram = Histogram::<u64>::new(2).expect("two digits");
    latencies.iter().for_each(|&(ns, count)| histogram.record_n(ns, count).expect("it grows"));
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(&histogram, &mut bytes).expect("into memory");
    LatencyHistogram { kind, cause, count: histogram.len(), hdr_v2_deflate_base64: STANDARD.encode(bytes) }
}

/// What a map takes.
#[derive(Debug, Clone, Copy)]
pub struct Truth {
    pub ns_per_op: f64,
    pub stall_ns: f64,
    /// Of the stall.
    pub cause: Cause,
}

/// How repetitions are made.
#[derive(Debug, Clone, Copy)]
pub enum Repeats {
    /// The same operations each time, so often.
    Alike(u32),
    /// As under several threads: of each repetition what was observed, up to so many times too much.
    Observed(f64),
    /// The same in a runtime with a collector.
    Collected(f64),
}

/// Chance with a seed (SplitMix64).
pub struct Chance(pub u64);

impl Chance {
    /// `0.0..1.0`.
    pub fn draw(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From `1.0` to `most`.
    fn up_to(&mut self, most: f64) -> f64 {
        1.0 + (most - 1.0) * self.draw()
    }
}

/// Gives a cell times of which the last are `truth`, within what undisturbed times differ by from run to run: a tenth, and
/// half for the longest.
pub fn give(cell: &mut Cell, truth: Truth, repeats: Repeats, chance: &mut Chance) {
    let ops = cell.id.ops;
    let writes = [OpKind::Insert, OpKind::Overwrite, OpKind::Remove];
    let kinds = writes.into_iter().chain([OpKind::Get]).filter(|&kind| cell.expected.ops(kind).is_some_and(|n| n > 0));
    let kinds: Vec<OpKind> = kinds.collect();
    let (scatter, longest) = (chance.up_to(1.1), chance.up_to(1.5));
    let histograms = |too_long: f64| {
        let median_ns = (truth.ns_per_op * scatter) as u64;
        let of = |(place, &kind): (usize, &OpKind)| {
            let steady = histogram(kind, Cause::Steady, &[(median_ns, ops - 2), (median_ns * 3, 1)]);
            let stall = histogram(kind, truth.cause, &[((truth.stall_ns * longest * too_long) as u64, 1)]);
            if place == 0 && kind.is_write() { vec![steady, stall] } else { vec![steady] }
        };
        kinds.iter().enumerate().flat_map(of).collect::<Vec<_>>()
    };
    let ns = truth.ns_per_op * scatter * ops as f64;
    let (repetitions, most) = match repeats {
        Repeats::Alike(repetitions) => (repetitions, 7.0),
        Repeats::Observed(most) | Repeats::Collected(most) => (5, most),
    };
    let bare_elapsed_ns: Vec<u64> = (0..repetitions).map(|_| (ns * chance.up_to(most)) as u64).collect();
    let after =
        [3, 5, 8, 10, 15].into_iter().filter(|&after| after <= repetitions && matches!(repeats, Repeats::Alike(_)));
    let after: Vec<u32> = after.collect();
    let undisturbed = after.iter().map(|&after| {
        let last = after == repetitions;
        let blocks_ns = if last { ns } else { ns * chance.up_to(1.04) } as u64;
        Undisturbed { repetitions: after, blocks_ns, histograms: histograms(if last { 1.0 } else { 1.1 }) }
    });
    cell.time = Some(Time {
        ops,
        clocked_elapsed_ns: bare_elapsed_ns.clone(),
        bare_elapsed_ns,
        clock_floor_ns: 1.0,
        ticks_per_ns: 2.0,
        pinned_to: None,
        started_unix_ms: 1,
        kind_ns: kinds.iter().map(|&kind| (kind, ns as u64)).collect(),
        percentiles: Vec::new(),
        threads: Vec::new(),
        collector: matches!(repeats, Repeats::Collected(_)).then(Collector::default),
        heat: None,
        moments: None,
        responses: Vec::new(),
        highest_rates: Vec::new(),
        undisturbed: undisturbed.collect(),
        sensors: None,
        hashing: None,
        histograms: histograms(chance.up_to(most)),
    });
}
