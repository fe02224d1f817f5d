//! Which columns of a table mean what, where its header doesn't say it in words that are known.

use std::fmt;
use std::str::FromStr;

use super::number::decimal;
use super::stamp::TimeUnit;

/// What a column can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Op,
    Key,
    Hash,
    ValueBytes,
    KeyBytes,
    /// How many entries a scan asks for.
    Entries,
    /// How often the operation is done.
    Times,
    /// When it was asked for.
    Time,
}

/// Each with its name. Its place is its number.
pub(super) const SLOTS: [(&str, Slot); 8] = [
    ("op", Slot::Op),
    ("key", Slot::Key),
    ("hash", Slot::Hash),
    ("value_bytes", Slot::ValueBytes),
    ("key_bytes", Slot::KeyBytes),
    ("entries", Slot::Entries),
    ("times", Slot::Times),
    ("time", Slot::Time),
];
const _: () = {
    let mut number = 0;
    while number < SLOTS.len() {
        assert!(SLOTS[number].1 as usize == number);
        number += 1;
    }
};

/// What a user says of a table's columns: `key=lbn,op=op,value_bytes=size`, or their numbers from 1 for a table without a
/// header. Nothing, where the header is to say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    text: String,
    named: Vec<(Slot, String)>,
    /// What the time counts, where one is named.
    unit: Option<TimeUnit>,
    /// Whether times are asked for.
    timed: bool,
}

impl Columns {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// The same, where times are asked for, or are not: then columns of times that can't be used are left out, unless columns
    /// are named.
    #[must_use]
    pub fn timed(self, timed: bool) -> Columns {
        Columns { timed, ..self }
    }

    /// Whether a column that means this, and can't be used, is an error. Otherwise it is left out.
    pub(super) fn needs(&self, slot: Slot) -> bool {
        slot != Slot::Time || self.timed || !self.is_empty()
    }

    /// What the column of this name is said to mean.
    pub(super) fn slot_of(&self, name: &[u8]) -> Option<Slot> {
        self.named.iter().find(|(_, other)| other.as_bytes().eq_ignore_ascii_case(name)).map(|(slot, _)| *slot)
    }

    /// The numbers of all columns, from 0, where numbers are all that is given.
    pub(super) fn numbers(&self) -> Option<Vec<(Slot, usize)>> {
        let numbers = self.named.iter().map(|(slot, name)| Some((*slot, number(name)?)));
        numbers.collect::<Option<Vec<_>>>().filter(|numbers| !numbers.is_empty())
    }

    /// What the column of times counts that is called so: what is said of it, or what its name says, or seconds.
    pub(super) fn time_unit(&self, name: &str) -> TimeUnit {
        let named = || TimeUnit::ALL.into_iter().find(|unit| unit.column().eq_ignore_ascii_case(name));
        self.unit.or_else(named).unwrap_or(TimeUnit::S)
    }

    /// Each column's name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|(_, name)| name.as_str())
    }
}

/// The number of a column that is given by number, from 0.
fn number(name: &str) -> Option<usize> {
    usize::try_from(decimal(name.as_bytes())?.checked_sub(1)?).ok()
}

/// As it was written.
impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Columns {
    type Err = String;

    fn from_str(text: &str) -> Result<Columns, String> {
        let (mut named, mut unit) = (Vec::<(Slot, String)>::new(), None);
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let (what, name) = part.split_once('=').ok_or_else(|| {
                format!(
                    "expected what a column means and its name, as key=lbn,op=op; found {}",
                    super::quote(part.as_bytes())
                )
            })?;
            let slot = meaning(what.trim(), &mut unit)?;
            if named.iter().any(|(other, _)| *other == slot) {
                return Err(format!("{} is given twice", what.trim()));
            }
            let name = name.trim();
            let is_it = |other: &str| {
                other.eq_ignore_ascii_case(name) || number(name).is_some_and(|it| number(other) == Some(it))
            };
            if let Some((first, _)) = named.iter().find(|(_, other)| is_it(other)) {
                return Err(format!(
                    "column {} is named for two things, {} and {}: give each a column of its own",
                    super::quote(name.as_bytes()),
                    SLOTS[*first as usize].0,
                    what.trim()
                ));
            }
            named.push((slot, name.to_owned()));
        }
        if !named.is_empty() && named.iter().all(|(slot, _)| *slot != Slot::Key) {
            return Err("no column is said to be the key: give key=NAME, too".to_owned());
        }
        Ok(Columns { text: text.to_owned(), named, unit, timed: false })
    }
}

/// What a word means; that of a time says its unit, too.
fn meaning(word: &str, unit: &mut Option<TimeUnit>) -> Result<Slot, String> {
    if let Some(time) = TimeUnit::ALL.into_iter().find(|unit| unit.column() == word) {
        *unit = Some(time);
        return Ok(Slot::Time);
    }
    let mut others = SLOTS.iter().filter(|(_, slot)| *slot != Slot::Time);
    if let Some((_, slot)) = others.clone().find(|(name, _)| *name == word) {
        return Ok(*slot);
    }
    let known: Vec<_> = others.by_ref().map(|(name, _)| *name).chain(TimeUnit::ALL.map(TimeUnit::column)).collect();
    Err(format!("columns mean {}, and not {}", known.join(", "), super::quote(word.as_bytes())))
}
