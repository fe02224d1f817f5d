//! From profiles and flags as written to a [`Plan`] that can't be wrong.

use std::collections::HashSet;

use super::profiles::{SHIPPED, find};
use super::wire::{Flags, Profile, Raw, SpecError, Table};
use super::{
    Call, Catalog, CellSpec, Crew, EntryOffer, MapOffer, Passes, Plan, Source, Term, ThreadKeys, UnknownName,
    WorkloadSpec,
};
use crate::intake::STDIN;
use crate::text::{quoted, shown};

/// The most operations of a cell: `1..=2^63-1`, what a TOML integer holds.
const OPS_MAX: u64 = i64::MAX as u64;
/// The most threads of a cell.
const THREADS_MAX: u64 = 1024;
/// The most cells of a plan unless it says otherwise: half a kilobyte of memory and a process or more each.
const CELLS_MAX: u64 = 100_000;
const DEFAULT_ENTRY: &str = "u64/u64";
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
    if let (Some(trace), Some(_)) = (overrides.get("trace"), overrides.get("keys").or(overrides.get("mix"))) {
        return Err(trace[0].place.error("a trace brings its own keys and mix: leave --keys and --mix out"));
    }
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
            if overrides.contains_key("trace") {
                table.lists.retain(|key, _| !["keys", "mix", "ops"].contains(key));
            } else if overrides.contains_key("keys") || overrides.contains_key("mix") {
                table.lists.remove("trace");
            }
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
    // Before anything is made as many times.
    let meant = table.lists.values().fold(1, |product: u64, list| product.saturating_mul(list.len() as u64));
    let meant = meant.saturating_add(cells.len() as u64);
    if meant > cells_max {
        let what = format!(
            "the lists multiply to {meant} cells, and a plan has {cells_max} at the most: shorten them, or raise \
             max_cells in the profile, or --max-cells"
        );
        return Err(table.place.error(what));
    }
    let called: Vec<(MapOffer, Call)> =
        table.needed("map", |raw| maps_called(raw, &catalog.maps))?.into_iter().flatten().collect();
    let maps: Vec<MapOffer> = called.iter().map(|(offer, _)| *offer).collect();
    let entry = |name: &str| named("entry", name, &catalog.entries, |offer| offer.term.name);
    let entries: Vec<EntryOffer> = match table.each("entry", |raw| entry(&raw.text))? {
        Some(entries) => entries,
        None => vec![entry(DEFAULT_ENTRY).map_err(|what| table.place.error(what))?],
    };
    let load_factors = table.each("load_factor", |raw| load_factor(raw, &maps))?;
    let hints = table.each("hint", |raw| hint(raw, &maps, &entries, memory_bytes))?.unwrap_or(vec![0]);
    let seeds = table.each("seed", |raw| whole(raw, 0, u64::MAX))?.unwrap_or(vec![1]);
    let threads = table.each("threads", |raw| threads(raw, &called, &catalog.maps))?;
    let thread_keys =
        table.each("thread_keys", |raw| named("way to deal keys", &raw.text, &ThreadKeys::ALL, |keys| keys.name()))?;
    let crews = crews(&threads, &thread_keys.unwrap_or(vec![ThreadKeys::Shared]));
    let sources = sources(table, catalog)?;
    let ops = match table.each("ops", |raw| whole(raw, 1, OPS_MAX))? {
        Some(ops) => ops,
        None if table.lists.contains_key("trace") => vec![OPS_MAX],
        None => return Err(table.missing("ops")),
    };
    for entry in &entries {
        for (source, &ops, &seed) in product(&sources, &ops, &seeds) {
            for (&hint, (offer, call), &crew) in product(&hints, &called, &crews) {
                let cell = CellSpec {
                    map: call.clone(),
                    workload: WorkloadSpec { source: source.clone(), ops, seed },
                    load_factor: offer.load_factor.map(|x| x.of_release(call.first_word())),
                    hint: if offer.hint { hint } else { 0 },
                    entry: entry.term.name,
                    crew: crew.filter(|_| offer.is_concurrent(call)),
                };
                match &load_factors {
                    Some(list) if offer.load_factor.is_some() => {
                        cells.extend(list.iter().map(|&x| CellSpec { load_factor: Some(x), ..cell.clone() }));
                    }
                    _ => cells.push(cell),
                }
            }
        }
    }
    Ok(())
}

/// Each number of threads with each way to deal keys to them; one thread has them all.
fn crews(threads: &Option<Vec<u32>>, thread_keys: &[ThreadKeys]) -> Vec<Option<Crew>> {
    let Some(threads) = threads else { return vec![None] };
    let crew = |threads, keys| Crew { threads, keys: if threads == 1 { ThreadKeys::Shared } else { keys } };
    threads.iter().flat_map(|&threads| thread_keys.iter().map(move |&keys| Some(crew(threads, keys)))).collect()
}

fn product<'a, A, B, C>(a: &'a [A], b: &'a [B], c: &'a [C]) -> impl Iterator<Item = (&'a A, &'a B, &'a C)> {
    a.iter().flat_map(move |a| b.iter().flat_map(move |b| c.iter().map(move |c| (a, b, c))))
}

