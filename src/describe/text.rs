//! A description to be read: 80 columns.

use super::{Description, Format, Live, Operations, Reuse, Uses, Zipf};
use crate::report::number::{fixed, integer, plain};
use crate::report::table::wrap;
use crate::workload::Spread;

pub(super) const FORMAT: Format =
    Format { name: "text", summary: "to be read on a terminal", render: |description| Ok(render(description)) };

const COLUMNS: usize = 80;
/// Of the bar of all entries.
const BAR_COLUMNS: u64 = 40;
/// Fewer operations have no tenths that differ.
const TENTHS_MIN: u64 = 10;

/// A row: what it is, how many, which share that is, and words.
fn row(name: &str, figure: &str, share: Option<f64>, words: &str) -> String {
    let share = share.map_or(String::new(), |share| format!("{} %", percent(share)));
    format!("{name:<16}{figure:>14}{share:>9} {words}").trim_end().to_owned() + "\n"
}

/// A share of 1 in percent.
fn percent(share: f64) -> String {
    fixed(share * 100.0, 1)
}

fn render(description: &Description) -> String {
    let mut head = vec![description.name.clone()];
    head.extend(description.read_as.clone());
    if description.is_estimate() {
        let one_in = integer(description.one_in);
        head.push(format!("too many keys: one in {one_in} is followed, and what is said of keys is an estimate"));
    }
    let head = head.iter().flat_map(|line| wrap(line, COLUMNS)).map(|line| line + "\n").collect();
    let sizes = [("key bytes", "keys", description.key_bytes), ("value bytes", "values put", description.value_bytes)];
    let mut parts = vec![head, operations(&description.operations), keys(description)];
    parts.push(reuse(description.reuse));
    parts.push(live(&description.live, description.operations.all));
    parts.extend(sizes.into_iter().filter_map(|(name, of, spread)| Some(self::spread(name, of, &spread?))));
    parts.join("\n")
}

fn operations(operations: &Operations) -> String {
    let mut text = row("operations", &integer(operations.all), None, "");
    for (name, count, words) in [
        ("  insert", operations.inserts, "puts of keys that are not there"),
        ("  overwrite", operations.overwrites, "puts of keys that are there"),
        ("  get, hit", operations.get_hits, "gets that find their key"),
        ("  get, miss", operations.get_misses, "gets that don't"),
        ("  remove, hit", operations.remove_hits, "removes that find their key"),
        ("  remove, miss", operations.remove_misses, "removes that don't"),
        ("  clear", operations.clears, "of all entries"),
        ("  iterate", operations.iterations, "over all entries"),
    ] {
        if count > 0 {
            text += &row(name, &integer(count), Some(count as f64 / operations.all as f64), words);
        }
    }
    text
}

fn keys(Description { keys, hot, zipf, .. }: &Description) -> String {
    let Uses { distinct, used_once, uses } = *keys;
    let mut text = row("keys", &integer(distinct), None, "different ones");
    if distinct > 0 {
        let average = plain(uses as f64 / distinct as f64);
        text += &row("  uses", &integer(uses), None, &format!("on average {average} of each"));
        text += &row("  used once", &integer(used_once), Some(used_once as f64 / distinct as f64), "of the keys");
    }
    for hot in hot {
        text += &row(&format!("  hottest {} %", hot.percent), &integer(hot.keys), Some(hot.share), "of the uses");
    }
    text + &zipf.map_or(String::new(), self::zipf)
}

fn zipf(zipf: Zipf) -> String {
    let (exponent, off) = (fixed(zipf.exponent, 2), percent(zipf.off));
    match zipf {
        zipf if zipf.fits() => {
            row("  Zipf's law", &exponent, None, &format!("its exponent; off by {off} % of the uses"))
        }
        zipf if zipf.is_even() => row("  Zipf's law", "none", None, "all keys are about equally likely"),
        _ => row("  Zipf's law", "none", None, &format!("the nearest, {exponent}, is off by {off} %")),
    }
}

fn reuse(reuse: Option<Reuse>) -> String {
    let Some(Reuse { uses, p50, p90, p99, max }) = reuse else {
        return row("reuses", "none", None, "no key is used twice");
    };
    let text = row("reuses", &integer(uses), None, "uses after the first; others in between:");
    text + &up_to(&[("half", p50), ("90 %", p90), ("99 %", p99), ("all", max)])
}

fn live(Live { largest, after_tenths }: &Live, operations: u64) -> String {
    let mut text = row("live entries", &integer(*largest), None, "the most at a time");
    let bar = |entries: u64| "▇".repeat((entries * BAR_COLUMNS).div_ceil((*largest).max(1)) as usize);
    for (tenth, &entries) in (1..).zip(after_tenths).filter(|_| operations >= TENTHS_MIN) {
        text += &row(&format!("  after {tenth}0 %"), &integer(entries), None, &bar(entries));
    }
    text
}

fn spread(name: &str, of: &str, &Spread { count, mean, p50, p99, max }: &Spread) -> String {
    let text = row(name, &plain(mean), None, &format!("on average, of {} {of}", integer(count)));
    text + &up_to(&[("half", p50.into()), ("99 %", p99.into()), ("all", max.into())])
}

/// Percentiles, each in a row.
fn up_to(percentiles: &[(&str, u64)]) -> String {
    percentiles.iter().map(|(share, most)| row(&format!("  {share} up to"), &integer(*most), None, "")).collect()
}
