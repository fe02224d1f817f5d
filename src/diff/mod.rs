//! What changed between two runs, for people who ask what and not whether it passes: that is [the gate](crate::gate),
//! whose rules say what a change is.
//!
//! # Which cells are compared with each other
//!
//! Cells of equal identity. Those left over are paired where they agree in all of their identity but one
//! field (one load factor here, another there), if each is the only such cell for the other.
//!
//! # What counts as a change
//!
//! | figure | when |
//! |---|---|
//! | an exact metric, one that describes the work included | always |
//! | an exact metric of a map that can't be seeded | always, but told with the times: it may be chance |
//! | a time | beyond chance and size by the rules of [the gate](crate::gate#times), under its default policy |
//! | a metric with a value in one run only | always, unless the other run lacks the whole pass |
//! | how a cell ended | always |
//!
//! Times of different environments, or with too few repetitions, are not compared, and it is said of how many cells. Of many
//! times some differ by chance: [`Diff::chance`] says how many are to be expected.
//!
//! Where two cells did other work (other inserts, another payload), nothing is called better or worse.

mod files;
mod html;
mod json;
mod markdown;
mod names;
mod pairing;
mod shown;
mod terminal;

use std::collections::BTreeSet;

use crate::gate::{Chance, Circumstance, Incomparable, Policy, What, circumstances, compare_pairs};
use crate::record::metrics::{self, Better, Class, Metric, Number};
use crate::record::{Cell, Results, Status};

pub use files::{FILES, write};
pub use pairing::FieldChange;
pub use terminal::terminal;

/// One of the two runs.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// What the user called it.
    pub name: &'a str,
    /// Its record.
    pub results: &'a Results,
}

/// What changed between two runs.
#[derive(Debug)]
pub struct Diff<'a> {
    /// The run that comes first.
    pub before: Side<'a>,
    /// The run that is held against it.
    pub after: Side<'a>,
    /// The cells held against each other, in the order of the first run.
    pub pairs: Vec<Pair<'a>>,
    /// Cells of the first run that have none to be held against.
    pub only_before: Vec<&'a Cell>,
    /// Cells of the second run that have none.
    pub only_after: Vec<&'a Cell>,
    /// Cells among these that several could be paired with.
    pub ambiguous: usize,
    /// What changed, the largest change first.
    pub changes: Vec<Change>,
    /// What differs around the pairs, and in how many of them.
    pub circumstances: Vec<(Circumstance, usize)>,
    /// Why times were not compared, and in how many pairs.
    pub times_not_compared: Vec<(Incomparable, usize)>,
    /// How many times were compared, and what chance makes of that many.
    pub chance: Chance,
    /// Passes that one run has and the other lacks, in how many pairs: the pass, and whether the first run has it.
    pub passes: Vec<(&'static str, bool, usize)>,
}

/// Two cells held against each other.
#[derive(Debug, Clone)]
pub struct Pair<'a> {
    /// The cell of the first run.
    pub before: &'a Cell,
    /// The cell of the second run.
    pub after: &'a Cell,
    /// The one field of the identity that differs, if one does.
    pub field: Option<FieldChange>,
}

impl Pair<'_> {
    /// Whether it has figures in both runs.
    pub fn compared(&self) -> bool {
        self.before.status == Status::Ok && self.after.status == Status::Ok
    }

    /// Whether both have figures of one pass, beyond those that describe the work.
    pub fn shares_a_pass(&self) -> bool {
        [COUNT, TIME, INSTRUCTIONS].iter().any(|(_, has)| has(self.before) && has(self.after))
    }

    /// Whether the two ended differently.
    pub fn ended_differently(&self) -> bool {
        self.before.status != self.after.status
    }
}

/// A metric that differs.
#[derive(Debug, Clone, Copy)]
pub struct Change {
    /// Index into [`Diff::pairs`].
    pub pair: usize,
    /// The metric.
    pub metric: Metric,
    /// Its value in the first run.
    pub before: Option<Number>,
    /// Its value in the second run.
    pub after: Option<Number>,
    /// Whether it repeats bit for bit: an exact metric of a map that can be seeded.
    pub exact: bool,
    /// Whether the two cells did other work: less of a total is no better then.
    pub other_work: bool,
}

impl Change {
    /// How large it is: the logarithm of the ratio, so that half is as far as double; infinite from or to nothing.
    pub fn size(&self) -> f64 {
        let (Some(before), Some(after)) = (self.before, self.after) else { return f64::INFINITY };
        let ratio = (after.as_f64() / before.as_f64()).ln().abs();
        if ratio.is_nan() { f64::INFINITY } else { ratio }
    }

    /// Whether both runs have a value.
    pub fn both(&self) -> bool {
        self.before.is_some() && self.after.is_some()
    }

    /// Whether it got worse; `None` where there is no better or worse, as between cells that did other work.
    pub fn worse(&self) -> Option<bool> {
        if self.other_work {
            return None;
        }
        let rises = self.after?.as_f64() - self.before?.as_f64() > 0.0;
        match self.metric.better {
            Better::Lower => Some(rises),
            Better::Higher => Some(!rises),
            Better::Neither => None,
        }
    }
}

