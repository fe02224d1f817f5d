//! Maps added up by the place that makes them and their type.

use std::collections::HashMap;
use std::path::Path;

use super::chance::Chance;
use super::hint::hint_saves_bytes;
use super::{Dropped, Manifest, Map, Process, Tables, Type};
use crate::record::Frame;
use crate::text;

/// What the maps of one place and type came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Maps recorded.
    pub maps: u64,
    /// Those made with a hint.
    pub hinted_maps: u64,
    /// The largest number of entries that each map had, in order once the table is done.
    pub sizes: Vec<u64>,
    /// Entries when last seen, of all maps.
    pub entries: u64,
    /// Inserts and overwrites.
    pub writes: u64,
    /// Writes of new keys.
    pub inserts: u64,
    /// Removes of keys that were there.
    pub removes: u64,
    /// Lookups.
    pub lookups: u64,
    /// Iterations begun.
    pub iterations: u64,
    /// Times that a map with entries was cleared.
    pub clears: u64,
    /// Tables replaced by larger ones or by two.
    pub growths: u64,
    /// Entries moved by that.
    pub moved_entries: u64,
    /// Bytes allocated for headers, groups, tables and directories.
    pub table_bytes: u64,
    /// Bytes allocated for keys and values over 128 bytes, which lie in objects of their own.
    pub entry_bytes: u64,
    /// Bytes of groups, tables and directories that growing left behind.
    pub abandoned_bytes: u64,
    /// Bytes of the map that held the most, at its largest.
    pub(super) held_bytes_max: u64,
    /// Growths that depend on random seeds.
    pub chance: Chance,
    /// Bytes that maps would not have allocated, had each been made with a hint of its largest number of entries: those
    /// of which it can be told.
    pub(super) hint_saves_bytes: u64,
    /// Maps that grew of which it can't, because keys were removed.
    pub unhinted_maps: u64,
    /// Maps of which neither bytes nor growths are known: they are in no sum of these.
    pub unmeasured_maps: u64,
    /// Those among them that have tables.
    pub untold_maps: u64,
    /// Maps of which it is not known how many bytes they held.
    pub unheld_maps: u64,
    /// Lists of entries that became trees.
    pub(super) treeifications: u64,
    /// Maps that have such lists.
    pub chained_maps: u64,
    /// Maps that were used after recording was switched off: what was done to them then is in no figure.
    pub partial_maps: u64,
}

impl Counts {
    /// Bytes allocated.
    pub fn alloc_bytes(&self) -> u64 {
        self.table_bytes.saturating_add(self.entry_bytes)
    }

    /// A figure of tables, of those maps that have one; `None` where there is none.
    pub(super) fn of_tables(&self, figure: u64) -> Option<u64> {
        (self.maps == 0 || self.unmeasured_maps < self.maps).then_some(figure)
    }

    /// A figure of tables that can be held against another; `None` where it is not of all maps.
    pub(super) fn of_all_tables(&self, figure: u64) -> Option<u64> {
        (self.unmeasured_maps == 0).then_some(figure)
    }

    /// Writes of keys that were there. A map that was made before it was recorded may have inserts only.
    pub fn overwrites(&self) -> u64 {
        self.writes.saturating_sub(self.inserts)
    }

    /// Most bytes that one map held at once. `None` where that is not known of each.
    pub fn held_bytes_max(&self) -> Option<u64> {
        self.of_tables(self.held_bytes_max).filter(|_| self.unheld_maps == 0)
    }

    /// Lists of entries that became trees. `None` where no map has such lists.
    pub fn treeifications(&self) -> Option<u64> {
        (self.chained_maps > 0).then_some(self.treeifications)
    }

    /// The least number of entries that so many per cent of the maps don't exceed. `None` without maps.
    pub fn size_at(&self, percent: usize) -> Option<u64> {
        let rank = (percent * self.sizes.len()).div_ceil(100);
        self.sizes.get(rank.saturating_sub(1)).copied()
    }

