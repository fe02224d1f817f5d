//! Recordings: traces ([`workload::trace`](crate::workload::trace)) that say what was recorded and, in more columns, what
//! each operation came to.
//!
//! # Format
//!
//! CSV, packed or not. A first line `# name=value ...` may say what was recorded: `layout`, `type` (a shape),
//! `hint`, `key_size` and `elem_size`, all of them, and more that is held against these two ([`About`]); `go=go1.25.5` says
//! of which release the model is to be. Then a header, and one operation a row:
//!
//! | column | content |
//! |---|---|
//! | `op` | `new` (the first row), `insert`, `remove`, `get`, `clear`, `range`; `hash` gives a key's hash in the inner map that the next operation makes |
//! | `key` | the key's identity, unsigned decimal; empty where the operation has no key |
//! | `hash` | its hash, exactly 16 hex digits; empty everywhere in what was replayed from a trace without hashes |
//! | `value_bytes` | the length of an insert's value, for an entry whose values have lengths; optional |
//! | others | figures after the operation, unsigned decimal where they are asked for; empty in rows of `hash` |

use std::collections::VecDeque;
use std::path::Path;

use mapscope_trace::read::Sample;

use super::about::About;
use super::player::{Action, Row};
use crate::workload::input::{Input, decimal, hexadecimal, quote};
use crate::workload::trace::{self, Reader, Reading};
use crate::workload::{Kind, Op, WorkloadError};

/// A recording or any other trace that is being read, in constant memory.
pub struct Recording(From);

enum From {
    Recorded(Box<Recorded>),
    Trace { reader: Box<Reader>, about: About },
}

/// A recording that is being read.
struct Recorded {
    input: Input,
    about: About,
    roles: Vec<Role>,
    hashed: bool,
    /// Lines that were read to see whether there are hashes, and are still to be handed out.
    ahead: VecDeque<Vec<u8>>,
    /// The names of the columns.
    columns: Vec<String>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Op,
    Key,
    Hash,
    ValueBytes,
    /// The figure with this index of those asked for.
    Figure(usize),
    /// Not read.
    Other,
}

impl Recording {
    /// Opens it and reads what comes before the rows.
    pub fn open(path: &Path, reading: &Reading) -> Result<Recording, WorkloadError> {
        let mut input = Input::open(path)?;
        if *reading == Reading::default() && is_recorded(&input.sample()?) {
            return Ok(Recording(From::Recorded(Box::new(Recorded::open(input)?))));
        }
        let reader = Box::new(Reader::over(input, reading)?);
        Ok(Recording(From::Trace { reader, about: About::nothing() }))
    }

    /// What it says of itself.
    pub fn about(&self) -> &About {
        match &self.0 {
            From::Recorded(recorded) => &recorded.about,
            From::Trace { about, .. } => about,
        }
    }

    /// What a trace was read as so far, in words, where it doesn't say everything itself.
    pub fn told(&self) -> Option<String> {
        match &self.0 {
            From::Recorded(_) => None,
            From::Trace { reader, .. } => reader.told(),
        }
    }

    /// Whether rows bring hashes.
    pub fn hashed(&self) -> bool {
        match &self.0 {
            From::Recorded(recorded) => recorded.hashed,
            From::Trace { reader, .. } => reader.says().hash,
        }
    }

    /// Whether rows bring the lengths of their values.
    pub fn has_lengths(&self) -> bool {
        match &self.0 {
            From::Recorded(recorded) => recorded.roles.contains(&Role::ValueBytes),
            From::Trace { reader, .. } => reader.says().value_bytes,
        }
    }

