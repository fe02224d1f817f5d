//! A description to be read: 80 columns.

use super::shown::{self, Figure, Row};
use super::{Description, Format, Like};
use crate::report::table::wrap;

pub(super) const FORMAT: Format =
    Format { name: "text", summary: "to be read on a terminal", render: |description| Ok(render(description)) };

const COLUMNS: usize = 80;
/// Of the longest bar.
const BAR_COLUMNS: f64 = 40.0;

fn render(description: &Description) -> String {
    let head = [vec![description.name.clone()], shown::head(description)].concat();
    let head: String = head.iter().flat_map(|line| wrap(line, COLUMNS)).map(|line| line + "\n").collect();
    let part = |rows: &shown::Part| rows.iter().enumerate().map(|(at, row)| line(row, at > 0)).collect();
    let mut parts = vec![head];
    parts.extend(shown::parts(description).iter().map(part));
    parts.extend(description.like.as_ref().map(like));
    parts.join("\n")
}

/// What it is, how many, which share that is, and words or a bar.
fn line(row: &Row, is_part: bool) -> String {
    let name = if is_part { format!("  {}", row.name) } else { row.name.clone() };
    let percent = row.percent.as_ref().map_or(String::new(), |percent| format!("{percent} %"));
    let bar = row.bar.map(|length| "▇".repeat((length * BAR_COLUMNS).ceil() as usize));
    let words = bar.as_ref().unwrap_or(&row.words);
    format!("{name:<16}{:>14}{percent:>9} {words}", row.figure).trim_end().to_owned() + "\n"
}

/// The command, as a shell takes it, and what both come to on each map.
fn like(like: &Like) -> String {
    let mut text = "The workload that resembles it most:\n".to_owned();
    text += &format!(
        "  mapscope run \\\n    --keys '{}' \\\n    --mix '{}' \\\n    --ops {}\n\n",
        like.keys, like.mix, like.ops
    );
    text += &format!("{:<30}{:>16}{:>16}{:>10}\n", "", "trace", "workload", "ratio");
    for compared in &like.compared {
        text += &format!("{}\n", compared.map);
        for Figure { name, trace, like, ratio } in compared.shown() {
            text += &(format!("  {name:<28}{trace:>16}{like:>16}{ratio:>10}").trim_end().to_owned() + "\n");
        }
    }
    text
}
