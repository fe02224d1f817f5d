//! What callers wait at a rate of arrival: worked out from the time of each operation, not measured.

use serde::{Deserialize, Serialize};

/// The highest rate of arrival, per second: one a nanosecond.
pub const RATE_MAX_PER_S: u64 = 1_000_000_000;

/// As many times as fast as its trace a pace can be.
pub const SPEED_MAX: u64 = 1_000_000_000;

/// How callers arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrivals {
    /// Independently of each other: times between arrivals are exponentially distributed.
    Poisson,
    /// At equal intervals.
    Paced,
    /// When the time stamps of a trace say.
    Trace,
}

impl Arrivals {
    /// Those at a rate.
    pub const AT_A_RATE: [Arrivals; 2] = [Arrivals::Poisson, Arrivals::Paced];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Arrivals::Poisson => "poisson",
            Arrivals::Paced => "paced",
            Arrivals::Trace => "trace",
        }
    }
}

/// Whose times the operations of a queue take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Services {
    /// Those that a repetition observed, less the clock's share.
    Observed,
    /// The least of each operation over the repetitions, less the clock's share.
    Undisturbed,
}

impl Services {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Services::Observed => "observed",
            Services::Undisturbed => "undisturbed",
        }
    }
}

/// Response times, wait and service, of operations that arrive at a rate and are done one after the other.
///
/// Each list has an item a repetition, in their order, and one item where services are undisturbed; a list of percentiles
/// is empty where a repetition has too few operations to resolve it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Responses {
    /// Whose times the operations take.
    pub services: Services,
    /// How callers arrive.
    pub arrivals: Arrivals,
    /// Arrivals per second, on average; `1..=10^9`. Absent where they are a trace's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rate_per_s: Option<u64>,
    /// The trace's times, where arrivals are a trace's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pace: Option<Pace>,
    /// Operations a repetition.
    pub ops: u64,
    /// How long all operations took together, without waits, in nanoseconds.
    pub service_ns: Vec<u64>,
    /// Medians.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub p50_ns: Vec<u64>,
    /// 99th percentiles.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub p99_ns: Vec<u64>,
    /// 99.9th percentiles.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub p999_ns: Vec<u64>,
    /// Maxima.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub max_ns: Vec<u64>,
}

/// The times of a trace's operations, and how they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// As many times as fast; `1..=10^9`.
    pub speed: u64,
    /// From the first to the end of the last one's unit, in nanoseconds of the trace; at least 1.
    pub span_ns: u64,
    /// What they count in, in nanoseconds; at least 1. The operations of one come evenly within it.
    pub unit_ns: u64,
    /// Different ones; at least 1.
    pub different: u64,
    /// Operations of the one that most have.
    pub most_ops: u64,
    /// Operations with an earlier one than an operation before them, which come with that.
    pub earlier_ops: u64,
}

impl Responses {
    /// Every list, that of services first.
    pub fn lists(&self) -> [&Vec<u64>; 5] {
        [&self.service_ns, &self.p50_ns, &self.p99_ns, &self.p999_ns, &self.max_ns]
    }

    fn lists_mut(&mut self) -> [&mut Vec<u64>; 5] {
        [&mut self.service_ns, &mut self.p50_ns, &mut self.p99_ns, &mut self.p999_ns, &mut self.max_ns]
    }

    /// The share of the time that the map is at work, of each repetition; from 1 on, waits grow without end.
    pub fn busy(&self) -> impl Iterator<Item = f64> {
        let per_ns = self.mean_rate_per_s() / (self.ops as f64 * 1e9);
        self.service_ns.iter().map(move |&ns| ns as f64 * per_ns)
    }

    /// Arrivals per second, on average.
    pub fn mean_rate_per_s(&self) -> f64 {
        let of_trace = |pace: Pace| self.ops as f64 * 1e9 / pace.span_ns as f64 * pace.speed as f64;
        self.rate_per_s.map(|rate| rate as f64).or(self.pace.map(of_trace)).unwrap_or(f64::NAN)
    }

