use std::ops::Range;
use std::process::ExitCode;

use clap::ValueEnum;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::{Value, json};

use super::output;
use super::toolchains::Toolchains;
use crate::engines::ENGINES;
use crate::maps::layout::{LINE_BYTES, Layout, Object, Part, Slot, Step, When};
use crate::plan::{CellSpec, Flags, Plan, Profiles};
use crate::report::number;
use crate::run::Subjects;

/// What an entry costs in a map, before anything runs: slot, padding, bytes of a table at each size
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mapscope layout --map hashbrown --entry u64/u64
  mapscope layout --map 'go-*,hashbrown' --entry '*'
  mapscope layout --map 'go-classic(go=1.21)' --load-factor 4,6 --format json
One map with one entry is shown in full, several in a line each. Lists and
patterns are those of `mapscope run`. All figures are derived from sizes, for a
map that is only inserted into; docs/LAYOUT.md says how, and what each means.
Exit codes: 0 done, also where a layout can't be derived; 2 bad input.")]
pub(super) struct Args {
    /// Maps, as of `run` [default: quick's five]
    #[arg(long, value_name = "LIST")]
    map: Vec<String>,
    /// Entries, as of `run`, none of which need be compiled in [default: u64/u64]
    #[arg(long, value_name = "LIST")]
    entry: Vec<String>,
    /// Load factors, for the maps that let it be set
    #[arg(long, value_name = "LIST", allow_negative_numbers = true)]
    load_factor: Vec<String>,
    /// Sizes of maps of up to so many entries, 1 to 10^12
    #[arg(long, value_name = "N", default_value = "1000000", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    ops: u64,
    /// text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    format: Format,
    #[command(flatten)]
    toolchains: Toolchains,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// A map with an entry, and what that costs; `Err` says why it can't be derived.
struct Laid<'a> {
    cell: &'a CellSpec,
    layout: Result<Layout, String>,
}