    /// Asks for the figures in the columns called so, which every row gives from now on.
    ///
    /// # Errors
    ///
    /// The names of which there is no column.
    pub fn ask_for<'a>(&mut self, names: &[&'a str]) -> Result<(), Vec<&'a str>> {
        match &mut self.0 {
            From::Recorded(recorded) => recorded.ask_for(names),
            From::Trace { .. } => Err(names.to_vec()),
        }
    }

    /// The next row, with the figures asked for written to `figures`; `None` at the end.
    pub fn next(&mut self, figures: &mut [u64]) -> Result<Option<Row>, WorkloadError> {
        match &mut self.0 {
            From::Recorded(recorded) => recorded.next(figures),
            From::Trace { reader, .. } => {
                let hashed = reader.says().hash;
                let row = |row| match row {
                    trace::Row::New => Row::new(Action::New),
                    // What a value is made of is not recorded.
                    trace::Row::Op(op) if op.kind == Kind::Put => Row::of(&Op { value: op.key, ..op }, hashed),
                    trace::Row::Op(op) => Row::of(&op, hashed),
                };
                Ok(reader.next_row()?.map(row))
            }
        }
    }

    /// The number of the line read last.
    pub fn line_number(&self) -> u64 {
        match &self.0 {
            From::Recorded(recorded) => recorded.line_number(),
            From::Trace { reader, .. } => reader.line_number(),
        }
    }

    /// An error that blames the row read last.
    pub fn fault_here(&self, what: String) -> WorkloadError {
        match &self.0 {
            From::Recorded(recorded) => recorded.fault_here(what),
            From::Trace { reader, .. } => reader.fault_here(what),
        }
    }

    /// An error that blames the whole file.
    pub fn fault(&self, what: String) -> WorkloadError {
        match &self.0 {
            From::Recorded(recorded) => recorded.input.fault(what),
            From::Trace { reader, .. } => reader.fault(what),
        }
    }
}

/// Whether a file has a recording's header: a first line that says what was recorded, or columns of figures.
fn is_recorded(sample: &Sample<'_>) -> bool {
    let mut lines = sample.lines().peekable();
    let described = lines.next_if(|line| line.starts_with(b"# ")).is_some();
    let header = lines.next().unwrap_or_default();
    let has = |name: &[u8]| header.split(|&byte| byte == b',').any(|column| column == name);
    described && (header.is_empty() || has(b"op") && has(b"key")) || has(b"op") && has(b"alloc_bytes")
}

impl Recorded {
    /// Reads what comes before the rows.
    fn open(mut input: Input) -> Result<Recorded, WorkloadError> {
        let mut about = About::nothing();
        let empty = "is empty; expected a header row such as `op,key,hash`, then one operation a row";
        let mut header = input.next_line()?.map(<[u8]>::to_vec);
        if let Some(line) = header.as_ref().filter(|line| line.starts_with(b"# ")) {
            let read = std::str::from_utf8(line).map_err(|_| "is not UTF-8 text".to_owned()).and_then(About::parse);
            about = read.map_err(|what| input.fault_here(what))?;
            header = input.next_line()?.map(<[u8]>::to_vec);
        }
        let Some(header) = header else { return Err(input.fault(empty.to_owned())) };
        let (roles, columns) = columns(&header).map_err(|what| input.fault_here(what))?;
        let hashed = roles.contains(&Role::Hash);
        let mut recording = Recorded { input, about, roles, hashed, ahead: VecDeque::new(), columns };
        if hashed && recording.about.layout.is_none() {
            recording.hashed = recording.look_for_hash()?;
        }
        Ok(recording)
    }

    /// Whether the first row with a key has a hash, if it is among the first rows.
    fn look_for_hash(&mut self) -> Result<bool, WorkloadError> {
        const LINES_MAX: usize = 64;
        while self.ahead.len() < LINES_MAX {
            let Some(line) = self.input.next_line()? else { break };
            self.ahead.push_back(line.to_vec());
            let mut fields: Vec<&[u8]> = line.split(|&byte| byte == b',').collect();
            fields.resize(self.roles.len().max(fields.len()), b"");
            let field =
                |wanted| self.roles.iter().zip(&fields).find(|(role, _)| **role == wanted).map(|(_, field)| *field);
            if field(Role::Op).and_then(named).is_some_and(Action::has_key) {
                return Ok(field(Role::Hash).is_some_and(|hash| !hash.is_empty()));
            }
        }
        Ok(true)
    }

