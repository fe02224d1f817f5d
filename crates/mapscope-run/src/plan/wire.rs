//! Profiles and flags as written: texts and where they stand. Nothing here is checked beyond its form.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::UnknownName;
use super::axes::{AXES, Takes};
use super::call::split_list;
use super::place::{Place, PlanError, Raw};
use crate::text::quoted;

/// A key that is no axis: how a profile is run, in whole.
struct Setting {
    key: &'static str,
    /// The flag that gives it, too.
    flag: Option<&'static str>,
    takes: Takes,
}

/// The keys of a profile itself, beside `cells`.
const SETTINGS: [Setting; 9] = [
    Setting { key: "summary", flag: None, takes: Takes::Text },
    Setting { key: "passes", flag: Some("--passes"), takes: Takes::Text },
    Setting { key: "repetitions", flag: Some("--repetitions"), takes: Takes::Numbers(&["auto"]) },
    Setting { key: "time_limit_s", flag: Some("--time-limit"), takes: Takes::Numbers(&[]) },
    Setting { key: "memory_limit_mb", flag: Some("--memory-limit"), takes: Takes::Numbers(&[]) },
    Setting { key: "max_cells", flag: Some("--max-cells"), takes: Takes::Numbers(&[]) },
    Setting { key: "rates", flag: Some("--rate"), takes: Takes::Numbers(&[]) },
    Setting { key: "paces", flag: Some("--pace"), takes: Takes::Text },
    Setting { key: "response_limits", flag: Some("--response-limit"), takes: Takes::Text },
];

/// Which axes of a `[[cells]]` table go together.
pub(super) const PAIR: &str = "pair";

/// The keys of a `[[cells]]` table.
fn cells_keys() -> impl Iterator<Item = (&'static str, Takes)> + Clone {
    AXES.iter().map(|axis| (axis.key, axis.takes)).chain([(PAIR, Takes::Text)])
}

/// A table of a profile: its keys, each with the values written for it.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub place: Place,
    pub lists: BTreeMap<&'static str, Vec<Raw>>,
}

impl Table {
    /// The values of a key, each parsed; `None` when the key is absent.
    pub(super) fn each<T>(
        &self,
        key: &str,
        parse: impl Fn(&Raw) -> Result<T, String>,
    ) -> Result<Option<Vec<T>>, PlanError> {
        let Some(list) = self.lists.get(key) else { return Ok(None) };
        list.iter().map(|raw| parse(raw).map_err(|what| raw.place.error(what))).collect::<Result<_, _>>().map(Some)
    }

    /// The same for a key that must be there.
    pub(super) fn needed<T>(&self, key: &str, parse: impl Fn(&Raw) -> Result<T, String>) -> Result<Vec<T>, PlanError> {
        self.each(key, parse)?.ok_or_else(|| self.missing(key))
    }

    /// The one value of a key that takes no list.
    pub(super) fn one<T>(&self, key: &str, parse: impl Fn(&Raw) -> Result<T, String>) -> Result<Option<T>, PlanError> {
        match self.lists.get(key).map(Vec::as_slice) {
            Some([_, second, ..]) => Err(second.place.error("takes one value, not a list")),
            _ => Ok(self.each(key, parse)?.and_then(|mut values| values.pop())),
        }
    }

