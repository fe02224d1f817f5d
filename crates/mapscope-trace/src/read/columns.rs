//! Which columns of a table mean what, where its header doesn't say it in words that are known.

use std::fmt;
use std::str::FromStr;

use super::number::decimal;

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
}

/// Each with its name. Its place is its number.
pub(super) const SLOTS: [(&str, Slot); 7] = [
    ("op", Slot::Op),
    ("key", Slot::Key),
    ("hash", Slot::Hash),
    ("value_bytes", Slot::ValueBytes),
    ("key_bytes", Slot::KeyBytes),
    ("entries", Slot::Entries),
    ("times", Slot::Times),
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
}

impl Columns {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.named.is_empty()
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
        let mut named: Vec<(Slot, String)> = Vec::new();
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let known = SLOTS.map(|(name, _)| name).join(", ");
            let (what, name) = part.split_once('=').ok_or_else(|| {
                format!(
                    "expected what a column means and its name, as key=lbn,op=op; found {}",
                    super::quote(part.as_bytes())
                )
            })?;
            let slot = SLOTS.iter().find(|(slot, _)| *slot == what.trim()).map(|(_, slot)| *slot);
            let slot =
                slot.ok_or_else(|| format!("columns mean {known}, and not {}", super::quote(what.trim().as_bytes())))?;
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
        Ok(Columns { text: text.to_owned(), named })
    }
}
