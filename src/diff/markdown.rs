//! A difference as Markdown.

use super::names::Names;
use super::shown::{self, Row, STATISTICAL};
use super::{Change, Diff};
use crate::report::markdown::escape;
use crate::text::{pad, pad_start};

/// The whole difference; nothing is left out.
pub(super) fn markdown(diff: &Diff<'_>) -> String {
    let names = Names::new(diff);
    let mut text = String::from("# mapscope: what changed\n\n");
    text += &format!("**{}**\n\n", shown::conclusion(diff));
    if let Some(words) = shown::chance(diff) {
        text += &format!("{words}\n\n");
    }
    text += &format!("- A: {}\n- B: {}\n", escape(&shown::run(&diff.before)), escape(&shown::run(&diff.after)));
    if !names.common.is_empty() {
        text += &format!("- all cells: {}\n", escape(&names.common));
    }
    let around = shown::around(diff);
    if !around.is_empty() {
        text += "\n## Circumstances\n\n";
        around.iter().for_each(|(subject, said)| text += &format!("- {}: {}\n", escape(subject), escape(said)));
    }
    if diff.endings().next().is_some() {
        text += "\n## Ended differently\n\n";
        for pair in diff.endings() {
            text += &format!("- {}: {}\n", escape(&names.pair(pair)), escape(&shown::ending(pair)));
        }
    }
    for exact in [true, false] {
        let changes: Vec<&Change> = diff.of_class(exact).collect();
        if !changes.is_empty() {
            text += &format!("\n## {}\n\n", shown::title(diff, exact));
            if !exact {
                text += &format!("{STATISTICAL}\n\n");
            }
            text += &table(changes.into_iter().map(|change| Row::new(change, diff, &names)));
        }
    }
    for (title, cells) in shown::alone(diff) {
        text += &format!("\n## {title}\n\n");
        cells.iter().for_each(|cell| text += &format!("- {}\n", escape(&names.cell(cell))));
    }
    if let Some(words) = shown::ambiguity(diff) {
        text += &format!("\n{words}\n");
    }
    text
}

/// A table whose source lines up too.
fn table(rows: impl Iterator<Item = Row>) -> String {
    let mut lines = vec![["cell", "metric", "A", "B", "change", ""].map(str::to_owned)];
    lines.extend(
        rows.map(|row| {
            [escape(&row.cell), row.metric.to_owned(), row.before, row.after, row.change, row.word.to_owned()]
        }),
    );
    let widths: [usize; 6] =
        std::array::from_fn(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0).max(2));
    let mut text = String::new();
    for (index, [cell, metric, before, after, change, word]) in lines.iter().enumerate() {
        let [a, b, c, d, e, f] = widths;
        let [cell, metric, word] = [(cell, a), (metric, b), (word, f)].map(|(text, width)| pad(text, width));
        let numbers = [(before, c), (after, d), (change, e)].map(|(text, width)| pad_start(text, width));
        text += &format!("| {cell} | {metric} | {} | {word} |\n", numbers.join(" | "));
        if index == 0 {
            let [a, b, c, d, e, f] = widths.map(|width| "-".repeat(width - 1));
            text += &format!("| {a}- | {b}- | {c}: | {d}: | {e}: | {f}- |\n");
        }
    }
    text
}
