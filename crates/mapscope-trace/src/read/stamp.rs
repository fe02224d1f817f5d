//! When operations were asked for.

use super::decimal;

/// What a column of times counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds.
    S,
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
    /// Nanoseconds.
    Ns,
}

impl TimeUnit {
    /// All of them.
    pub const ALL: [TimeUnit; 4] = [TimeUnit::S, TimeUnit::Ms, TimeUnit::Us, TimeUnit::Ns];

    /// What mapscope calls a column that counts it.
    pub const fn column(self) -> &'static str {
        match self {
            TimeUnit::S => "time_s",
            TimeUnit::Ms => "time_ms",
            TimeUnit::Us => "time_us",
            TimeUnit::Ns => "time_ns",
        }
    }

    /// How many nanoseconds it has.
    pub const fn ns(self) -> u64 {
        10_u64.pow(self.digits())
    }

    /// Digits after the point that make it nanoseconds.
    const fn digits(self) -> u32 {
        match self {
            TimeUnit::S => 9,
            TimeUnit::Ms => 6,
            TimeUnit::Us => 3,
            TimeUnit::Ns => 0,
        }
    }
}

/// A time, as a row says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Since whenever the trace counts from.
    pub ns: u64,
    /// What the row counts in: its last digit says so many nanoseconds, a power of ten.
    pub unit_ns: u64,
}

impl Stamp {
    /// So many whole `units`; `None` beyond 64 bits of nanoseconds.
    pub fn whole(count: u64, unit_ns: u64) -> Option<Stamp> {
        Some(Stamp { ns: count.checked_mul(unit_ns)?, unit_ns })
    }

    /// Digits, and maybe a point and more digits: as many as make nanoseconds at the most.
    pub fn parse(field: &[u8], unit: TimeUnit) -> Option<Stamp> {
        let point = field.iter().position(|&byte| byte == b'.');
        let Some(point) = point else { return Stamp::whole(decimal(field)?, unit.ns()) };
        let (whole, digits) = (decimal(&field[..point])?, &field[point + 1..]);
        let left = unit.digits().checked_sub(u32::try_from(digits.len()).ok()?)?;
        let Stamp { ns, .. } = Stamp::whole(whole, unit.ns())?;
        let unit_ns = 10_u64.pow(left);
        Some(Stamp { ns: ns.checked_add(decimal(digits)? * unit_ns)?, unit_ns })
    }

    /// The same, written in units of a column, with as many digits as the row has.
    pub fn in_units(self, unit: TimeUnit) -> String {
        let digits = unit.digits().saturating_sub(self.unit_ns.ilog10());
        let (whole, rest) = (self.ns / unit.ns(), self.ns % unit.ns() / self.unit_ns);
        // With a one in front its zeros stay.
        let rest = (10_u64.pow(digits) + rest).to_string();
        if digits == 0 { whole.to_string() } else { format!("{whole}.{}", &rest[1..]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_nanoseconds_and_keep_their_digits() {
        for (text, unit, ns, unit_ns) in [
            ("0", TimeUnit::S, 0, 1_000_000_000),
            ("1339518083.107412", TimeUnit::S, 1_339_518_083_107_412_000, 1_000),
            ("5.0", TimeUnit::S, 5_000_000_000, 100_000_000),
            ("5.000000001", TimeUnit::S, 5_000_000_001, 1),
            ("12816637200306162.9", TimeUnit::Us, 12_816_637_200_306_162_900, 100),
            ("17", TimeUnit::Ms, 17_000_000, 1_000_000),
            ("18446744073709551615", TimeUnit::Ns, u64::MAX, 1),
        ] {
            let stamp = Stamp::parse(text.as_bytes(), unit);
            assert_eq!(stamp, Some(Stamp { ns, unit_ns }), "{text}");
            assert_eq!(stamp.unwrap().in_units(unit), text);
        }
        for (bad, unit) in [
            ("", TimeUnit::S),
            (".5", TimeUnit::S),
            ("5.", TimeUnit::S),
            ("-5", TimeUnit::S),
            ("1e9", TimeUnit::S),
            ("5.0000000001", TimeUnit::S),
            ("5.1", TimeUnit::Ns),
            ("18446744074", TimeUnit::S),
            ("18446744073.709551616", TimeUnit::S),
            ("2026-11-29T00:00:00Z", TimeUnit::S),
        ] {
            assert_eq!(Stamp::parse(bad.as_bytes(), unit), None, "{bad}");
        }
    }
}
