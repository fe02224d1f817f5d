//! What the machine did besides while a process measured.

use crate::record::Sensors;

/// Reads what can be read, once at the beginning and once at the end.
pub(super) struct Watch {
    switches: Option<u64>,
    stolen_ms: Option<u64>,
}

impl Watch {
    pub fn begin() -> Watch {
        Watch { switches: involuntary_switches(), stolen_ms: stolen_ms() }
    }

    /// What one repetition's record has.
    pub fn end(self) -> Sensors {
        let since = |now: Option<u64>, then: Option<u64>| now.zip(then).map(|(now, then)| now.saturating_sub(then));
        Sensors {
            involuntary_switches: since(involuntary_switches(), self.switches).into_iter().collect(),
            stolen_ms: since(stolen_ms(), self.stolen_ms).into_iter().collect(),
            mhz: mhz().into_iter().collect(),
            load: load().into_iter().collect(),
        }
    }
}

fn involuntary_switches() -> Option<u64> {
    // SAFETY: the structure is plain numbers, of which all bits zero are some.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: it writes the structure that it is given, and nothing else.
    let result = unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    (result == 0).then(|| usage.ru_nivcsw.try_into().ok())?
}

/// Milliseconds in which all processors of this machine were another's, since it started.
fn stolen_ms() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    // cpu user nice system idle iowait irq softirq steal, in ticks.
    let ticks: u64 = stat.lines().next()?.split_ascii_whitespace().nth(8)?.parse().ok()?;
    // SAFETY: it takes a number and gives one.
    let per_s = u64::try_from(unsafe { libc::sysconf(libc::_SC_CLK_TCK) }).ok().filter(|&per_s| per_s > 0)?;
    Some(ticks * 1000 / per_s)
}

/// Of the processor that this runs on.
fn mhz() -> Option<f64> {
    let processor = processor()?;
    let scaled = format!("/sys/devices/system/cpu/cpu{processor}/cpufreq/scaling_cur_freq");
    if let Some(khz) = std::fs::read_to_string(scaled).ok().and_then(|text| text.trim().parse::<f64>().ok()) {
        return finite(khz / 1e3);
    }
    let info = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let lines = info.lines().filter(|line| line.starts_with("cpu MHz"));
    let mhz = lines.filter_map(|line| line.split_once(':')?.1.trim().parse::<f64>().ok()).nth(processor)?;
    finite(mhz)
}

#[cfg(target_os = "linux")]
fn processor() -> Option<usize> {
    // SAFETY: it takes nothing and gives a number.
    usize::try_from(unsafe { libc::sched_getcpu() }).ok()
}

#[cfg(not(target_os = "linux"))]
fn processor() -> Option<usize> {
    None
}

/// Processes that run or want to, on average over the last minute.
fn load() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    finite(text.split_ascii_whitespace().next()?.parse::<f64>().ok()?)
}

fn finite(value: f64) -> Option<f64> {
    (value.is_finite() && value >= 0.0).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_tells_is_of_one_repetition() {
        let Sensors { involuntary_switches, stolen_ms, mhz, load } = Watch::begin().end();
        assert_eq!(involuntary_switches.len(), 1, "every Unix counts them");
        assert!([stolen_ms.len(), mhz.len(), load.len()].iter().all(|length| *length <= 1));
        let linux = cfg!(target_os = "linux");
        assert_eq!((stolen_ms.len(), load.len()), (usize::from(linux), usize::from(linux)));
    }

    #[test]
    fn what_came_between_is_a_difference() {
        let watch = Watch { switches: Some(0), stolen_ms: Some(u64::MAX) };
        let since = watch.end();
        assert_eq!(since.involuntary_switches.len(), 1);
        assert!(since.involuntary_switches[0] <= involuntary_switches().unwrap());
        assert!(since.stolen_ms.iter().all(|ms| *ms == 0), "a counter that went back counts nothing");
        assert!(Watch { switches: None, stolen_ms: None }.end().involuntary_switches.is_empty());
    }
}