    fn ask_for<'a>(&mut self, names: &[&'a str]) -> Result<(), Vec<&'a str>> {
        let mut missing = Vec::new();
        for (index, &name) in names.iter().enumerate() {
            match self.columns.iter().position(|column| column == name) {
                Some(at) => self.roles[at] = Role::Figure(index),
                None => missing.push(name),
            }
        }
        if missing.is_empty() { Ok(()) } else { Err(missing) }
    }

    fn next(&mut self, figures: &mut [u64]) -> Result<Option<Row>, WorkloadError> {
        loop {
            let waiting = self.ahead.pop_front();
            let line = match &waiting {
                Some(line) => line,
                None => match self.input.next_line()? {
                    Some(line) => line,
                    None => return Ok(None),
                },
            };
            if !line.is_empty() {
                let row = row(line, &self.roles, self.hashed, self.about.key_max, figures);
                return row.map(Some).map_err(|what| self.fault_here(what));
            }
        }
    }

    fn line_number(&self) -> u64 {
        self.input.line_number() - self.ahead.len() as u64
    }

    fn fault_here(&self, what: String) -> WorkloadError {
        self.input.fault_at(self.line_number(), what)
    }
}

/// Reads the header.
fn columns(header: &[u8]) -> Result<(Vec<Role>, Vec<String>), String> {
    let role = |name: &[u8]| match name {
        b"op" => Role::Op,
        b"key" => Role::Key,
        b"hash" => Role::Hash,
        b"value_bytes" => Role::ValueBytes,
        _ => Role::Other,
    };
    let (roles, names): (Vec<Role>, Vec<String>) =
        header.split(|&byte| byte == b',').map(|name| (role(name), String::from_utf8_lossy(name).into_owned())).unzip();
    if let Some(name) = ["op", "key"].iter().find(|&&name| names.iter().all(|other| other != name)) {
        return Err(format!(
            "no column `{name}` in the header; expected a header row such as `op,key,hash,alloc_bytes`, found {}",
            quote(header)
        ));
    }
    let mut sorted = names.clone();
    sorted.sort_unstable();
    if let Some(twice) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("column `{}` occurs twice in the header", twice[0]));
    }
    Ok((roles, names))
}

/// Reads a row.
fn row(line: &[u8], roles: &[Role], hashed: bool, key_max: u64, figures: &mut [u64]) -> Result<Row, String> {
    let (mut action, mut key, mut hash, mut length) = (Action::New, &b""[..], &b""[..], None);
    let mut fields = 0;
    let mut rest = Some(line);
    while let Some(text) = rest {
        if let Some(&Role::Figure(index)) = roles.get(fields)
            && let Some((number, len)) = figure_field(text)
        {
            figures[index] = number;
            fields += 1;
            rest = text.get(len + 1..);
            continue;
        }
        let end = text.iter().position(|&byte| byte == b',');
        let field = &text[..end.unwrap_or(text.len())];
        rest = end.map(|end| &text[end + 1..]);
        match roles.get(fields) {
            Some(Role::Op) => {
                action = named(field).ok_or_else(|| {
                    let known = Action::ALL.map(|action| format!("`{}`", action.name())).join(", ");
                    format!("unknown op {}; expected one of {known}", quote(field))
                })?;
            }
            Some(Role::Key) => key = field,
            Some(Role::Hash) => hash = field,
            Some(Role::ValueBytes) => length = Some(field),
            Some(&Role::Figure(index)) => {
                let empty = field.is_empty() && action == Action::Hash;
                figures[index] = if empty { 0 } else { decimal(field).ok_or_else(|| bad_figure(field, fields))? };
            }
            Some(Role::Other) | None => {}
        }
        fields += 1;
    }
    if fields != roles.len() {
        let columns = roles.len();
        return Err(format!("the header names {columns} columns, but this row has {fields}: {}", quote(line)));
    }
    if !action.has_key() {
        return Ok(Row::new(action));
    }
    let key = decimal(key).filter(|&key| key <= key_max);
    let key =
        key.ok_or_else(|| format!("bad key in {}; expected a decimal number from 0 to {key_max}", quote(line)))?;
    let hash = match hashed {
        true => Some(
            hexadecimal(hash)
                .ok_or_else(|| format!("bad hash {}; expected exactly 16 hexadecimal digits", quote(hash)))?,
        ),
        false if hash.is_empty() => None,
        false => return Err(format!("a hash, {}, where the rows before have none", quote(hash))),
    };
    let value_bytes = match length.filter(|_| action == Action::Insert) {
        Some(text) => decimal(text).and_then(|bytes| u32::try_from(bytes).ok()).ok_or_else(|| {
            format!("bad value_bytes {}; expected a decimal number from 0 to {}", quote(text), u32::MAX)
        })?,
        None => 0,
    };
    // What a value is made of is not recorded.
    Ok(Row { action, key, hash, value: key, value_bytes })
}

