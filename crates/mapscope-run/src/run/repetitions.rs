//! Joins the repetitions of a cell's time pass, each of which a process of its own measured, into one [`Time`].

use std::collections::BTreeMap;
use std::time::Duration;

use super::passes::{CLASSES, Least, Left, recorded, sum_kinds};
use crate::probe::event::Cause;
use crate::probe::latency::{Latencies, class_of};
use crate::record::metrics::latency::decode;
use crate::record::{
    CLOCK_STEP_NS, Collector, Hashing, HeatMap, HighestRate, KindPercentiles, LatencyHistogram, OpKind, Responses,
    Sensors, ThreadTime, Time, Undisturbed,
};

/// The repetitions of a cell so far. What is kept does not grow by a histogram each.
#[derive(Default)]
pub(super) struct Joined {
    all: Option<Time>,
    clock_floors_ns: Vec<f64>,
    ticks_per_ns: Vec<f64>,
    /// What the last one left.
    left: Option<Left>,
}

/// The sum stands when the repetitions since the last checkpoint lowered it by less than one part in so many.
const SUM_STANDS: u64 = 200;

/// A maximum stands when they lowered it by less than one part in so many, or by no more than a step of the clock.
const MAX_STANDS: u64 = 20;

/// No more repetitions than there must be, when their runs have taken so long together.
const BUDGET: Duration = Duration::from_secs(30);

/// Runs of the measured operations in a repetition without a clock in the loop: one warms up.
const BARE_RUNS: u64 = 2;

impl Joined {
    /// Adds the next one, and what it left; `None` when a histogram is damaged.
    pub fn add(&mut self, repetition: Time, left: Option<Left>) -> Option<()> {
        if let Some(left) = left {
            // Machine's outliers are worked out at checkpoints, and those of the last one stay until the next.
            let machine = self.left.take().map(|before| before.machine).filter(|_| repetition.undisturbed.is_empty());
            self.left = Some(Left { machine: machine.unwrap_or(left.machine), ..left });
        }
        self.clock_floors_ns.push(repetition.clock_floor_ns);
        self.ticks_per_ns.push(repetition.ticks_per_ns);
        self.all = Some(match self.all.take() {
            Some(before) => join(&[before, repetition])?,
            None => repetition,
        });
        Some(())
    }

    /// What the last one left for the next.
    pub fn least(&self) -> Option<&Least> {
        self.left.as_ref().map(|left| &left.least)
    }

    /// Whether more would change little: asked at checkpoints, where the least are recorded. Between the first and the second
    /// a rare slow operation, such as an allocation that takes longer in most processes, may stay as it is by chance.
    /// Nothing but what the repetitions measured decides, so that a run that goes on decides the same.
    pub fn stand(&self) -> bool {
        let Some(all) = self.all.as_ref().filter(|all| !all.undisturbed.is_empty()) else { return false };
        // Saturating, because a log that is read again may hold any numbers.
        let sum = |elapsed_ns: &[u64]| elapsed_ns.iter().fold(0_u64, |sum, &ns| sum.saturating_add(ns));
        let spent_ns = sum(&all.bare_elapsed_ns).saturating_mul(BARE_RUNS).saturating_add(sum(&all.clocked_elapsed_ns));
        let stands = match &all.undisturbed[..] {
            [_, .., before, now] => changed_little(before, now).unwrap_or(false),
            _ => false,
        };
        stands || spent_ns > BUDGET.as_nanos() as u64
    }

    /// Whether there is none yet.
    pub fn is_empty(&self) -> bool {
        self.all.is_none()
    }

    /// All of them as one; `None` where there is none.
    pub fn finish(self) -> Option<Time> {
        let (clock_floor_ns, ticks_per_ns) = (median(self.clock_floors_ns), median(self.ticks_per_ns));
        let machine = self.left.map(|left| left.machine).unwrap_or_default();
        self.all.map(|all| {
            // A machine's outlier that no histogram has is none; then all stay where they are.
            let histograms = told_apart(&all.histograms, &machine).unwrap_or_else(|| all.histograms.clone());
            Time { clock_floor_ns, ticks_per_ns, histograms, ..all }
        })
    }
}