    /// Bytes that maps would not have allocated, had each been made with a hint of its largest number of entries; of maps
    /// from which nothing was removed. `None` where there are others only.
    pub fn hint_saves_bytes(&self) -> Option<u64> {
        let saves = self.of_tables(self.hint_saves_bytes)?;
        (saves > 0 || self.unhinted_maps == 0).then_some(saves)
    }

    /// Adds these maps up.
    pub(super) fn of<'a>(process: &Process, maps: impl Iterator<Item = &'a Map>) -> Counts {
        let mut counts = Counts::default();
        maps.for_each(|map| counts.count(map, process.type_of(map)));
        counts.sizes.sort_unstable();
        counts
    }

    fn count(&mut self, map: &Map, ty: Option<&Type>) {
        let is_nodes = ty.is_some_and(|ty| ty.tables == Tables::Nodes);
        let is_measured = map.is_measured() && !is_nodes;
        let of_tables = |figure: u64| if is_measured { figure } else { 0 };
        let hint_saves_bytes = match ty {
            Some(ty) if map.is_measured() => hint_saves_bytes(map, ty),
            _ => Some(0),
        };
        self.add(&Counts {
            maps: 1,
            hinted_maps: u64::from(map.hint > 0),
            sizes: vec![map.entries_max],
            entries: map.entries,
            writes: map.writes,
            inserts: map.inserts,
            removes: map.removes,
            lookups: map.lookups,
            iterations: map.iterations,
            clears: map.clears.into(),
            growths: of_tables(map.growths.into()),
            moved_entries: of_tables(map.moved_entries),
            table_bytes: of_tables(map.table_bytes),
            entry_bytes: of_tables(map.entry_bytes),
            abandoned_bytes: of_tables(map.abandoned_bytes),
            held_bytes_max: of_tables(map.held_bytes_max),
            chance: Chance::of(map, ty),
            hint_saves_bytes: hint_saves_bytes.unwrap_or(0),
            unhinted_maps: hint_saves_bytes.is_none().into(),
            unmeasured_maps: (!is_measured).into(),
            untold_maps: (!map.is_measured()).into(),
            unheld_maps: (!map.has_held()).into(),
            treeifications: map.treeifications,
            chained_maps: ty.is_some_and(|ty| matches!(ty.tables, Tables::Chains(_))).into(),
            partial_maps: map.was_ended().into(),
        });
    }

    fn add(&mut self, other: &Counts) {
        self.sizes.extend_from_slice(&other.sizes);
        self.chance.add(other.chance);
        self.held_bytes_max = self.held_bytes_max.max(other.held_bytes_max);
        let pairs = [
            (&mut self.maps, other.maps),
            (&mut self.hinted_maps, other.hinted_maps),
            (&mut self.entries, other.entries),
            (&mut self.writes, other.writes),
            (&mut self.inserts, other.inserts),
            (&mut self.removes, other.removes),
            (&mut self.lookups, other.lookups),
            (&mut self.iterations, other.iterations),
            (&mut self.clears, other.clears),
            (&mut self.growths, other.growths),
            (&mut self.moved_entries, other.moved_entries),
            (&mut self.table_bytes, other.table_bytes),
            (&mut self.entry_bytes, other.entry_bytes),
            (&mut self.abandoned_bytes, other.abandoned_bytes),
            (&mut self.hint_saves_bytes, other.hint_saves_bytes),
            (&mut self.unhinted_maps, other.unhinted_maps),
            (&mut self.unmeasured_maps, other.unmeasured_maps),
            (&mut self.untold_maps, other.untold_maps),
            (&mut self.unheld_maps, other.unheld_maps),
            (&mut self.treeifications, other.treeifications),
            (&mut self.chained_maps, other.chained_maps),
            (&mut self.partial_maps, other.partial_maps),
        ];
        pairs.into_iter().for_each(|(sum, more)| *sum = sum.saturating_add(more));
    }
}

/// A place that makes maps.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The function: `go/printer.(*printer).commentSizeBefore`. Empty in Rust.
    pub function: String,
    /// File and line, short where the file lies in GOROOT or in the folder of the command: `go/printer/printer.go:1426`.
    pub at: String,
}

