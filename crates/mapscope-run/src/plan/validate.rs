//! From profiles and flags as written to a [`Plan`] that can't be wrong.

use std::collections::{BTreeSet, HashSet};

use super::axes::{self, named, whole};
use super::cell::{CellSpec, OPS_MAX};
use super::cells::expand;
use super::pace::pace;
use super::pattern;
use super::place::{PlanError, Raw};
use super::profiles::{SHIPPED, Written};
use super::response_limit::response_limit;
use super::wire::{Flags, Profile};
use super::{Catalog, Passes, Plan, Repetitions, ResponseLimit, Source};
use crate::text::shown;

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
pub fn plan(profiles: &[String], flags: &Flags, catalog: &Catalog) -> Result<Plan, PlanError> {
    Profiles::read(profiles)?.plan(flags, catalog)
}

/// How a list means a kind of map. Where several items do, the last of these counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Meant {
    /// By a pattern that matches its name.
    ByPattern,
    /// By its name, with or without a version.
    ByName,
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
    pub fn read(arguments: &[String]) -> Result<Profiles, PlanError> {
        Profiles::parse(&arguments.iter().map(|argument| Written::find(argument)).collect::<Result<Vec<_>, _>>()?)
    }

    /// Those that were found before.
    ///
    /// # Errors
    ///
    /// A text that is no profile.
    pub fn parse(written: &[Written]) -> Result<Profiles, PlanError> {
        written.iter().map(Written::parse).collect::<Result<_, _>>().map(Profiles)
    }

    /// How their lists of maps, or the flags in their place, may mean a map of this kind; `None` where they don't.
    pub fn mean(&self, flags: &Flags, kind: &str) -> Option<Meant> {
        let (flags, tables) = (flags.cells(), self.0.iter().flat_map(|profile| &profile.cells));
        let lists: Vec<_> = match flags.get("map") {
            Some(list) => vec![list],
            None => tables.filter_map(|table| table.lists.get("map")).collect(),
        };
        let meant = |raw: &Raw| match raw.text.trim().starts_with(kind) {
            _ if pattern::may_match(&raw.text, kind) => Some(Meant::ByPattern),
            named => named.then_some(Meant::ByName),
        };
        lists.into_iter().flatten().filter_map(meant).max()
    }

    /// Makes their [`plan`].
    ///
    /// # Errors
    ///
    /// What they or the flags ask for, and the catalog doesn't have or the machine can't do.
    pub fn plan(&self, flags: &Flags, catalog: &Catalog) -> Result<Plan, PlanError> {
        plan_of(self.0.clone(), flags, catalog)
    }
}

fn plan_of(mut written: Vec<Profile>, flags: &Flags, catalog: &Catalog) -> Result<Plan, PlanError> {
    let overrides = flags.cells();
    if written.is_empty() {
        let mut quick = SHIPPED[0].parse()?;
        if !overrides.is_empty() {
            quick.name = "custom".to_owned();
            quick.cells.truncate(1);
            quick.settings.lists.remove("repetitions");
            if axes::are_of_files(&overrides) {
                quick.cells[0].lists.remove("ops");
            }
        }
        written.push(quick);
    }
    let mut plan: Option<Plan> = None;
    let mut paced = None;
    for mut profile in written {
        for table in &mut profile.cells {
            axes::make_way(&mut table.lists, &overrides)?;
            table.lists.extend(overrides.clone());
        }
        profile.settings.lists.extend(flags.settings());
        paced = paced.or_else(|| profile.settings.lists.get("paces").map(|list| list[0].place.clone()));
        let next = validate(&profile, catalog)?;
        plan = Some(match plan {
            Some(joined) => join(joined, next),
            None => next,
        });
    }
    let mut plan = plan.expect("there is a profile, quick at the least");
    if let Some(place) = paced {
        stamped(&mut plan.cells).map_err(|what| place.error(what))?;
    }
    // `Debug` shows every field, and shortest forms of floats: equal texts are equal cells.
    let mut seen = HashSet::new();
    plan.cells.retain(|cell| seen.insert(format!("{cell:?}")));
    Ok(plan)
}

/// Asks for the times of every trace.
fn stamped(cells: &mut [CellSpec]) -> Result<(), &'static str> {
    let mut any =
        Err("is the pace of a trace, and no cell has one: give --trace, or arrivals at a rate, as --rate 1e5");
    for cell in cells {
        if let Source::Trace(trace) = &mut cell.workload.source {
            trace.reading.stamps = true;
            any = Ok(());
        }
    }
    any
}

