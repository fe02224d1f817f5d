//! When which maps were recorded: it may be changed while the program runs.

use std::time::Duration;

use super::Sample;
use super::bytes::Bytes;
use super::map::bounded;

/// A time in which the same share of the new maps was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// When it began, since 1970.
    pub since: Duration,
    /// Which of the maps that were made in it are recorded.
    pub sample: Sample,
}

/// Where a file has its periods.
#[derive(Debug, Clone, Copy)]
pub(super) struct Periods {
    /// Where the first one is.
    pub at: usize,
    /// How many it has room for.
    pub max: usize,
    /// How many there are.
    pub count: usize,
}

/// Where the header has what is recorded now, to which whoever changes it writes.
pub(super) const CONTROL_AT: usize = 160;
/// Bytes of a period.
pub(super) const PERIOD_BYTES: usize = 16;
/// A map has the number of its period in two bytes.
const PERIODS_MAX: u64 = 1 << 16;

impl Periods {
    /// Those of a file of version 3.
    pub(super) fn of(file: &Bytes<'_>) -> Result<Periods, String> {
        let max = bounded("most periods", file.u32(176).into(), 1, PERIODS_MAX)?;
        let now = bounded("number of the period", file.u32(CONTROL_AT + 4).into(), 0, max - 1)?;
        Ok(Periods { at: file.offset(168), max: max as usize, count: now as usize + 1 })
    }

    pub(super) fn read(self, file: &Bytes<'_>) -> Result<Vec<Period>, String> {
        (0..self.count).map(|number| Period::parse(file, self.at + number * PERIOD_BYTES)).collect()
    }
}

impl Period {
    pub(super) fn parse(file: &Bytes<'_>, at: usize) -> Result<Period, String> {
        let nanoseconds = bounded("nanoseconds of a period", file.u32(at + 8).into(), 0, 999_999_999)?;
        let since = Duration::new(file.u64(at), nanoseconds as u32);
        let n = file.u32(at + 12).into();
        let sample = Sample::of_file(n).ok_or_else(|| format!("is damaged: N of a period: {n}"))?;
        Ok(Period { since, sample })
    }

    /// As files have it.
    pub(super) fn bytes(&self) -> [u8; PERIOD_BYTES] {
        let mut bytes = [0; PERIOD_BYTES];
        bytes[..8].copy_from_slice(&self.since.as_secs().to_le_bytes());
        bytes[8..12].copy_from_slice(&self.since.subsec_nanos().to_le_bytes());
        bytes[12..].copy_from_slice(&self.sample.in_file().to_le_bytes());
        bytes
    }
}
