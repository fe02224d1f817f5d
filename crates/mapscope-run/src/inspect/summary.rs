//! What a whole table comes to: how full its rows are, how long its chains, how far an evacuation has come.

use crate::maps::anatomy::{Anatomy, Kind, Mark, Note, Stage, Table};

/// Of a map, by table.
#[derive(Debug, Clone)]
pub struct Summary {
    /// In the order of the tables.
    pub tables: Vec<TableSummary>,
    /// The marks that occur, in the order in which they do.
    pub marks: Vec<&'static Mark>,
    /// The same of the states of entries.
    pub notes: Vec<&'static Note>,
}

/// Of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSummary {
    /// Entries.
    pub entries: u64,
    /// Slots, those of chained buckets included.
    pub slots: u64,
    /// Slots that held an entry, are empty, and lengthen a search.
    pub tombstones: u64,
    /// Chained buckets.
    pub overflow_buckets: u64,
    /// `occupancy[n]`: rows that hold `n` entries, their chains included. Rows that have been evacuated, or wait for entries,
    /// don't count.
    pub occupancy: Vec<u64>,
    /// Buckets in the longest chain, the first included; 0 without rows.
    pub chain_length_max: usize,
    /// The rows that have such a chain.
    pub longest_rows: Vec<usize>,
    /// Rows that have been evacuated.
    pub evacuated_rows: u64,
    /// Rows that wait for entries of an old table.
    pub waiting_rows: u64,
}

impl Summary {
    /// Of all that a map has.
    pub fn of(anatomy: &Anatomy) -> Summary {
        let mut marks: Vec<&'static Mark> = Vec::new();
        let mut notes: Vec<&'static Note> = Vec::new();
        let slots = anatomy.tables.iter().flat_map(|table| &table.rows).flat_map(|row| row.buckets.iter().flatten());
        for slot in slots {
            if !marks.contains(&slot.mark) {
                marks.push(slot.mark);
            }
            if let Some(note) = slot.entry.as_ref().and_then(|entry| entry.note)
                && !notes.contains(&note)
            {
                notes.push(note);
            }
        }
        Summary { tables: anatomy.tables.iter().map(TableSummary::of).collect(), marks, notes }
    }
}

impl TableSummary {
    fn of(table: &Table) -> TableSummary {
        let mut summary = TableSummary {
            entries: 0,
            slots: 0,
            tombstones: 0,
            overflow_buckets: 0,
            occupancy: Vec::new(),
            chain_length_max: 0,
            longest_rows: Vec::new(),
            evacuated_rows: 0,
            waiting_rows: 0,
        };
        for row in &table.rows {
            let (length, entries) = (row.buckets.len(), row.entries().count());
            summary.entries += entries as u64;
            summary.overflow_buckets += length as u64 - 1;
            let slots = || row.buckets.iter().flatten();
            summary.slots += slots().count() as u64;
            summary.tombstones += slots().filter(|slot| slot.mark.kind == Kind::Tombstone).count() as u64;
            if length > summary.chain_length_max {
                summary.chain_length_max = length;
                summary.longest_rows.clear();
            }
            if length == summary.chain_length_max {
                summary.longest_rows.push(row.index);
            }
            match row.stage {
                Stage::Evacuated => summary.evacuated_rows += 1,
                Stage::Waiting => summary.waiting_rows += 1,
                Stage::InUse | Stage::ToEvacuate => {
                    if summary.occupancy.len() <= entries {
                        summary.occupancy.resize(entries + 1, 0);
                    }
                    summary.occupancy[entries] += 1;
                }
            }
        }
        summary
    }
}