fn join(mut plan: Plan, next: Plan) -> Plan {
    let (a, b) = (plan.passes, next.passes);
    plan.profile = format!("{}+{}", plan.profile, next.profile);
    plan.passes = Passes {
        count: a.count | b.count,
        time: a.time | b.time,
        profile: a.profile | b.profile,
        instructions: a.instructions | b.instructions,
    };
    plan.repetitions = plan.repetitions.join(next.repetitions);
    plan.rates_per_s = ascending(plan.rates_per_s.into_iter().chain(next.rates_per_s));
    plan.paces = ascending(plan.paces.into_iter().chain(next.paces));
    plan.response_limits = once(plan.response_limits.into_iter().chain(next.response_limits));
    plan.time_limit_s = plan.time_limit_s.zip(next.time_limit_s).map(|(a, b)| a.max(b));
    plan.memory_limit_bytes = plan.memory_limit_bytes.zip(next.memory_limit_bytes).map(|(a, b)| a.max(b));
    plan.cells.extend(next.cells);
    plan.left_out.extend(next.left_out);
    plan
}

fn validate(profile: &Profile, catalog: &Catalog) -> Result<Plan, PlanError> {
    let settings = &profile.settings;
    settings.one("summary", |raw| Ok(raw.text.clone()))?;
    let passes = settings.each("passes", |raw| named("pass", &raw.text, &PASSES, |pass| pass.0))?;
    let all = passes.is_none();
    // Not each machine has what the pass of instructions needs.
    let mut chosen = Passes { count: all, time: all, profile: all, instructions: false };
    for (_, set) in passes.unwrap_or_default() {
        set(&mut chosen);
    }
    let timed = || match chosen.time {
        true => Ok(()),
        false => Err("needs the time pass, which is not among the passes".to_owned()),
    };
    let rates = settings.each("rates", |raw| timed().and_then(|()| rate(raw)))?;
    let paces = settings.each("paces", |raw| timed().and_then(|()| pace(raw)))?;
    let response_limits = settings.each("response_limits", |raw| timed().and_then(|()| response_limit(raw)))?;
    let memory_limit = settings.one("memory_limit_mb", |raw| whole(raw, 1, u64::MAX / MIB))?;
    let memory_limit_bytes = memory_limit.map(|mib| mib * MIB);
    let memory_bytes = memory_limit_bytes.unwrap_or(u64::MAX).min(catalog.memory_bytes);
    let cells_max = settings.one("max_cells", |raw| whole(raw, 1, OPS_MAX))?.unwrap_or(CELLS_MAX);
    let (mut cells, mut left_out) = (Vec::new(), Vec::new());
    for table in &profile.cells {
        left_out.extend(expand(table, catalog, memory_bytes, cells_max, &mut cells)?);
    }
    if cells.is_empty() {
        return Err(settings.place.error("a profile needs at least one [[cells]] table"));
    }
    Ok(Plan {
        profile: profile.name.clone(),
        passes: chosen,
        repetitions: settings.one("repetitions", repetitions)?.unwrap_or_default(),
        rates_per_s: ascending(rates.into_iter().flatten()),
        paces: ascending(paces.into_iter().flatten()),
        response_limits: once(response_limits.into_iter().flatten()),
        time_limit_s: settings.one("time_limit_s", |raw| whole(raw, 1, 30 * 86_400))?,
        memory_limit_bytes,
        cells,
        left_out,
    })
}

fn repetitions(raw: &Raw) -> Result<Repetitions, String> {
    match &*raw.text {
        "auto" => Ok(Repetitions::Auto),
        text => whole(raw, 1, 1000).map(|number| Repetitions::Fixed(number as u32)).map_err(|_| {
            format!("must be auto, or a whole number from 1 to 1000, in digits and _ only, got {}", shown(text))
        }),
    }
}

/// More would arrive than one a nanosecond.
const RATE_MAX_PER_S: f64 = 1e9;

/// Arrivals per second, in digits or with an exponent.
fn rate(raw: &Raw) -> Result<u64, String> {
    let range = || format!("must be a whole number from 1 to 1e9, as 100000 or 1e5, got {}", shown(&raw.text));
    let rate: f64 = raw.text.replace('_', "").parse().map_err(|_| range())?;
    if rate.fract() == 0.0 && (1.0..=RATE_MAX_PER_S).contains(&rate) { Ok(rate as u64) } else { Err(range()) }
}

fn ascending(rates: impl IntoIterator<Item = u64>) -> Vec<u64> {
    rates.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

fn once(limits: impl IntoIterator<Item = ResponseLimit>) -> Vec<ResponseLimit> {
    let mut kept: Vec<ResponseLimit> = Vec::new();
    for limit in limits {
        if !kept.contains(&limit) {
            kept.push(limit);
        }
    }
    kept
}

type SetPass = fn(&mut Passes);
const PASSES: [(&str, SetPass); 4] = [
    ("count", |passes| passes.count = true),
    ("time", |passes| passes.time = true),
    ("profile", |passes| passes.profile = true),
    ("instructions", |passes| passes.instructions = true),
];

#[cfg(test)]
mod tests;