fn sources(table: &Table, catalog: &Catalog) -> Result<Vec<Source>, SpecError> {
    if let Some(traces) = table.each("trace", |raw| Ok(Source::Trace(raw.place.resolve(&raw.text))))? {
        let stdin = |raw: &&Raw| raw.text == STDIN;
        if let Some(twice) = table.lists["trace"].iter().filter(stdin).nth(1) {
            return Err(twice.place.error("- is standard input, which is read once: name it once"));
        }
        let clash = ["keys", "mix"].iter().find_map(|key| table.lists.get(key));
        return match clash {
            Some(list) => Err(list[0].place.error("a trace brings its own keys and mix: leave this out")),
            None => Ok(traces),
        };
    }
    let keys = table.needed("keys", |raw| call(raw, "key distribution", &catalog.keys))?;
    let mixes = table.needed("mix", |raw| call(raw, "mix", &catalog.mixes))?;
    let generated = product(&keys, &mixes, &[()]);
    Ok(generated.map(|(keys, mix, ())| Source::Generated { keys: keys.clone(), mix: mix.clone() }).collect())
}

fn call(raw: &Raw, what: &'static str, terms: &[Term]) -> Result<Call, String> {
    let mut call = Call::parse(&raw.text, what, terms).map_err(|error| error.to_string())?;
    call.path = call.path.map(|path| raw.place.resolve(path));
    Ok(call)
}

/// The maps that a call means: one by its own name, several by their group's.
fn maps_called(raw: &Raw, offers: &[MapOffer]) -> Result<Vec<(MapOffer, Call)>, String> {
    let mut terms: Vec<Term> = offers.iter().map(|offer| offer.term).collect();
    for offer in offers {
        if let Some(group) = offer.group
            && !terms.iter().any(|term| term.name == group)
        {
            terms.push(Term { name: group, ..offer.term });
        }
    }
    let call = Call::parse(&raw.text, "map", &terms).map_err(|error| error.to_string())?;
    let meant = offers.iter().filter(|offer| offer.term.name == call.name || offer.group == Some(call.name));
    Ok(meant.map(|offer| (*offer, Call { name: offer.term.name, ..call.clone() })).collect())
}

/// The item called `name`.
fn named<T: Copy>(what: &'static str, name: &str, items: &[T], name_of: fn(&T) -> &'static str) -> Result<T, String> {
    let found = items.iter().find(|item| name_of(item) == name).copied();
    found.ok_or_else(|| UnknownName::new(what, name, items.iter().map(name_of)).to_string())
}

fn load_factor(raw: &Raw, maps: &[MapOffer]) -> Result<f64, String> {
    let x: f64 = raw.text.parse().map_err(|_| format!("must be a number, got {}", quoted(&raw.text)))?;
    let mut settable = maps.iter().filter_map(|offer| Some((offer.term.name, offer.load_factor?))).peekable();
    if settable.peek().is_none() {
        return Err(format!("can't be set: not a parameter of {}", names(maps)));
    }
    match settable.find(|(_, of)| !(of.min..=of.max).contains(&x)) {
        Some((map, of)) => Err(format!("must be from {} to {} for {map}, got {}", of.min, of.max, shown(&raw.text))),
        None => Ok(x),
    }
}

fn threads(raw: &Raw, maps: &[(MapOffer, Call)], all: &[MapOffer]) -> Result<u32, String> {
    let threads = whole(raw, 1, THREADS_MAX)?;
    if threads > 1
        && let Some((offer, call)) = maps.iter().find(|(offer, call)| offer.concurrent && !offer.is_concurrent(call))
    {
        let (shared, words) = (concurrent_call(offer), offer.concurrent_at.join(", "));
        return Err(format!(
            "{threads} threads can't use {call}, but they can {shared}: what several threads use is of {words}"
        ));
    }
    let alone: Vec<String> =
        maps.iter().filter(|(offer, call)| !offer.is_concurrent(call)).map(|(_, call)| call.to_string()).collect();
    if threads > 1 && !alone.is_empty() {
        let concurrent: Vec<String> = all.iter().filter(|offer| offer.concurrent).map(concurrent_call).collect();
        return Err(format!(
            "{threads} threads can't use {}, which {} not concurrent: give 1, or concurrent maps only ({})",
            alone.join(", "),
            if alone.len() == 1 { "is" } else { "are" },
            concurrent.join(", ")
        ));
    }
    Ok(threads as u32)
}

/// A call of a concurrent map's term that several threads may use.
fn concurrent_call(offer: &MapOffer) -> String {
    match (offer.concurrent_at.last(), offer.term.params.first()) {
        (Some(word), Some(param)) => format!("{}({}={word})", offer.term.name, param.name),
        _ => offer.term.name.to_owned(),
    }
}

fn hint(raw: &Raw, maps: &[MapOffer], entries: &[EntryOffer], memory_bytes: u64) -> Result<u64, String> {
    let hint = whole(raw, 0, OPS_MAX)?;
    if hint > 0 && !maps.iter().any(|offer| offer.hint) {
        return Err(format!("can't be given: {} takes no capacity hint", names(maps)));
    }
    let too_large = |entry: &&EntryOffer| u128::from(hint) * u128::from(entry.slot_bytes) > u128::from(memory_bytes);
    match entries.iter().find(too_large) {
        Some(entry) => Err(format!(
            "{hint} entries of {} need at least {} MiB, but there are {} MiB of memory: give a smaller hint",
            entry.term.name,
            u128::from(hint) * u128::from(entry.slot_bytes) / u128::from(MIB),
            memory_bytes / MIB,
        )),
        None => Ok(hint),
    }
}

fn names(maps: &[MapOffer]) -> String {
    maps.iter().map(|offer| offer.term.name).collect::<Vec<_>>().join(", ")
}

/// A whole number within `min..=max`, written in decimal digits with `_` between them where wanted.
fn whole(raw: &Raw, min: u64, max: u64) -> Result<u64, String> {
    let digits = raw.text.replace('_', "");
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(n) if plain && (min..=max).contains(&n) => Ok(n),
        _ => Err(format!("must be a whole number from {min} to {max}, in digits and _ only, got {}", shown(&raw.text))),
    }
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
