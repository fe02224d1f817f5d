//! Watching one place: what an operation changed there, found by comparing plain data before and after it.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::{InspectError, Session, key, operation, rows};
use crate::maps::anatomy::{Anatomy, Field, Figure, Part, Table};
use crate::probe::event::Cause;
use crate::replay::{Action, Row, Told};

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watch {
    /// A key, wherever it is: `key=42`.
    Key(u64),
    /// The rows with an index: `bucket=3`; `group=0/3` for the one in table 0.
    Row {
        /// What the user calls a row.
        word: String,
        /// Of this table alone.
        table: Option<u64>,
        /// The index.
        index: usize,
    },
    /// What describes a table: `table=0`.
    Table(u64),
    /// What describes the map: `header`.
    Header,
}

impl FromStr for Watch {
    type Err = String;

    fn from_str(text: &str) -> Result<Watch, String> {
        let expected =
            || format!("expected key=K, bucket=I, group=I, group=TABLE/I, table=T or header, got \"{text}\"");
        if text == "header" {
            return Ok(Watch::Header);
        }
        let (word, number) = text.split_once('=').ok_or_else(expected)?;
        let whole = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u64>().ok().filter(|_| plain).ok_or_else(expected)
        };
        Ok(match word {
            "key" => Watch::Key(whole(number)?),
            "table" => Watch::Table(whole(number)?),
            "bucket" | "group" => {
                let (table, index) = match number.split_once('/') {
                    Some((table, index)) => (Some(whole(table)?), index),
                    None => (None, number),
                };
                Watch::Row { word: word.to_owned(), table, index: whole(index)? as usize }
            }
            _ => return Err(expected()),
        })
    }
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Watch::Key(key) => write!(f, "key={key}"),
            Watch::Row { word, table: Some(table), index } => write!(f, "{word}={table}/{index}"),
            Watch::Row { word, table: None, index } => write!(f, "{word}={index}"),
            Watch::Table(number) => write!(f, "table={number}"),
            Watch::Header => f.write_str("header"),
        }
    }
}

impl Watch {
    fn part(&self) -> Part<'_, u64> {
        match self {
            Watch::Key(key) => Part::Key(key),
            Watch::Row { index, .. } => Part::Row(*index),
            Watch::Table(_) | Watch::Header => Part::Header,
        }
    }

    /// How many places of its kind there are; none of keys and of the header, which are not counted.
    fn places(&self, anatomy: &Anatomy) -> u64 {
        let most = match self {
            Watch::Key(_) | Watch::Header => None,
            Watch::Row { table: wanted, .. } => {
                let meant = anatomy.tables.iter().filter(|table| wanted.is_none() || table.number == *wanted);
                meant.map(|table| table.row_count as u64).max()
            }
            Watch::Table(_) => anatomy.tables.iter().filter_map(|table| table.number).max().map(|last| last + 1),
        };
        most.unwrap_or(0)
    }

    /// Whether a map has such a place, in words if it hasn't.
    fn fits(&self, anatomy: &Anatomy, map: &str) -> Result<(), String> {
        let word = anatomy.row_word;
        match self {
            Watch::Row { word: other, .. } if other != word => {
                Err(format!("{map} has {word}s, not {other}s: write {word}=I"))
            }
            Watch::Row { table: Some(_), .. } | Watch::Table(_) if !anatomy.numbered => {
                Err(format!("{map} has no numbered tables: write {word}=I, key=K or header"))
            }
            _ => Ok(()),
        }
    }
}

/// One change of what is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The number of the operation that made it.
    pub operation: u64,
    /// The operation.
    pub row: Row,
    /// What was watched.
    pub watch: String,
    /// The change.
    pub change: Change,
}

/// What changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// What kind of change: `put`, `moved`, `evacuated` and so on.
    pub kind: &'static str,
    /// The keys concerned.
    pub keys: Vec<u64>,
    /// Where it was.
    pub from: Option<String>,
    /// Where it is.
    pub to: Option<String>,
    /// In words.
    pub text: String,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "op {} {}: {}", self.operation, operation(&self.row), self.change.text)
    }
}

