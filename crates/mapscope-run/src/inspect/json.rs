//! Moments and steps as JSON: everything, whatever the size. docs/INSPECT.md lists the fields.

use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::{Moment, Step, Summary};
use crate::maps::anatomy::{Anatomy, Field, Figure, Row, Slot, Table};

/// What the numbers of a document mean is fixed by this; a field more doesn't change it.
const SCHEMA: u32 = 1;

/// What was inspected.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// The map.
    pub map: &'a str,
    /// Its entries.
    pub entry: &'a str,
    /// Where its operations came from.
    pub workload: &'a str,
}

/// Writes a document. `steps` is `None` where nothing was watched.
pub fn render(about: &About, moments: &[Moment], steps: Option<&[Step]>) -> String {
    let document = Document {
        schema: SCHEMA,
        map: about.map,
        entry: about.entry,
        workload: about.workload,
        moments: moments.iter().map(|moment| moment.into()).collect(),
        steps: steps.map(|steps| steps.iter().map(|step| step.into()).collect()),
        meanings: meanings(moments),
    };
    let mut text = serde_json::to_string(&document).expect("strings and numbers only");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    map: &'a str,
    entry: &'a str,
    workload: &'a str,
    moments: Vec<WireMoment<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<WireStep<'a>>>,
    meanings: Meanings,
}

#[derive(Serialize)]
struct WireMoment<'a> {
    operation: u64,
    last: Option<WireOperation>,
    header: Fields<'a>,
    so_far: Fields<'a>,
    tables: Vec<WireTable<'a>>,
}

#[derive(Serialize)]
struct WireOperation {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<u64>,
}

#[derive(Serialize)]
struct WireTable<'a> {
    name: &'a str,
    number: Option<u64>,
    old: bool,
    frontier: Option<usize>,
    fields: Fields<'a>,
    summary: WireSummary,
    rows: Vec<WireRow<'a>>,
}

#[derive(Serialize)]
struct WireSummary {
    entries: u64,
    slots: u64,
    tombstones: u64,
    overflow_buckets: u64,
    chain_length_max: usize,
    evacuated_rows: u64,
    waiting_rows: u64,
    occupancy: Vec<u64>,
}

#[derive(Serialize)]
struct WireRow<'a> {
    index: usize,
    stage: &'static str,
    buckets: Vec<Vec<WireSlot<'a>>>,
}

#[derive(Serialize)]
struct WireSlot<'a> {
    mark: &'static str,
    byte: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probed_groups: Option<u64>,
}

#[derive(Serialize)]
struct WireStep<'a> {
    operation: u64,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<u64>,
    watch: &'a str,
    kind: &'static str,
    keys: &'a [u64],
    from: Option<&'a str>,
    to: Option<&'a str>,
    text: &'a str,
}

/// Figures by their names.
struct Fields<'a>(&'a [Field]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for field in self.0 {
            match &field.figure {
                Figure::Whole(whole) => map.serialize_entry(field.name, whole)?,
                Figure::Fraction(fraction) => map.serialize_entry(field.name, fraction)?,
                Figure::Words(words) => map.serialize_entry(field.name, words)?,
                Figure::Absent => map.serialize_entry(field.name, &None::<u64>)?,
            }
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Meanings {
    header: Vec<WireMeaning>,
    so_far: Vec<WireMeaning>,
    tables: Vec<WireMeaning>,
    marks: Vec<WireMeaning>,
    notes: Vec<WireMeaning>,
}

#[derive(Serialize)]
struct WireMeaning {
    name: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    unit: &'static str,
    meaning: &'static str,
}

fn meanings(moments: &[Moment]) -> Meanings {
    let of = |fields: &[Field]| {
        let meaning = |field: &Field| WireMeaning { name: field.name, unit: field.unit, meaning: field.meaning };
        fields.iter().map(meaning).collect::<Vec<_>>()
    };
    let first = moments.first();
    let tables = moments.iter().flat_map(|moment| &moment.anatomy.tables);
    let fields = tables.map(|table| &table.fields[..]).find(|fields| !fields.is_empty()).unwrap_or_default();
    let (mut marks, mut notes) = (Vec::new(), Vec::new());
    let add = |known: &mut Vec<WireMeaning>, name, meaning| {
        if !known.iter().any(|known| known.name == name) {
            known.push(WireMeaning { name, unit: "", meaning });
        }
    };
    for summary in moments.iter().map(|moment| Summary::of(&moment.anatomy)) {
        summary.marks.iter().for_each(|mark| add(&mut marks, mark.name, mark.meaning));
        summary.notes.iter().for_each(|note| add(&mut notes, note.name, note.meaning));
    }
    Meanings {
        header: first.map(|moment| of(&moment.anatomy.header)).unwrap_or_default(),
        so_far: first.map(|moment| of(&moment.so_far)).unwrap_or_default(),
        tables: of(fields),
        marks,
        notes,
    }
}

impl<'a> From<&'a Moment> for WireMoment<'a> {
    fn from(moment: &'a Moment) -> WireMoment<'a> {
        let Anatomy { header, tables, .. } = &moment.anatomy;
        let summaries = Summary::of(&moment.anatomy).tables;
        let last = moment
            .last
            .map(|row| WireOperation { action: row.action.name(), key: row.action.has_key().then_some(row.key) });
        let table = |(table, summary): (&'a Table, super::TableSummary)| WireTable {
            name: &table.name,
            number: table.number,
            old: table.old,
            frontier: table.frontier.map(|frontier| frontier.row),
            fields: Fields(&table.fields),
            summary: WireSummary {
                entries: summary.entries,
                slots: summary.slots,
                tombstones: summary.tombstones,
                overflow_buckets: summary.overflow_buckets,
                chain_length_max: summary.chain_length_max,
                evacuated_rows: summary.evacuated_rows,
                waiting_rows: summary.waiting_rows,
                occupancy: summary.occupancy,
            },
            rows: table.rows.iter().map(|row| row.into()).collect(),
        };
        WireMoment {
            operation: moment.operation,
            last,
            header: Fields(header),
            so_far: Fields(&moment.so_far),
            tables: tables.iter().zip(summaries).map(table).collect(),
        }
    }
}

impl<'a> From<&'a Row> for WireRow<'a> {
    fn from(row: &'a Row) -> WireRow<'a> {
        let slot = |slot: &'a Slot| {
            let entry = slot.entry.as_ref();
            WireSlot {
                mark: slot.mark.name,
                byte: slot.byte,
                key: entry.map(|entry| entry.key),
                key_text: entry.and_then(|entry| entry.key_text.as_deref()),
                value: entry.and_then(|entry| entry.value),
                note: entry.and_then(|entry| entry.note).map(|note| note.name),
                probed_groups: entry.and_then(|entry| entry.probed_groups),
            }
        };
        let buckets = row.buckets.iter().map(|slots| slots.iter().map(slot).collect()).collect();
        WireRow { index: row.index, stage: row.stage.name(), buckets }
    }
}

impl<'a> From<&'a Step> for WireStep<'a> {
    fn from(step: &'a Step) -> WireStep<'a> {
        WireStep {
            operation: step.operation,
            action: step.row.action.name(),
            key: step.row.action.has_key().then_some(step.row.key),
            watch: &step.watch,
            kind: step.change.kind,
            keys: &step.change.keys,
            from: step.change.from.as_deref(),
            to: step.change.to.as_deref(),
            text: &step.change.text,
        }
    }
}
