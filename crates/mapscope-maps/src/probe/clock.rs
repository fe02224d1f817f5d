//! The clock of the time pass: the processor's cycle counter, calibrated against the system's monotonic clock.
//!
//! One reading costs about 12 ns on a virtual machine (`rdtsc`, no fence). It is left unfenced on purpose: a fence
//! costs as much again and stalls the very pipeline whose latency is asked for. Successive readings telescope, so that
//! what an out-of-order reading takes from one operation it gives to its neighbour; single figures below a few tens of
//! nanoseconds are therefore only as sharp as the floor that [`Clock::floor_ns`] reports.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// A reading, in ticks of [`Clock::ticks_per_ns`].
#[inline(always)]
pub fn ticks() -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: every x86-64 processor has the time-stamp counter, and Linux lets user code read it.
        unsafe { std::arch::x86_64::_rdtsc() }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        use std::sync::OnceLock;
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }
}

/// What a tick is worth, and what reading it costs.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// Ticks in a nanosecond.
    pub ticks_per_ns: f64,
    /// The mean interval between two readings with nothing between them, in nanoseconds; the least of several series.
    pub floor_ns: f64,
}

impl Clock {
    /// Measures both: about 50 ms.
    pub fn calibrate() -> Clock {
        let ticks_per_ns = median((0..5).map(|_| {
            let (wall, start) = (Instant::now(), ticks());
            while wall.elapsed() < Duration::from_millis(10) {
                std::hint::spin_loop();
            }
            let end = ticks();
            (end - start) as f64 / wall.elapsed().as_nanos() as f64
        }));
        const READINGS: u32 = 1_000;
        // A mean, because the counter of many machines steps by more than one reading takes.
        let series = (0..20).map(|_| {
            let start = ticks();
            (0..READINGS).for_each(|_| {
                black_box(ticks());
            });
            ticks().saturating_sub(start) as f64 / f64::from(READINGS + 1)
        });
        Clock { ticks_per_ns, floor_ns: series.fold(f64::INFINITY, f64::min) / ticks_per_ns }
    }

    /// Nanoseconds, rounded to the nearest.
    #[inline]
    pub fn ns(&self, ticks: u64) -> u64 {
        (ticks as f64 / self.ticks_per_ns + 0.5) as u64
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calibrated_clock_agrees_with_the_systems_within_a_fifth() {
        let clock = Clock::calibrate();
        // Between two readings others may have had the processor: the counter's lie between those of the system.
        let (outer, start, inner) = (Instant::now(), ticks(), Instant::now());
        std::thread::sleep(Duration::from_millis(50));
        let (least, end, most) = (inner.elapsed(), ticks(), outer.elapsed());
        let (ns, least_ns, most_ns) = (clock.ns(end - start), least.as_nanos() as u64, most.as_nanos() as u64);
        assert!(
            least_ns - least_ns / 5 < ns && ns < most_ns + most_ns / 5,
            "{ns} ns by the counter, {least_ns} to {most_ns} ns by the system"
        );
        assert!(clock.floor_ns >= 0.0);
    }
}
