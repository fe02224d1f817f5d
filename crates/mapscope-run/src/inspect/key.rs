//! What an operation did to the place of one key.

use super::watch::{Around, Change};
use crate::maps::anatomy::{Anatomy, Entry, Row, Stage, Table};
use crate::replay::Action;

/// A place that has the key.
pub(super) struct Spot<'a> {
    row_word: &'static str,
    table: &'a Table,
    row: &'a Row,
    bucket: usize,
    slot: usize,
    entry: &'a Entry,
}

/// The places that have a key: one at the most, unless the map is made of maps.
pub(super) fn spots(anatomy: &Anatomy, key: u64) -> Vec<Spot<'_>> {
    let rows = anatomy.tables.iter().flat_map(|table| table.rows.iter().map(move |row| (table, row)));
    let spot = |(table, row)| {
        let found = Row::entries(row).filter(move |(_, _, entry)| entry.key == key);
        found.map(move |(bucket, slot, entry)| Spot { row_word: anatomy.row_word, table, row, bucket, slot, entry })
    };
    rows.flat_map(spot).collect()
}

impl Spot<'_> {
    /// `old bucket 3`.
    pub fn row_name(&self) -> String {
        self.table.row_name(self.row_word, self.row.index)
    }

    /// `old bucket 3 slot 2`.
    pub fn name(&self) -> String {
        format!("{} {}", self.row_name(), place_in_row(self.bucket, self.slot))
    }

    /// The same with what else is known of the entry.
    pub fn described(&self) -> String {
        match self.entry.note {
            Some(note) => format!("in {} ({})", self.name(), note.name),
            None => format!("in {}", self.name()),
        }
    }

    /// Whether `after`, found after an operation, is this place.
    fn is_still(&self, after: &Spot) -> bool {
        let place = |spot: &Spot| (spot.row.index, spot.bucket, spot.slot);
        self.table.is_still(after.table) && place(self) == place(after)
    }
}

/// `slot 2`, `overflow 1 slot 2`.
pub(super) fn place_in_row(bucket: usize, slot: usize) -> String {
    if bucket == 0 { format!("slot {slot}") } else { format!("overflow {bucket} slot {slot}") }
}

/// What an operation did to a key's places.
pub(super) fn changes(around: &Around, key: u64) -> Vec<Change> {
    let (before, after) = (spots(around.before, key), spots(around.after, key));
    let inserted = around.row.action == Action::Insert && around.row.key == key;
    let change = |kind, from: Option<&Spot>, to: Option<&Spot>, text| Change {
        kind,
        keys: vec![key],
        from: from.map(Spot::name),
        to: to.map(Spot::name),
        text,
    };
    let mut changes = Vec::new();
    let mut left: Vec<&Spot> = Vec::new();
    for spot in &before {
        let Some(now) = after.iter().find(|now| spot.is_still(now)) else {
            left.push(spot);
            continue;
        };
        if spot.name() != now.name() {
            let text = format!("key {key} stays: {} is {} now{}", spot.name(), now.name(), around.why());
            changes.push(change("renamed", Some(spot), Some(now), text));
        }
        if spot.entry.note != now.entry.note {
            let [was, is] = [spot, now].map(|spot| spot.entry.note.map_or("", |note| note.name));
            let text = format!("key {key} in {} was {was} and is {is}", now.name());
            changes.push(change("marked", Some(spot), Some(now), text));
        } else if inserted {
            changes.push(change(
                "overwritten",
                Some(spot),
                Some(now),
                format!("key {key} overwritten in {}", now.name()),
            ));
        }
    }
    let come = after.iter().filter(|now| !before.iter().any(|spot| spot.is_still(now)));
    // With one map there is one of each.
    let mut left = left.into_iter();
    for now in come {
        let told = match left.next() {
            Some(spot) => {
                let text = format!("key {key} moved from {} to {}{}", spot.name(), now.name(), moved_by(around, spot));
                changes.push(change("moved", Some(spot), Some(now), text));
                if inserted {
                    let text = format!("key {key} overwritten in {}", now.name());
                    changes.push(change("overwritten", Some(now), Some(now), text));
                }
                continue;
            }
            None if inserted => ("put", format!("key {key} put into {}{}", now.name(), around.why())),
            None => ("copied", format!("key {key} copied into {}{}", now.name(), around.why())),
        };
        changes.push(change(told.0, None, Some(now), told.1));
    }
    for spot in left {
        let (kind, text) = match around.row.action {
            Action::Remove if around.row.key == key => ("removed", format!("key {key} removed from {}", spot.name())),
            Action::Clear => ("cleared", format!("key {key} dropped from {} with all others", spot.name())),
            _ => ("dropped", format!("key {key} dropped from {}{}", spot.name(), around.why())),
        };
        changes.push(change(kind, Some(spot), None, text));
    }
    changes
}

/// What moved an entry away from its place, in brackets.
fn moved_by(around: &Around, spot: &Spot) -> String {
    let now = around.still(spot.table);
    let evacuated = now.is_some_and(|now| now.old) || spot.table.old || spot.row.stage == Stage::ToEvacuate;
    match now {
        _ if !evacuated => around.why(),
        Some(now) => format!(" (evacuation of {})", now.row_name(spot.row_word, spot.row.index)),
        None => format!(" (evacuation of {})", spot.row_name()),
    }
}
