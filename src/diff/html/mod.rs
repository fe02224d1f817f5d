//! A difference to look at: one file that opens offline in any browser, in the report's style.
//!
//! Everything is in the markup; scripts only sort the tables and choose the colours.

mod graph;

use std::io;

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use super::files::Stacks;
use super::names::Names;
use super::shown::{self, Row, STATISTICAL};
use super::{Change, Diff};
use crate::record::metrics::{Better, Number};
use crate::report::html::{STYLE, THEME};

const TEMPLATE: &str = include_str!("diff.html");
const OWN_STYLE: &str = include_str!("diff.css");
const SCRIPT: &str = include_str!("diff.js");

/// As many as fit above the fold.
const LARGEST_MAX: usize = 3;
/// As many graphs are in the page; the others are files.
const GRAPHS_MAX: usize = 30;
/// A bar is at its end where a figure doubled or halved this many times.
const BAR_DOUBLINGS: f64 = 3.0;

/// Everything the template shows.
#[derive(Serialize)]
struct Page {
    mapscope: &'static str,
    styles: [&'static str; 2],
    scripts: [&'static str; 2],
    names: [String; 2],
    conclusion: String,
    chance: Option<String>,
    largest: Vec<Entry>,
    facts: Vec<(&'static str, String)>,
    around: Vec<(String, String)>,
    endings: Vec<(String, String)>,
    tables: Vec<Table>,
    alone: Vec<(String, Vec<String>)>,
    ambiguity: Option<String>,
    graphs: Vec<Graphs>,
    graphs_left_out: usize,
}

#[derive(Serialize)]
struct Table {
    id: &'static str,
    title: String,
    words: &'static str,
    measured: bool,
    entries: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    cell: String,
    metric: &'static str,
    summary: &'static str,
    unit: &'static str,
    before: String,
    after: String,
    change: String,
    word: &'static str,
    /// `good`, `bad`, or nothing.
    class: &'static str,
    /// The numbers, for sorting: `[before, after, size]`.
    keys: [f64; 3],
    /// Where its bar begins and how long it is, in percent of the column.
    bar: [f64; 2],
}

impl Entry {
    fn new(change: &Change, diff: &Diff<'_>, names: &Names) -> Entry {
        let Row { cell, metric, before, after, change: size, word, worse } = Row::new(change, diff, names);
        let class = worse.map_or("", |worse| if worse { "bad" } else { "good" });
        let key = |number: Option<_>| number.map_or(-1.0, Number::as_f64);
        // JSON has no infinity.
        let keys = [key(change.before), key(change.after), (change.size().min(1e6) * 1e9).round() / 1e9];
        let rises = change.after.map(|n| n.as_f64()) > change.before.map(|n| n.as_f64());
        let half = 50.0 * (change.size() / (BAR_DOUBLINGS * std::f64::consts::LN_2)).min(1.0);
        let bar = [if rises { 50.0 } else { 50.0 - half }, half];
        let (unit, summary) = (change.metric.unit, change.metric.summary);
        Entry { cell, metric, summary, unit, before, after, change: size, word, class, keys, bar }
    }
}

/// The graphs of one pair of cells.
#[derive(Serialize)]
struct Graphs {
    name: String,
    graphs: Vec<graph::Graph>,
}

pub(super) fn page(diff: &Diff<'_>, stacks: &[Stacks]) -> io::Result<String> {
    let names = Names::new(diff);
    let table = |exact: bool| {
        let entries: Vec<Entry> = diff.of_class(exact).map(|change| Entry::new(change, diff, &names)).collect();
        let (id, words) = match exact {
            true => ("exact", "Counted: these repeat bit for bit, so every difference is real."),
            false => ("statistical", STATISTICAL),
        };
        Table { id, title: shown::title(diff, exact), words, measured: !exact, entries }
    };
    let mut facts = vec![("A", shown::run(&diff.before)), ("B", shown::run(&diff.after))];
    facts.extend((!names.common.is_empty()).then(|| ("All cells", names.common.clone())));
    let (graphs, graphs_left_out) = graphs(diff, stacks, &names);
    let page = Page {
        mapscope: env!("CARGO_PKG_VERSION"),
        styles: [STYLE, OWN_STYLE],
        scripts: [THEME, SCRIPT],
        names: [diff.before.name.to_owned(), diff.after.name.to_owned()],
        conclusion: shown::conclusion(diff),
        chance: shown::chance(diff),
        largest: largest(diff).into_iter().map(|change| Entry::new(change, diff, &names)).collect(),
        facts,
        around: shown::around(diff),
        endings: diff.endings().map(|pair| (names.pair(pair), shown::ending(pair))).collect(),
        tables: [true, false].map(table).into_iter().filter(|table| !table.entries.is_empty()).collect(),
        alone: (shown::alone(diff).into_iter())
            .map(|(title, cells)| (title, cells.iter().map(|cell| names.cell(cell)).collect()))
            .collect(),
        ambiguity: shown::ambiguity(diff),
        graphs,
        graphs_left_out,
    };
    fill_in(&page).map_err(io::Error::other)
}

/// The largest changes, each of another metric; exact ones first, and such as have a size.
fn largest<'a>(diff: &'a Diff<'_>) -> Vec<&'a Change> {
    let sized = |change: &&Change| change.size().is_finite() && change.metric.better != Better::Neither;
    let mut found: Vec<&Change> = Vec::new();
    for change in diff.of_class(true).chain(diff.of_class(false)).filter(sized) {
        if found.len() < LARGEST_MAX && found.iter().all(|other| other.metric.name != change.metric.name) {
            found.push(change);
        }
    }
    found
}

/// The graphs of the pairs that changed most, and how many there is no room for.
fn graphs(diff: &Diff<'_>, stacks: &[Stacks], names: &Names) -> (Vec<Graphs>, usize) {
    let rank = |pair: usize| diff.changes.iter().position(|change| change.pair == pair).unwrap_or(usize::MAX);
    let mut changed: Vec<&Stacks> = stacks.iter().filter(|stacks| graph::changed(&stacks.lines)).collect();
    changed.sort_by_cached_key(|stacks| rank(stacks.pair));
    let left_out = changed.len().saturating_sub(GRAPHS_MAX);
    changed.truncate(GRAPHS_MAX);
    let groups = changed.chunk_by(|a, b| a.pair == b.pair).map(|of_pair| Graphs {
        name: names.pair(&diff.pairs[of_pair[0].pair]),
        graphs: of_pair.iter().map(|stacks| graph::draw(stacks)).collect(),
    });
    (groups.collect(), left_out)
}

fn fill_in(page: &Page) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    // What the template shows is escaped because its name ends in `.html`.
    environment.add_template("diff.html", TEMPLATE)?;
    environment.get_template("diff.html")?.render(Serde(page))
}
