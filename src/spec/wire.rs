//! Profiles and flags as written: texts and where they stand. Nothing here is checked beyond its form.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::UnknownName;
use super::call::split_list;
use crate::intake::STDIN;
use crate::text;

/// Why a plan can't be made of what the user wrote.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}{what}", place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
pub struct SpecError {
    /// Where it stands; `None` when nothing written is to blame.
    pub place: Option<Place>,
    /// What was expected, what was found, and what to do.
    pub what: String,
}

/// Where a value was written.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// On the command line, by this flag.
    Flag(&'static str),
    /// In a profile.
    File {
        /// The profile's file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The key, or the table's name.
        key: String,
    },
}

impl Place {
    pub(super) fn error(&self, what: impl fmt::Display) -> SpecError {
        SpecError { place: Some(self.clone()), what: what.to_string() }
    }

    /// A path as written here: a profile's paths are relative to its file. Standard input is the same everywhere.
    pub(super) fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        match self {
            _ if path.as_ref() == STDIN => path.as_ref().to_owned(),
            Place::Flag(_) => path.as_ref().to_owned(),
            Place::File { path: file, .. } => file.parent().unwrap_or(Path::new("")).join(path),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Flag(flag) => f.write_str(flag),
            Place::File { path, line, key } if key.is_empty() => write!(f, "{}:{line}", text::path(path)),
            Place::File { path, line, key } => write!(f, "{}:{line}: {key}", text::path(path)),
        }
    }
}

/// A scalar as written.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    pub text: String,
    pub place: Place,
}

/// What a key's values may look like in TOML.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Text,
    Number,
}

/// The keys of a profile itself, beside `cells`.
const SETTINGS: &[(&str, Form)] = &[
    ("summary", Form::Text),
    ("passes", Form::Text),
    ("repetitions", Form::Number),
    ("time_limit_s", Form::Number),
    ("memory_limit_mb", Form::Number),
    ("max_cells", Form::Number),
];

/// The keys of a `[[cells]]` table.
const CELLS: &[(&str, Form)] = &[
    ("map", Form::Text),
    ("keys", Form::Text),
    ("mix", Form::Text),
    ("load_factor", Form::Number),
    ("hint", Form::Number),
    ("entry", Form::Text),
    ("ops", Form::Number),
    ("seed", Form::Number),
    ("threads", Form::Number),
    ("thread_keys", Form::Text),
    ("trace", Form::Text),
];

/// A table of a profile: its keys, each with the values written for it.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub place: Place,
    pub lists: BTreeMap<&'static str, Vec<Raw>>,
}

/// A profile as written.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    pub name: String,
    pub settings: Table,
    pub cells: Vec<Table>,
}

impl Profile {
    /// Reads the TOML `text` of the file `path`.
    pub(super) fn parse(name: &str, text: &str, path: &Path) -> Result<Profile, SpecError> {
        let newlines = text.bytes().enumerate().filter_map(|(at, byte)| (byte == b'\n').then_some(at)).collect();
        let reader = Reader { newlines, path };
        let mut root = DeTable::parse(text)
            .map_err(|error| {
                reader
                    .place(error.span().map_or(0, |span| span.start), "")
                    .error(format!("not TOML: {}", error.message()))
            })?
            .into_inner();
        let cells = root.remove("cells").map(|cells| (cells.span().start, cells.into_inner()));
        let settings = reader.table(root, SETTINGS, reader.place(0, ""))?;
        let cells = match cells {
            Some((_, DeValue::Array(tables))) => tables.into_iter().map(|table| reader.cells(table)).collect(),
            Some((at, _)) => Err(reader.place(at, "cells").error("must be tables, each headed [[cells]]")),
            None => Err(reader.place(0, "").error("a profile needs at least one [[cells]] table")),
        }?;
        Ok(Profile { name: name.to_owned(), settings, cells })
    }
}

struct Reader<'a> {
    /// Where the lines end: each value has a place, and counting from the start would take the square of them.
    newlines: Vec<usize>,
    path: &'a Path,
}

