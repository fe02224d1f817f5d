//! HdrHistogram's percentile distributions as text (`.hgrm`): `KIND.CAUSE.hgrm` for each kind and cause of operation,
//! and `KIND.hgrm` for all operations of a kind together. HdrHistogram's plotter draws several files in one chart, under
//! their names.
//!
//! Shape: a heading; a line for each percentile with the value at it, the fraction of operations that this percentile
//! is, how many operations took at most that value, and one over the rest of the fraction; mean, deviation, maximum,
//! count and layout of the histogram in lines that begin with `#`, which plotters skip. Two such lines more say which
//! cell it is, and the unit: nanoseconds, scaled by 1, reading the clock included.
//!
//! Percentiles come closer to each other towards 100: five to each halving of what remains.
//!
//! Source: what HdrHistogram for Java writes (`AbstractHistogram.outputPercentileDistribution`), digit by digit.

use std::fmt::Write as _;
use std::io;

use hdrhistogram::Histogram;

use super::{Emit, Format};
use crate::record::metrics::latency::decode;
use crate::record::{Cell, OpKind, Results, Time};

pub(super) const FORMAT: Format = Format {
    name: "hdr-percentiles",
    summary: "cells/*/{KIND,KIND.CAUSE}.hgrm: latencies by percentile, for HdrHistogram's plotter",
    always: false,
    render,
};

fn render(results: &Results, emit: &mut Emit<'_>) -> io::Result<()> {
    for cell in &results.cells {
        let Some(time) = &cell.time else { continue };
        for kind in OpKind::ALL {
            let mut all = None::<Histogram<u64>>;
            for recorded in time.histograms.iter().filter(|histogram| histogram.kind == kind) {
                let Some(histogram) = decode(recorded).filter(|histogram| !histogram.is_empty()) else { continue };
                let name = format!("{}.{}", kind.name(), recorded.cause.name());
                write(results, cell, time, &name, &histogram, emit)?;
                match &mut all {
                    None => all = Some(histogram),
                    Some(all) => {
                        all.auto(true);
                        all.add(histogram).map_err(io::Error::other)?;
                    }
                }
            }
            if let Some(all) = all {
                write(results, cell, time, kind.name(), &all, emit)?;
            }
        }
    }
    Ok(())
}

fn write(
    results: &Results,
    cell: &Cell,
    time: &Time,
    name: &str,
    histogram: &Histogram<u64>,
    emit: &mut Emit<'_>,
) -> io::Result<()> {
    let mut text = distribution(histogram);
    let cell_id = cell.id.to_string().replace(char::is_control, " ");
    let _ = write!(
        text,
        "#[mapscope {}: {cell_id}; {name}]\n\
         #[Values in nanoseconds, scaling ratio 1; reading the clock, {:.3} of them, is included]\n",
        results.mapscope, time.clock_floor_ns,
    );
    emit(&format!("cells/{}/{name}.hgrm", cell.id.file_stem()), text.as_bytes())
}

/// The text as Java's HdrHistogram writes it.
fn distribution(histogram: &Histogram<u64>) -> String {
    let digits = usize::from(histogram.sigfig());
    let total = histogram.len();
    let mut text = format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    let (mut level, mut running) = (Level::default(), 0);
    for value in histogram.iter_recorded() {
        running += value.count_at_value();
        while level.is_reached(running, total) {
            let value = value.value_iterated_to() as f64;
            let (fraction, inverse) = (level.fraction(), level.inverse_of_rest());
            let _ = writeln!(text, "{value:12.digits$} {fraction} {running:10} {inverse:14.2}");
            level = level.next();
            // The largest value has one line for whichever percentile comes first, then that for 100.
            if running == total {
                break;
            }
        }
    }
    let (max, mean, deviation) = (histogram.max() as f64, histogram.mean(), histogram.stdev());
    // What it takes to tell all values of the precision apart.
    let sub_buckets = (2 * 10_u64.pow(histogram.sigfig().into())).next_power_of_two();
    let _ = write!(
        text,
        "{max:12.digits$} 1.000000000000 {total:10}\n\
         #[Mean    = {mean:12.digits$}, StdDeviation   = {deviation:12.digits$}]\n\
         #[Max     = {max:12.digits$}, Total count    = {total:12}]\n\
         #[Buckets = {:12}, SubBuckets     = {sub_buckets:12}]\n",
        histogram.buckets(),
    );
    text
}

