//! The inside of one map of a recorded program that runs, for whoever asks the live endpoint.
//!
//! A recorded map of Go 1.24 and later has the number of its row in its header, which a census reads. So the maps of a place can
//! be told in the program's memory, and the place of a map whose address is known.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use mapscope_live::{By, Look, NoMap, Wanted};

use super::{Language, Manifest, Map, Place, Process, Recording, Sort, running};
use crate::census::{CensusError, Inside, Which};
use crate::text;

/// Looks into the maps of the processes of a recording.
pub(super) struct Looker {
    pub(super) path: PathBuf,
    /// The order of the rows of `/maps`.
    pub(super) sort: Sort,
}

/// A process of the recording that runs, by its number here.
struct Running {
    pid: u32,
    process: Process,
}

fn one_line(error: impl ToString) -> String {
    text::one_line(&error.to_string())
}

fn no_map(error: CensusError) -> NoMap {
    match error {
        CensusError::Refused { .. } => NoMap::Refused(one_line(error)),
        _ => NoMap::None(one_line(error)),
    }
}

impl Look for Looker {
    fn map(&self, wanted: &Wanted) -> Result<Vec<u8>, NoMap> {
        let processes = self.processes(wanted.pid)?;
        let manifest = self.manifest();
        let (running, inside) = match &wanted.by {
            By::At(address) => at(processes, *address)?,
            By::Place { place, ty } => self.largest(processes, place, ty.as_deref(), manifest.as_ref())?,
        };
        let mut document = inside.json();
        document["pid"] = running.pid.into();
        let recorded =
            inside.map.record.and_then(|record| running.process.maps.iter().find(|map| map.number == record));
        if let Some(map) = recorded {
            let place = Place::of(&running.process, map, manifest.as_ref());
            (document["place"], document["function"]) = (place.at.into(), place.function.into());
        }
        let mut json = serde_json::to_vec_pretty(&document).map_err(|error| NoMap::NotNow(one_line(error)))?;
        json.push(b'\n');
        Ok(json)
    }
}

impl Looker {
    fn manifest(&self) -> Option<Manifest> {
        let folder = if self.path.is_dir() { &*self.path } else { self.path.parent().unwrap_or(Path::new(".")) };
        Manifest::read(folder).ok()
    }

    /// The processes that run and are Go programs, or the one of that number. A file that can't be read keeps none of the others.
    fn processes(&self, pid: Option<u32>) -> Result<Vec<Running>, NoMap> {
        let files = running(&self.path).map_err(|error| NoMap::NotNow(one_line(error)))?;
        if files.is_empty() {
            return Err(NoMap::NotNow(
                "no process of this recording is running: only in its memory is the inside of a map".to_owned(),
            ));
        }
        let is_wanted = |(is, _): &(u32, PathBuf)| pid.is_none_or(|pid| pid == *is);
        let numbers: Vec<_> = files.iter().map(|(pid, _)| pid.to_string()).collect();
        let (mut processes, mut why) = (Vec::new(), None);
        for (pid, path) in files.into_iter().filter(is_wanted) {
            match Process::read(&path) {
                Ok(process) if process.language == Language::Go => processes.push(Running { pid, process }),
                Ok(process) => {
                    let language = process.language.title();
                    why = Some(format!(
                        "the inside of a map is shown of Go programs, and process {pid} is one of {language}"
                    ));
                }
                Err(error) => why = Some(one_line(error)),
            }
        }
        match (processes.is_empty(), why) {
            (false, _) => Ok(processes),
            (true, Some(why)) => Err(NoMap::None(why)),
            (true, None) => Err(NoMap::None(format!(
                "that process is none of this recording: those that run are {}",
                numbers.join(", ")
            ))),
        }
    }

    /// The largest map of a place that is alive.
    fn largest(
        &self,
        processes: Vec<Running>,
        place: &str,
        ty: Option<&str>,
        manifest: Option<&Manifest>,
    ) -> Result<(Running, Inside), NoMap> {
        let of_row = place.parse::<usize>().ok().map(|number| self.row(number)).transpose()?;
        if of_row.is_some() && ty.is_some() {
            return Err(NoMap::Unclear("a row is of one type: give its number without type=".to_owned()));
        }
        let (place, ty) = match &of_row {
            Some((place, ty)) => (&**place, Some(&**ty)),
            None => (place, ty),
        };
        let (mut largest, mut failed, mut is_known): (Option<(Running, Inside)>, Vec<CensusError>, bool) =
            (None, Vec::new(), false);
        for running in processes {
            let numbers = numbers(&running.process, place, ty, manifest);
            is_known |= !numbers.is_empty();
            if numbers.is_empty() {
                continue;
            }
            match Inside::of_process(running.pid, &Which::Recorded(&|number| numbers.contains(&number))) {
                Ok(inside) => {
                    let bytes = |inside: &Inside| inside.map.table_bytes;
                    if largest.as_ref().is_none_or(|(_, largest)| bytes(&inside) > bytes(largest)) {
                        largest = Some((running, inside));
                    }
                }
                Err(error) => failed.push(error),
            }
        }
        match (largest, is_known) {
            (Some(largest), _) => Ok(largest),
            (None, true) => {
                let is_refused = failed.iter().any(|error| matches!(error, CensusError::Refused { .. }));
                let why = failed.iter().map(one_line).collect::<Vec<_>>().join("; ");
                Err(if is_refused { NoMap::Refused(why) } else { NoMap::None(why) })
            }
            (None, false) => Err(NoMap::None(
                "no map of that place and type is in a Go process that runs: /maps has those of others as well"
                    .to_owned(),
            )),
        }
    }

    /// Place and type of a row of `/maps`, from 1.
    fn row(&self, number: usize) -> Result<(String, String), NoMap> {
        let recording = Recording::read(&self.path, self.sort).map_err(|error| NoMap::NotNow(one_line(error)))?;
        let rows = &recording.table.rows;
        let row = number.checked_sub(1).and_then(|index| rows.get(index));
        let row = row.ok_or_else(|| NoMap::None(format!("/maps has no row {number}: there are {}", rows.len())))?;
        Ok((row.place.at.clone(), row.ty.clone()))
    }
}

/// The map at that address, of the only process.
fn at(processes: Vec<Running>, address: u64) -> Result<(Running, Inside), NoMap> {
    let numbers: Vec<_> = processes.iter().map(|running| running.pid.to_string()).collect();
    let [running] = <[Running; 1]>::try_from(processes)
        .map_err(|_| NoMap::Unclear(format!("several processes run: add pid=N, of {}", numbers.join(", "))))?;
    let inside = Inside::of_process(running.pid, &Which::At(address)).map_err(no_map)?;
    Ok((running, inside))
}

/// The numbers of the maps of a place, and of that type if there is one.
fn numbers(process: &Process, place: &str, ty: Option<&str>, manifest: Option<&Manifest>) -> HashSet<u32> {
    // Many maps have the same place.
    let mut known: HashMap<(u32, u32), bool> = HashMap::new();
    let mut is_wanted = |map: &Map| {
        *known.entry((map.place, map.ty)).or_insert_with(|| {
            let is_type = ty.is_none_or(|ty| process.type_name(map.ty) == ty);
            is_type && Place::of(process, map, manifest).at == place
        })
    };
    process.maps.iter().filter(|map| is_wanted(map)).map(|map| map.number).collect()
}