    pub(super) fn missing(&self, key: &str) -> PlanError {
        let flag = AXES.iter().find(|axis| axis.key == key).map_or("", |axis| axis.flag);
        self.place.error(format!("\"{key}\" is missing: add {key} = [...] to the table, or give {flag}"))
    }
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
    pub(super) fn parse(name: &str, text: &str, path: &Path) -> Result<Profile, PlanError> {
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
        let settings =
            reader.table(root, SETTINGS.iter().map(|setting| (setting.key, setting.takes)), reader.place(0, ""))?;
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

    fn cells(&self, table: Spanned<DeValue<'_>>) -> Result<Table, PlanError> {
        let place = self.place(table.span().start, "[[cells]]");
        match table.into_inner() {
            DeValue::Table(table) => self.table(table, cells_keys(), place),
            _ => Err(place.error("must be a table")),
        }
    }

    fn table(
        &self,
        table: DeTable<'_>,
        keys: impl Iterator<Item = (&'static str, Takes)> + Clone,
        place: Place,
    ) -> Result<Table, PlanError> {
        let mut lists = BTreeMap::new();
        for (key, value) in table {
            let Some((name, takes)) = keys.clone().find(|(name, _)| name == key.get_ref()) else {
                let unknown = UnknownName::new("key", key.get_ref(), keys.map(|(name, _)| name));
                let misplaced = cells_keys().any(|(name, _)| name == key.get_ref());
                let advice = if misplaced { " The keys of a cell stand below [[cells]]." } else { "" };
                return Err(self.place(key.span().start, "").error(format!("{unknown}{advice}")));
            };
            lists.insert(name, self.list(name, takes, value)?);
        }
        Ok(Table { place, lists })
    }

    fn list(&self, key: &str, takes: Takes, value: Spanned<DeValue<'_>>) -> Result<Vec<Raw>, PlanError> {
        let at = value.span().start;
        match value.into_inner() {
            DeValue::Array(values) if values.is_empty() => Err(self.place(at, key).error("the list is empty")),
            DeValue::Array(values) => values.into_iter().map(|value| self.scalar(key, takes, value)).collect(),
            value => self.scalar(key, takes, Spanned::new(at..at, value)).map(|raw| vec![raw]),
        }
    }

    fn scalar(&self, key: &str, takes: Takes, value: Spanned<DeValue<'_>>) -> Result<Raw, PlanError> {
        let place = self.place(value.span().start, key);
        let text = match (takes, value.into_inner()) {
            (Takes::Text | Takes::Files, DeValue::String(text)) => text.into_owned(),
            (Takes::Numbers(_), DeValue::Integer(number)) => i128::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| number.to_string(), |value| value.to_string()),
            (Takes::Numbers(_), DeValue::Float(number)) => number.to_string(),
            (Takes::Numbers(words), DeValue::String(text)) if words.contains(&&*text) => text.into_owned(),
            (takes, value) => {
                let expected = match takes {
                    Takes::Text | Takes::Files => "text in quotes".to_owned(),
                    Takes::Numbers(words) => {
                        let words = words.iter().map(|word| format!(", or {}", quoted(word))).collect::<String>();
                        format!("a number, without quotes{words}")
                    }
                };
                return Err(place.error(format!("must be {expected}, got {}", value.type_str())));
            }
        };
        Ok(Raw { text, place })
    }
}

/// What the command line says: for keys of a profile, the list as typed, one item a use of the flag, commas not yet split.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Vec<String>>")]
pub struct Flags {
    #[serde(flatten)]
    typed: BTreeMap<&'static str, Vec<String>>,
}

impl Flags {
    /// Adds what a flag was given: an axis's, that of `pair`, or that of the setting `passes`, `repetitions`,
    /// `time_limit_s`, `memory_limit_mb`, `max_cells`, `rates`, `paces` or `response_limits`.
    ///
    /// # Panics
    ///
    /// When no flag gives this key.
    pub fn give(&mut self, key: &str, typed: impl IntoIterator<Item = String>) {
        let mut flagged = flagged_keys();
        let (key, ..) = flagged.find(|row| row.0 == key).unwrap_or_else(|| panic!("no flag gives {key}"));
        let mut typed = typed.into_iter().peekable();
        if typed.peek().is_some() {
            self.typed.entry(key).or_default().extend(typed);
        }
    }

    /// Whether no flag was given.
    pub fn is_empty(&self) -> bool {
        self.typed.is_empty()
    }

    /// What the flag of a key was given; nothing where it was not.
    pub fn given(&self, key: &str) -> &[String] {
        self.typed.get(key).map_or(&[], Vec::as_slice)
    }

    /// The lists that replace those of every `[[cells]]`.
    pub(super) fn cells(&self) -> BTreeMap<&'static str, Vec<Raw>> {
        self.lists(|key| cells_keys().any(|(name, _)| name == key))
    }

    /// The settings that replace the profile's own.
    pub(super) fn settings(&self) -> BTreeMap<&'static str, Vec<Raw>> {
        self.lists(|key| SETTINGS.iter().any(|setting| setting.key == key))
    }

    fn lists(&self, wanted: impl Fn(&str) -> bool) -> BTreeMap<&'static str, Vec<Raw>> {
        let mut lists = BTreeMap::new();
        for (key, flag, takes) in flagged_keys().filter(|row| wanted(row.0)) {
            let raw = |text: &str| Raw { text: text.to_owned(), place: Place::Flag(flag) };
            let typed = self.given(key).iter();
            let list: Vec<Raw> = match takes {
                Takes::Files => typed.map(|path| raw(path)).collect(),
                Takes::Text | Takes::Numbers(_) => typed.flat_map(|text| split_list(text)).map(raw).collect(),
            };
            if !list.is_empty() {
                lists.insert(key, list);
            }
        }
        lists
    }
}

impl TryFrom<BTreeMap<String, Vec<String>>> for Flags {
    type Error = String;

    fn try_from(given: BTreeMap<String, Vec<String>>) -> Result<Flags, String> {
        let known = |key: String| flagged_keys().map(|row| row.0).find(|known| *known == key).ok_or(key);
        let typed = given.into_iter().map(|(key, typed)| Ok((known(key)?, typed)));
        let typed = typed.collect::<Result<_, String>>().map_err(|key| format!("no flag gives {}", quoted(&key)))?;
        Ok(Flags { typed })
    }
}

/// For tests and for programs: keys, and what their flags are given.
impl<const N: usize> From<[(&str, &str); N]> for Flags {
    fn from(given: [(&str, &str); N]) -> Flags {
        let mut flags = Flags::default();
        for (key, typed) in given {
            flags.give(key, [typed.to_owned()]);
        }
        flags
    }
}

/// Every key that a flag gives, too.
fn flagged_keys() -> impl Iterator<Item = (&'static str, &'static str, Takes)> {
    let settings = SETTINGS.iter().filter_map(|setting| Some((setting.key, setting.flag?, setting.takes)));
    let pair = (PAIR, "--pair", Takes::Text);
    AXES.iter().map(|axis| (axis.key, axis.flag, axis.takes)).chain([pair]).chain(settings)
}