impl Reader<'_> {
    fn place(&self, at: usize, key: &str) -> Place {
        let line = 1 + self.newlines.partition_point(|&newline| newline < at);
        Place::File { path: self.path.to_owned(), line, key: key.to_owned() }
    }

    fn cells(&self, table: Spanned<DeValue<'_>>) -> Result<Table, SpecError> {
        let place = self.place(table.span().start, "[[cells]]");
        match table.into_inner() {
            DeValue::Table(table) => self.table(table, CELLS, place),
            _ => Err(place.error("must be a table")),
        }
    }

    fn table(&self, table: DeTable<'_>, keys: &[(&'static str, Form)], place: Place) -> Result<Table, SpecError> {
        let mut lists = BTreeMap::new();
        for (key, value) in table {
            let Some(&(name, form)) = keys.iter().find(|(name, _)| name == key.get_ref()) else {
                let unknown = UnknownName::new("key", key.get_ref(), keys.iter().map(|&(name, _)| name));
                let misplaced = CELLS.iter().any(|(name, _)| name == key.get_ref());
                let advice = if misplaced { " The keys of a cell stand below [[cells]]." } else { "" };
                return Err(self.place(key.span().start, "").error(format!("{unknown}{advice}")));
            };
            lists.insert(name, self.list(name, form, value)?);
        }
        Ok(Table { place, lists })
    }

    fn list(&self, key: &str, form: Form, value: Spanned<DeValue<'_>>) -> Result<Vec<Raw>, SpecError> {
        let at = value.span().start;
        match value.into_inner() {
            DeValue::Array(values) if values.is_empty() => Err(self.place(at, key).error("the list is empty")),
            DeValue::Array(values) => values.into_iter().map(|value| self.scalar(key, form, value)).collect(),
            value => self.scalar(key, form, Spanned::new(at..at, value)).map(|raw| vec![raw]),
        }
    }

    fn scalar(&self, key: &str, form: Form, value: Spanned<DeValue<'_>>) -> Result<Raw, SpecError> {
        let place = self.place(value.span().start, key);
        let text = match (form, value.into_inner()) {
            (Form::Text, DeValue::String(text)) => text.into_owned(),
            (Form::Number, DeValue::Integer(number)) => i128::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| number.to_string(), |value| value.to_string()),
            (Form::Number, DeValue::Float(number)) => number.to_string(),
            (form, value) => {
                let expected = if form == Form::Text { "text in quotes" } else { "a number, without quotes" };
                return Err(place.error(format!("must be {expected}, got {}", value.type_str())));
            }
        };
        Ok(Raw { text, place })
    }
}

/// What the command line says: each list as typed, one item a use of the flag, commas not yet split; empty where
/// the flag was not given.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--map`.
    pub map: Vec<String>,
    /// `--keys`.
    pub keys: Vec<String>,
    /// `--mix`.
    pub mix: Vec<String>,
    /// `--load-factor`.
    pub load_factor: Vec<String>,
    /// `--hint`.
    pub hint: Vec<String>,
    /// `--entry`.
    pub entry: Vec<String>,
    /// `--ops`.
    pub ops: Vec<String>,
    /// `--seed`.
    pub seed: Vec<String>,
    /// `--threads`.
    pub threads: Vec<String>,
    /// `--thread-keys`.
    pub thread_keys: Vec<String>,
    /// `--trace`; paths, never split.
    pub trace: Vec<String>,
    /// `--passes`.
    pub passes: Vec<String>,
    /// `--max-cells`.
    pub max_cells: Vec<String>,
    /// `--time-limit`, in seconds.
    pub time_limit: Vec<String>,
    /// `--memory-limit`, in MiB.
    pub memory_limit: Vec<String>,
}

impl Flags {
    /// The lists that replace those of every `[[cells]]`.
    pub(super) fn cells(&self) -> BTreeMap<&'static str, Vec<Raw>> {
        let flags = [
            ("map", "--map", &self.map),
            ("keys", "--keys", &self.keys),
            ("mix", "--mix", &self.mix),
            ("load_factor", "--load-factor", &self.load_factor),
            ("hint", "--hint", &self.hint),
            ("entry", "--entry", &self.entry),
            ("ops", "--ops", &self.ops),
            ("seed", "--seed", &self.seed),
            ("threads", "--threads", &self.threads),
            ("thread_keys", "--thread-keys", &self.thread_keys),
        ];
        let mut lists: BTreeMap<_, _> = flags.into_iter().map(|(key, flag, typed)| (key, split(flag, typed))).collect();
        let trace = |path: &String| Raw { text: path.clone(), place: Place::Flag("--trace") };
        lists.insert("trace", self.trace.iter().map(trace).collect());
        lists.retain(|_, list| !list.is_empty());
        lists
    }

    /// The settings that replace the profile's own.
    pub(super) fn settings(&self) -> BTreeMap<&'static str, Vec<Raw>> {
        let flags = [
            ("passes", "--passes", &self.passes),
            ("max_cells", "--max-cells", &self.max_cells),
            ("time_limit_s", "--time-limit", &self.time_limit),
            ("memory_limit_mb", "--memory-limit", &self.memory_limit),
        ];
        let mut lists: BTreeMap<_, _> = flags.into_iter().map(|(key, flag, typed)| (key, split(flag, typed))).collect();
        lists.retain(|_, list: &mut Vec<Raw>| !list.is_empty());
        lists
    }
}

fn split(flag: &'static str, typed: &[String]) -> Vec<Raw> {
    let items = typed.iter().flat_map(|text| split_list(text));
    items.map(|text| Raw { text: text.to_owned(), place: Place::Flag(flag) }).collect()
}