/// A percentile to report: so many halvings of what remains to 100, and so many ticks into the next one. Exact, where
/// adding up increments would drift.
#[derive(Clone, Copy, Default)]
struct Level {
    halvings: u32,
    ticks: u32,
}

impl Level {
    /// Ticks in each half of what remains.
    const TICKS: u32 = 5;

    /// What remains to 100 %, and 100 %, in the same unit.
    fn rest_of(self) -> (u128, u128) {
        ((2 * Self::TICKS - self.ticks).into(), u128::from(2 * Self::TICKS) << self.halvings)
    }

    fn is_reached(self, running: u64, total: u64) -> bool {
        let (rest, whole) = self.rest_of();
        u128::from(running) * whole >= (whole - rest) * u128::from(total)
    }

    fn next(self) -> Level {
        let ticks = (self.ticks + 1) % Self::TICKS;
        Level { halvings: self.halvings + u32::from(ticks == 0), ticks }
    }

    /// With twelve digits, halves rounded up.
    fn fraction(self) -> String {
        const UNIT: u128 = 1_000_000_000_000;
        let (rest, whole) = self.rest_of();
        let rounded = ((whole - rest) * UNIT + whole / 2) / whole;
        format!("{}.{:012}", rounded / UNIT, rounded % UNIT)
    }

    /// In hundredths, halves rounded up, by the steps that Java takes, whose rounding shows far out in the tail.
    fn inverse_of_rest(self) -> f64 {
        let (rest, whole) = self.rest_of();
        let percent = (100 * (whole - rest)) as f64 / whole as f64;
        (1.0 / (1.0 - percent / 100.0) * 100.0).round() / 100.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_five_to_each_halving() {
        let levels = std::iter::successors(Some(Level::default()), |level| Some(level.next()));
        let shown: Vec<_> = levels.take(12).map(Level::fraction).collect();
        let expected = ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.55", "0.6", "0.65", "0.7", "0.75", "0.775"];
        assert_eq!(shown, expected.map(|text| format!("{text:0<14}")));
        // 0.99978027343750 to twelve digits: the half is rounded up.
        assert_eq!(Level { halvings: 12, ticks: 1 }.fraction(), "0.999780273438");
        assert_eq!(Level { halvings: 50, ticks: 0 }.fraction(), "1.000000000000");
        assert_eq!(Level { halvings: 2, ticks: 0 }.inverse_of_rest(), 4.0);
        // 167772160.625 by Java's arithmetic.
        assert_eq!(Level { halvings: 27, ticks: 2 }.inverse_of_rest(), 167_772_160.63);
    }

    #[test]
    fn one_value_has_two_lines() {
        let mut histogram = Histogram::<u64>::new_with_bounds(1, 1000, 3).unwrap();
        histogram.record_n(7, 3).unwrap();
        let text = distribution(&histogram);
        assert_eq!(
            text.lines().skip(2).take(3).collect::<Vec<_>>(),
            [
                "       7.000 0.000000000000          3           1.00",
                "       7.000 1.000000000000          3",
                "#[Mean    =        7.000, StdDeviation   =        0.000]",
            ]
        );
    }

    #[test]
    fn a_level_is_reached_at_it_and_not_before() {
        let third = Level { halvings: 0, ticks: 3 };
        assert!(third.is_reached(3, 10));
        assert!(!third.is_reached(299_999_999, 1_000_000_000));
    }
}
