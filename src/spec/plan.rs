//! From profiles and flags as written to a [`Plan`] that can't be wrong.

use std::collections::HashSet;

use super::axes::{self, AXES, Absent, Axis, Draft, OPS_MAX, Put, Scope, named, whole};
use super::cell::CellSpec;
use super::place::{Raw, SpecError};
use super::profiles::{SHIPPED, find};
use super::wire::{Flags, PAIR, Profile, Table};
use super::{Catalog, Passes, Plan, UnknownName};

/// The most cells of a plan unless it says otherwise: half a kilobyte of memory and a process or more each.
const CELLS_MAX: u64 = 100_000;
const MIB: u64 = 1 << 20;

/// Makes the plan of the `profiles` (names that ship, or files) with the `flags` in the place of what they say.
///
/// - No profile: `quick`. Flags that describe cells then make the profile `custom` of one table: what they leave
///   open is taken from quick's first (its five maps, uniform keys, fill, no hint, `u64/u64`).
/// - Several profiles: their cells joined, with all their passes and the largest of their limits; a limit that one of
///   them leaves open is open.
///
/// Cells come workload by workload, within one map by map, within one load factor by load factor.
pub fn plan(profiles: &[String], flags: &Flags, catalog: &Catalog) -> Result<Plan, SpecError> {
    Profiles::read(profiles)?.plan(flags, catalog)
}

/// Profiles as written, read once for any number of plans.
#[derive(Debug, Clone)]
pub struct Profiles(Vec<Profile>);

impl Profiles {
    /// Reads them: names that ship, or files.
    ///
    /// # Errors
    ///
    /// A name that doesn't ship; a file that can't be read, or that is no profile.
    pub fn read(arguments: &[String]) -> Result<Profiles, SpecError> {
        arguments.iter().map(|argument| find(argument)).collect::<Result<_, _>>().map(Profiles)
    }

    /// The maps that they name, as written, or the flags in their place.
    pub fn maps(&self, flags: &Flags) -> Vec<String> {
        let (flags, tables) = (flags.cells(), self.0.iter().flat_map(|profile| &profile.cells));
        let lists: Vec<_> = match flags.get("map") {
            Some(list) => vec![list],
            None => tables.filter_map(|table| table.lists.get("map")).collect(),
        };
        lists.into_iter().flatten().map(|raw| raw.text.clone()).collect()
    }

    /// Makes their [`plan`].
    ///
    /// # Errors
    ///
    /// What they or the flags ask for, and the catalog doesn't have or the machine can't do.
    pub fn plan(&self, flags: &Flags, catalog: &Catalog) -> Result<Plan, SpecError> {
        plan_of(self.0.clone(), flags, catalog)
    }
}

fn plan_of(mut written: Vec<Profile>, flags: &Flags, catalog: &Catalog) -> Result<Plan, SpecError> {
    let overrides = flags.cells();
    if written.is_empty() {
        let mut quick = SHIPPED[0].parse()?;
        if !overrides.is_empty() {
            quick.name = "custom".to_owned();
            quick.cells.truncate(1);
        }
        written.push(quick);
    }
    let mut plan: Option<Plan> = None;
    for mut profile in written {
        for table in &mut profile.cells {
            axes::make_way(&mut table.lists, &overrides)?;
            table.lists.extend(overrides.clone());
        }
        profile.settings.lists.extend(flags.settings());
        let next = validate(&profile, catalog)?;
        plan = Some(match plan {
            Some(joined) => join(joined, next),
            None => next,
        });
    }
    let mut plan = plan.expect("there is a profile, quick at the least");
    // `Debug` shows every field, and shortest forms of floats: equal texts are equal cells.
    let mut seen = HashSet::new();
    plan.cells.retain(|cell| seen.insert(format!("{cell:?}")));
    Ok(plan)
}

fn join(mut plan: Plan, next: Plan) -> Plan {
    let (a, b) = (plan.passes, next.passes);
    plan.profile = format!("{}+{}", plan.profile, next.profile);
    plan.passes = Passes { count: a.count | b.count, time: a.time | b.time, profile: a.profile | b.profile };
    plan.repetitions = plan.repetitions.max(next.repetitions);
    plan.time_limit_s = plan.time_limit_s.zip(next.time_limit_s).map(|(a, b)| a.max(b));
    plan.memory_limit_bytes = plan.memory_limit_bytes.zip(next.memory_limit_bytes).map(|(a, b)| a.max(b));
    plan.cells.extend(next.cells);
    plan
}

