//! The map that a recording or a trace is to be played on.

use std::path::Path;

use anyhow::{anyhow, bail};

use crate::intake;
use crate::replay::{Entries, Play, Recording, Setup, shape};
use crate::run::Subjects;
use crate::spec::UnknownName;
use crate::text;
use crate::workload::ENTRIES;

/// What the command line says of it.
pub(super) struct Wanted<'a> {
    /// Its name.
    pub map: &'a str,
    /// The recording's file.
    pub trace: &'a Path,
    /// The entry, for a trace that doesn't say what was recorded.
    pub entry: Option<&'a str>,
    /// The hint, for such a trace.
    pub hint: Option<u64>,
    /// The load factor, for such a trace.
    pub load_factor: Option<f64>,
    /// Seeds what the map has of its own.
    pub seed: u64,
}

/// The map that the command line and the recording mean, and the name of its entries.
pub(super) fn open(
    wanted: &Wanted,
    recording: &Recording,
    subjects: &Subjects,
) -> anyhow::Result<(Box<dyn Play>, String)> {
    let Some(info) = subjects.infos().find(|info| info.term.name == wanted.map) else {
        let names = subjects.infos().map(|info| info.term.name);
        bail!("--map: {}", UnknownName::new("map", wanted.map, names));
    };
    let about = recording.about();
    let trace = text::path(intake::shown(wanted.trace));
    if let Some(layout) = about.layout.as_deref().filter(|&layout| info.layout != Some(layout)) {
        match subjects.infos().find(|info| info.layout == Some(layout)) {
            Some(model) => bail!(
                "{trace}: was recorded from the layout {layout}, which {} does not have: replay it with --map {}",
                wanted.map,
                model.term.name
            ),
            None => bail!("{trace}: was recorded from the layout {layout}, of which there is no model"),
        }
    }
    if about.layout.is_some() && !recording.hashed() {
        return Err(recording.fault("has no column `hash`: a recording's hashes drive the model".into()).into());
    }
    let (name, entries) = match (about.shape, wanted.entry) {
        (Some(shape), None) => (shape, Entries::Shape(shape)),
        (Some(shape), Some(_)) => bail!("--entry: {trace} is a recording of {shape}: leave --entry out"),
        (None, entry) => {
            let name = entry.unwrap_or("u64/u64");
            if ENTRIES.iter().all(|entry| entry.name != name) {
                bail!("--entry: {}", UnknownName::new("entry", name, ENTRIES.iter().map(|entry| entry.name)));
            }
            (name, Entries::Named(name))
        }
    };
    let recorded = about.layout.is_some();
    for (flag, given) in [("--hint", wanted.hint.is_some()), ("--load-factor", wanted.load_factor.is_some())] {
        if recorded && given {
            bail!("{flag}: {trace} is a recording, which says how its map was built: leave {flag} out");
        }
    }
    let shape = about.shape.and_then(shape);
    let slot_bytes = shape.map_or(0, |shape| 2 + stored_bytes(shape.key_size) + stored_bytes(shape.elem_size));
    // A map that has just grown is not half full.
    if (about.hint as u64).saturating_mul(slot_bytes).saturating_mul(5) / 2 > subjects.catalog().memory_bytes {
        bail!("{trace}:1: hint={} entries need more memory than this machine has", about.hint);
    }
    let hint = wanted.hint.map_or(about.hint, |hint| hint as usize);
    let setup = Setup { entries, hashed: recording.hashed(), hint, load_factor: wanted.load_factor, seed: wanted.seed };
    let player = subjects.player(wanted.map, &setup).ok_or_else(|| {
        anyhow!("--map: {} works in a process of its own, where no recording can be played: take a model", wanted.map)
    })?;
    Ok((player, name.to_owned()))
}

/// What a slot takes for a key or an elem: large ones lie elsewhere.
fn stored_bytes(bytes: u64) -> u64 {
    if bytes > 128 { 8 } else { bytes }
}