impl Place {
    /// That of a map.
    pub(super) fn of(process: &Process, map: &Map, manifest: Option<&Manifest>) -> Place {
        Place::of_frame(Place::frame_of(process, map).as_ref(), manifest)
    }

    /// The function that makes a map, where its name had room.
    pub(super) fn frame_of(process: &Process, map: &Map) -> Option<Frame> {
        above_runtime(process.stack(map.place)).into_iter().next()
    }

    /// That of maps whose stack begins with this function.
    pub(super) fn of_frame(frame: Option<&Frame>, manifest: Option<&Manifest>) -> Place {
        place_of(frame, manifest)
    }
}

/// The maps of one place and one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where they are made; those on a stack, where they are first written.
    pub place: Place,
    /// Their type: `map[string]int`.
    pub ty: String,
    /// What they came to.
    pub counts: Counts,
}

/// The maps that one stack made, of one type: what profiles show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// Its functions, the place first.
    pub frames: Vec<Frame>,
    /// The place.
    pub place: Place,
    /// Their type.
    pub ty: String,
    /// What they came to.
    pub counts: Counts,
}

/// What rows are ordered by, the largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Sort {
    /// Bytes allocated.
    Bytes,
    /// Entries moved by growing.
    Moves,
    /// Tables that grew.
    Growths,
    /// Bytes that a hint would have saved.
    Hint,
    /// Maps.
    Maps,
}

impl Sort {
    fn of(self, counts: &Counts) -> u64 {
        match self {
            Sort::Bytes => counts.alloc_bytes(),
            Sort::Moves => counts.moved_entries,
            Sort::Growths => counts.growths,
            Sort::Hint => counts.hint_saves_bytes().unwrap_or(0),
            Sort::Maps => counts.maps,
        }
    }
}

/// All maps of a recording.
#[derive(Debug, Clone)]
pub struct Table {
    /// A row each place and type.
    pub rows: Vec<Row>,
    /// A row each stack and type.
    pub stacks: Vec<Stack>,
    /// The sum.
    pub total: Counts,
    /// What there was no room for.
    pub dropped: Dropped,
}

impl Table {
    /// Adds up what these processes recorded, the worst first.
    pub fn new(processes: &[Process], manifest: Option<&Manifest>, sort: Sort) -> Table {
        let mut stacks: HashMap<(Vec<Frame>, String), Counts> = HashMap::new();
        let mut dropped = Dropped::default();
        for process in processes {
            let mut numbered: HashMap<(u32, u32), Counts> = HashMap::new();
            for map in &process.maps {
                numbered.entry((map.place, map.ty)).or_default().count(map, process.type_of(map));
            }
            for ((place, ty), counts) in numbered {
                let frames = above_runtime(process.stack(place));
                stacks.entry((frames, process.type_name(ty).to_owned())).or_default().add(&counts);
            }
            dropped.maps += process.dropped.maps;
            dropped.places += process.dropped.places;
            dropped.types += process.dropped.types;
            dropped.names += process.dropped.names;
        }
        let (mut rows, mut total) = (HashMap::new(), Counts::default());
        for ((frames, ty), counts) in &stacks {
            let row: &mut Counts = rows.entry((place_of(frames.first(), manifest), ty.clone())).or_default();
            row.add(counts);
            total.add(counts);
        }
        total.sizes.sort_unstable();
        let mut rows: Vec<_> = rows.into_iter().map(|((place, ty), counts)| Row { place, ty, counts }).collect();
        rows.iter_mut().for_each(|row| row.counts.sizes.sort_unstable());
        rows.sort_by(|a, b| {
            let by = |row: &Row| (sort.of(&row.counts), row.counts.alloc_bytes(), row.counts.maps);
            by(b).cmp(&by(a)).then_with(|| (&a.place.at, &a.ty).cmp(&(&b.place.at, &b.ty)))
        });
        let mut stacks: Vec<_> = stacks
            .into_iter()
            .map(|((frames, ty), counts)| {
                let place = place_of(frames.first(), manifest);
                Stack { frames, place, ty, counts }
            })
            .collect();
        stacks.sort_by(|a, b| {
            let names = |of: &Stack| -> Vec<(String, Option<u32>)> {
                of.frames.iter().map(|frame| (frame.function.clone(), frame.line)).collect()
            };
            (names(a), &a.ty).cmp(&(names(b), &b.ty))
        });
        Table { rows, stacks, total, dropped }
    }

