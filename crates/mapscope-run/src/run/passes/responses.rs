//! What callers wait, worked out from how long each operation took.
//!
//! A timed run starts an operation when the one before has ended. Callers come when they come: while the map grows they
//! queue up, and each of them waits, not one. With the time of every operation at hand, their waits at a rate of arrival
//! follow without another run, from the recursion of a queue with one server (D. V. Lindley, "The theory of queues with a
//! single server", 1952): after an operation that waited `W` and took `S`, with `T` until the next arrival, the next one
//! waits `max(0, W + S - T)`. The response is `W + S`. Latencies that leave the waits out have what Gil Tene calls
//! coordinated omission.
//!
//! The times of a trace are arrivals, too: those of the very callers that the operations were recorded of.
//!
//! Nothing is rounded on the way. A tick is `1 / (rate * 2^32)` ns, so that service times (whole nanoseconds) and gaps
//! (whole 2^-32 of the mean gap) are whole ticks; a response is rounded down to a nanosecond when it is given.

use hdrhistogram::Histogram;

use crate::plan::ResponseLimit;
use crate::record::metrics::latency::{percentile, resolves};
use crate::record::{Arrivals, HighestRate, Pace, RATE_MAX_PER_S, Responses, Services};
use crate::workload::{Rng, trace};

/// The unit of gaps is the mean gap over 2 to this power.
const GAP_BITS: u32 = 32;

const NS_PER_S: u128 = 1_000_000_000;

/// Times between arrivals at a rate without end, in 2^-32 of their mean, whatever that is. The same seed gives the same ones.
///
/// Those of a Poisson process are `-ln(1 - u)` with `u` uniform in [0, 1), by an `ln` that is the same on any machine.
///
/// # Panics
///
/// When arrivals are a trace's, which has its own.
pub fn gaps(arrivals: Arrivals, seed: u64) -> impl Iterator<Item = u64> {
    let mut rng = Rng::new(seed);
    let one = (1_u64 << GAP_BITS) as f64;
    std::iter::repeat_with(move || match arrivals {
        Arrivals::Paced => one as u64,
        Arrivals::Poisson => (-libm::log(1.0 - rng.unit()) * one).round() as u64,
        Arrivals::Trace => panic!("a trace has gaps of its own"),
    })
}

/// Wait and service of each operation in turn, in whole nanoseconds, rounded down, when operations that take `services_ns`
/// arrive with these `gaps` at `rate_per_s`, which is at least 1.
pub fn responses_ns(
    services_ns: impl IntoIterator<Item = u32>,
    gaps: impl IntoIterator<Item = u64>,
    rate_per_s: u64,
) -> impl Iterator<Item = u64> {
    let mut wait = 0_u128;
    services_ns.into_iter().zip(gaps).map(move |(service_ns, gap)| {
        let response = wait + ((u128::from(service_ns) * u128::from(rate_per_s)) << GAP_BITS);
        // The mean gap is 10^9 / rate ns, which is 10^9 * 2^32 ticks.
        wait = response.saturating_sub(u128::from(gap) * NS_PER_S);
        ((response >> GAP_BITS) / u128::from(rate_per_s)) as u64
    })
}

/// The same, where the gaps are those of a trace, in nanoseconds, and callers come `speed` times as fast. A tick is `1 / speed`
/// ns.
pub fn paced_responses_ns(
    services_ns: impl IntoIterator<Item = u32>,
    gaps_ns: impl IntoIterator<Item = u64>,
    speed: u64,
) -> impl Iterator<Item = u64> {
    let (speed, mut wait) = (u128::from(speed), 0_u128);
    // After the last nobody comes.
    services_ns.into_iter().zip(gaps_ns.into_iter().chain([0])).map(move |(service_ns, gap_ns)| {
        let response = wait + u128::from(service_ns) * speed;
        wait = response.saturating_sub(gap_ns.into());
        (response / speed) as u64
    })
}