fn validate(profile: &Profile, catalog: &Catalog) -> Result<Plan, SpecError> {
    let settings = &profile.settings;
    settings.one("summary", |raw| Ok(raw.text.clone()))?;
    let passes = settings.each("passes", |raw| named("pass", &raw.text, &PASSES, |pass| pass.0))?;
    let mut chosen = Passes { count: passes.is_none(), time: passes.is_none(), profile: passes.is_none() };
    for (_, set) in passes.unwrap_or_default() {
        set(&mut chosen);
    }
    let memory_limit = settings.one("memory_limit_mb", |raw| whole(raw, 1, u64::MAX / MIB))?;
    let memory_limit_bytes = memory_limit.map(|mib| mib * MIB);
    let memory_bytes = memory_limit_bytes.unwrap_or(u64::MAX).min(catalog.memory_bytes);
    let cells_max = settings.one("max_cells", |raw| whole(raw, 1, OPS_MAX))?.unwrap_or(CELLS_MAX);
    let mut cells = Vec::new();
    for table in &profile.cells {
        expand(table, catalog, memory_bytes, cells_max, &mut cells)?;
    }
    if cells.is_empty() {
        return Err(settings.place.error("a profile needs at least one [[cells]] table"));
    }
    Ok(Plan {
        profile: profile.name.clone(),
        passes: chosen,
        repetitions: settings.one("repetitions", |raw| whole(raw, 1, 1000))?.unwrap_or(5) as u32,
        time_limit_s: settings.one("time_limit_s", |raw| whole(raw, 1, 30 * 86_400))?,
        memory_limit_bytes,
        cells,
    })
}

type SetPass = fn(&mut Passes);
const PASSES: [(&str, SetPass); 3] = [
    ("count", |passes| passes.count = true),
    ("time", |passes| passes.time = true),
    ("profile", |passes| passes.profile = true),
];

/// Appends the product of the table's lists.
fn expand(
    table: &Table,
    catalog: &Catalog,
    memory_bytes: u64,
    cells_max: u64,
    cells: &mut Vec<CellSpec>,
) -> Result<(), SpecError> {
    let maps = table.needed("map", |raw| axes::called(raw, &catalog.maps))?.into_iter().flatten().collect();
    let scope = Scope { catalog, maps, memory_bytes };
    axes::check(&table.lists)?;
    let lists = AXES.iter().map(|axis| items(axis, table, &scope)).collect::<Result<Vec<_>, _>>()?;
    let loops = loops(table, &lists)?;

    // Before anything is made as many times.
    let product = loops.iter().fold(1, |product: u64, walked| product.saturating_mul(walked.length as u64));
    let meant = product.saturating_add(cells.len() as u64);
    if meant > cells_max {
        let what = format!(
            "the lists multiply to {meant} cells, and a plan has {cells_max} at the most: shorten them, or raise \
             max_cells in the profile, or --max-cells"
        );
        return Err(table.place.error(what));
    }
    for number in 0..product {
        let mut left = number;
        let mut chosen: Chosen<'_> = [None; AXES.len()];
        for walked in loops.iter().rev() {
            let at = (left % walked.length as u64) as usize;
            for &axis in &walked.axes {
                chosen[axis] = lists[axis].get(at).or(lists[axis].first());
            }
            left /= walked.length as u64;
        }
        cells.push(cell(&chosen, table, &scope)?);
    }
    Ok(())
}

/// A value that is written in a list, or that a default stands for.
struct Item {
    raw: Raw,
    put: Put,
}

/// A list that is walked while a plan is made; or several side by side, a list of one value staying at it.
struct Loop {
    /// By index.
    axes: Vec<usize>,
    length: usize,
}

/// The loops that make the cells of a table, the outermost first.
fn loops(table: &Table, lists: &[Vec<Item>]) -> Result<Vec<Loop>, SpecError> {
    let pair = pair(table, lists)?;
    let alone = (0..AXES.len()).filter(|axis| !pair.contains(axis)).map(|axis| vec![axis]);
    let walked = |axes: Vec<usize>| {
        let length = axes.iter().map(|&axis| lists[axis].len()).max().unwrap_or(0);
        Loop { axes, length }
    };
    let mut loops: Vec<Loop> = alone.chain([pair.clone()]).map(walked).filter(|walked| walked.length > 0).collect();
    loops.sort_by_key(|walked| walked.axes.iter().map(|&axis| AXES[axis].depth).min());
    Ok(loops)
}