pub(super) fn run(args: Args, quiet: bool, subjects: &Subjects) -> anyhow::Result<ExitCode> {
    let (plan, subjects) = planned(&args, subjects)?;
    if !quiet {
        plan.left_out.iter().for_each(|left| output::note(&format!("left out: {}: {}", left.name, left.why)));
    }
    let mut laid: Vec<Laid<'_>> = Vec::new();
    for cell in &plan.cells {
        let layout = subjects.layout(cell, args.ops).map_err(|why| why_not(cell, why));
        laid.push(Laid { cell, layout });
    }
    let text = match (args.format, laid.as_slice()) {
        (Format::Json, _) => {
            let cells: Vec<_> = laid.iter().map(|laid| document(laid, args.ops)).collect();
            serde_json::to_string_pretty(&json!({ "schema": 1, "entries": args.ops, "layouts": cells }))? + "\n"
        }
        (Format::Text, [one]) => in_full(one, args.ops),
        (Format::Text, many) => in_lines(many, args.ops, !args.load_factor.is_empty()),
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The maps and entries, as `run` would take them.
fn planned(args: &Args, subjects: &Subjects) -> anyhow::Result<(Plan, Subjects)> {
    let mut flags = Flags::default();
    flags.give("map", args.map.iter().cloned());
    flags.give("entry", args.entry.iter().cloned());
    flags.give("load_factor", args.load_factor.iter().cloned());
    // A cell has a workload, too.
    for (key, value) in [("keys", "uniform"), ("mix", "fill"), ("ops", "1")] {
        flags.give(key, [value.to_owned()]);
    }
    let profiles = Profiles::parse(&[])?;
    let subjects = args.toolchains.found(subjects, |kind| profiles.mean(&flags, kind))?;
    let plan = profiles.plan(&flags, &subjects.catalog())?;
    Ok((plan, subjects))
}

/// The reason, and the models of the map where it is an engine's.
fn why_not(cell: &CellSpec, why: &str) -> String {
    let kind = cell.map.name.split('@').next().unwrap_or_default();
    match ENGINES.iter().find(|engine| engine.kinds.contains(&kind)) {
        Some(engine) => format!("{why}; it can for its models, {}", engine.models.join(", ")),
        None => why.to_owned(),
    }
}

impl Laid<'_> {
    /// Its map, and its load factor where it has one.
    fn map(&self) -> String {
        let load_factor = self.cell.load_factor.map(|x| format!(" lf={x}")).unwrap_or_default();
        format!("{}{load_factor}", self.cell.map)
    }
}

/// Bytes an entry: when a table is full, and when it has just grown.
fn an_entry(layout: &Layout, step: &Step) -> [Option<f64>; 2] {
    let at = |entries: Option<u64>| {
        let entries = entries?;
        // Of one of many, the table alone.
        let bytes = match layout.tables {
            1 => layout.bytes_at(step, entries)?,
            _ => step.bytes,
        };
        Some(bytes as f64 / entries as f64)
    };
    [at(step.holds), at(step.from)]
}

/// The same of a map of so many entries.
fn an_entry_of(layout: &Layout, entries: u64) -> [Option<f64>; 2] {
    let of_step = layout.step_of(entries.div_ceil(layout.tables)).map(|step| an_entry(layout, step));
    of_step.filter(|[full, _]| full.is_some()).unwrap_or([layout.least, layout.most])
}

fn range(of: [Option<f64>; 2]) -> String {
    match of.map(|bytes| bytes.map(|bytes| number::fixed(bytes, 1))) {
        [Some(least), Some(most)] => format!("{least}..{most}"),
        [Some(least), None] => format!("{least}.."),
        [None, _] => String::new(),
    }
}

/// What keys and values own, in bytes.
fn owned(layout: &Layout) -> String {
    let known: u64 = layout.owns.iter().filter_map(|owned| owned.bytes).sum();
    let varies = layout.owns.iter().any(|owned| owned.bytes.is_none());
    match (known, varies) {
        (known, false) => number::integer(known),
        (0, true) => "varies".to_owned(),
        (known, true) => format!("{} up", number::integer(known)),
    }
}

/// Whether anything adds to what the figures say.
fn has_more(layout: &Layout) -> bool {
    let in_bounds = layout.most.is_some();
    let objects = layout.objects.iter().any(|object| matches!(object.when, When::Sometimes | When::Instead));
    !in_bounds && (layout.gradual || layout.tables > 1 || objects)
}

/// One line each.
fn in_lines(many: &[Laid<'_>], entries: u64, with_load_factors: bool) -> String {
    let mut table = table();
    let width = output::width().unwrap_or(80);
    table.set_width(width as u16);
    table.set_header(["map", "entry", "slot", "pad", "a line", "owns", "bytes an entry"]);
    right(&mut table, 2..7);
    let mut reasons: Vec<String> = Vec::new();
    for laid in many {
        let map = if with_load_factors { laid.map() } else { laid.cell.map.to_string() };
        let names = [map, laid.cell.entry.to_owned()];
        let figures = match &laid.layout {
            Ok(layout) => {
                let Slot { bytes, .. } = layout.slot;
                let mut bytes_an_entry = range(an_entry_of(layout, entries));
                if !bytes_an_entry.is_empty() && has_more(layout) {
                    bytes_an_entry += " +";
                }
                let padding = number::integer(layout.slot.padding_bytes());
                [number::integer(bytes), padding, a_line(bytes), owned(layout), bytes_an_entry]
            }
            Err(_) => Default::default(),
        };
        table.add_row(names.into_iter().chain(figures));
        if let Err(why) = &laid.layout {
            reasons.push(format!("{}: {why}", laid.map()));
        }
    }
    let figure = number::integer(entries);
    let legend = [
        ("slot", "bytes from one entry to the next, or of its node; pad: unused"),
        ("a line", "entries in a cache line of 64 bytes"),
        ("owns", "bytes of key and value on the heap, which no other column has"),
        ("bytes an entry", "of the map, when its table is full..has just grown, nearest to"),
        ("", &format!("{figure} entries; x..: at least x; +: what hashes or chance")),
        ("", "decide and old tables that are being emptied come on top, see"),
        ("", "`mapscope layout` of that map and that entry alone"),
    ];
    reasons.dedup();
    let legend: String = legend.iter().map(|(word, meaning)| format!("{word:>14}  {meaning}\n")).collect();
    let reasons = reasons.iter().map(|why| wrapped("", why, width)).collect::<String>();
    format!("{}\n{legend}{}{reasons}", lines(&table), if reasons.is_empty() { "" } else { "\n" })
}

fn a_line(bytes: u64) -> String {
    number::plain(LINE_BYTES as f64 / bytes as f64)
}

/// Everything on one map with one entry.
fn in_full(laid: &Laid<'_>, entries: u64) -> String {
    let width = output::width().unwrap_or(80).min(100);
    let title = format!("{}, entries of {}\n\n", laid.map(), laid.cell.entry);
    let layout = match &laid.layout {
        Ok(layout) => layout,
        Err(why) => return title + &wrapped("open", why, width),
    };
    let mut text = title + &wrapped("slot", &slot(&layout.slot), width);
    for owned in &layout.owns {
        let bytes = owned.bytes.map_or("as many bytes as it has".to_owned(), bytes);
        text += &wrapped("owned", &format!("{}: {bytes}", owned.what), width);
    }
    for object in &layout.objects {
        text += &wrapped("allocated", &self::object(object), width);
    }
    if let Some(least) = layout.least.map(|least| number::fixed(least, 1)) {
        let most = layout.most.map(|most| format!(", at most {}", number::fixed(most, 1)));
        text +=
            &wrapped("bytes", &format!("at least {least} an entry{} of a large map", most.unwrap_or_default()), width);
    }
    if let Some(bytes) = layout.bytes_of(entries) {
        let [bytes, entries] = [bytes, entries].map(number::integer);
        text += &wrapped("bytes", &format!("{bytes} of the map with {entries} entries"), width);
    }
    if layout.gradual {
        text += &wrapped("growing", "the old table stays while its entries are moved, and is in no figure here", width);
    }
    if let Some(why) = layout.open {
        text += &wrapped("open", why, width);
    }
    if !layout.steps.is_empty() {
        text += "\n";
        if layout.tables > 1 {
            text += &format!("One of {} tables:\n", layout.tables);
        }
        text += &steps(layout);
    }
    text
}

fn slot(slot: &Slot) -> String {
    let part = |name: &str, part: Part| match part.indirect {
        true => format!("{name} {} (its address)", part.bytes),
        false => format!("{name} {}", part.bytes),
    };
    let mut parts = vec![part("key", slot.key), part("value", slot.value)];
    if slot.other_bytes > 0 {
        parts.push(format!("the map's own {}", slot.other_bytes));
    }
    if slot.padding_bytes() > 0 {
        parts.push(format!("unused {}", slot.padding_bytes()));
    }
    let place = match slot {
        Slot { node: true, .. } => "a block of its own",
        Slot { apart: true, .. } => "in a table, keys beside keys, values beside values",
        _ => "in a table",
    };
    format!(
        "{}, {place}: {}; aligned to {}; {} a cache line of {LINE_BYTES} bytes",
        bytes(slot.bytes),
        parts.join(", "),
        slot.align,
        a_line(slot.bytes)
    )
}

fn object(object: &Object) -> String {
    let bytes = object.bytes.map_or("no one size".to_owned(), bytes);
    let when = match object.when {
        When::Map => "once",
        When::Entry => "with each entry",
        When::Sometimes => "when needed",
        When::Instead => "in place of the one with each entry",
    };
    format!("{}: {bytes}, {when}", object.what)
}

/// A row a size of the table.
fn steps(layout: &Layout) -> String {
    let mut table = table();
    table.set_header(["slots", "from entry", "holds", "table bytes", "blocks", "an entry, full..grown"]);
    right(&mut table, 0..6);
    let shown = |n: Option<u64>| n.map(number::integer).unwrap_or_default();
    for step in &layout.steps {
        table.add_row([
            number::integer(step.slots),
            shown(step.from),
            shown(step.holds),
            number::integer(step.bytes),
            number::integer(step.blocks.len() as u64),
            range(an_entry(layout, step)),
        ]);
    }
    lines(&table)
}

fn bytes(n: u64) -> String {
    format!("{} byte{}", number::integer(n), if n == 1 { "" } else { "s" })
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// Numbers end below each other.
fn right(table: &mut Table, columns: Range<usize>) {
    for index in columns {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

fn lines(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A word, and what it means beside it.
fn wrapped(word: &str, text: &str, width: usize) -> String {
    let mut table = table();
    table.set_width(width as u16);
    table.add_row([format!("{word:<9}"), text.to_owned()]);
    lines(&table)
}

/// Everything, for programs.
fn document(laid: &Laid<'_>, entries: u64) -> Value {
    let mut document = json!({ "map": laid.cell.map.to_string(), "entry": laid.cell.entry });
    if let Some(load_factor) = laid.cell.load_factor {
        document["load_factor"] = load_factor.into();
    }
    let layout = match &laid.layout {
        Ok(layout) => layout,
        Err(why) => {
            document["open"] = why.as_str().into();
            return document;
        }
    };
    let mut fields = json!(layout);
    fields["slot"]["padding_bytes"] = layout.slot.padding_bytes().into();
    fields["slot"]["entries_a_line"] = (LINE_BYTES as f64 / layout.slot.bytes as f64).into();
    if let Some(steps) = fields["steps"].as_array_mut() {
        for (wire, step) in steps.iter_mut().zip(&layout.steps) {
            for (name, bytes) in ["bytes_an_entry_full", "bytes_an_entry_grown"].iter().zip(an_entry(layout, step)) {
                bytes.into_iter().for_each(|bytes| wire[name] = bytes.into());
            }
        }
    }
    let bytes = layout.bytes_of(entries);
    bytes.into_iter().for_each(|bytes| fields["map_bytes"] = bytes.into());
    if let (Some(document), Value::Object(fields)) = (document.as_object_mut(), fields) {
        document.extend(fields);
    }
    document
}
