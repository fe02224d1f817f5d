//! What every form of a difference says in the same words.

use super::names::Names;
use super::{Change, Diff, FieldChange, PROFILE, Pair, Side};
use crate::gate::number::{plural, texts};
use crate::gate::{ALPHA, Chance, Incomparable, REPETITIONS_MIN};
use crate::record::Cell;
use crate::record::metrics::{Better, Class, Metric};
use crate::report::number::{grouped, one_line, plain};

/// A rise from here on is told as a factor, in percent below.
const FACTOR_MIN: f64 = 2.0;
/// So is a fall beyond this one, which rounds to -100 % before long.
const DIVISOR_MIN: f64 = 10.0;

/// A change in words.
pub(super) struct Row {
    pub cell: String,
    pub metric: &'static str,
    pub before: String,
    pub after: String,
    /// `+12.5 %`, `×3.2`, `÷120`, `from 0`, `new`.
    pub change: String,
    /// `worse`, `better`, or what else it is.
    pub word: &'static str,
    pub worse: Option<bool>,
}

impl Row {
    pub fn new(change: &Change, diff: &Diff<'_>, names: &Names) -> Row {
        let pair = &diff.pairs[change.pair];
        let [before, after] = match (change.before, change.after) {
            (Some(before), Some(after)) => texts(before, after).map(|text| readable(&text)),
            (before, after) => {
                let text = |number: Option<_>| number.map_or("-".to_owned(), |n| readable(&texts(n, n)[0]));
                [text(before), text(after)]
            }
        };
        let worse = change.worse();
        let word = match (change.before, change.after, worse) {
            (None, ..) => "only in B",
            (_, None, _) => "only in A",
            (.., Some(true)) => "worse",
            (.., Some(false)) => "better",
            _ if change.metric.better == Better::Neither => "other work",
            (.., None) => "",
        };
        let cell = one_line(&names.pair(pair));
        Row { cell, metric: change.metric.name, before, after, change: size(change), word, worse }
    }
}

/// Digits in groups of three.
fn readable(number: &str) -> String {
    if number.contains('e') {
        return number.to_owned();
    }
    let (whole, fraction) = number.split_at(number.find('.').unwrap_or(number.len()));
    match whole.strip_prefix('-') {
        Some(digits) => format!("-{}{fraction}", grouped(digits)),
        None => grouped(whole) + fraction,
    }
}

/// How large a change is.
fn size(change: &Change) -> String {
    let (before, after) = match (change.before, change.after) {
        (Some(before), Some(after)) => (before.as_f64(), after.as_f64()),
        (None, _) => return "new".to_owned(),
        (_, None) => return "gone".to_owned(),
    };
    let ratio = after / before;
    // Equal as reals: two integers beyond the precision of one.
    let percent = match (ratio - 1.0).abs() * 100.0 {
        0.0 => "<0.0001".to_owned(),
        percent => plain(percent),
    };
    match ratio {
        _ if before == 0.0 => "from 0".to_owned(),
        _ if after == 0.0 => "to 0".to_owned(),
        ratio if ratio < 0.0 => "other sign".to_owned(),
        ratio if ratio >= FACTOR_MIN => format!("×{}", plain(ratio)),
        ratio if ratio <= 1.0 / DIVISOR_MIN => format!("÷{}", plain(1.0 / ratio)),
        ratio if ratio < 1.0 => format!("-{percent} %"),
        _ => format!("+{percent} %"),
    }
}

/// What a run is: `a/: profile ci, 45 cells, mapscope 0.1.0`.
pub(super) fn run(side: &Side<'_>) -> String {
    let results = side.results;
    let partial = if results.partial { ", partial: it ended before all cells were done" } else { "" };
    let cells = plural(results.cells.len(), "cell");
    let text = format!("profile {}, {cells}, mapscope {}{partial}", results.profile, results.mapscope);
    one_line(&format!("{}: {text}", side.name))
}

/// In which field cells are another in B: a line a field.
fn paired_by(diff: &Diff<'_>) -> Vec<(String, String)> {
    let mut fields: Vec<(&FieldChange, bool, usize)> = Vec::new();
    for change in diff.pairs.iter().filter_map(|pair| pair.field.as_ref()) {
        match fields.iter_mut().find(|(known, ..)| known.name == change.name) {
            Some((known, alike, cells)) => (*alike, *cells) = (*alike && *known == change, *cells + 1),
            None => fields.push((change, true, 1)),
        }
    }
    let line = |(change, alike, cells): (&FieldChange, bool, usize)| {
        let cells = plural(cells, "cell");
        let text = match alike {
            true => format!("{} → {} ({cells})", change.before, change.after),
            false => format!("another in B ({cells})"),
        };
        (change.name.to_owned(), one_line(&text))
    };
    fields.into_iter().map(line).collect()
}

