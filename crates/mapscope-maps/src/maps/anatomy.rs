//! The inside of a map at one moment, as plain data: what `mapscope inspect` draws, and what it compares before and after an
//! operation.
//!
//! A map joins by [`Map::anatomy`](super::Map::anatomy) alone. Whoever draws the data knows no map: all words come with
//! it.
//!
//! ```text
//! Anatomy   header fields
//!   Table   fields, and rows that a key can hash to
//!     Row   how far an evacuation has come with it
//!       Bucket   the first one, then those chained to it
//!         Slot   its byte with what that means, and its entry
//! ```

use std::fmt;

use crate::entry::{Key, Value};

/// Which rows are listed. Header and fields of tables always are.
#[derive(Debug)]
pub enum Part<'a, K> {
    /// None.
    Header,
    /// All.
    All,
    /// Those that a search for this key may look at.
    Key(&'a K),
    /// Those with this index in each table; in one that is being evacuated, the row whose entries go there.
    Row(usize),
}

impl<K> Clone for Part<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Part<'_, K> {}

/// The inside of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Anatomy {
    /// What a row is called: `bucket`, `group`.
    pub row_word: &'static str,
    /// Whether its tables have numbers.
    pub numbered: bool,
    /// What describes the map as a whole; the columns of recordings first.
    pub header: Vec<Field>,
    /// Its tables: an old one behind the one that takes its place.
    pub tables: Vec<Table>,
}

/// A figure with its name, unit and meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name, unit last.
    pub name: &'static str,
    /// What it is now.
    pub figure: Figure,
    /// What it is counted in; empty for a flag or words.
    pub unit: &'static str,
    /// What it means, in a line.
    pub meaning: &'static str,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// An integer; flags are 0 and 1, as in recordings.
    Whole(u64),
    /// A fraction.
    Fraction(f64),
    /// Words.
    Words(String),
    /// Nothing: the map has no such thing now.
    Absent,
}

/// A table of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What it is called: `buckets`, `table 2`.
    pub name: String,
    /// Its number, where tables have numbers.
    pub number: Option<u64>,
    /// Whether its entries are being moved to another.
    pub old: bool,
    /// What stands before a row's word and index: `old ` in `old bucket 3`.
    pub prefix: String,
    /// Names its memory: see [`Table::is_still`].
    pub identity: usize,
    /// What describes it.
    pub fields: Vec<Field>,
    /// How many rows it has, listed or not.
    pub row_count: usize,
    /// How far it has been evacuated, where that goes in order.
    pub frontier: Option<Frontier>,
    /// The rows listed, by index.
    pub rows: Vec<Row>,
}

/// Where an evacuation in order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frontier {
    /// What the map calls it.
    pub name: &'static str,
    /// The first row that has not been reached; later ones may have been evacuated out of turn.
    pub row: usize,
}

/// A place that a key can hash to.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its index in the table.
    pub index: usize,
    /// How far an evacuation has come with it.
    pub stage: Stage,
    /// Its own bucket or group, then those chained to it.
    pub buckets: Vec<Vec<Slot>>,
}

/// How far an evacuation has come with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// None is under way, or it has been here.
    InUse,
    /// Its entries are to be moved to another table, and found here until then.
    ToEvacuate,
    /// Its entries have been moved to another table.
    Evacuated,
    /// It waits for entries of a row that has not been evacuated yet, and nobody uses it until then.
    Waiting,
}

impl Stage {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::InUse => "in use",
            Stage::ToEvacuate => "to be evacuated",
            Stage::Evacuated => "evacuated",
            Stage::Waiting => "waiting",
        }
    }
}

/// One slot.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// What its byte means.
    pub mark: &'static Mark,
    /// The byte that the map keeps of it.
    pub byte: u8,
    /// Its entry, where it is full.
    pub entry: Option<Entry>,
}

/// What a slot's byte may mean.
#[derive(Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its name.
    pub name: &'static str,
    /// A sign of up to two columns.
    pub sign: &'static str,
    /// What kind of slot it makes.
    pub kind: Kind,
    /// What it means, in a line.
    pub meaning: &'static str,
}

/// The kinds of slot that every map has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Holds an entry.
    Full,
    /// Ends a search, or can be taken.
    Empty,
    /// Held an entry, and a search goes on past it.
    Tombstone,
    /// What it held is in another table.
    Evacuated,
}

/// A state of an entry.
#[derive(Debug, PartialEq, Eq)]
pub struct Note {
    /// Its name.
    pub name: &'static str,
    /// A sign of a column behind the key; empty for the state that most are in.
    pub sign: &'static str,
    /// What it means, in a line.
    pub meaning: &'static str,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key's identity.
    pub key: u64,
    /// The key, where it is text.
    pub key_text: Option<String>,
    /// The number that its value was made of; `None` for a value that lies elsewhere and is gone.
    pub value: Option<u64>,
    /// What state it is in, where the map has several.
    pub note: Option<&'static Note>,
    /// How many groups a search looks at to find it, where a row is not its key's only one.
    pub probed_groups: Option<u64>,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Figure::Whole(whole) => write!(f, "{whole}"),
            Figure::Fraction(fraction) => write!(f, "{fraction}"),
            Figure::Words(words) => f.write_str(words),
            Figure::Absent => f.write_str("none"),
        }
    }
}

impl Anatomy {
    /// The header field called so.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.header.iter().find(|field| field.name == name)
    }
}

impl Field {
    /// A count.
    pub fn whole(name: &'static str, whole: u64, unit: &'static str, meaning: &'static str) -> Field {
        Field { name, figure: Figure::Whole(whole), unit, meaning }
    }

    /// A flag: 0 or 1.
    pub fn flag(name: &'static str, set: bool, meaning: &'static str) -> Field {
        Field::whole(name, set.into(), "", meaning)
    }
}

impl Table {
    /// Whether `after`, as it was found after an operation, is this table as it was found before it.
    ///
    /// Memory that an operation frees it may get again for another table. That one is larger, or takes the place of an old
    /// one.
    pub fn is_still(&self, after: &Table) -> bool {
        self.identity == after.identity && self.row_count == after.row_count && (after.old || !self.old)
    }

    /// What a row is called: `old bucket 3`.
    pub fn row_name(&self, row_word: &str, index: usize) -> String {
        format!("{}{row_word} {index}", self.prefix)
    }
}

impl Row {
    /// Every full slot's entry, with the number of its bucket in the chain and of its slot.
    pub fn entries(&self) -> impl Iterator<Item = (usize, usize, &Entry)> {
        let slots = self.buckets.iter().enumerate();
        let slots = slots.flat_map(|(bucket, slots)| slots.iter().enumerate().map(move |(n, slot)| (bucket, n, slot)));
        slots.filter_map(|(bucket, number, slot)| Some((bucket, number, slot.entry.as_ref()?)))
    }
}

impl Entry {
    /// Of a key and a value as they lie in the map.
    pub fn of<K: Key, V: Value>(key: &K, value: &V) -> Entry {
        Entry { value: value.seed(), ..Entry::keyed(key) }
    }

    /// Of a key alone.
    pub fn keyed<K: Key>(key: &K) -> Entry {
        let key_text = key.as_text().map(str::to_owned);
        Entry { key: key.id(), key_text, value: None, note: None, probed_groups: None }
    }
}
