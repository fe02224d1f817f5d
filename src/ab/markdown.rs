//! A comparison as Markdown.

use super::{Cell, Comparison, Format, shown};
use crate::report::markdown::escape;

pub(super) const FORMAT: Format = Format {
    name: "md",
    summary: "Markdown, as for the summary of a CI job",
    render: |comparison, _| Ok(markdown(comparison)),
};

fn markdown(comparison: &Comparison) -> String {
    let [old, new] = comparison.sides.each_ref().map(|side| escape(side));
    let mut text = format!("**{}**\n\n- OLD: {old}\n- NEW: {new}\n\n", shown::conclusion(comparison));
    text += "| cell | OLD ns | NEW ns | NEW/OLD | 95 % interval | control | rounds | exact | call |\n";
    text += "|---|--:|--:|--:|--:|--:|--:|---|---|\n";
    comparison.cells.iter().for_each(|cell| text += &row(cell));
    let changed = comparison.cells.iter().filter(|cell| !cell.changed.is_empty());
    for (index, cell) in changed.enumerate() {
        text += if index == 0 { "\n" } else { "" };
        let metrics: Vec<_> = cell.changed.iter().map(shown::changed).collect();
        text += &format!("- {}: {}\n", escape(&cell.id.to_string()), escape(&metrics.join(", ")));
    }
    shown::answers(comparison).iter().for_each(|answer| text += &format!("\n{}\n", escape(answer)));
    text += &format!("\n{}\n", shown::LEGEND);
    comparison.notes.iter().for_each(|note| text += &format!("\n{}\n", escape(note)));
    text
}

fn row(cell: &Cell) -> String {
    let id = escape(&cell.id.to_string());
    let timed = match &cell.timed {
        Err(untimed) => return format!("| {id} | | | | | | | | not timed: {} |\n", escape(&untimed.why)),
        Ok(timed) => timed,
    };
    let ([old, new], compared) = (timed.ns_per_op, &timed.compared);
    format!(
        "| {id} | {old:.1} | {new:.1} | {:.3} | {} | {} | {} | {} | {} |\n",
        compared.ratio.ratio,
        shown::interval(compared.ratio),
        shown::interval(compared.control),
        timed.rounds,
        shown::exact(cell),
        shown::call(timed),
    )
}
