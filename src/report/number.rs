//! How reports write numbers and foreign text, on the terminal and in Markdown alike.

use std::time::Duration;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The decimals for a column: the smallest value but 0 keeps three significant digits, as far as `most` allows.
pub(crate) fn decimals(values: impl Iterator<Item = f64>, most: usize) -> usize {
    let smallest = values.map(f64::abs).filter(|&x| x > 0.0).fold(f64::INFINITY, f64::min);
    if smallest.is_finite() { (2.0 - smallest.log10().floor()).clamp(0.0, most as f64) as usize } else { 0 }
}

/// `1,234.50`; a nought is `0`, and what would only look like one is `<0.01`.
pub(crate) fn fixed(x: f64, decimals: usize) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    let digits = format!("{:.decimals$}", x.abs());
    if digits.bytes().all(|b| matches!(b, b'0' | b'.')) {
        return format!("{}{:.decimals$}", if x < 0.0 { ">-" } else { "<" }, 0.1_f64.powi(decimals as i32));
    }
    let (whole, fraction) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    format!("{}{}{fraction}", if x < 0.0 { "-" } else { "" }, grouped(whole))
}

/// An integer as `1,234,567`.
pub(crate) fn integer(n: u64) -> String {
    grouped(&n.to_string())
}

/// So many of a noun, as `1 map`, `1,234 maps`.
pub(crate) fn plural(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", integer(n), if n == 1 { "" } else { "s" })
}

/// In at most six characters: `9,999`, `12.3k`, `4.56M`.
pub(crate) fn scaled(n: u64) -> String {
    const UNITS: [&str; 6] = ["k", "M", "G", "T", "P", "E"];
    if n < 10_000 {
        return integer(n);
    }
    let mut value = n as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$}{}", UNITS[unit])
}

/// Digits in groups of three.
pub(crate) fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number in a sentence: three significant digits, every digit of a whole part.
pub(crate) fn plain(x: f64) -> String {
    let text = fixed(x, decimals([x].into_iter(), 4));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A time in a sentence, in the unit that suits it: `87 ns`, `3.1 ms`.
pub(crate) fn duration(ns: f64) -> String {
    let (scaled, unit) = match ns {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    let decimals = usize::from(scaled < 10.0 && unit != "ns");
    format!("{scaled:.decimals$} {unit}")
}

/// A time that a clock on the wall shows: `59 s`, `3 min 29 s`, `26 h 5 min`.
pub(crate) fn elapsed(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", integer(seconds / 3600), seconds % 3600 / 60),
    }
}

/// A size in a name, in the unit that suits it: `512 B`, `1.5 KiB`, `24 MiB`.
pub(super) fn bytes(n: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let (scaled, unit) = match n {
        0..1024 => return format!("{n} B"),
        n => {
            let step = (n.ilog2() / 10).min(units.len() as u32);
            (n as f64 / 1024f64.powi(step as i32), units[step as usize - 1])
        }
    };
    format!("{} {unit}", plain(scaled))
}

/// The first line of a foreign text, without control characters.
pub(crate) fn one_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// At most `width` columns of `text`; what was cut shows as `…`.
pub(crate) fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        kept.push(c);
    }
    if width > 0 { kept.trim_end().to_owned() + "…" } else { kept }
}

/// As [`fit`], but cuts the middle: names of types that begin alike differ in their ends.
pub(crate) fn fit_ends(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut end, mut used) = (text.len(), 0);
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > width / 3 {
            break;
        }
        end = at;
    }
    let kept = &text[end..];
    fit(text, width - kept.width()) + kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_at_the_end_or_in_the_middle() {
        let text = "HashMap<alloc::string::String, u64>";
        assert_eq!(
            [35, 34, 12, 1, 0].map(|width| fit(text, width)),
            [text, "HashMap<alloc::string::String, u6…", "HashMap<all…", "…", ""]
        );
        let ends = ["HashMap<alloc::string:…tring, u64>", "HashMap…u64>", "…", ""];
        assert_eq!([34, 12, 1, 0].map(|width| fit_ends(text, width)), ends);
        assert_eq!((fit_ends(text, 35), fit_ends("漢字漢字漢字", 7)), (text.to_owned(), "漢字…字".to_owned()));
    }

    #[test]
    fn figures_are_short() {
        for (n, shown) in [
            (0, "0"),
            (9_999, "9,999"),
            (10_000, "10.0k"),
            (99_960, "100k"),
            (999_600, "1.00M"),
            (4_123_456, "4.12M"),
            (u64::MAX, "18.4E"),
        ] {
            assert_eq!(scaled(n), shown);
        }
    }

    #[test]
    fn a_column_keeps_three_digits_of_its_smallest_value() {
        assert_eq!(decimals([0.0, 4.6, 120.0].into_iter(), 4), 2);
        assert_eq!(decimals([0.00017, 4.6].into_iter(), 4), 4, "no more than allowed");
        assert_eq!(decimals([1234.0].into_iter(), 4), 0);
        assert_eq!(decimals([0.0].into_iter(), 4), 0);
    }

    #[test]
    fn nothing_that_is_there_looks_like_nothing() {
        assert_eq!(fixed(0.0, 2), "0");
        assert_eq!(fixed(0.004, 2), "<0.01");
        assert_eq!(fixed(-0.004, 2), ">-0.01");
        assert_eq!(fixed(0.4, 0), "<1");
        assert_eq!(fixed(0.005_1, 2), "0.01");
        assert_eq!(fixed(1_234_567.891, 1), "1,234,567.9");
        assert_eq!(fixed(-999.996, 2), "-1,000.00");
        assert_eq!(integer(999), "999");
        assert_eq!(integer(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn sentences_are_short() {
        assert_eq!([4.6, 1.15, 9100.4, 0.5, 63.21].map(plain), ["4.6", "1.15", "9,100", "0.5", "63.2"]);
        assert_eq!([87.0, 1500.0, 48_700.0, 3.1e6, 2e9].map(duration), ["87 ns", "1.5 µs", "49 µs", "3.1 ms", "2.0 s"]);
    }

    #[test]
    fn sizes_have_the_unit_that_suits_them() {
        let sizes = [0, 1023, 1024, 1536, 1 << 20, (1 << 30) - 1, 1 << 40, 1 << 50];
        let texts = ["0 B", "1023 B", "1 KiB", "1.5 KiB", "1 MiB", "1,024 MiB", "1 TiB", "1,024 TiB"];
        assert_eq!(sizes.map(bytes), texts);
    }

    #[test]
    fn text_is_cut_by_the_columns_that_it_takes() {
        assert_eq!(fit("panicked", 8), "panicked");
        assert_eq!(fit("panicked", 7), "panick…");
        assert_eq!(fit("表表表", 4), "表…");
        assert_eq!(fit("a", 0), "");
        assert_eq!(one_line("\n a\tb\u{1b}[31m \nc"), "a b [31m");
    }
}
