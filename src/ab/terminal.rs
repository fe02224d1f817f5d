//! A comparison on the terminal.

use super::{Cell, Comparison, Format, shown};
use crate::report::number::{fit, one_line};
use crate::report::table::wrap;

pub(super) const FORMAT: Format = Format {
    name: "table",
    summary: "a table for the terminal: ratio, interval and control of each cell",
    render: |comparison, width| Ok(terminal(comparison, width)),
};

/// Changed metrics of a cell that are named.
const CHANGED_MAX: usize = 3;

fn terminal(comparison: &Comparison, width: usize) -> String {
    let mut lines = vec![
        format!("OLD  {}", comparison.sides[0]),
        format!("NEW  {}", comparison.sides[1]),
        String::new(),
        row(["OLD ns", "NEW ns", "NEW/OLD", "interval", "control", "rounds", "exact", "call"].map(str::to_owned)),
    ];
    for cell in &comparison.cells {
        lines.push(one_line(&cell.id.to_string()));
        lines.extend(figures(cell));
    }
    lines.extend([String::new(), shown::conclusion(comparison)]);
    let mut text: String = lines.iter().map(|line| fit(line, width) + "\n").collect();
    let answers = shown::answers(comparison);
    let notes = std::iter::once(shown::LEGEND).chain(comparison.notes.iter().map(String::as_str));
    for note in answers.iter().map(String::as_str).chain(notes) {
        text += &(wrap(note, width).join("\n") + "\n");
    }
    text
}

fn figures(cell: &Cell) -> Vec<String> {
    let timed = match &cell.timed {
        Err(untimed) => return vec![format!("  not timed: {}", one_line(&untimed.why))],
        Ok(timed) => timed,
    };
    let [old, new] = timed.ns_per_op.map(|ns| format!("{ns:.1}"));
    let compared = &timed.compared;
    let mut lines = vec![row([
        old,
        new,
        format!("{:.3}", compared.ratio.ratio),
        shown::interval(compared.ratio),
        shown::interval(compared.control),
        timed.rounds.to_string(),
        shown::exact(cell),
        shown::call(timed).to_owned(),
    ])];
    lines.extend(cell.changed.iter().take(CHANGED_MAX).map(|changed| format!("    {}", shown::changed(changed))));
    if let Some(more) = cell.changed.len().checked_sub(CHANGED_MAX).filter(|more| *more > 0) {
        lines.push(format!("    and {more} more"));
    }
    lines
}

/// At most 79 columns: 73 and the call.
fn row([old, new, ratio, interval, control, rounds, exact, call]: [String; 8]) -> String {
    let row = format!("{old:>8} {new:>8} {ratio:>7} {interval:>13} {control:>13} {rounds:>6}  {exact:<10} {call}");
    row.trim_end().to_owned()
}