/// What differs around the cells, line by line; each a subject and what is said of it.
pub(super) fn around(diff: &Diff<'_>) -> Vec<(String, String)> {
    let mut lines = paired_by(diff);
    for (of, cells) in &diff.circumstances {
        let text = format!("{} → {} ({})", of.before, of.after, plural(*cells, "cell"));
        lines.push((of.name.replace('_', " "), one_line(&text)));
    }
    for (pass, first, cells) in &diff.passes {
        let (has, lacks) = if *first { ("A", "B") } else { ("B", "A") };
        let verb = if *cells == 1 { "has" } else { "have" };
        let text = format!("{} {verb} it in {has} and not in {lacks}", plural(*cells, "cell"));
        lines.push((format!("{pass} pass"), text));
    }
    for (reason, cells) in &diff.times_not_compared {
        let why = match reason {
            Incomparable::Environment(_) => "their environments differ",
            Incomparable::Repetitions(n) => {
                &format!("can't be told: {}, {REPETITIONS_MIN} or more are needed", plural(*n, "repetition"))
            }
            Incomparable::Unsettled => "not there after equally many repetitions in both",
            Incomparable::SharedProcess => "the repetitions of a record shared a process, as older ones did",
            Incomparable::Unrepeated(_) => "a repetition has too few operations to tell it, or no collection",
        };
        lines.push((reason.of().to_owned(), format!("not compared in {}: {why}", plural(*cells, "cell"))));
    }
    lines
}

/// What chance makes of so many times; nothing where none were compared.
pub(super) fn chance(diff: &Diff<'_>) -> Option<String> {
    let Chance { compared, expected, apart } = diff.chance;
    let observed = |metric: &Metric| metric.class == Class::Statistical && !metric.rank.is_undisturbed();
    let changed = |change: &&Change| observed(&change.metric) && change.both();
    let by_size = diff.changes.iter().filter(changed).count();
    let compared = (compared > 0).then(|| plural(compared, "observed time"))?;
    Some(format!(
        "{compared} compared: by chance alone {expected:.2} would rank apart (Mann-Whitney U, two-sided, at {ALPHA}); \
         {apart} did, {by_size} of these by more than 10 %. A busy machine is not in that number, and times of one cell go up \
         and down together: compare two runs of one build first."
    ))
}

/// `Exact changes: 12 metrics in 2 of 30 cells`.
pub(super) fn title(diff: &Diff<'_>, exact: bool) -> String {
    let mut cells: Vec<usize> = diff.of_class(exact).map(|change| change.pair).collect();
    let metrics = cells.len();
    cells.sort_unstable();
    cells.dedup();
    let what = if exact { "Exact changes" } else { "Statistical changes" };
    format!("{what}: {} in {} of {}", plural(metrics, "metric"), cells.len(), plural(diff.pairs.len(), "cell"))
}

/// What the statistical changes are.
pub(super) const STATISTICAL: &str = "Observed times that changed by more than 10 % and whose repetitions rank apart by \
    more than chance, undisturbed ones that went one way by more than 25 % after each number of repetitions, and counts of \
    maps that can't be seeded. Of many observed times some rank apart by chance alone.";

/// One line on how much is the same.
pub(super) fn conclusion(diff: &Diff<'_>) -> String {
    let (same, exactly) = (diff.same(false), diff.same(true));
    let nothing = diff.changes.is_empty() && !diff.differs_exactly();
    // What one run alone has, or what can't be held against the other's, may differ all the same.
    let partly = diff.passes.iter().any(|(pass, ..)| *pass != PROFILE.0) || !diff.times_not_compared.is_empty();
    let compared = if partly { " in all that was compared" } else { "" };
    let mut parts = vec![match (nothing, same) {
        (true, 0) => "Nothing to compare".to_owned(),
        (true, _) => format!("Nothing differs: {} the same{compared}", are(same, "cell")),
        (false, _) if same == exactly => format!("{} the same{compared}", are(same, "cell")),
        (false, _) => format!("{} the same in all that is exact, {same} in times as well", are(exactly, "cell")),
    }];
    let mut add = |n: usize, text: &str| parts.extend((n > 0).then(|| format!("{}{text}", are(n, "cell"))));
    add(diff.without_common_pass(), " without a pass in common");
    add(diff.failed_alike().count(), " without figures in both runs");
    add(diff.only_before.len(), " only in A");
    add(diff.only_after.len(), " only in B");
    parts.join(", ") + "."
}

/// `1 cell is`, `2 cells are`.
fn are(n: usize, noun: &str) -> String {
    format!("{} {}", plural(n, noun), if n == 1 { "is" } else { "are" })
}

/// How a pair ended: `ok → panicked: index out of bounds`.
pub(super) fn ending(pair: &Pair<'_>) -> String {
    let error = pair.after.error.as_deref().or(pair.before.error.as_deref()).map(one_line).unwrap_or_default();
    let colon = if error.is_empty() { "" } else { ": " };
    format!("{} → {}{colon}{error}", pair.before.status.name(), pair.after.status.name())
}

/// The cells that one run alone has, by name, with how many of each.
pub(super) fn alone<'a>(diff: &'a Diff<'_>) -> Vec<(String, &'a [&'a Cell])> {
    let lists = [("A", &diff.only_before), ("B", &diff.only_after)];
    lists
        .into_iter()
        .filter(|(_, cells)| !cells.is_empty())
        .map(|(side, cells)| (format!("Only in {side}"), &**cells))
        .collect()
}

/// What to say where cells could not be paired.
pub(super) fn ambiguity(diff: &Diff<'_>) -> Option<String> {
    let cells = plural(diff.ambiguous, "cell");
    let text = format!("Not paired: {cells} of these for which there is more than one that differs in a single field.");
    (diff.ambiguous > 0).then_some(text)
}