/// The axes, by index, whose lists go together element by element.
fn pair(table: &Table, lists: &[Vec<Item>]) -> Result<Vec<usize>, SpecError> {
    let mut pair: Vec<usize> = Vec::new();
    for raw in table.lists.get(PAIR).into_iter().flatten() {
        let key = raw.text.replace('-', "_");
        let Some(axis) = AXES.iter().position(|axis| axis.key == key) else {
            return Err(raw.place.error(UnknownName::new("axis", &raw.text, AXES.iter().map(|axis| axis.key))));
        };
        if pair.contains(&axis) {
            return Err(raw.place.error(format!("{key} is named twice")));
        }
        if !table.lists.contains_key(AXES[axis].key) {
            return Err(raw.place.error(format!("{key} is not given, and only lists that are given can go together")));
        }
        let long = |&other: &usize| lists[other].len() > 1 && lists[other].len() != lists[axis].len();
        if let Some(&other) = pair.iter().find(|other| long(other)).filter(|_| lists[axis].len() > 1) {
            return Err(raw.place.error(format!(
                "{} has {} values and {key} has {}: lists that go together are equally long",
                AXES[other].key,
                lists[other].len(),
                lists[axis].len()
            )));
        }
        pair.push(axis);
    }
    match table.lists.get(PAIR) {
        Some(list) if pair.len() < 2 => Err(list[0].place.error("needs two axes or more, as in \"ops\", \"hint\"")),
        _ => Ok(pair),
    }
}

/// For each axis its value in a cell; `None` where it has none.
type Chosen<'a> = [Option<&'a Item>; AXES.len()];

/// The values of an axis in a table.
fn items(axis: &Axis, table: &Table, scope: &Scope<'_>) -> Result<Vec<Item>, SpecError> {
    let default = |text: &str| vec![Raw { text: text.to_owned(), place: table.place.clone() }];
    let list = match (table.lists.get(axis.key), axis.absent) {
        (Some(list), _) => list.clone(),
        (None, Absent::Default(text)) => default(text),
        (None, Absent::Open(_)) => Vec::new(),
        (None, Absent::NeededWithoutTrace) if table.lists.contains_key("trace") => Vec::new(),
        (None, Absent::Needed | Absent::NeededWithoutTrace) => return Err(table.missing(axis.key)),
    };
    let mut items = Vec::new();
    for raw in list {
        let puts = (axis.read)(&raw, scope).map_err(|what| raw.place.error(what))?;
        items.extend(puts.into_iter().map(|put| Item { raw: raw.clone(), put }));
    }
    Ok(items)
}

/// The cell of these values.
fn cell(chosen: &Chosen<'_>, table: &Table, scope: &Scope<'_>) -> Result<CellSpec, SpecError> {
    let mut draft = Draft::new(&scope.maps[0]);
    for item in chosen.iter().flatten() {
        (item.put)(&mut draft);
    }
    for (axis, item) in AXES.iter().zip(chosen) {
        let raw = item.map(|item| &item.raw);
        let place = raw.map_or(&table.place, |raw| &raw.place);
        (axis.settle)(&mut draft, scope, raw).map_err(|what| place.error(what))?;
    }
    Ok(draft.cell)
}

impl Table {
    /// The values of a key, each parsed; `None` when the key is absent.
    fn each<T>(&self, key: &str, parse: impl Fn(&Raw) -> Result<T, String>) -> Result<Option<Vec<T>>, SpecError> {
        let Some(list) = self.lists.get(key) else { return Ok(None) };
        list.iter().map(|raw| parse(raw).map_err(|what| raw.place.error(what))).collect::<Result<_, _>>().map(Some)
    }

    /// The same for a key that must be there.
    fn needed<T>(&self, key: &str, parse: impl Fn(&Raw) -> Result<T, String>) -> Result<Vec<T>, SpecError> {
        self.each(key, parse)?.ok_or_else(|| self.missing(key))
    }

    /// The one value of a key that takes no list.
    fn one<T>(&self, key: &str, parse: impl Fn(&Raw) -> Result<T, String>) -> Result<Option<T>, SpecError> {
        match self.lists.get(key).map(Vec::as_slice) {
            Some([_, second, ..]) => Err(second.place.error("takes one value, not a list")),
            _ => Ok(self.each(key, parse)?.and_then(|mut values| values.pop())),
        }
    }

    fn missing(&self, key: &str) -> SpecError {
        self.place.error(format!("\"{key}\" is missing: add {key} = [...] to the table, or give --{key}"))
    }
}

#[cfg(test)]
mod tests;
