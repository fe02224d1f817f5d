//! A verdict as Markdown: a GitHub step summary, and columns that line up on a terminal.

use std::collections::BTreeSet;
use std::io;

use super::format::{Format, Judged};
use super::number::{difference, plural, texts};
use super::subject::{Identity, Subject};
use super::verdict::{Change, Kind, Level, Outcome, Verdict, What};
use crate::record::Status;
use crate::record::metrics::{Class, Number, Rank};
use crate::text::{pad, pad_start};

pub(super) const FORMAT: Format = Format {
    name: "md",
    summary: "Markdown to read, whose tables line up on a terminal (the default)",
    render,
    render_places: render,
    step_summary: false,
};

fn render<Id: Subject>(judged: &Judged<'_, Id>) -> io::Result<String> {
    Ok(judged.verdict.markdown())
}

const SECTIONS: [(Level, &str); 7] = [
    (Level::Fail, "Failed"),
    (Level::Unjudged, "Not judged"),
    (Level::Warn, "Warnings"),
    (Level::Allowed, "Worse, within the policy"),
    (Level::Better, "Better"),
    (Level::Inform, "For information"),
    (Level::Note, "New"),
];

impl<Id: Subject> Verdict<Id> {
    /// The verdict in Markdown: one line that sums it up, then what changed, worst first, each kind with what to do.
    pub fn markdown(&self) -> String {
        let mut text = self.summary() + "\n";
        if let Some(accepted) = &self.accepted {
            let commit =
                accepted.commit.as_deref().map(|id| format!(" at `{}`", escape(&short(id)))).unwrap_or_default();
            let reason = escape(&accepted.reason);
            text += &format!("\nBaseline accepted {}{commit}: {reason}\n", escape(&accepted.date));
        }
        for line in &self.unjudged {
            text += &format!("\n- {line}");
        }
        if !self.unjudged.is_empty() {
            text.push('\n');
        }
        for (level, title) in SECTIONS {
            let mut changes: Vec<&Change<Id>> = self.at(level).collect();
            // Stable, so that equals stay in the order of the record.
            match level {
                Level::Better => changes.sort_by(|a, b| a.worsening.total_cmp(&b.worsening)),
                _ => changes.sort_by(|a, b| b.worsening.total_cmp(&a.worsening)),
            }
            if !changes.is_empty() {
                let gone = changes.iter().any(|change| change.kind == Kind::Gone);
                let title = if gone { "New, or gone" } else { title };
                text += &format!("\n### {title}\n\n{}", table(&changes));
                let kinds: BTreeSet<Kind> = changes.iter().map(|change| change.kind).collect();
                let mut advice: Vec<&str> = kinds.into_iter().filter_map(Kind::advice).collect();
                advice.dedup();
                for line in advice {
                    text += &format!("\n{line}\n");
                }
            }
        }
        if !self.notes.is_empty() {
            text += "\n### Notes\n\n";
            for line in &self.notes {
                text += &format!("- {line}\n");
            }
        }
        text
    }

    /// The first line of [`Verdict::markdown`].
    pub fn summary(&self) -> String {
        let word = match self.outcome() {
            Outcome::Pass => "PASS",
            Outcome::Regression => "FAIL",
            Outcome::Unjudged => "NOT JUDGED",
        };
        let parts = self.counts();
        let compared = self.compared();
        let held = match self.tally.limits {
            0 => String::new(),
            held => format!("; {} compared with limits", plural(held, "figure")),
        };
        if parts.is_empty() {
            return match self.tally.cells {
                0 => format!("**{word}** nothing could be compared{held}"),
                _ => {
                    let changed = if self.tally.by_chance > 0 { "no change beyond chance" } else { "nothing changed" };
                    format!("**{word}** {compared} compared: {changed}{held}")
                }
            };
        }
        format!("**{word}** {}. Compared: {compared}{held}.", parts.join(", "))
    }

    fn compared(&self) -> String {
        let tally = &self.tally;
        let times =
            if tally.statistical > 0 { format!(" and {}", plural(tally.statistical, "time")) } else { String::new() };
        format!("{}{times} in {}", plural(tally.exact, "exact metric"), plural(tally.cells, Id::NOUN))
    }