/// The highest rate at which a share `quantile` of the responses takes `limit_ns` at the most; `None` where even one a
/// second is too many. Every rate above it exceeds the limit: closer arrivals of the same order make no response shorter.
pub fn highest_rate_per_s(
    services_ns: &[u32],
    arrivals: Arrivals,
    seed: u64,
    quantile: f64,
    limit_ns: u64,
) -> Option<u64> {
    let gaps: Vec<u64> = gaps(arrivals, seed).take(services_ns.len()).collect();
    let above_max = ((1.0 - quantile) * services_ns.len() as f64 + 1e-6) as usize;
    let keeps = |&rate_per_s: &u64| {
        let responses = responses_ns(services_ns.iter().copied(), gaps.iter().copied(), rate_per_s);
        responses.filter(|&ns| ns > limit_ns).nth(above_max).is_none()
    };
    // All rates up to `kept` keep the limit, none from `beyond` on does.
    let (mut kept, mut beyond) = (0, RATE_MAX_PER_S + 1);
    while beyond - kept > 1 {
        let middle = kept + (beyond - kept) / 2;
        *if keeps(&middle) { &mut kept } else { &mut beyond } = middle;
    }
    (kept > 0).then_some(kept)
}

/// What each operation takes of its latency in order, where `whole_ns` is what all took without a clock between.
///
/// A latency has one reading of the clock in it, its floor. But the processor does operations while it reads the clock: less
/// the whole floor, latencies of a few nanoseconds come to less than the operations take. So the clock's share is the floor,
/// or, where that leaves less than `whole_ns`, what leaves just that: the same for all but for one nanosecond, which is
/// spread evenly.
fn services_ns(each_ns: &[u32], clock_floor_ns: f64, whole_ns: u64) -> Vec<u32> {
    let left_ns = |share: u32| each_ns.iter().map(|ns| u64::from(ns.saturating_sub(share))).sum::<u64>();
    let floor_ns = clock_floor_ns.round() as u32;
    // The largest share that leaves as much.
    let (mut share, mut too_much) = (0, floor_ns + 1);
    while too_much - share > 1 {
        let middle = share + (too_much - share) / 2;
        *if left_ns(middle) >= whole_ns { &mut share } else { &mut too_much } = middle;
    }
    let beyond = if share < floor_ns { left_ns(share).saturating_sub(whole_ns) } else { 0 };
    let ops = (each_ns.len() as u64).max(1);
    let (mut spread, mut services) = (0, Vec::with_capacity(each_ns.len()));
    for ns in each_ns {
        spread += beyond;
        let one_more = u32::from(spread >= ops);
        spread -= ops * u64::from(one_more);
        services.push(ns.saturating_sub(share + one_more));
    }
    services
}

/// Which response times are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::run) struct Arriving<'a> {
    /// Mean arrivals per second.
    pub rates_per_s: &'a [u64],
    /// How many times as fast as the trace's own arrivals.
    pub paces: &'a [u64],
    /// Those arrivals.
    pub trace: Option<&'a trace::Arrivals>,
    /// Limits that the highest rate is wanted for.
    pub limits: &'a [ResponseLimit],
    /// Of [`gaps`]: every repetition and every map of a cell meets the same callers.
    pub seed: u64,
}

impl Arriving<'_> {
    /// Whether any are.
    pub fn any(&self) -> bool {
        !self.rates_per_s.is_empty() || self.trace.is_some() || !self.limits.is_empty()
    }
}

