//! Latencies by kind and cause, in HdrHistograms.
//!
//! Recording costs about 5 ns; it happens after a batch of operations, outside of every interval that is recorded.

use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};

use super::event::Cause;

/// The largest latency told apart, in nanoseconds: one minute. Longer ones are recorded as this.
pub const LATENCY_MAX_NS: u64 = 60_000_000_000;

/// Significant decimal digits kept.
const SIGNIFICANT_DIGITS: u8 = 3;

/// One histogram per class, made when it is first needed. A class is a small number that the caller gives meaning to.
#[derive(Debug)]
pub struct Latencies {
    classes: Vec<Option<Histogram<u64>>>,
}

impl Latencies {
    /// Room for `classes` classes.
    pub fn new(classes: usize) -> Latencies {
        Latencies { classes: (0..classes).map(|_| None).collect() }
    }

    /// Records one latency.
    #[inline]
    pub fn record(&mut self, class: usize, ns: u64) {
        self.of(class).saturating_record(ns);
    }

    #[inline]
    fn of(&mut self, class: usize) -> &mut Histogram<u64> {
        self.classes[class].get_or_insert_with(|| {
            Histogram::new_with_bounds(1, LATENCY_MAX_NS, SIGNIFICANT_DIGITS).expect("bounds are valid")
        })
    }

    /// Adds what another process recorded of one class; `None` where a value is beyond what this one can hold.
    pub fn add_to(&mut self, class: usize, histogram: &Histogram<u64>) -> Option<()> {
        self.of(class).add(histogram).ok()
    }

    /// Adds what another recorded, which has as many classes.
    pub fn add(&mut self, other: &Latencies) {
        for (class, histogram) in other.recorded() {
            self.add_to(class, histogram).expect("bounds are alike");
        }
    }

    /// Takes back what was recorded of a class and should not have been; `None`, and nothing is taken, where it was not.
    pub fn take_from(&mut self, class: usize, histogram: &Histogram<u64>) -> Option<()> {
        let sum = self.classes[class].as_mut()?;
        sum.subtract(histogram).ok()?;
        if sum.is_empty() {
            self.classes[class] = None;
        }
        Some(())
    }

    /// The classes that recorded anything.
    pub fn recorded(&self) -> impl Iterator<Item = (usize, &Histogram<u64>)> {
        self.classes.iter().enumerate().filter_map(|(class, histogram)| Some((class, histogram.as_ref()?)))
    }
}

/// HdrHistogram V2, deflated: the form other HdrHistogram tools read.
pub fn serialize(histogram: &Histogram<u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(histogram, &mut bytes).expect("a Vec takes whatever is written");
    bytes
}

/// The class of a kind (`0..kinds`) and a cause.
pub const fn class_of(kind: usize, cause: Cause) -> u8 {
    (kind * Cause::ALL.len() + cause as usize) as u8
}

/// The kind and the cause of a class.
pub const fn kind_and_cause(class: usize) -> (usize, Cause) {
    (class / Cause::ALL.len(), Cause::ALL[class % Cause::ALL.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_cause_has_a_class_of_its_own() {
        for kind in 0..4 {
            for cause in Cause::ALL {
                assert_eq!(kind_and_cause(class_of(kind, cause).into()), (kind, cause));
            }
        }
    }

    #[test]
    fn a_latency_beyond_the_range_is_kept_as_the_largest() {
        let mut latencies = Latencies::new(2);
        latencies.record(1, u64::MAX);
        let (class, histogram) = latencies.recorded().next().unwrap();
        assert_eq!((class, histogram.len()), (1, 1));
        assert!(histogram.max() >= LATENCY_MAX_NS);
    }
}
