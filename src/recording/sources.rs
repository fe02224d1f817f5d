//! The source of a recorded program, read at just the lines that a hint could save bytes at.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::hint::hint_of_saves_bytes;
use super::{Counts, Hint, Language, Manifest, Map, Place, Process, Recording, Row, Type};
use crate::hints::{self, Files, Finding, HintsError, Outcome, RustSource, Source};
use crate::record::Frame;

/// Looks at the source of the first rows that a hint could save bytes at.
///
/// # Errors
/// Where the folder of the command is not known, or its sources can't be read.
pub fn hints(
    recording: &Recording,
    go: Option<&Path>,
    rows_max: usize,
) -> Result<(Box<dyn Files>, Vec<Hint>), HintsError> {
    let rows = recording
        .table
        .rows
        .iter()
        .enumerate()
        .take(rows_max)
        .filter(|(_, row)| row.counts.hint_saves_bytes() > Some(0));
    let places: Vec<_> = rows.map(|(index, row)| (index, place_of(recording, row))).collect();
    let known: Vec<_> = places.iter().filter_map(|(_, place)| place.clone()).collect();
    let (source, outcomes) = outcomes(recording, go, &known)?;
    let mut outcomes = outcomes.into_iter();
    let hints = places.into_iter().map(|(row, place)| {
        let outcome = place.and_then(|_| outcomes.next());
        Hint { row, found: found(recording, &recording.table.rows[row], outcome) }
    });
    Ok((source, hints.collect()))
}

/// What there is at each of these places.
fn outcomes(
    recording: &Recording,
    go: Option<&Path>,
    places: &[hints::Place],
) -> Result<(Box<dyn Files>, Vec<Outcome>), HintsError> {
    let manifest = recording.manifest.as_ref();
    let folder = manifest.map_or(Path::new("."), |manifest| &manifest.folder);
    if recording.processes.iter().all(|process| process.language == Language::Rust) {
        let root = manifest.and_then(|manifest| manifest.workspace.as_deref()).unwrap_or(folder);
        let source = RustSource::new(root);
        let outcomes = source.places(places);
        return Ok((Box::new(source), outcomes));
    }
    if recording.processes.iter().all(|process| process.language == Language::Java) {
        let what = "is of Java, whose sources are not read for hints: leave --hints, --fix and --write out";
        return Err(HintsError::At { path: recording.path.clone(), what: what.to_owned() });
    }
    // What a recording names is not started: it may be anybody's.
    let source = Source::new(go, folder)?;
    let outcomes = source.places(places)?;
    Ok((Box::new(source), outcomes))
}

/// The file and line of a row. `None` where a program was built without the folders of its files.
fn place_of(recording: &Recording, row: &Row) -> Option<hints::Place> {
    let frames =
        recording.table.stacks.iter().filter(|stack| stack.ty == row.ty).filter_map(|stack| stack.frames.first());
    let is_of_function = |frame: &&Frame| row.place.function.is_empty() || frame.function == row.place.function;
    let mut frames = frames.filter(is_of_function);
    let manifest = recording.manifest.as_ref();
    let frame = frames.find(|frame| Place::of_frame(Some(frame), manifest) == row.place)?;
    let file = PathBuf::from(frame.file.as_deref()?);
    // Rust's compiler names sources from the root of the workspace.
    let is_known = file.is_absolute() || file.extension().is_some_and(|name| name == "rs");
    is_known.then_some(hints::Place { file, line: frame.line?, ty: row.ty.clone() })
}

fn found(recording: &Recording, row: &Row, outcome: Option<Outcome>) -> Result<(Finding, u64), String> {
    let none = "its file is not known: build it without -trimpath";
    match outcome {
        Some(Outcome { finding: Some(finding), why: None }) if finding.is_whole() => {
            Ok((finding, row.counts.hint_saves_bytes().unwrap_or(0)))
        }
        Some(Outcome { finding: Some(finding), why }) => {
            let number = nearly_constant(&row.counts).ok_or_else(|| why.unwrap_or_else(|| NO_LENGTH.to_owned()))?;
            let maps =
                recording.processes.iter().flat_map(|process| maps_of(process, recording.manifest.as_ref(), row));
            Ok((finding.with_number(number), constant_saves_bytes(maps, number)?))
        }
        Some(Outcome { why: Some(why), .. }) => Err(why),
        _ => Err(none.to_owned()),
    }
}

const NO_LENGTH: &str = "no length is known before it is filled";

/// The largest number of entries, where at least eight maps were recorded, none of which had a quarter less.
fn nearly_constant(counts: &Counts) -> Option<u64> {
    const MAPS_LEAST: u64 = 8;
    let (least, most) = (*counts.sizes.first()?, *counts.sizes.last()?);
    (counts.maps >= MAPS_LEAST && counts.hinted_maps == 0 && least.saturating_mul(4) >= most.saturating_mul(3))
        .then_some(most)
}

/// A row's maps of a process, with their type.
fn maps_of<'a>(process: &'a Process, manifest: Option<&Manifest>, row: &Row) -> Vec<(&'a Map, &'a Type)> {
    let mut places: HashMap<u32, bool> = HashMap::new();
    let mut is_there =
        |map: &&Map| *places.entry(map.place).or_insert_with(|| Place::of(process, map, manifest) == row.place);
    let maps = process.maps.iter().filter(|map| is_there(map));
    maps.filter_map(|map| Some((map, process.type_of(map).filter(|ty| ty.name == row.ty)?))).collect()
}

/// What these maps would not have allocated, each with this hint, which is as large as the largest of them: smaller ones may
/// allocate more. That all of them do is why there is no hint.
fn constant_saves_bytes<'a>(maps: impl Iterator<Item = (&'a Map, &'a Type)>, number: u64) -> Result<u64, String> {
    let bytes: i128 = maps.filter_map(|(map, ty)| hint_of_saves_bytes(number, map, ty)).sum();
    let saved = u64::try_from(bytes).ok().filter(|&bytes| bytes > 0);
    saved.ok_or_else(|| format!("a hint of {number}, its largest map's, would save nothing: its others are smaller"))
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

    #[test]
    fn a_constant_saves_what_it_costs_smaller_maps_less() {
        use super::super::Tables;
        use crate::hints::{Group, grown_bytes, hinted_bytes};

        let group = Group { bytes: 136, has_pointers: false };
        let ty = Type { tables: Tables::Groups(group), ..Type::default() };
        let grown = |entries| grown_bytes(entries, group).expect("known");
        let map = |entries_max| Map { growths: 4, entries_max, table_bytes: 48 + grown(entries_max), ..Map::default() };
        let of = |small: usize| {
            let maps: Vec<_> = (0..small).map(|_| map(86)).chain([map(113)]).collect();
            constant_saves_bytes(maps.iter().map(|map| (map, &ty)), 113)
        };
        let hinted = hinted_bytes(113, group);
        // A map of 86 has tables of up to 128 slots, one of 113 begins with 256.
        assert!(grown(86) < hinted);
        assert_eq!(of(7), Ok(7 * grown(86) + grown(113) - 8 * hinted));
        assert!(of(16).is_err_and(|why| why.contains("a hint of 113")));
    }
}