/// The number that a field is, and its length, in one pass; `None` where there is more to look at.
#[inline]
fn figure_field(text: &[u8]) -> Option<(u64, usize)> {
    /// So many always fit.
    const DIGITS_MAX: usize = 19;
    let mut number = 0;
    for (at, &byte) in text.iter().enumerate().take(DIGITS_MAX + 1) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return (byte == b',' && at > 0).then_some((number, at));
        }
        if at == DIGITS_MAX {
            return None;
        }
        number = number * 10 + u64::from(digit);
    }
    (!text.is_empty()).then_some((number, text.len()))
}

/// [`Action::name`] the other way round, without a search.
#[inline]
fn named(op: &[u8]) -> Option<Action> {
    Some(match op {
        b"new" => Action::New,
        b"insert" => Action::Insert,
        b"remove" => Action::Remove,
        b"get" => Action::Get,
        b"clear" => Action::Clear,
        // Traces call it after what it does, recordings after Go's method.
        b"range" | b"iterate" => Action::Range,
        b"hash" => Action::Hash,
        _ => return None,
    })
}

#[cold]
fn bad_figure(field: &[u8], column: usize) -> String {
    format!("bad figure {} in column {}; expected a decimal number", quote(field), column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_in_one_pass_or_left_to_be_looked_at() {
        assert_eq!(figure_field(b"0"), Some((0, 1)));
        assert_eq!(figure_field(b"144,1,0"), Some((144, 3)));
        assert_eq!(figure_field(b"9999999999999999999,"), Some((9_999_999_999_999_999_999, 19)));
        assert_eq!(figure_field(b"9999999999999999999"), Some((9_999_999_999_999_999_999, 19)));
        for text in [&b""[..], b",1", b"18446744073709551615", b"00000000000000000000,", b"1e3", b"-1", b"1 ,"] {
            assert_eq!(figure_field(text), None, "{}", quote(text));
        }
        let roles = [Role::Op, Role::Figure(1), Role::Key, Role::Figure(0)];
        let mut figures = [0; 2];
        let read = row(b"get,18446744073709551615,7,00000000000000000000012", &roles, false, 9, &mut figures);
        assert_eq!(read, Ok(Row { key: 7, value: 7, ..Row::new(Action::Get) }));
        assert_eq!(figures, [12, u64::MAX]);
        assert!(row(b"get,18446744073709551616,7,1", &roles, false, 9, &mut figures).is_err());
        assert!(row(b"get,1,7", &roles, false, 9, &mut figures).unwrap_err().contains("this row has 3"));
        assert!(row(b"get,1,7,1,2", &roles, false, 9, &mut figures).unwrap_err().contains("this row has 5"));
        assert!(row(b"get,1,7,", &roles, false, 9, &mut figures).is_err());
    }

    #[test]
    fn columns_that_nobody_asked_for_may_hold_anything() {
        let roles = [Role::Op, Role::Other, Role::Key, Role::ValueBytes];
        for text in ["insert,,7,12", "insert,1.5e3 apples,7,12"] {
            let read = row(text.as_bytes(), &roles, false, 9, &mut []);
            assert_eq!(read, Ok(Row { key: 7, value: 7, value_bytes: 12, ..Row::new(Action::Insert) }));
        }
        assert!(row(b"insert,,7,", &roles, false, 9, &mut []).unwrap_err().contains("bad value_bytes"));
        assert!(row(b"get,,7,", &roles, false, 9, &mut []).is_ok());
    }

    #[test]
    fn every_action_is_known_by_its_name() {
        for action in Action::ALL {
            assert_eq!(named(action.name().as_bytes()), Some(action));
        }
    }
}
