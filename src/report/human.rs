//! Figures for people: one unit and one number of decimals for all figures that stand under each other.

/// `1234567` as `1,234,567`.
pub(super) fn thousands(n: u64) -> String {
    group(&n.to_string())
}

fn group(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// What a figure measures, and so which units it may be shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantity {
    /// Nanoseconds.
    Time,
    /// Bytes.
    Bytes,
    /// A number without a unit of its own.
    Plain,
}

impl Quantity {
    /// The units, smallest first, with their size in the base unit.
    const fn units(self) -> &'static [(&'static str, f64)] {
        match self {
            Quantity::Time => &[("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)],
            Quantity::Bytes => &[("B", 1.0), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)],
            Quantity::Plain => &[("", 1.0)],
        }
    }
}

/// Decimals beyond which a figure is called small instead of shown.
const DECIMALS_MAX: usize = 4;
/// Digits beyond which a column is harder to compare than it is worth.
const DIGITS_MAX: usize = 5;

/// How a set of figures is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// The unit's name.
    pub unit: &'static str,
    divisor: f64,
    decimals: usize,
}

impl Scale {
    /// The largest unit in which the smallest figure (0 aside) is at least 1 and keeps two significant digits; as
    /// many decimals as it takes to give it three, and none when all figures are whole.
    pub fn fit(quantity: Quantity, values: impl Iterator<Item = f64> + Clone) -> Scale {
        let sizes = values.clone().map(f64::abs).filter(|&x| x > 0.0);
        let (smallest, largest) = (sizes.clone().fold(f64::INFINITY, f64::min), sizes.fold(0.0, f64::max));
        let (base, rest) = quantity.units().split_first().expect("every quantity has a unit");
        let whole = values.clone().all(|x| x.fract() == 0.0);
        let mut scale =
            Scale { unit: base.0, divisor: 1.0, decimals: if whole { 0 } else { decimals(smallest, largest) } };
        for &(unit, divisor) in rest {
            let decimals = decimals(smallest / divisor, largest / divisor);
            if smallest.is_finite() && smallest >= divisor && digits_before_point(smallest / divisor) + decimals >= 2 {
                scale = Scale { unit, divisor, decimals };
            }
        }
        scale
    }

    /// The figure, without its unit.
    pub fn show(&self, value: f64) -> String {
        let least = 10_f64.powi(-(self.decimals as i32));
        let scaled = value / self.divisor;
        if value != 0.0 && scaled.abs() < least / 2.0 {
            return format!("<{least:.*}", self.decimals);
        }
        let text = format!("{:.*}", self.decimals, scaled.abs());
        let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
        let sign = if scaled < 0.0 && value != 0.0 { "-" } else { "" };
        format!("{sign}{}{fraction}", group(whole))
    }
}

fn digits_before_point(x: f64) -> usize {
    if x < 1.0 { 0 } else { x.log10().floor() as usize + 1 }
}

/// Decimals that give `smallest` three significant digits without giving `largest` more than five.
fn decimals(smallest: f64, largest: f64) -> usize {
    if !smallest.is_finite() {
        return 0;
    }
    let wanted = (2.0 - smallest.log10().floor()).max(0.0) as usize;
    wanted.min(DIGITS_MAX.saturating_sub(digits_before_point(largest))).min(DECIMALS_MAX)
}

/// One figure on its own, with its unit: `3.11 ms`, `35.7 MB`.
pub(super) fn figure(quantity: Quantity, value: f64) -> String {
    let scale = Scale::fit(quantity, std::iter::once(value));
    format!("{} {}", scale.show(value), scale.unit).trim_end().to_owned()
}

/// How many times more: `2.3`, `41`, `9,100`; two significant digits.
pub(super) fn times(ratio: f64) -> String {
    if ratio < 9.95 {
        return format!("{ratio:.1}");
    }
    let step = 10_f64.powi(ratio.log10().floor() as i32 - 1);
    thousands(((ratio / step).round() * step) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(quantity: Quantity, values: &[f64]) -> (&'static str, Vec<String>) {
        let scale = Scale::fit(quantity, values.iter().copied());
        (scale.unit, values.iter().map(|&x| scale.show(x)).collect())
    }

    #[test]
    fn a_column_has_one_unit_and_one_number_of_decimals() {
        for (quantity, values, unit, shown) in [
            (Quantity::Time, &[38.4, 287.31][..], "ns", &["38.4", "287.3"][..]),
            (Quantity::Time, &[96.0, 3_112_959.0], "ns", &["96", "3,112,959"]),
            (Quantity::Time, &[96_255.0, 11_534_335.0], "µs", &["96", "11,534"]),
            (Quantity::Time, &[3_112_959.0, 11_534_335.0], "ms", &["3.11", "11.53"]),
            (Quantity::Bytes, &[17.8, 83.9], "B", &["17.8", "83.9"]),
            (Quantity::Bytes, &[4_000.0, 96_000.0], "kB", &["4.00", "96.00"]),
            (Quantity::Plain, &[1.5, 2.25, 0.0], "", &["1.50", "2.25", "0.00"]),
            (Quantity::Plain, &[0.000018, 0.091412], "", &["<0.0001", "0.0914"]),
            (Quantity::Plain, &[3.0, 12.0], "", &["3", "12"]),
            (Quantity::Plain, &[0.0], "", &["0"]),
            (Quantity::Plain, &[-2.5, 30.0], "", &["-2.50", "30.00"]),
        ] {
            let expected = (unit, shown.iter().map(|&s| s.to_owned()).collect());
            assert_eq!(column(quantity, values), expected, "{values:?}");
        }
    }

    #[test]
    fn single_figures_carry_their_unit() {
        assert_eq!(figure(Quantity::Time, 3_112_959.0), "3.11 ms");
        assert_eq!(figure(Quantity::Bytes, 35_651_820.0), "35.7 MB");
        assert_eq!(figure(Quantity::Plain, 2.0), "2");
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!([times(2.34), times(9.96), times(41.4), times(9_123.0)], ["2.3", "10", "41", "9,100"]);
    }
}