/// The response times by Poisson and by paced arrivals at each rate, and by a trace's at each pace. `each_ns` has every operation's latency in order; what of
/// it is the clock's, [`services_ns`] says.
pub(in crate::run) fn responses(
    each_ns: &[u32],
    clock_floor_ns: f64,
    services: Services,
    Arriving { rates_per_s, paces, trace, seed, .. }: Arriving<'_>,
    whole_ns: u64,
) -> Vec<Responses> {
    if rates_per_s.is_empty() && trace.is_none() || each_ns.is_empty() {
        return Vec::new();
    }
    let services_ns = services_ns(each_ns, clock_floor_ns, whole_ns);
    let of = |arrivals, rate_per_s, pace, responses: &mut dyn Iterator<Item = u64>| {
        let mut histogram = Histogram::<u64>::new(3).expect("three digits are valid");
        responses.for_each(|ns| histogram += ns);
        let percentile = |quantile| percentile(&histogram, quantile).into_iter().collect();
        Responses {
            services,
            arrivals,
            rate_per_s,
            pace,
            ops: each_ns.len() as u64,
            service_ns: vec![services_ns.iter().copied().map(u64::from).sum()],
            p50_ns: percentile(0.5),
            p99_ns: percentile(0.99),
            p999_ns: percentile(0.999),
            max_ns: percentile(1.0),
        }
    };
    let services = || services_ns.iter().copied();
    let at_rate =
        |rate, arrivals| of(arrivals, Some(rate), None, &mut responses_ns(services(), gaps(arrivals, seed), rate));
    let at_pace = |trace: &trace::Arrivals, speed| {
        let responses = &mut paced_responses_ns(services(), trace.gaps_ns.iter().copied(), speed);
        of(Arrivals::Trace, None, Some(pace(&trace.stamps, speed)), responses)
    };
    let at_rates = rates_per_s.iter().flat_map(|&rate| Arrivals::AT_A_RATE.map(|arrivals| at_rate(rate, arrivals)));
    let at_paces = trace.iter().flat_map(|trace| paces.iter().map(|&speed| at_pace(trace, speed)));
    at_rates.chain(at_paces).collect()
}

fn pace(stamps: &trace::Stamps, speed: u64) -> Pace {
    let &trace::Stamps { unit_ns, different, most_ops, earlier_ops, .. } = stamps;
    Pace { speed, span_ns: stamps.span_ns(), unit_ns, different, most_ops, earlier_ops }
}

