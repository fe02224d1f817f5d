//! Two cells' stacks against each other: folded lines with both weights, and the flame graph of them.

use std::collections::BTreeMap;
use std::io;

use inferno::flamegraph::color::{BackgroundColor, BasicPalette, Palette};
use inferno::flamegraph::{self, Options};

/// Folded stacks (`a;b;c N`, each stack once) of two cells as lines `a;b;c BEFORE AFTER`, sorted.
pub fn folded(before: &[String], after: &[String]) -> Vec<String> {
    let mut weights = BTreeMap::<&str, [u64; 2]>::new();
    for (side, lines) in [before, after].into_iter().enumerate() {
        for (stack, weight) in lines.iter().filter_map(|line| line.rsplit_once(' ')) {
            let sum = &mut weights.entry(stack).or_default()[side];
            *sum = sum.saturating_add(weight.parse().unwrap_or(0));
        }
    }
    let mut lines: Vec<String> = weights.iter().map(|(stack, [a, b])| format!("{stack} {a} {b}")).collect();
    lines.sort_unstable();
    lines
}

/// The flame graph of [`folded`] lines: as wide as after, red where it became more, blue where it became less.
///
/// # Errors
///
/// What inferno says of lines that have no weight above 0.
pub fn svg(lines: &[String], title: &str, subtitle: &str, unit: &str) -> io::Result<Vec<u8>> {
    let mut options = Options::default();
    options.title = title.to_owned();
    options.subtitle = Some(subtitle.to_owned());
    options.count_name = unit.to_owned();
    options.colors = Palette::Basic(BasicPalette::Red);
    options.bgcolors = Some(BackgroundColor::Flat((255, 255, 255).into()));
    options.deterministic = true;
    options.min_width = 0.1;
    options.font_width = 0.62;
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)?;
    Ok(svg)
}