/// Compares what is watched before and after each operation.
pub struct Watcher {
    watch: Watch,
    before: Anatomy,
    /// How many places of the kind there were at most: rows of the tables meant, or numbers of tables.
    most: u64,
}

/// Two moments around an operation, as far as they are needed.
pub(super) struct Around<'a> {
    pub before: &'a Anatomy,
    pub after: &'a Anatomy,
    pub row: Row,
    pub told: Told,
    /// Where a key is after the operation.
    pub find: &'a dyn Fn(u64) -> Vec<String>,
}

impl Around<'_> {
    /// The table of before as it is after; `None` where it is gone.
    pub fn still(&self, table: &Table) -> Option<&Table> {
        self.after.tables.iter().find(|after| table.is_still(after))
    }

    /// The table of after as it was before.
    pub fn was(&self, table: &Table) -> Option<&Table> {
        self.before.tables.iter().find(|before| before.is_still(table))
    }

    /// The structural steps of the operation in brackets, with a space before; empty when there were none.
    pub fn why(&self) -> String {
        const WORDS: [(Cause, &str); 7] = [
            (Cause::Grow, "a larger table was allocated"),
            (Cause::SameSizeGrow, "a growth to the same size began"),
            (Cause::Split, "a table was split"),
            (Cause::DirectoryGrow, "the directory doubled"),
            (Cause::Prune, "tombstones were pruned"),
            (Cause::Promote, "the dirty map was promoted"),
            (Cause::DirtyCopy, "a dirty copy was made"),
        ];
        let steps = WORDS.iter().filter(|(cause, _)| self.told.steps(*cause) > 0);
        let mut words: Vec<_> = steps.map(|(_, words)| *words).collect();
        if words.is_empty() {
            words.extend(self.seen());
        }
        if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
    }

    /// The same of a map that tells nothing, by its header. What a clear leaves says nothing of steps.
    fn seen(&self) -> Option<&'static str> {
        if self.row.action == Action::Clear {
            return None;
        }
        let both = |name| Some((whole(self.before, name)?, whole(self.after, name)?));
        let (before, after) = both("slots")?;
        match before.cmp(&after) {
            Ordering::Less => Some("a larger table was allocated"),
            Ordering::Greater => Some("a smaller table was allocated"),
            Ordering::Equal => {
                // One insert or remove changes their number by one.
                let (before, after) = both("tombstones")?;
                (before > after + 1).then_some("the table was packed in place, without its tombstones")
            }
        }
    }
}

impl Watcher {
    /// Watches a place from now on.
    ///
    /// # Errors
    ///
    /// A map that has no such place: the error says what to write.
    pub fn new(watch: Watch, session: &Session) -> Result<Watcher, String> {
        let before = session.part(watch.part()).map_err(|error| error.to_string())?;
        watch.fits(&before, session.info().term.name)?;
        let most = watch.places(&before);
        Ok(Watcher { watch, before, most })
    }

    /// What the operation just done has changed.
    ///
    /// # Errors
    ///
    /// None, for a map that [`Session::start`] has found open.
    pub fn look(&mut self, session: &Session, row: Row) -> Result<Vec<Step>, InspectError> {
        let after = session.part(self.watch.part())?;
        if after == self.before && !(self.watch == Watch::Key(row.key) && row.action.has_key()) {
            return Ok(Vec::new());
        }
        self.most = self.most.max(self.watch.places(&after));
        let find = |key: u64| match session.part(Part::Key(&key)) {
            Ok(anatomy) => key::spots(&anatomy, key).iter().map(key::Spot::row_name).collect(),
            Err(_) => Vec::new(),
        };
        let around = Around { before: &self.before, after: &after, row, told: session.told(), find: &find };
        let changes = match &self.watch {
            Watch::Key(key) => key::changes(&around, *key),
            Watch::Row { table, .. } => rows::changes(&around, *table),
            Watch::Table(number) => table_changes(&around, *number),
            Watch::Header => {
                let changed = fields_changed(&self.before.header, &after.header);
                let told = |change: Change| Change { text: change.text + &around.why(), ..change };
                changed.map(told).into_iter().collect()
            }
        };
        self.before = after;
        let step = |change| Step { operation: session.done(), row, watch: self.watch.to_string(), change };
        Ok(changes.into_iter().map(step).collect())
    }

