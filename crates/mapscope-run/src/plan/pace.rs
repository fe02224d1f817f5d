//! The pace of a trace: callers arrive when its time stamps say.

use super::place::Raw;
use crate::text::shown;

/// As many times as fast as the trace a pace can be.
const SPEED_MAX: u64 = 1_000_000_000;

/// `trace`, or `trace*N` for N times as fast: N.
pub(super) fn pace(raw: &Raw) -> Result<u64, String> {
    let form = || {
        let got = shown(&raw.text);
        format!("must be trace, or trace*N for N times as fast, N from 1 to 1e9, as trace*1000, got {got}")
    };
    let times = raw.text.trim().strip_prefix("trace").ok_or_else(form)?;
    if times.is_empty() {
        return Ok(1);
    }
    let times: f64 = times.strip_prefix('*').ok_or_else(form)?.replace('_', "").parse().map_err(|_| form())?;
    if times.fract() == 0.0 && (1.0..=SPEED_MAX as f64).contains(&times) { Ok(times as u64) } else { Err(form()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::place::Place;

    #[test]
    fn a_pace_is_that_of_the_trace_or_so_many_times_as_fast() {
        let read = |text: &str| pace(&Raw { text: text.to_owned(), place: Place::Flag("--pace") });
        for (text, speed) in
            [("trace", 1), ("trace*1", 1), ("trace*2", 2), ("trace*1_000", 1000), ("trace*1e9", SPEED_MAX)]
        {
            assert_eq!(read(text), Ok(speed), "{text}");
        }
        for wrong in
            ["", "2", "traces", "trace*", "trace*0", "trace*0.5", "trace*-1", "trace*1e10", "trace*nan", "trace 2"]
        {
            assert!(read(wrong).unwrap_err().starts_with("must be trace, or trace*N"), "{wrong}");
        }
    }
}