    /// Leaves these places, and sums of them.
    pub(super) fn keep(&mut self, is_kept: impl Fn(&Place) -> bool) {
        self.rows.retain(|row| is_kept(&row.place));
        self.stacks.retain(|stack| is_kept(&stack.place));
        self.total = Counts::default();
        self.rows.iter().for_each(|row| self.total.add(&row.counts));
        self.total.sizes.sort_unstable();
    }
}

/// The functions from the first that is not the runtime's way to a map.
fn above_runtime(stack: Vec<&Frame>) -> Vec<Frame> {
    const WAY: [&str; 6] =
        ["runtime.", "internal/runtime/", "reflect.", "maps.", "sync.(*Map).", "internal/sync.(*HashTrieMap["];
    let is_way = |frame: &&Frame| WAY.iter().any(|beginning| frame.function.starts_with(beginning));
    let way = stack.iter().take_while(|frame| is_way(frame)).count();
    // The runtime's own maps have no other place.
    let from = if way < stack.len() { way } else { 0 };
    stack[from..].iter().map(|&frame| frame.clone()).collect()
}

fn place_of(frame: Option<&Frame>, manifest: Option<&Manifest>) -> Place {
    let Some(frame) = frame else {
        return Place { function: "unknown".to_owned(), at: "unknown".to_owned() };
    };
    let Some(file) = frame.file.as_deref().map(Path::new) else {
        // Of a program without debug information; its name is all that is known of the place.
        return Place { function: frame.function.clone(), at: frame.function.clone() };
    };
    // A function's name begins with its package: GOROOT and the caches of modules are left out.
    let package_end = frame.function.rfind('/').map_or(0, |slash| slash + 1);
    let package = frame.function[package_end..].find('.').map(|dot| &frame.function[..package_end + dot]);
    let by_package = package
        .filter(|package| file.parent().is_some_and(|folder| folder.ends_with(package)))
        .and_then(|package| Some(format!("{package}/{}", file.file_name()?.to_str()?)));
    // Go itself may lie below the folder of the command.
    let is_go_s = |manifest: &&Manifest| manifest.goroot.as_ref().is_some_and(|goroot| file.starts_with(goroot));
    let is_rust = file.extension().is_some_and(|name| name == "rs");
    let root = manifest.filter(|manifest| !is_go_s(manifest)).map(|manifest| match &manifest.workspace {
        Some(workspace) if is_rust => workspace,
        _ => &manifest.folder,
    });
    let below = root.and_then(|root| file.strip_prefix(root).ok());
    let short = below
        .or_else(|| in_crate(file).filter(|_| is_rust))
        .map(text::path)
        .or(by_package)
        .unwrap_or_else(|| text::path(file));
    let line = frame.line.map(|line| format!(":{line}")).unwrap_or_default();
    // Rust's compiler names the line that makes a map, and its function only where a stack was walked: one line is one place.
    let function = if is_rust { String::new() } else { frame.function.clone() };
    Place { function, at: short + &line }
}

/// The path of a source of a crate that is not the user's, from that crate on: `petgraph-0.8.3/src/graphmap.rs`, which cargo
/// has fetched, or `core/src/ops/function.rs`.
fn in_crate(file: &Path) -> Option<&Path> {
    if file.is_relative() {
        return None;
    }
    let mut parts = file.components();
    if file.starts_with("/rustc") {
        return parts.any(|part| part.as_os_str() == "library").then_some(parts.as_path());
    }
    parts.find(|part| part.as_os_str() == "registry")?;
    (parts.next()?.as_os_str() == "src").then(|| parts.next())??;
    Some(parts.as_path()).filter(|rest| !rest.as_os_str().is_empty())
}

#[cfg(test)]
mod tests;