/// Holds `after` against `before`, cell by cell and metric by metric.
pub fn diff<'a>(before: Side<'a>, after: Side<'a>, metrics: &'a [Metric]) -> Diff<'a> {
    let pairing::Pairing { pairs, only_before, only_after, ambiguous } =
        pairing::pairing(before.results, after.results);
    let sides = pairs.iter().map(|pair| (pair.before, pair.after));
    let policy = Policy::default();
    let verdict = compare_pairs((before.results, after.results), sides, &policy, metrics);
    let mut pair = 0;
    let mut changes: Vec<Change> = (verdict.changes.iter())
        .filter_map(|change| {
            let What::Metric { metric, before, after } = change.what else { return None };
            // They come in the order of the pairs.
            pair += pairs[pair..].iter().position(|of| of.before.id == change.cell)?;
            let exact = metric.class == Class::Exact && pairs[pair].before.exact && pairs[pair].after.exact;
            let of_both = pass_of(&metric).is_none_or(|(_, has)| has(pairs[pair].before) == has(pairs[pair].after));
            of_both.then_some(Change { pair, metric, before, after, exact, other_work: false })
        })
        .collect();
    let works = |change: &&Change| (change.metric.class, change.metric.better) == (Class::Exact, Better::Neither);
    let other_work: BTreeSet<usize> = changes.iter().filter(works).map(|change| change.pair).collect();
    changes.iter_mut().for_each(|change| change.other_work = other_work.contains(&change.pair));
    // Stable, so that equals stay in the order of the cells and of the metric registry; a ratio of what changed as much is
    // equal but for rounding.
    let rounded = |change: &Change| (change.size() * 1e9).round();
    changes.sort_by(|a, b| rounded(b).total_cmp(&rounded(a)));
    let (times_not_compared, chance) = (verdict.times_not_compared, verdict.chance);
    let (circumstances, passes) = (around(before.results, after.results, &pairs), passes(&pairs));
    Diff {
        before,
        after,
        pairs,
        only_before,
        only_after,
        ambiguous,
        changes,
        circumstances,
        times_not_compared,
        chance,
        passes,
    }
}

impl Diff<'_> {
    /// The changes that repeat bit for bit, or the others, the largest first.
    pub fn of_class(&self, exact: bool) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.exact == exact)
    }

    /// The pairs that ended differently.
    pub fn endings(&self) -> impl Iterator<Item = &Pair<'_>> {
        self.pairs.iter().filter(|pair| pair.ended_differently())
    }

    /// The pairs that failed alike: they have no figures to compare.
    pub fn failed_alike(&self) -> impl Iterator<Item = &Pair<'_>> {
        self.pairs.iter().filter(|pair| !pair.compared() && !pair.ended_differently())
    }

    /// How many pairs ended well but have no pass in common, so that nothing but their work could be compared.
    pub fn without_common_pass(&self) -> usize {
        self.pairs.iter().filter(|pair| pair.compared() && !pair.shares_a_pass()).count()
    }

    /// How many pairs have figures of a pass in both runs, none of which differs; `exact` leaves those that may be chance
    /// aside.
    pub fn same(&self, exact: bool) -> usize {
        let mut same: Vec<bool> = self.pairs.iter().map(|pair| pair.compared() && pair.shares_a_pass()).collect();
        let counts = |change: &&Change| change.exact || !exact;
        self.changes.iter().filter(counts).for_each(|change| same[change.pair] = false);
        same.into_iter().filter(|&same| same).count()
    }

    /// Whether anything differs besides what may be chance: figures that repeat, cells, how they ended.
    pub fn differs_exactly(&self) -> bool {
        let cells_differ = !(self.only_before.is_empty() && self.only_after.is_empty());
        cells_differ || self.endings().next().is_some() || self.of_class(true).next().is_some()
    }
}

/// Whether a cell has a pass.
type Has = fn(&Cell) -> bool;

const COUNT: (&str, Has) = ("count", |cell| cell.count.is_some());
const TIME: (&str, Has) = ("time", |cell| cell.time.is_some());
const PROFILE: (&str, Has) = ("profile", |cell| cell.profile.is_some());
const INSTRUCTIONS: (&str, Has) = ("instructions", |cell| cell.instructions.is_some());

/// The pass that a metric comes from; `None` where it describes the work, which is known without any.
fn pass_of(metric: &Metric) -> Option<(&'static str, Has)> {
    match (metric.class, metric.better) {
        (Class::Exact, Better::Neither) if !metric.counted() => None,
        (Class::Statistical, _) if metric.timed() => Some(TIME),
        _ if metrics::is_executed(metric) => Some(INSTRUCTIONS),
        _ => Some(COUNT),
    }
}

fn passes(pairs: &[Pair<'_>]) -> Vec<(&'static str, bool, usize)> {
    let mut found = Vec::new();
    for (name, has) in [COUNT, TIME, PROFILE, INSTRUCTIONS] {
        for first in [true, false] {
            let lacks = |pair: &&Pair<'_>| pair.compared() && (has(pair.before), has(pair.after)) == (first, !first);
            let cells = pairs.iter().filter(lacks).count();
            found.extend((cells > 0).then_some((name, first, cells)));
        }
    }
    found
}

fn around(before: &Results, after: &Results, pairs: &[Pair<'_>]) -> Vec<(Circumstance, usize)> {
    let mut found: Vec<(Circumstance, usize)> = Vec::new();
    for pair in pairs.iter().filter(|pair| pair.compared()) {
        let other_map = pair.field.as_ref().is_some_and(|field| field.name == "map");
        for circumstance in circumstances((before, pair.before), (after, pair.after)).into_iter().flatten() {
            match found.iter_mut().find(|(known, _)| *known == circumstance) {
                // Of another map it goes without saying.
                _ if other_map && circumstance.name == Circumstance::MAP_VERSION => {}
                Some((_, cells)) => *cells += 1,
                None => found.push((circumstance, 1)),
            }
        }
    }
    found
}
