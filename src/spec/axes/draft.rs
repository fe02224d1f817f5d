//! A cell in the making: what the axes write, and what they may know while they do.

use crate::spec::cell::CellSpec;
use crate::spec::place::Raw;
use crate::spec::{Call, Catalog, MapOffer, Source, UnknownName, WorkloadSpec};
use crate::text::shown;

/// The most operations of a cell: `1..=2^63-1`, what a TOML integer holds.
pub(in crate::spec) const OPS_MAX: u64 = i64::MAX as u64;

/// A cell in the making.
#[derive(Debug, Clone)]
pub(in crate::spec) struct Draft {
    /// The cell, as far as its axes have been written.
    pub cell: CellSpec,
    /// What its map can be asked.
    pub offer: MapOffer,
}

impl Draft {
    /// A cell of which nothing has been written: the axes that must be given have no value yet.
    pub fn new(map: &Called) -> Draft {
        let nothing = Call::default;
        let workload =
            WorkloadSpec { source: Source::Generated { keys: nothing(), mix: nothing() }, ops: OPS_MAX, seed: 0 };
        let cell = CellSpec { map: map.call.clone(), workload, load_factor: None, hint: 0, entry: "", crew: None };
        Draft { cell, offer: map.offer }
    }
}

/// What a value does to a cell.
pub(in crate::spec) type Put = Box<dyn Fn(&mut Draft)>;

/// The one thing that an item does.
pub(super) fn put(put: impl Fn(&mut Draft) + 'static) -> Vec<Put> {
    vec![Box::new(put)]
}

/// A map that a list names.
#[derive(Debug, Clone)]
pub(in crate::spec) struct Called {
    /// What it can be asked.
    pub offer: MapOffer,
    /// How it is called.
    pub call: Call,
}

/// What the axes of one table may know.
pub(in crate::spec) struct Scope<'a> {
    /// Everything that has a name.
    pub catalog: &'a Catalog,
    /// The table's maps; at least one.
    pub maps: Vec<Called>,
    /// The most memory that a cell may use.
    pub memory_bytes: u64,
}

impl Scope<'_> {
    /// The names of its maps, for a message.
    pub fn names(&self) -> String {
        self.maps.iter().map(|map| map.offer.term.name).collect::<Vec<_>>().join(", ")
    }
}

/// The item called `name`.
pub(in crate::spec) fn named<T: Copy>(
    what: &'static str,
    name: &str,
    items: &[T],
    name_of: fn(&T) -> &'static str,
) -> Result<T, String> {
    let found = items.iter().find(|item| name_of(item) == name).copied();
    found.ok_or_else(|| UnknownName::new(what, name, items.iter().map(name_of)).to_string())
}

/// A whole number within `min..=max`, written in decimal digits with `_` between them where wanted.
pub(in crate::spec) fn whole(raw: &Raw, min: u64, max: u64) -> Result<u64, String> {
    let digits = raw.text.replace('_', "");
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(n) if plain && (min..=max).contains(&n) => Ok(n),
        _ => Err(format!("must be a whole number from {min} to {max}, in digits and _ only, got {}", shown(&raw.text))),
    }
}
