//! The source of a recorded program, read at just the lines that a hint could save bytes at.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::hint::hint_of_saves_bytes;
use super::{Counts, Hint, Map, Place, Process, Recording, Row};
use crate::hints::{self, Finding, HintsError, Source};

/// Looks at the source of the first rows that a hint could save bytes at.
///
/// # Errors
/// Where the folder of the command is not known, or its sources can't be read.
pub fn hints(recording: &Recording, go: Option<&Path>, rows_max: usize) -> Result<(Source, Vec<Hint>), HintsError> {
    let manifest = recording.manifest.as_ref();
    let folder = manifest.map(|manifest| manifest.folder.clone()).unwrap_or_else(|| PathBuf::from("."));
    // What a recording names is not started: it may be anybody's.
    let source = Source::new(go, &folder)?;
    let rows = recording
        .table
        .rows
        .iter()
        .enumerate()
        .take(rows_max)
        .filter(|(_, row)| row.counts.hint_saves_bytes() > Some(0));
    let places: Vec<_> = rows.map(|(index, row)| (index, place_of(recording, row))).collect();
    let known: Vec<_> = places.iter().filter_map(|(_, place)| place.clone()).collect();
    let mut outcomes = source.places(&known)?.into_iter();
    let hints = places.into_iter().map(|(row, place)| {
        let outcome = place.and_then(|_| outcomes.next());
        Hint { row, found: found(recording, &recording.table.rows[row], outcome) }
    });
    Ok((source, hints.collect()))
}

/// The file and line of a row. `None` where a program was built without the folders of its files.
fn place_of(recording: &Recording, row: &Row) -> Option<hints::Place> {
    let frames =
        recording.table.stacks.iter().filter(|stack| stack.ty == row.ty).filter_map(|stack| stack.frames.first());
    let mut frames = frames.filter(|frame| frame.function == row.place.function);
    let manifest = recording.manifest.as_ref();
    let frame = frames.find(|frame| Place::of_frame(Some(frame), manifest) == row.place)?;
    let file = PathBuf::from(frame.file.as_deref()?);
    file.is_absolute().then_some(hints::Place { file, line: frame.line?, ty: row.ty.clone() })
}

fn found(recording: &Recording, row: &Row, outcome: Option<hints::Outcome>) -> Result<(Finding, u64), String> {
    let none = "its file is not known: build it without -trimpath";
    match outcome {
        Some(hints::Outcome { finding: Some(finding), why: None }) => {
            Ok((finding, row.counts.hint_saves_bytes().unwrap_or(0)))
        }
        Some(hints::Outcome { finding: Some(finding), why: Some(why) }) => {
            let number = nearly_constant(&row.counts).ok_or(why)?;
            Ok((finding.with_number(number), constant_saves_bytes(recording, row, number)))
        }
        Some(hints::Outcome { why: Some(why), .. }) => Err(why),
        _ => Err(none.to_owned()),
    }
}

/// The largest number of entries, where at least eight maps were recorded, none of which had a quarter less.
fn nearly_constant(counts: &Counts) -> Option<u64> {
    const MAPS_LEAST: u64 = 8;
    let (least, most) = (*counts.sizes.first()?, *counts.sizes.last()?);
    (counts.maps >= MAPS_LEAST && counts.hinted_maps == 0 && least.saturating_mul(4) >= most.saturating_mul(3))
        .then_some(most)
}

/// What the row's maps would not have allocated, each with this hint, which is as large as the largest of them.
fn constant_saves_bytes(recording: &Recording, row: &Row, number: u64) -> u64 {
    let of_process = |process: &Process| -> u64 {
        let manifest = recording.manifest.as_ref();
        let mut places: HashMap<u32, bool> = HashMap::new();
        let mut is_there =
            |map: &&Map| *places.entry(map.place).or_insert_with(|| Place::of(process, map, manifest) == row.place);
        let maps = process.maps.iter().filter(|map| is_there(map));
        let typed = maps.filter_map(|map| Some((map, process.type_of(map).filter(|ty| ty.name == row.ty)?)));
        typed.filter_map(|(map, ty)| hint_of_saves_bytes(number, map, ty)).fold(0, u64::saturating_add)
    };
    recording.processes.iter().map(of_process).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_is_suggested_only_of_many_maps_of_about_one_size() {
        let of = |sizes: &[u64]| {
            nearly_constant(&Counts { maps: sizes.len() as u64, sizes: sizes.to_vec(), ..Counts::default() })
        };
        assert_eq!(of(&[75, 80, 80, 80, 90, 99, 100, 100]), Some(100));
        assert_eq!(of(&[74, 80, 80, 80, 90, 99, 100, 100]), None);
        assert_eq!(of(&[100; 7]), None);
        assert_eq!(of(&[]), None);
    }
}
