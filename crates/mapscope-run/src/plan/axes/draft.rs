//! A cell in the making: what the axes write, and what they may know while they do.

use std::cell::{Cell, RefCell};

use crate::plan::cell::CellSpec;
use crate::plan::place::Raw;
use crate::plan::{Call, Catalog, LeftOut, MapOffer, UnknownName};
use crate::text::shown;

/// The most names that the patterns of a table stand for.
const MATCHES_MAX: usize = 100_000;

/// A cell in the making.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Draft {
    /// The cell, as far as its axes have been written.
    pub cell: CellSpec,
    /// What its map can be asked.
    pub offer: MapOffer,
    /// Whether its map was matched by a pattern, so that a cell that it can't be in is left out.
    pub by_pattern: bool,
}

impl Draft {
    /// A cell of which no axis has been written.
    pub fn new(map: &Called) -> Draft {
        let cell = CellSpec::unwritten(map.call.clone());
        Draft { cell, offer: map.offer, by_pattern: map.by_pattern }
    }
}

/// What a value does to a cell.
pub(in crate::plan) type Put = Box<dyn Fn(&mut Draft)>;

/// The one thing that an item does.
pub(super) fn put(put: impl Fn(&mut Draft) + 'static) -> Vec<Put> {
    vec![Box::new(put)]
}

/// A map that a list names.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Called {
    /// What it can be asked.
    pub offer: MapOffer,
    /// How it is called.
    pub call: Call,
    /// Whether a pattern matched it.
    pub by_pattern: bool,
}

/// Why a cell can't be run.
#[derive(Debug)]
pub(in crate::plan) struct Unfit {
    /// What was expected, what was found, and what to do.
    pub what: String,
    /// The same in a few words, where it is for its map: what a note says of one that a pattern matched.
    pub of_map: Option<String>,
}

impl Unfit {
    /// Its map is not one for the cell.
    pub fn map(of_map: String, what: String) -> Unfit {
        Unfit { what, of_map: Some(of_map) }
    }
}

/// No other map would do.
impl From<String> for Unfit {
    fn from(what: String) -> Unfit {
        Unfit { what, of_map: None }
    }
}

/// What the axes of one table may know.
pub(in crate::plan) struct Scope<'a> {
    /// Everything that has a name.
    pub catalog: &'a Catalog,
    /// The table's maps; at least one.
    pub maps: Vec<Called>,
    /// The most memory that a cell may use.
    pub memory_bytes: u64,
    left_out: RefCell<Vec<LeftOut>>,
    /// How many names patterns may still stand for.
    matches_left: Cell<usize>,
}

impl Scope<'_> {
    /// Of a table whose maps are not known yet.
    pub fn new(catalog: &Catalog, memory_bytes: u64) -> Scope<'_> {
        let matches_left = Cell::new(MATCHES_MAX);
        Scope { catalog, maps: Vec::new(), memory_bytes, left_out: RefCell::default(), matches_left }
    }

    /// Notes that a pattern matches `name`, which is left out all the same.
    pub fn leave_out(&self, name: &'static str, why: String) {
        let left_out = LeftOut { name, why };
        let mut all = self.left_out.borrow_mut();
        if !all.contains(&left_out) {
            all.push(left_out);
        }
    }

    /// What was left out.
    pub fn into_left_out(self) -> Vec<LeftOut> {
        self.left_out.into_inner()
    }

    /// Takes note of what a pattern matches: a long list of short patterns could stand for more than there is memory for.
    pub fn count_matches(&self, matches: usize) -> Result<(), String> {
        let left = self.matches_left.get().checked_sub(matches);
        self.matches_left.set(left.ok_or("the patterns of the table stand for too many names: leave some out")?);
        Ok(())
    }

    /// The names of its maps, for a message.
    pub fn names(&self) -> String {
        self.maps.iter().map(|map| map.offer.term.name).collect::<Vec<_>>().join(", ")
    }
}

/// The item called `name`.
pub(in crate::plan) fn named<T: Copy>(
    what: &'static str,
    name: &str,
    items: &[T],
    name_of: fn(&T) -> &'static str,
) -> Result<T, String> {
    let found = items.iter().find(|item| name_of(item) == name).copied();
    found.ok_or_else(|| UnknownName::new(what, name, items.iter().map(name_of)).to_string())
}

/// A whole number within `min..=max`, written in decimal digits with `_` between them where wanted.
pub(in crate::plan) fn whole(raw: &Raw, min: u64, max: u64) -> Result<u64, String> {
    let digits = raw.text.replace('_', "");
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(n) if plain && (min..=max).contains(&n) => Ok(n),
        _ => Err(format!("must be a whole number from {min} to {max}, in digits and _ only, got {}", shown(&raw.text))),
    }
}