/// The second time's repetitions after the first one's, save what is their median.
fn join(both: &[Time; 2]) -> Option<Time> {
    let [first, second] = both;
    let threads = first.threads.iter().zip(&second.threads).map(|(first, second)| join_thread(&[first, second]));
    Some(Time {
        ops: first.ops,
        bare_elapsed_ns: each(both, |one| &one.bare_elapsed_ns),
        clocked_elapsed_ns: each(both, |one| &one.clocked_elapsed_ns),
        clock_floor_ns: first.clock_floor_ns,
        ticks_per_ns: first.ticks_per_ns,
        pinned_to: first.pinned_to.filter(|_| first.pinned_to == second.pinned_to),
        started_unix_ms: first.started_unix_ms,
        histograms: sum(both.iter().map(|one| &*one.histograms))?,
        kind_ns: sum_kinds(both.iter().map(|one| &one.kind_ns)),
        percentiles: KindPercentiles::join(both.iter().map(|one| &*one.percentiles)),
        threads: threads.collect::<Option<_>>()?,
        collector: first.collector.as_ref().zip(second.collector.as_ref()).map(|(a, b)| join_collectors(&[a, b])),
        // The least of all so far are in the last one that has any.
        heat: match (has_least(first), has_least(second)) {
            (_, true) => second.heat.clone(),
            (true, false) => first.heat.clone(),
            (false, false) => first.heat.as_ref().zip(second.heat.as_ref()).map(|(a, b)| join_heat(&[a, b])),
        },
        moments: second.moments.as_ref().or(first.moments.as_ref()).cloned(),
        responses: Responses::join(&first.responses, &second.responses),
        highest_rates: HighestRate::join(&first.highest_rates, &second.highest_rates),
        undisturbed: [&*first.undisturbed, &second.undisturbed].concat(),
        sensors: first.sensors.as_ref().zip(second.sensors.as_ref()).map(|(a, b)| Sensors::join(a, b)),
        hashing: Hashing::join(first.hashing.as_ref(), second.hashing.as_ref()),
    })
}

/// Whether the repetitions between two checkpoints changed little: not the last one alone, which may have been disturbed
/// so much that it could lower nothing. `None` when a histogram is damaged.
fn changed_little(before: &Undisturbed, now: &Undisturbed) -> Option<bool> {
    let lowered_ns = before.blocks_ns.saturating_sub(now.blocks_ns);
    let sum = lowered_ns.saturating_mul(SUM_STANDS) < before.blocks_ns;
    let (before, now) = (largest_ns(before)?, largest_ns(now)?);
    let stands = |(kind, &before_ns): (&OpKind, &u64)| {
        let lowered_ns = before_ns.saturating_sub(now.get(kind).copied().unwrap_or(0));
        lowered_ns <= CLOCK_STEP_NS || lowered_ns < before_ns / MAX_STANDS
    };
    Some(sum && before.iter().all(stands))
}

/// The largest of each kind.
fn largest_ns(least: &Undisturbed) -> Option<BTreeMap<OpKind, u64>> {
    let mut largest = BTreeMap::new();
    for histogram in &least.histograms {
        let ns: &mut u64 = largest.entry(histogram.kind).or_default();
        *ns = (*ns).max(decode(histogram)?.max());
    }
    Some(largest)
}

/// Whether its heat is that of the least of each operation.
fn has_least(time: &Time) -> bool {
    time.undisturbed.iter().any(|least| !least.histograms.is_empty())
}