    /// The second one's repetitions after the first one's, of what both have. Undisturbed ones are of all repetitions so far:
    /// the later ones stay.
    pub fn join(first: &[Responses], second: &[Responses]) -> Vec<Responses> {
        let key = |of: &Responses| (of.services, of.arrivals, of.rate_per_s, of.pace, of.ops);
        let undisturbed = |of: &&Responses| of.services == Services::Undisturbed;
        let joined = |before: &Responses| {
            let (mut joined, after) = (before.clone(), second.iter().find(|after| key(after) == key(before))?);
            joined.lists_mut().into_iter().zip(after.lists()).for_each(|(list, more)| list.extend(more));
            Some(joined)
        };
        let observed = first.iter().filter(|of| !undisturbed(of)).filter_map(joined);
        let later = [second, first].into_iter().find(|part| part.iter().any(|of| undisturbed(&of)));
        observed.chain(later.into_iter().flatten().filter(undisturbed).cloned()).collect()
    }
}

/// The highest rate of arrival at which a share of the responses keeps a limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HighestRate {
    /// Whose times the operations take.
    pub services: Services,
    /// How callers arrive.
    pub arrivals: Arrivals,
    /// The share of the responses, 1.0 for all; `0 < quantile <= 1`.
    pub quantile: f64,
    /// What these take at the most, in nanoseconds.
    pub limit_ns: u64,
    /// Operations a repetition.
    pub ops: u64,
    /// The highest rate per second of each repetition, a single one where services are undisturbed; 0 where even one a second
    /// is too many.
    pub rates_per_s: Vec<u64>,
}

impl HighestRate {
    /// As [`Responses::join`].
    pub fn join(first: &[HighestRate], second: &[HighestRate]) -> Vec<HighestRate> {
        let key = |of: &HighestRate| (of.services, of.arrivals, of.quantile.to_bits(), of.limit_ns, of.ops);
        let undisturbed = |of: &&HighestRate| of.services == Services::Undisturbed;
        let joined = |before: &HighestRate| {
            let after = second.iter().find(|after| key(after) == key(before))?;
            let rates_per_s = [&*before.rates_per_s, &after.rates_per_s].concat();
            Some(HighestRate { rates_per_s, ..before.clone() })
        };
        let observed = first.iter().filter(|of| !undisturbed(of)).filter_map(joined);
        let later = [second, first].into_iter().find(|part| part.iter().any(|of| undisturbed(&of)));
        observed.chain(later.into_iter().flatten().filter(undisturbed).cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_joined_where_both_have_the_rate() {
        let one = |rate_per_s, ns| Responses {
            services: Services::Observed,
            arrivals: Arrivals::Paced,
            rate_per_s: Some(rate_per_s),
            pace: None,
            ops: 10,
            service_ns: vec![50 * ns],
            p50_ns: vec![ns],
            p99_ns: vec![],
            p999_ns: vec![],
            max_ns: vec![ns + 1],
        };
        let joined = Responses::join(&[one(1, 5), one(2, 6)], &[one(2, 8)]);
        let expected = Responses { service_ns: vec![300, 400], p50_ns: vec![6, 8], max_ns: vec![7, 9], ..one(2, 0) };
        assert_eq!(joined, [expected]);
        // Undisturbed ones are of all repetitions so far: the last one's stay, also after those that worked out none.
        let least = |ns| Responses { services: Services::Undisturbed, ..one(1, ns) };
        let observed = one(1, 5);
        assert_eq!(Responses::join(&[observed.clone(), least(5)], &[observed.clone(), least(4)])[1..], [least(4)]);
        assert_eq!(Responses::join(&[observed.clone(), least(5)], std::slice::from_ref(&observed))[1..], [least(5)]);
        assert_eq!(Responses::join(std::slice::from_ref(&observed), &[observed.clone(), least(4)])[1..], [least(4)]);
        let busy: Vec<f64> = one(100_000_000, 5).busy().collect();
        assert_eq!(busy, [2.5], "25 ns each, one every 10 ns");
        // Ten in 50 ns of the trace, twice as fast.
        let pace = Pace { speed: 2, span_ns: 50, unit_ns: 5, different: 10, most_ops: 1, earlier_ops: 0 };
        let of_trace = Responses { arrivals: Arrivals::Trace, rate_per_s: None, pace: Some(pace), ..one(1, 1) };
        assert_eq!(of_trace.mean_rate_per_s(), 4e8);
        assert_eq!(of_trace.busy().collect::<Vec<_>>(), [2.0]);
    }
}