    /// Whether the map has had such a place since it is watched, in words if it hasn't. One without a table yet has no
    /// place that would be wrong.
    ///
    /// # Errors
    ///
    /// It hasn't: the error says how many places there were.
    pub fn was_there(&self, session: &Session) -> Result<(), String> {
        let (index, whose, word) = match &self.watch {
            Watch::Key(_) | Watch::Header => return Ok(()),
            Watch::Row { table: None, index, .. } => (*index as u64, "the map".to_owned(), self.before.row_word),
            Watch::Row { table: Some(table), index, .. } => {
                (*index as u64, format!("table {table}"), self.before.row_word)
            }
            Watch::Table(number) => (*number, "the map".to_owned(), "table"),
        };
        let most = self.most;
        if index < most || self.before.tables.is_empty() {
            return Ok(());
        }
        let plural = if most == 1 { "" } else { "s" };
        Err(format!("up to operation {} {whose} had at most {most} {word}{plural}, counted from 0", session.done()))
    }

    /// Where what is watched is now, in words.
    pub fn now(&self) -> String {
        match &self.watch {
            Watch::Key(key) => {
                let spots: Vec<_> = key::spots(&self.before, *key).iter().map(|spot| spot.described()).collect();
                let places = if spots.is_empty() { "nowhere".to_owned() } else { spots.join(" and ") };
                format!("key {key} is {places}")
            }
            Watch::Row { table, index, .. } => rows::now(&self.before, *table, *index),
            Watch::Table(number) => match self.before.tables.iter().find(|table| table.number == Some(*number)) {
                Some(table) => format!("{}: {}", table.name, fields(&table.fields)),
                None => format!("there is no table {number}"),
            },
            Watch::Header => format!("header: {}", fields(&self.before.header)),
        }
    }
}

/// A field of the header that is an integer.
fn whole(anatomy: &Anatomy, name: &str) -> Option<u64> {
    match anatomy.header.iter().find(|field| field.name == name)?.figure {
        Figure::Whole(figure) => Some(figure),
        _ => None,
    }
}

/// Fields in a line: `used 7, growth_left 7`.
fn fields(fields: &[Field]) -> String {
    let each = fields.iter().map(|field| format!("{} {}", field.name, field.figure));
    each.collect::<Vec<_>>().join(", ")
}

fn table_changes(around: &Around, number: u64) -> Vec<Change> {
    let numbered = |anatomy: &Anatomy| anatomy.tables.iter().find(|table| table.number == Some(number)).cloned();
    let named = |kind, text| vec![Change { kind, text, ..Change::default() }];
    match (numbered(around.before), numbered(around.after)) {
        (None, None) => Vec::new(),
        (None, Some(after)) => named("made", format!("{} made: {}{}", after.name, fields(&after.fields), around.why())),
        (Some(before), after) => {
            let now = around.still(&before);
            let (name, why) = (&before.name, around.why());
            match (now, after) {
                (Some(same), Some(after)) if same.number == after.number => {
                    let changed = fields_changed(&before.fields, &after.fields);
                    let told = |change: Change| Change { text: format!("{name}: {}{why}", change.text), ..change };
                    changed.map(told).into_iter().collect()
                }
                (Some(same), after) => {
                    let mut changes = named("renamed", format!("{name} is {} now{why}", same.name));
                    if let Some(after) = after {
                        changes.extend(named("made", format!("{} made: {}", after.name, fields(&after.fields))));
                    }
                    changes
                }
                (None, Some(after)) => {
                    named("replaced", format!("{name} replaced by another: {}{why}", fields(&after.fields)))
                }
                (None, None) => named("freed", format!("{name} freed{why}")),
            }
        }
    }
}

/// The fields that have another figure: `used 7 -> 8`.
fn fields_changed(before: &[Field], after: &[Field]) -> Option<Change> {
    let pairs = before.iter().zip(after).filter(|(before, after)| before.figure != after.figure);
    let each: Vec<_> =
        pairs.map(|(before, after)| format!("{} {} -> {}", after.name, before.figure, after.figure)).collect();
    (!each.is_empty()).then(|| Change { kind: "fields", text: each.join(", "), ..Change::default() })
}