/// The histograms, with the machine's part of them under its own cause.
fn told_apart(histograms: &[LatencyHistogram], machine: &[LatencyHistogram]) -> Option<Vec<LatencyHistogram>> {
    let mut all = Latencies::new(CLASSES);
    let class = |histogram: &LatencyHistogram, cause| usize::from(class_of(histogram.kind as usize, cause));
    for histogram in histograms {
        all.add_to(class(histogram, histogram.cause), &decode(histogram)?)?;
    }
    for histogram in machine {
        let decoded = decode(histogram)?;
        all.take_from(class(histogram, histogram.cause), &decoded)?;
        all.add_to(class(histogram, Cause::Machine), &decoded)?;
    }
    Some(recorded(&all))
}

fn join_thread(both: &[&ThreadTime; 2]) -> Option<ThreadTime> {
    let [first, second] = both;
    Some(ThreadTime {
        ops: first.ops,
        bare_elapsed_ns: each(both, |one| &one.bare_elapsed_ns),
        pinned_to: first.pinned_to.filter(|_| first.pinned_to == second.pinned_to),
        histograms: sum(both.iter().map(|one| &*one.histograms))?,
    })
}

/// The histograms that one process would have recorded; `None` when one is damaged.
fn sum<'a>(repetitions: impl Iterator<Item = &'a [LatencyHistogram]>) -> Option<Vec<LatencyHistogram>> {
    let mut sum = Latencies::new(CLASSES);
    for histogram in repetitions.flatten() {
        sum.add_to(class_of(histogram.kind as usize, histogram.cause).into(), &decode(histogram)?)?;
    }
    Some(recorded(&sum))
}

fn each<T>(both: &[T; 2], list: impl Fn(&T) -> &Vec<u64>) -> Vec<u64> {
    both.iter().flat_map(list).copied().collect()
}

/// Halfway between the middle two when their number is even; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.get(values.len() / 2), values.len() % 2) {
        (Some(middle), 1) => *middle,
        (Some(above), _) => (values[values.len() / 2 - 1] + above) / 2.0,
        (None, _) => 0.0,
    }
}

fn join_collectors(both: &[&Collector; 2]) -> Collector {
    Collector {
        cycles: each(both, |one| &one.cycles),
        pauses_ns: each(both, |one| &one.pauses_ns),
        heap_peak_bytes: each(both, |one| &one.heap_peak_bytes),
    }
}

