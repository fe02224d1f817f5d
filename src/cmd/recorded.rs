//! The map that a recording or a trace is to be played on.

use std::path::Path;

use anyhow::{anyhow, bail};

use super::output;
use crate::intake;
use crate::maps::Info;
use crate::plan::{Arg, Call, UnknownName};
use crate::replay::{About, Entries, Play, Recording, Setup, shape};
use crate::run::{Subjects, memory_limit_bytes};
use crate::text;
use crate::workload::ENTRIES;

/// What the command line says of it.
pub(super) struct Wanted<'a> {
    /// Its name, and its release where that is said.
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

/// What a recording is played on.
pub(super) struct Opened {
    /// The map.
    pub model: Box<dyn Play>,
    /// What it is called, with its release unless that is the newest.
    pub map: String,
    /// The name of its entries.
    pub entry: String,
}

/// The map that the command line and the recording mean.
pub(super) fn open(wanted: &Wanted, recording: &Recording, subjects: &Subjects) -> anyhow::Result<Opened> {
    let terms: Vec<_> = subjects.infos().map(|info| info.term).collect();
    let mut call = Call::parse(wanted.map, "map", &terms).map_err(|error| anyhow!("--map: {error}"))?;
    let info = subjects.infos().find(|info| info.term.name == call.name);
    let info = info.expect("a call is of a term that is there");
    let about = recording.about();
    let trace = text::path(intake::shown(wanted.trace));
    let mut release = release(wanted, &call, &info, about);
    if let Some(layout) = about.layout.as_deref() {
        let Some((model, with_layout)) = subjects.of_layout(layout) else {
            bail!("{trace}: was recorded from the layout {layout}, of which there is no model");
        };
        let is_asked = is_release_asked(wanted.map);
        let has_layout = subjects.info_at(call.name, release).is_some_and(|info| info.layout == model.layout);
        match model.term.name == call.name {
            true if has_layout => {}
            // What it was recorded from is unknown, or says otherwise than the layout.
            true if !is_asked => release = with_layout,
            _ => bail!(
                "{trace}: was recorded from the layout {layout}, which {} does not have: replay it with --map {}",
                if is_asked { wanted.map } else { call.name },
                model.term.name
            ),
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
                let unknown = UnknownName::new("entry", name, ENTRIES.iter().map(|entry| entry.name));
                bail!("--entry: {unknown} `run` has all others, too: here only these are compiled in.");
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
    if let (Some(release), Some(arg)) = (release, call.args.first_mut()) {
        *arg =
            Some(release).filter(|release| Some(release) != info.releases().last()).map(|word| Arg::Word(word.into()));
    }
    let setup = Setup {
        entries,
        hashed: recording.hashed(),
        hint,
        load_factor: wanted.load_factor,
        release,
        seed: wanted.seed,
        memory_bytes: memory_limit_bytes(),
    };
    let model = subjects.player(call.name, &setup).ok_or_else(|| {
        anyhow!("--map: {} works in a process of its own, where no recording can be played: take a model", call.name)
    })?;
    Ok(Opened { model, map: call.to_string(), entry: name.to_owned() })
}

/// The release to play on: the one asked for, else that of the recording. Notes where they are not the same.
fn release(wanted: &Wanted, call: &Call, info: &Info, about: &About) -> Option<&'static str> {
    // A call leaves the newest out, be it asked for or not.
    let newest = info.releases().last().copied();
    let word = call.first_word().or(newest.filter(|_| is_release_asked(wanted.map)));
    let asked = info.releases().iter().copied().find(|&release| Some(release) == word);
    let recorded = about.go.as_deref().and_then(|go| info.release_for(go.trim_start_matches("go")));
    let trace = text::path(intake::shown(wanted.trace));
    let go = text::shown(about.go.as_deref().unwrap_or_default());
    match (asked, recorded) {
        (Some(asked), Some(recorded)) if asked != recorded.release || recorded.away.is_ne() => {
            output::note(&format!(
                "{trace}: was recorded from {go}, and is played on the model of Go {asked}, as --map says"
            ));
        }
        (None, Some(recorded)) if recorded.away.is_ne() => {
            let (age, last) = if recorded.away.is_gt() { ("newer", "newest") } else { ("older", "oldest") };
            let release = recorded.release;
            output::note(&format!(
                "{trace}: was recorded from {go}, which is {age} than the models: played on the {last}, of Go {release}"
            ));
        }
        _ => {}
    }
    asked.or(recorded.map(|recorded| recorded.release))
}

/// Whether a call has an argument, which may be the newest release.
fn is_release_asked(map: &str) -> bool {
    map.split_once('(').is_some_and(|(_, rest)| rest.trim_end_matches(')').trim() != "")
}

/// What a slot takes for a key or an elem: large ones lie elsewhere.
fn stored_bytes(bytes: u64) -> u64 {
    if bytes > 128 { 8 } else { bytes }
}