    /// What changed in numbers, worst first: `3 of 120 exact metrics worse in 2 of 10 cells`.
    fn counts(&self) -> Vec<String> {
        let mut parts = Vec::new();
        let count = |level, kind| self.at(level).filter(|change| change.kind == kind).count();
        let cells = self.tally.cells;
        for (class, all, noun) in
            [(Class::Exact, self.tally.exact, "exact metric"), (Class::Statistical, self.tally.statistical, "time")]
        {
            let worse: Vec<&Change<Id>> = self
                .at(Level::Fail)
                .filter(|c| {
                    c.kind == Kind::Worse && matches!(&c.what, What::Metric { metric, .. } if metric.class == class)
                })
                .collect();
            if !worse.is_empty() {
                let within: BTreeSet<_> = worse.iter().map(|change| Identity(&change.cell)).collect();
                let all = plural(all, noun);
                parts.push(format!(
                    "{} of {all} worse in {} of {}",
                    worse.len(),
                    within.len(),
                    plural(cells, Id::NOUN)
                ));
            }
        }
        let mut add = |n: usize, noun: &str, what: &str| {
            if n > 0 {
                parts.push(format!("{}{what}", plural(n, noun)));
            }
        };
        add(count(Level::Fail, Kind::LimitBroken), "limit", " broken");
        add(count(Level::Fail, Kind::WorkChanged), "metric", " of different work");
        add(count(Level::Fail, Kind::Vanished), "metric", " vanished");
        add(count(Level::Fail, Kind::Failed), "cell", " failed");
        add(count(Level::Fail, Kind::Missing), "cell", " missing");
        add(self.at(Level::Unjudged).count(), "cell", " not judged");
        add(self.at(Level::Warn).count(), "warning", "");
        add(self.at(Level::Allowed).count(), "metric", " worse within the policy");
        add(count(Level::Better, Kind::Better), "metric", " better");
        add(count(Level::Better, Kind::Recovered), "cell", " recovered");
        let of_a_build = |change: &&Change<Id>| matches!(&change.what, What::Metric { metric, .. } if metric.rank == Rank::BuildCost);
        let of_builds = self.at(Level::Inform).filter(of_a_build).count();
        add(self.at(Level::Inform).count() - of_builds, "description", " changed");
        add(of_builds, "metric", " of another build changed");
        add(count(Level::Note, Kind::NewCell), Id::NOUN, " new");
        add(count(Level::Note, Kind::Gone), Id::NOUN, " gone");
        add(count(Level::Note, Kind::Appeared), "metric", " new");
        parts
    }
}

/// The changes as a table whose columns line up.
fn table<Id: Subject>(changes: &[&Change<Id>]) -> String {
    let mut rows = vec![[Id::NOUN, "what", "baseline", "current", "change"].map(str::to_owned)];
    // A pass that was not run takes all of its metrics along: one row for them, not thirty.
    for together in changes.chunk_by(|a, b| a.kind == b.kind && a.cell.order(&b.cell).is_eq() && one_row(a.kind)) {
        rows.push(row(together));
    }
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut text = String::new();
    for (index, [cell, what, before, after, change]) in rows.iter().enumerate() {
        let [a, b, c, d, e] = widths;
        let [cell, what, change] = [(cell, a), (what, b), (change, e)].map(|(text, width)| pad(text, width));
        let [before, after] = [(before, c), (after, d)].map(|(text, width)| pad_start(text, width));
        text += &format!("| {cell} | {what} | {before} | {after} | {change} |\n");
        if index == 0 {
            let line = |n: usize| "-".repeat(n);
            text += &format!("| {} | {} | {}: | {}: | {} |\n", line(a), line(b), line(c - 1), line(d - 1), line(e));
        }
    }
    text
}

const fn one_row(kind: Kind) -> bool {
    matches!(kind, Kind::Vanished | Kind::Appeared)
}

fn row<Id: Subject>(together: &[&Change<Id>]) -> [String; 5] {
    let change = together[0];
    let cell = format!("`{}`", escape(&change.cell.to_string()));
    if let (true, [_, _, ..]) = (one_row(change.kind), together) {
        let names = together.iter().filter_map(|change| match &change.what {
            What::Metric { metric, .. } => Some(metric.name),
            What::Limit { .. } | What::Status { .. } => None,
        });
        let (before, after) = if change.kind == Kind::Vanished { ("present", "-") } else { ("-", "present") };
        let what = format!("{}: {}", plural(together.len(), "metric"), names.collect::<Vec<_>>().join(", "));
        return [cell, what, before.to_owned(), after.to_owned(), change.kind.word().to_owned()];
    }
    match &change.what {
        What::Metric { metric, before: Some(before), after: Some(after) } => {
            let [a, b] = texts(*before, *after);
            let difference = difference(*before, *after);
            let difference = match change.kind {
                Kind::WorkChanged => format!("{}, {difference}", change.kind.word()),
                _ => difference,
            };
            [cell, metric.name.to_owned(), a, b, difference]
        }
        What::Metric { metric, before, after } => {
            let text =
                |number: Option<Number>| number.map_or("-".to_owned(), |number| texts(number, number)[0].clone());
            [cell, metric.name.to_owned(), text(*before), text(*after), change.kind.word().to_owned()]
        }
        What::Limit { metric, bound, value } => {
            let limit = Number::Real(bound.value());
            let [_, value_text] = texts(limit, *value);
            [cell, metric.name.to_owned(), format!("{bound}"), value_text, difference(limit, *value)]
        }
        What::Status { before, after, error } => {
            let text = |status: Option<Status>| status.map_or("-", Status::name).to_owned();
            let error = error.as_ref().and_then(|error| error.lines().next()).map(|line| format!(": {}", escape(line)));
            let what = format!("{}{}", change.kind.word(), error.unwrap_or_default());
            [cell, "status".to_owned(), text(*before), text(*after), what]
        }
    }
}

/// As much of a commit as people read, and whether files differed from it.
fn short(id: &str) -> String {
    const DIGITS: usize = 12;
    let digits: String = id.trim_end_matches('+').chars().take(DIGITS).collect();
    if id.ends_with('+') { digits + "+" } else { digits }
}

/// Keeps a text that is not ours from ending its cell of the table or from turning into markup.
fn escape(text: &str) -> String {
    text.replace('|', "\\|").replace('`', "'").replace('<', "‹").replace('>', "›")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_in_its_cell() {
        assert_eq!(escape("a|b `c` <d>"), "a\\|b 'c' ‹d›");
    }
}