/// Both on each other.
fn join_heat(both: &[&HeatMap; 2]) -> HeatMap {
    let columns = both.map(|heat| heat.columns.len()).into_iter().max().unwrap_or_default();
    let column = |index: usize| {
        let mut bands = BTreeMap::new();
        for &(band, count) in both.iter().filter_map(|heat| heat.columns.get(index)).flatten() {
            let sum: &mut u64 = bands.entry(band).or_default();
            *sum = sum.saturating_add(count);
        }
        bands.into_iter().collect()
    };
    HeatMap { ops_per_column: both[0].ops_per_column, columns: (0..columns).map(column).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Moments;
    use crate::record::metrics::latency::percentiles;

    const STEADY: usize = class_of(OpKind::Get as usize, Cause::Steady) as usize;
    const GROW: usize = class_of(OpKind::Insert as usize, Cause::Grow) as usize;

    fn histograms(of: &[(usize, &[u64])]) -> Vec<LatencyHistogram> {
        let mut latencies = Latencies::new(CLASSES);
        of.iter().for_each(|(class, values)| values.iter().for_each(|&ns| latencies.record(*class, ns)));
        recorded(&latencies)
    }

    fn repetition(number: u64, of: &[(usize, &[u64])]) -> Time {
        let histograms = histograms(of);
        Time {
            ops: 3,
            bare_elapsed_ns: vec![10 + number],
            clocked_elapsed_ns: vec![20 + number],
            clock_floor_ns: number as f64,
            ticks_per_ns: 2.5,
            pinned_to: Some(1),
            started_unix_ms: 1000 + number,
            percentiles: percentiles(&histograms),
            histograms,
            kind_ns: [(OpKind::Get, 100 + number)].into(),
            threads: Vec::new(),
            collector: None,
            heat: None,
            moments: None,
            responses: Vec::new(),
            highest_rates: Vec::new(),
            undisturbed: Vec::new(),
            sensors: None,
            hashing: None,
        }
    }

    fn all(parts: impl IntoIterator<Item = Time>) -> Option<Time> {
        let mut repetitions = Joined::default();
        parts.into_iter().for_each(|part| repetitions.add(part, None).expect("histograms are whole"));
        repetitions.finish()
    }

    #[test]
    fn lists_have_an_item_a_repetition_and_histograms_hold_all_of_them() {
        let parts = [
            repetition(0, &[(STEADY, &[10, 12]), (GROW, &[900])]),
            repetition(1, &[(STEADY, &[11, 30])]),
            repetition(7, &[(STEADY, &[10, 14]), (GROW, &[800])]),
        ];
        let time = all(parts).unwrap();
        assert_eq!((time.bare_elapsed_ns, time.clocked_elapsed_ns), (vec![10, 11, 17], vec![20, 21, 27]));
        assert_eq!(time.kind_ns, [(OpKind::Get, 100 + 101 + 107)].into());
        assert_eq!((time.clock_floor_ns, time.started_unix_ms, time.pinned_to), (1.0, 1000, Some(1)));
        let all: &[(usize, &[u64])] = &[(STEADY, &[10, 12, 11, 30, 10, 14]), (GROW, &[900, 800])];
        assert_eq!(time.histograms, histograms(all), "byte for byte what one process would have recorded");
        let gets =
            KindPercentiles { p50_ns: vec![10, 11, 10], max_ns: vec![12, 30, 14], ..KindPercentiles::of(OpKind::Get) };
        // Nothing was inserted in the second one, so that inserts have no list as long as there are repetitions.
        assert_eq!(time.percentiles, [gets]);
    }

    #[test]
    fn what_hangs_on_the_process_is_told_only_where_all_agree() {
        let mut parts = [repetition(0, &[]), repetition(1, &[])];
        parts[1].pinned_to = Some(0);
        let time = all(parts).unwrap();
        assert_eq!(time.pinned_to, None);
        assert_eq!(time.clock_floor_ns, 0.5);
        assert_eq!((time.collector, time.heat, time.moments), (None, None, None));
        assert_eq!(all([]), None);
    }

    #[test]
    fn heat_lies_on_each_other_and_moments_are_one_repetition_s() {
        let mut parts = [repetition(0, &[]), repetition(1, &[])];
        let heat = |columns| Some(HeatMap { ops_per_column: 4, columns });
        parts[0].heat = heat(vec![vec![(6, 3)], vec![(7, 4)]]);
        parts[1].heat = heat(vec![vec![(5, 1), (6, 2)], vec![(7, 4)], vec![(9, 1)]]);
        let moments = Moments { ops_per_point: 3, ..Moments::default() };
        parts[1].moments = Some(moments.clone());
        let time = all(parts).unwrap();
        assert_eq!(time.heat, heat(vec![vec![(5, 1), (6, 5)], vec![(7, 8)], vec![(9, 1)]]));
        assert_eq!(time.moments, Some(moments));
    }

    #[test]
    fn threads_and_collectors_are_joined_each_to_its_own() {
        let thread = |ns: u64| ThreadTime {
            ops: 3,
            bare_elapsed_ns: vec![ns],
            pinned_to: Some(0),
            histograms: histograms(&[(STEADY, &[ns])]),
        };
        let mut parts = [repetition(0, &[(STEADY, &[5, 6])]), repetition(1, &[(STEADY, &[7, 8])])];
        parts[0].threads = vec![thread(5), thread(6)];
        parts[1].threads = vec![thread(7), thread(8)];
        let collector = |cycles, pauses_ns: &[u64], peak| {
            Some(Collector { cycles: vec![cycles], pauses_ns: pauses_ns.to_vec(), heap_peak_bytes: vec![peak] })
        };
        parts[0].collector = collector(2, &[10, 20], 100);
        parts[1].collector = collector(1, &[30], 90);
        let time = all(parts).unwrap();
        assert_eq!(time.threads[1].bare_elapsed_ns, [6, 8]);
        assert_eq!(time.threads[1].histograms, histograms(&[(STEADY, &[6, 8])]));
        let joined = Collector { cycles: vec![2, 1], pauses_ns: vec![10, 20, 30], heap_peak_bytes: vec![100, 90] };
        assert_eq!(time.collector, Some(joined));
    }

    /// What a repetition leaves.
    fn left(machine: Vec<LatencyHistogram>) -> Option<Left> {
        let least = serde_json::json!({ "repetitions": 1, "digest": "" });
        Some(Left { least: serde_json::from_value(least).unwrap(), machine })
    }

    /// A repetition after which the least of all add up to so much, the longest being so long.
    fn checkpoint(repetitions: u32, blocks_ns: u64, max_ns: u64) -> Time {
        let histograms = histograms(&[(STEADY, &[10, max_ns])]);
        Time { undisturbed: vec![Undisturbed { repetitions, blocks_ns, histograms }], ..repetition(0, &[]) }
    }

    #[test]
    fn the_least_stand_when_the_repetitions_since_the_last_checkpoint_lowered_them_little() {
        let stand = |least: &[(u64, u64)]| {
            let mut repetitions = Joined::default();
            for (number, &(sum, max)) in (3..).zip(least) {
                repetitions.add(checkpoint(number, sum, max), left(Vec::new())).unwrap();
                // What comes before the next checkpoint lowers nothing, or is so disturbed that it can't.
                repetitions.add(repetition(0, &[]), left(Vec::new())).unwrap();
            }
            repetitions.stand()
        };
        let stand_after = |before, now| stand(&[(1200, 990), before, now]);
        assert!(stand_after((1000, 900), (996, 900)) && stand_after((1200, 900), (1200, 900)));
        assert!(!stand_after((1000, 900), (995, 900)), "the sum was lowered by half a percent");
        assert!(!stand_after((1000, 900), (1000, 855)) && stand_after((1000, 900), (1000, 856)), "a twentieth");
        assert!(stand_after((1000, 60), (1000, 50)) && !stand_after((1000, 60), (1000, 40)), "a step of the clock");
        assert!(!stand(&[(1000, 900)]) && !stand(&[(1000, 900), (1000, 900)]), "too few");
        let mut long = Joined::default();
        long.add(Time { clocked_elapsed_ns: vec![30_000_000_000], ..checkpoint(3, 9, 9) }, left(Vec::new())).unwrap();
        assert!(long.stand(), "the budget is spent");
    }

    #[test]
    fn what_was_the_machines_is_under_its_own_cause() {
        const MACHINE: usize = class_of(OpKind::Get as usize, Cause::Machine) as usize;
        let told_apart = |machine: &[(usize, &[u64])]| {
            let mut repetitions = Joined::default();
            let slow = repetition(0, &[(STEADY, &[10, 12, 5000, 900]), (GROW, &[900])]);
            let last = Time { undisturbed: checkpoint(3, 9, 9).undisturbed, ..repetition(1, &[(STEADY, &[11, 13])]) };
            repetitions.add(slow, left(Vec::new())).unwrap();
            repetitions.add(last, left(histograms(machine))).unwrap();
            // The next one has worked out nothing: what the last checkpoint did stays.
            repetitions.add(repetition(2, &[(STEADY, &[14])]), left(Vec::new())).unwrap();
            repetitions.finish().unwrap().histograms
        };
        let of: &[(usize, &[u64])] = &[(STEADY, &[10, 12, 900, 11, 13, 14]), (GROW, &[900]), (MACHINE, &[5000])];
        assert_eq!(told_apart(&[(STEADY, &[5000])]), histograms(of));
        let all: &[(usize, &[u64])] = &[(STEADY, &[10, 12, 5000, 900, 11, 13, 14]), (GROW, &[900])];
        assert_eq!(told_apart(&[(STEADY, &[7777])]), histograms(all), "what no histogram has is not taken from one");
    }
}
