//! How two numbers are written side by side.

use crate::record::metrics::Number;

/// `1 cell`, `2 cells`.
pub(crate) fn plural(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// A number as a real.
pub(crate) fn real(number: Number) -> f64 {
    match number {
        Number::Int(n) => n as f64,
        Number::Real(x) => x,
    }
}

/// Both numbers as short as they can be while they still look different.
pub(crate) fn texts(before: Number, after: Number) -> [String; 2] {
    let short = [before, after].map(|number| match number {
        Number::Int(n) => n.to_string(),
        Number::Real(x) => significant(x),
    });
    if short[0] == short[1] && real(before) != real(after) {
        return [real(before), real(after)].map(|x| x.to_string());
    }
    short
}

/// `+1 (+0.09 %)`, `-1 (-0.09 %)`, `+5 (from 0)`.
pub(crate) fn difference(before: Number, after: Number) -> String {
    let rise = match (before, after) {
        (Number::Int(a), Number::Int(b)) if b >= a => format!("+{}", b - a),
        (Number::Int(a), Number::Int(b)) => format!("-{}", a - b),
        _ => match real(after) - real(before) {
            x if x > 0.0 => format!("+{}", significant(x)),
            x => significant(x),
        },
    };
    if real(before) == 0.0 {
        return format!("{rise} (from 0)");
    }
    let percent = (real(after) - real(before)) / real(before).abs() * 100.0;
    let sign = if rise.starts_with('-') { '-' } else { '+' };
    match percent.abs() {
        x if x < 0.01 => format!("{rise} (under 0.01 %)"),
        x if x < 1000.0 => format!("{rise} ({sign}{x:.2} %)"),
        x => format!("{rise} ({sign}{x:.0} %)"),
    }
}

/// Six significant digits, no zeros at the end; an exponent where the zeros at the front would be many.
fn significant(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let magnitude = x.abs().log10().floor() as i32;
    if !(-4..15).contains(&magnitude) {
        return format!("{x:.5e}");
    }
    let decimals = (5 - magnitude).max(0) as usize;
    let text = format!("{x:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_but_never_look_equal_when_they_are_not() {
        let real = |a, b| texts(Number::Real(a), Number::Real(b));
        assert_eq!(real(1.234567, 2.0), ["1.23457", "2"]);
        assert_eq!(real(1.234567, 1.2345670001), ["1.234567", "1.2345670001"]);
        assert_eq!(real(100.0, 123456.7), ["100", "123457"]);
        assert_eq!(real(0.00012, 0.0000012), ["0.00012", "1.20000e-6"]);
        assert_eq!(texts(Number::Int(u64::MAX), Number::Int(0)), ["18446744073709551615", "0"]);
    }

    #[test]
    fn differences_have_a_sign_and_a_share() {
        let int = |a, b| difference(Number::Int(a), Number::Int(b));
        assert_eq!(int(1152, 1153), "+1 (+0.09 %)");
        assert_eq!(int(1153, 1152), "-1 (-0.09 %)");
        assert_eq!(int(0, 5), "+5 (from 0)");
        assert_eq!(int(5, 0), "-5 (-100.00 %)");
        assert_eq!(int(u64::MAX - 1, u64::MAX), "+1 (under 0.01 %)");
        assert_eq!(int(1, 1001), "+1000 (+100000 %)");
        assert_eq!(difference(Number::Real(0.5), Number::Real(0.75)), "+0.25 (+50.00 %)");
    }
}
