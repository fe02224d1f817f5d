//! After which operations `inspect` looks at a map.

use anyhow::bail;

use crate::inspect::{Session, operation};

/// The most moments that are looked at.
const MOMENTS_MAX: u64 = 1000;

/// After which operations.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct At {
    /// Ranges, both ends included.
    pub ranges: Vec<(u64, u64)>,
    /// And after the last of all.
    pub end: bool,
    /// And where the table grew for the first time, or for another.
    growths: Vec<u64>,
    /// And where the most entries had to move.
    stall: bool,
}

impl std::str::FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> Result<At, String> {
        let expected =
            || format!("expected N, A..B, end, growth, growth=N or stall, or a list of these by comma, got \"{text}\"");
        let whole = |text: &str| {
            let digits = text.replace('_', "");
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u64>().ok().filter(|_| plain).ok_or_else(expected)
        };
        let mut at = At::default();
        for part in text.split(',').map(str::trim) {
            match part.split_once("..") {
                _ if part == "end" => at.end = true,
                _ if part == "stall" => at.stall = true,
                _ if part == "growth" => at.growths.push(1),
                _ if part.starts_with("growth=") => {
                    at.growths.push(whole(&part["growth=".len()..])?);
                }
                Some((first, last)) => at.ranges.push((whole(first)?, whole(last)?)),
                None => at.ranges.push((whole(part)?, whole(part)?)),
            }
        }
        if at.growths.contains(&0) {
            return Err("growth=0: growths count from 1".to_owned());
        }
        if let Some((first, last)) = at.ranges.iter().find(|(first, last)| first > last) {
            return Err(format!("{first}..{last} is empty: write the smaller number first"));
        }
        let moments = at.ranges.iter().map(|(first, last)| (last - first).saturating_add(1));
        if moments.fold(0, u64::saturating_add) > MOMENTS_MAX {
            return Err(format!("more than {MOMENTS_MAX} moments: ask for fewer"));
        }
        Ok(at)
    }
}

impl At {
    /// Whether it names moments that only the operations show.
    pub fn must_search(&self) -> bool {
        self.stall || !self.growths.is_empty()
    }

    /// How many moments and ranges it names.
    pub fn parts(&self) -> usize {
        self.ranges.len() + usize::from(self.end) + self.growths.len() + usize::from(self.stall)
    }

    /// Finds what only the operations show, in one way through them; says what was found, each in a line.
    pub fn search(&mut self, session: &mut Session) -> anyhow::Result<Vec<String>> {
        let (growths, stall) = (std::mem::take(&mut self.growths), std::mem::take(&mut self.stall));
        let (mut grown, mut worst) = (0, None::<(u64, u64, String)>);
        let mut found = Vec::new();
        while let Some(row) = session.step()? {
            if session.grew() {
                grown += 1;
                if growths.contains(&grown) {
                    self.ranges.push((session.done(), session.done()));
                    found.push(format!("growth {grown}: operation {}, {}", session.done(), operation(&row)));
                }
            }
            let moved = session.moved();
            if moved > worst.as_ref().map_or(0, |&(most, ..)| most) {
                worst = Some((moved, session.done(), operation(&row)));
            }
            let enough = !stall && growths.iter().all(|&number| number <= grown);
            if enough {
                break;
            }
        }
        if let Some(missing) = growths.iter().find(|&&number| number > grown) {
            bail!("--at growth={missing}: the table grew {grown} times in {} operations", session.done());
        }
        match worst.filter(|_| stall) {
            Some((_, done, words)) => {
                self.ranges.push((done, done));
                found.push(format!("stall: operation {done}, {words}"));
            }
            None if stall => bail!("--at stall: no entry moved in {} operations", session.done()),
            None => {}
        }
        Ok(found)
    }

    pub fn contains(&self, operation: u64) -> bool {
        self.ranges.iter().any(|&(first, last)| (first..=last).contains(&operation))
    }

    /// The last operation named; `None` for whichever is the last.
    pub fn last(&self) -> Option<u64> {
        self.ranges.iter().map(|&(_, last)| last).max().filter(|_| !self.end)
    }

    /// The first operation whose changes are shown.
    pub fn watched_from(&self) -> u64 {
        match self.ranges[..] {
            [(first, last)] if first < last && !self.end => first,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_numbers_ranges_and_the_end() {
        let at = |text: &str| text.parse::<At>();
        assert_eq!(at("13"), Ok(At { ranges: vec![(13, 13)], ..At::default() }));
        assert_eq!(at("1,5..9, 1_000"), Ok(At { ranges: vec![(1, 1), (5, 9), (1000, 1000)], ..At::default() }));
        assert_eq!(at("end,0"), Ok(At { ranges: vec![(0, 0)], end: true, ..At::default() }));
        let growths = |growths: &[u64], stall| At { growths: growths.to_vec(), stall, ..At::default() };
        assert_eq!(at("growth"), Ok(growths(&[1], false)));
        assert_eq!(at("growth=3,stall"), Ok(growths(&[3], true)));
        for bad in
            ["growth=", "growth=0", "growth=x", "stall=2", "", "x", "-1", "1..", "..", "5..3", "0..1000", "1;2", "0x1"]
        {
            assert!(at(bad).is_err(), "{bad}");
        }
        assert_eq!((at("3..7").unwrap().watched_from(), at("7").unwrap().watched_from()), (3, 0));
        assert_eq!((at("3..7").unwrap().last(), at("3,end").unwrap().last()), (Some(7), None));
    }
}