/// The highest rates that keep each limit. A percentile that so few operations don't resolve has none.
pub(in crate::run) fn highest_rates(
    each_ns: &[u32],
    clock_floor_ns: f64,
    services: Services,
    Arriving { limits, seed, .. }: Arriving<'_>,
    whole_ns: u64,
) -> Vec<HighestRate> {
    if limits.is_empty() {
        return Vec::new();
    }
    let services_ns = services_ns(each_ns, clock_floor_ns, whole_ns);
    let busy_ns = services_ns.iter().copied().map(u64::from).sum::<u64>().max(whole_ns);
    // At a higher one the queue grows for as long as callers come, and only their number keeps a limit.
    let capacity_per_s = (services_ns.len() as u128 * NS_PER_S).checked_div(busy_ns.into());
    let resolved = |limit: &&ResponseLimit| resolves(services_ns.len() as u64, limit.quantile);
    let of = |&ResponseLimit { quantile, limit_ns }: &ResponseLimit, arrivals| {
        let rate_per_s = highest_rate_per_s(&services_ns, arrivals, seed, quantile, limit_ns).unwrap_or(0);
        let rate_per_s = capacity_per_s.map_or(rate_per_s, |most| u128::from(rate_per_s).min(most) as u64);
        let ops = services_ns.len() as u64;
        HighestRate { services, arrivals, quantile, limit_ns, ops, rates_per_s: vec![rate_per_s] }
    };
    limits.iter().filter(resolved).flat_map(|limit| Arrivals::AT_A_RATE.map(|arrivals| of(limit, arrivals))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_rates_are_less_the_clocks_floor_and_of_what_operations_can_resolve() {
        let limits =
            [(0.5, 100), (0.99, 9), (0.999, 100)].map(|(quantile, limit_ns)| ResponseLimit { quantile, limit_ns });
        let arriving = Arriving { limits: &limits, seed: 1, ..Arriving::default() };
        let found = highest_rates(&[30; 200], 20.4, Services::Observed, arriving, 1500);
        let keys: Vec<_> = found.iter().map(|one| (one.quantile, one.limit_ns, one.arrivals, one.ops)).collect();
        let both = |quantile, limit_ns| Arrivals::AT_A_RATE.map(|arrivals| (quantile, limit_ns, arrivals, 200));
        assert_eq!(keys, [both(0.5, 100), both(0.99, 9)].concat(), "p99.9 takes 1,000");
        // Ten nanoseconds each: beyond one every ten nobody keeps up, though over 200 of them half keep the limit.
        assert_eq!(found[1].rates_per_s, [100_000_000]);
        let slower = highest_rates(&[30; 200], 20.4, Services::Observed, arriving, 4000);
        assert_eq!(slower[1].rates_per_s, [50_000_000], "without a clock they took 20 each");
        assert_eq!(found[2].rates_per_s, [0], "each takes 10");
    }

    #[test]
    fn services_come_to_what_all_operations_took_without_a_clock() {
        // The floor is right where it leaves enough.
        assert_eq!(services_ns(&[30, 19, 25, 90], 20.4, 0), [10, 0, 5, 70]);
        assert_eq!(services_ns(&[30, 19, 25, 90], 20.4, 85), [10, 0, 5, 70]);
        // Of 84 ns a share of 7 leaves 56, of 8 52, of 9 48.
        let each = [20, 21, 22, 21];
        assert_eq!(services_ns(&each, 20.0, 51).iter().sum::<u32>(), 51);
        assert_eq!(services_ns(&each, 20.0, 54).iter().sum::<u32>(), 54);
        let even = services_ns(&[20; 1000], 19.0, 9300);
        assert_eq!(even.iter().sum::<u32>(), 9300);
        assert!(even.chunks(10).all(|ten| ten.iter().sum::<u32>() == 93 && ten.iter().all(|&ns| ns == 9 || ns == 10)));
        // A clock between operations can't have taken less than nothing.
        assert_eq!(services_ns(&each, 20.0, 9000), each);
        assert_eq!(services_ns(&[], 20.0, 10), [0_u32; 0]);
    }

    #[test]
    fn a_stall_is_what_everyone_waits_for_who_comes_meanwhile() {
        // One every 100 ns, of which one takes 350.
        let services = [10, 350, 10, 10, 10, 10];
        let paced: Vec<u64> = responses_ns(services, gaps(Arrivals::Paced, 1), 10_000_000).collect();
        assert_eq!(paced, [10, 350, 260, 170, 80, 10]);
    }

    #[test]
    fn the_highest_rate_keeps_the_limit_and_the_next_one_does_not() {
        let services: Vec<u32> = (0..1000_u32).map(|op| if op % 100 == 0 { 2000 } else { 20 + op % 7 }).collect();
        let highest = |arrivals, quantile, limit_ns| highest_rate_per_s(&services, arrivals, 7, quantile, limit_ns);
        for arrivals in Arrivals::AT_A_RATE {
            let rate = highest(arrivals, 0.9, 100).unwrap();
            let above = |rate| {
                let of = responses_ns(services.iter().copied(), gaps(arrivals, 7), rate);
                of.filter(|&ns| ns > 100).count()
            };
            assert!(above(rate) <= 100 && above(rate + 1) > 100, "{arrivals:?} {rate}");
            assert_eq!(highest(arrivals, 1.0, 1999), None, "the longest takes that long without a wait");
            assert_eq!(highest(arrivals, 0.5, u64::MAX), Some(RATE_MAX_PER_S));
        }
    }

    #[test]
    fn what_is_recorded_is_less_the_clocks_floor_and_of_both_kinds_of_arrivals() {
        let arriving = Arriving { rates_per_s: &[1, 1000], seed: 1, ..Arriving::default() };
        let recorded = responses(&[30; 200], 20.4, Services::Observed, arriving, 0);
        let keys: Vec<_> = recorded.iter().map(|one| (one.rate_per_s, one.arrivals)).collect();
        let both = |rate| [(Some(rate), Arrivals::Poisson), (Some(rate), Arrivals::Paced)];
        assert_eq!(keys, [both(1), both(1000)].concat());
        let Responses { ops, service_ns, p50_ns, p99_ns, p999_ns, max_ns, .. } = &recorded[1];
        assert_eq!((*ops, service_ns, p50_ns, p99_ns, max_ns), (200, &vec![2000], &vec![10], &vec![10], &vec![10]));
        assert!(p999_ns.is_empty(), "too few operations to resolve it");
        assert_eq!(responses(&[], 20.0, Services::Observed, arriving, 0), []);
    }
}
