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

/// The least that the counter and the system's clock are compared over: their readings are some tens of nanoseconds apart.
const COMPARED_MIN: Duration = Duration::from_millis(10);

/// One moment by the system's clock and by the counter.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    wall: Instant,
    ticks: u64,
}

impl Moment {
    /// Reads both several times. The quickest counts: whoever had the processor between two readings was not there then.
    pub fn now() -> Moment {
        let read = || {
            let (before, wall, after) = (ticks(), Instant::now(), ticks());
            (after.saturating_sub(before), Moment { wall, ticks: before + after.saturating_sub(before) / 2 })
        };
        let (mut least, mut now) = read();
        for (took, moment) in (1..10).map(|_| read()) {
            if took < least {
                (least, now) = (took, moment);
            }
        }
        now
    }
}

impl Clock {
    /// Compares the counter with the system's clock from `start` until now, or until 10 ms have passed; measures what a
    /// reading costs. Whoever has worked that long meanwhile waits for nothing.
    pub fn since(start: Moment) -> Clock {
        while start.wall.elapsed() < COMPARED_MIN {
            std::hint::spin_loop();
        }
        let end = Moment::now();
        let ticks_per_ns = (end.ticks - start.ticks) as f64 / (end.wall - start.wall).as_nanos() as f64;
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

    /// Picoseconds, rounded down.
    pub fn ps(&self, ticks: u64) -> u64 {
        (ticks as f64 * 1e3 / self.ticks_per_ns) as u64
    }

    /// Nanoseconds, rounded to the nearest.
    #[inline]
    pub fn ns(&self, ticks: u64) -> u64 {
        (ticks as f64 / self.ticks_per_ns + 0.5) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calibrated_clock_agrees_with_the_systems_within_a_fifth() {
        let clock = Clock::since(Moment::now());
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
