//! A description in rows, which forms for people lay out.

use serde::Serialize;

use super::{Description, Live, Operations, Reuse, Uses, Zipf};
use crate::report::number::{fixed, integer, plain};
use crate::workload::Spread;

/// Fewer operations have no tenths that differ.
const TENTHS_MIN: u64 = 10;

/// What belongs together: a row, and what it consists of.
pub(super) type Part = Vec<Row>;

/// A figure.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub name: String,
    pub figure: String,
    /// The share of 1 that this is, in percent.
    pub percent: Option<String>,
    pub words: String,
    /// How long its bar is, from 0 to 1.
    pub bar: Option<f64>,
}

fn row(name: &str, figure: String, words: impl Into<String>) -> Row {
    Row { name: name.to_owned(), figure, percent: None, words: words.into(), bar: None }
}

impl Row {
    fn share(self, share: f64) -> Row {
        Row { percent: Some(percent(share)), ..self }
    }
}

/// A share of 1 in percent.
pub(super) fn percent(share: f64) -> String {
    fixed(share * 100.0, 1)
}

/// What precedes the figures.
pub(super) fn head(description: &Description) -> Vec<String> {
    let mut head: Vec<String> = description.read_as.iter().cloned().collect();
    if description.is_estimate() {
        let one_in = integer(description.one_in);
        head.push(format!("too many keys: one in {one_in} is followed, and what is said of keys is an estimate"));
    }
    head
}

pub(super) fn parts(description: &Description) -> Vec<Part> {
    let sizes = [("key bytes", "uses", description.key_bytes), ("value bytes", "values put", description.value_bytes)];
    let mut parts = vec![operations(&description.operations), keys(description), reuse(description.reuse)];
    parts.push(live(&description.live, description.operations.all));
    parts.extend(sizes.into_iter().filter_map(|(name, of, spread)| Some(self::spread(name, of, &spread?))));
    parts
}

fn operations(operations: &Operations) -> Part {
    let scans = plain(operations.scanned_entries as f64 / operations.scans as f64);
    let scans = format!("of {scans} entries on average, from a key on");
    let kinds = [
        ("insert", operations.inserts, "puts of keys that are not there"),
        ("overwrite", operations.overwrites, "puts of keys that are there"),
        ("get, hit", operations.get_hits, "gets that find their key"),
        ("get, miss", operations.get_misses, "gets that don't"),
        ("remove, hit", operations.remove_hits, "removes that find their key"),
        ("remove, miss", operations.remove_misses, "removes that don't"),
        ("clear", operations.clears, "of all entries"),
        ("iterate", operations.iterations, "over all entries"),
        ("scan", operations.scans, &scans),
    ];
    let all = operations.all as f64;
    let kinds = kinds.into_iter().filter(|&(_, count, _)| count > 0);
    let kinds = kinds.map(|(name, count, words)| row(name, integer(count), words).share(count as f64 / all));
    std::iter::once(row("operations", integer(operations.all), "")).chain(kinds).collect()
}

fn keys(Description { keys, hot, zipf, .. }: &Description) -> Part {
    let Uses { distinct, used_once, uses } = *keys;
    let mut part = vec![row("keys", integer(distinct), "different ones")];
    if distinct > 0 {
        let average = plain(uses as f64 / distinct as f64);
        part.push(row("uses", integer(uses), format!("on average {average} of each")));
        part.push(row("used once", integer(used_once), "of the keys").share(used_once as f64 / distinct as f64));
    }
    let hot = hot.iter().map(|hot| (format!("hottest {} %", hot.percent), hot));
    part.extend(hot.map(|(name, hot)| row(&name, integer(hot.keys), "of the uses").share(hot.share)));
    part.extend(zipf.map(self::zipf));
    part
}

fn zipf(zipf: Zipf) -> Row {
    let (exponent, off) = (fixed(zipf.exponent, 2), percent(zipf.off));
    let none = |words: String| row("Zipf's law", "none".to_owned(), words);
    match zipf {
        zipf if zipf.fits() => row("Zipf's law", exponent, format!("its exponent; off by {off} % of the uses")),
        zipf if zipf.is_even() => none("all keys are about equally likely".to_owned()),
        _ => none(format!("the nearest, {exponent}, is off by {off} %")),
    }
}

fn reuse(reuse: Option<Reuse>) -> Part {
    let Some(Reuse { uses, p50, p90, p99, max }) = reuse else {
        return vec![row("reuses", "none".to_owned(), "no key is used twice")];
    };
    let first = row("reuses", integer(uses), "uses after the first; keys in between:");
    with_percentiles(first, &[("half", p50), ("90 %", p90), ("99 %", p99), ("all", max)])
}

fn live(Live { largest, after_tenths }: &Live, operations: u64) -> Part {
    let tenths = (1..).zip(after_tenths).filter(|_| operations >= TENTHS_MIN).map(|(tenth, &entries)| Row {
        bar: Some(entries as f64 / (*largest).max(1) as f64),
        ..row(&format!("after {tenth}0 %"), integer(entries), "")
    });
    std::iter::once(row("live entries", integer(*largest), "the most at a time")).chain(tenths).collect()
}

fn spread(name: &str, of: &str, &Spread { count, mean, p50, p99, max }: &Spread) -> Part {
    let first = row(name, plain(mean), format!("on average, of {} {of}", integer(count)));
    with_percentiles(first, &[("half", p50.into()), ("99 %", p99.into()), ("all", max.into())])
}

fn with_percentiles(first: Row, percentiles: &[(&str, u64)]) -> Part {
    let rows = percentiles.iter().map(|(share, most)| row(&format!("{share} up to"), integer(*most), ""));
    std::iter::once(first).chain(rows).collect()
}

/// What a workload and the trace that it resembles come to.
#[derive(Debug, Serialize)]
pub(super) struct Figure {
    pub name: &'static str,
    pub trace: String,
    pub like: String,
    pub ratio: String,
}

impl super::Compared {
    pub(super) fn shown(&self) -> Vec<Figure> {
        let figure = |name, pair: super::Pair, shown: fn(f64) -> String| {
            let ratio = pair.ratio().map_or(String::new(), |ratio| fixed(ratio, 3));
            Figure { name, trace: shown(pair.trace), like: shown(pair.like), ratio }
        };
        let count = |x: f64| integer(x as u64);
        let mut figures = vec![
            figure("bytes allocated", self.alloc_bytes, count),
            figure("entries moved", self.moved_entries, count),
        ];
        let hits = self.get_hit_ratio.map(|hits| figure("gets that find their key", hits, |x| percent(x) + " %"));
        figures.extend(hits);
        figures
    }
}
