//! A trace of whatever format, row by row.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;

use mapscope_trace::read::{
    Action, Columns, Decoder, FORMATS, Fault, Format, Key, Operation, Put, Rows, Says, Stamp, TimeUnit, Units, detect,
    find, parquet,
};

use crate::intake::interrupt;
use crate::plan::{Reading, Requests};
use crate::workload::input::Input;
use crate::workload::{Kind, Lengths, Op, Spread, WorkloadError, caught};

/// A trace that is being read.
pub struct Reader {
    source: Source,
    /// What the unit read last asks for and is still to be handed out.
    waiting: Waiting,
    /// The time of the row handed out last.
    stamp: Option<Stamp>,
}

/// Where rows come from.
struct Source {
    input: Input,
    format: &'static Format,
    decoding: Decoding,
    requests: Requests,
    /// The keys that get-or-insert has put.
    known: HashSet<u64, foldhash::fast::FixedState>,
    left_out: u64,
}

/// Rows that wait to be handed out, and how long the keys of all rows so far were.
#[derive(Default)]
struct Waiting {
    /// Each with its time and how often.
    rows: VecDeque<(Row, Option<Stamp>, u64)>,
    key_lengths: Lengths,
    /// Of each key whose rows say how long it is, what they said first. In bytes, which lie side by side without room between.
    lengths_said: HashMap<[u8; 8], [u8; 2], foldhash::fast::FixedState>,
    /// Rows that say another length than the first of their key.
    lengths_differ: u64,
}

/// What makes operations of an input.
enum Decoding {
    /// Unit by unit, in the order of the file.
    Units(Decoder),
    Rows(Box<dyn Rows>),
}

impl Decoding {
    fn says(&self) -> Says {
        match self {
            Decoding::Units(decoder) => decoder.says(),
            Decoding::Rows(rows) => rows.says(),
        }
    }

    fn remark(&self) -> Option<&str> {
        match self {
            Decoding::Units(decoder) => decoder.remark(),
            Decoding::Rows(_) => None,
        }
    }
}

/// A row of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// The map is made.
    New,
    /// An operation on it.
    Op(Op),
}

impl Reader {
    /// Opens a trace, finds its format unless that is said, and reads its header.
    pub fn open(path: &Path, reading: &Reading) -> Result<Reader, WorkloadError> {
        Reader::over(Input::open(path)?, reading)
    }

    /// The same, of an input of which nothing has been read.
    pub fn over(mut input: Input, reading: &Reading) -> Result<Reader, WorkloadError> {
        let opened = Reader::decoding(&mut input, reading)?;
        let (format, decoding) = opened.map_err(|Fault { line, what }| match line {
            Some(line) => input.fault_at(line, what),
            None => input.fault(what),
        })?;
        let requests = reading.requests;
        if requests != Requests::default() && decoding.says().action {
            let what = format!("{} says what each row does: leave --trace-op out", format.name);
            return Err(input.fault(what));
        }
        let source = Source { input, format, decoding, requests, known: HashSet::default(), left_out: 0 };
        Ok(Reader { source, waiting: Waiting::default(), stamp: None })
    }

    fn decoding(
        input: &mut Input,
        reading: &Reading,
    ) -> Result<Result<(&'static Format, Decoding), Fault>, WorkloadError> {
        let sample = input.sample()?;
        let columns = match reading.columns.parse::<Columns>() {
            Ok(columns) => columns.timed(reading.stamps),
            Err(what) => return Ok(Err(Fault { line: None, what })),
        };
        let format = match &reading.format {
            // A plan has only names that are there.
            Some(name) => find(name).ok_or_else(|| Fault { line: None, what: format!("no format is called {name}") }),
            None => detect(&sample, &columns),
        };
        match format {
            Ok(format) if format.units == Units::Rows => {
                let file = input.whole()?;
                let rows = caught(|| parquet(file, &columns)).unwrap_or_else(|panic| Err(damaged(&panic)));
                not_interrupted(rows.map(|rows| (format, Decoding::Rows(rows))))
            }
            format => Ok(format.and_then(|format| Ok((format, Decoding::Units(format.open(&sample, &columns)?))))),
        }
    }

    /// The next row; `None` at the end.
    pub fn next_row(&mut self) -> Result<Option<Row>, WorkloadError> {
        loop {
            if let Some((row, stamp, times)) = self.waiting.rows.front_mut() {
                let row = *row;
                self.stamp = *stamp;
                *times -= 1;
                if *times == 0 {
                    self.waiting.rows.pop_front();
                }
                return Ok(Some(row));
            }
            let Reader { source, waiting, .. } = self;
            if !source.read(&mut |operation| waiting.add(&operation))? {
                return Ok(None);
            }
        }
    }

    /// When the row handed out last was asked for, where it says so.
    pub fn stamp(&self) -> Option<Stamp> {
        self.stamp
    }

    /// Reads a line or a record, and hands on what it asks for, each [`Operation::times`] times; false at the end.
    pub fn read(&mut self, put: &mut Put<'_>) -> Result<bool, WorkloadError> {
        self.source.read(put)
    }

    /// What its rows say.
    pub fn says(&self) -> Says {
        self.source.decoding.says()
    }

    /// What it is read as and what stands for what it doesn't say, in words; `None` where it says all.
    pub fn told(&self) -> Option<String> {
        let Format { name, fills, .. } = self.source.format;
        let requests = match (self.source.decoding.says().action, self.source.requests) {
            (true, _) => "",
            (false, Requests::Insert) => {
                "; a request is a put (--trace-op get-or-insert: a get, and a put where that misses)"
            }
            (false, Requests::GetOrInsert) => "; a request is a get, and a put of a key that comes for the first time",
        };
        let left_out = match self.source.left_out {
            0 => String::new(),
            1 => "; 1 row asks nothing of a map".to_owned(),
            rows => format!("; {rows} rows ask nothing of a map"),
        };
        let differ = match self.waiting.lengths_differ {
            0 => String::new(),
            1 => "; 1 row has another key_bytes than the first of its key, which counts".to_owned(),
            rows => format!("; {rows} rows have another key_bytes than the first of their key, which counts"),
        };
        let remark = self.source.decoding.remark().map(|remark| format!("; {remark}")).unwrap_or_default();
        let says_all = ["csv", "parquet"].contains(name) && requests.is_empty() && differ.is_empty();
        match says_all {
            true => self.source.decoding.remark().map(|remark| format!("read as {name}: {remark}")),
            false => Some(format!("read as {name}: {fills}{requests}{left_out}{differ}{remark}")),
        }
    }

    /// Whether its keys may be texts, or have lengths that its rows say.
    pub fn may_have_texts(&self) -> bool {
        !matches!(self.source.format.units, Units::Records(_))
    }

    /// How long the keys were so far, operation by operation: of those that are texts, or whose rows say it. `None` where
    /// none is.
    pub fn key_lengths(&self) -> Option<Spread> {
        self.waiting.key_lengths.spread()
    }

    /// The number of the line read last.
    pub fn line_number(&self) -> u64 {
        self.source.input.line_number()
    }

    /// An error that blames the row read last.
    pub fn fault_here(&self, what: String) -> WorkloadError {
        self.source.fault_here(what)
    }

    /// An error that blames the whole file.
    pub fn fault(&self, what: String) -> WorkloadError {
        self.source.input.fault(what)
    }

    /// The error of a trace without operations.
    pub(super) fn no_operations(&self) -> WorkloadError {
        let what = "holds no operations; expected at least one `insert`, `remove`, `get`, `clear`, `iterate` or `scan`";
        self.fault(what.to_owned())
    }

    /// The error of a trace whose rows have no times, and of which these are wanted.
    pub(super) fn no_times(&self) -> WorkloadError {
        let columns = TimeUnit::ALL.map(TimeUnit::column).join(", ");
        let what = match self.source.format.has_columns {
            true => format!(
                "has no column of times ({columns}), which --pace trace goes by: name it with its unit, as --columns \
                 'key=NAME,op=NAME,time_ms=NAME'"
            ),
            false => {
                let with: Vec<_> = FORMATS.iter().filter(|format| format.has_times).map(|format| format.name).collect();
                format!(
                    "{} has no times, which --pace trace goes by; formats that have: {}, and csv and parquet with a column \
                     of them ({columns})",
                    self.source.format.name,
                    with.join(", ")
                )
            }
        };
        self.fault(what)
    }

    /// The error of a row without one.
    pub(super) fn no_time(&self) -> WorkloadError {
        let unit = self.says().time.map_or("", TimeUnit::column);
        self.fault_here(format!(
            "no time that can be read, which --pace trace goes by; expected a number as of {unit}: digits, maybe a point and \
             more, down to nanoseconds, and at most 2^64 of these"
        ))
    }

    pub(super) fn into_input(self) -> Input {
        self.source.input
    }
}

impl Source {
    /// As [`Reader::read`].
    fn read(&mut self, put: &mut Put<'_>) -> Result<bool, WorkloadError> {
        let (requests, known, left_out) = (self.requests, &mut self.known, &mut self.left_out);
        let mut put = |operation: Operation<'_>| match (operation.action, requests) {
            (Action::Nothing, _) => *left_out += 1,
            _ if operation.times == 0 => {}
            (Action::Request, Requests::Insert) => put(Operation { action: Action::Insert, ..operation }),
            (Action::Request, Requests::GetOrInsert) => {
                let get = Operation { action: Action::Get, ..operation };
                if known.insert(identity(operation.key)) {
                    put(Operation { times: 1, ..get });
                    put(Operation { action: Action::Insert, times: 1, ..operation });
                    if operation.times > 1 {
                        put(Operation { times: operation.times - 1, ..get });
                    }
                } else {
                    put(get);
                }
            }
            _ => put(operation),
        };
        let decoded = match &mut self.decoding {
            Decoding::Units(decoder) => {
                let unit = match self.format.units {
                    Units::Records(bytes) => self.input.next_record(bytes, self.format.name)?,
                    _ => self.input.next_line()?,
                };
                let Some(unit) = unit else { return Ok(false) };
                decoder.decode(unit, &mut put).map(|()| true)
            }
            Decoding::Rows(rows) => {
                not_interrupted(caught(|| rows.next(&mut put)).unwrap_or_else(|panic| Err(damaged(&panic).what)))?
            }
        };
        decoded.map_err(|what| self.fault_here(what))
    }

    fn fault_here(&self, what: String) -> WorkloadError {
        match (self.format.units, &self.decoding) {
            (Units::Lines, _) => self.input.fault_here(what),
            (_, Decoding::Rows(rows)) => self.input.fault(format!("row {}: {what}", rows.row())),
            _ => self.input.fault(what),
        }
    }
}

impl Waiting {
    /// Takes what a row asks for.
    fn add(&mut self, operation: &Operation<'_>) {
        let mut row = if operation.action == Action::New { Row::New } else { Row::Op(op(operation)) };
        if let Some(length) = key_length(operation) {
            self.key_lengths.add(length, operation.times);
            let length = u16::try_from(length).unwrap_or(u16::MAX);
            // A map finds a key again only if it is as long as it was.
            let first = match (operation.key_bytes, &row) {
                (Some(_), Row::Op(op)) => {
                    let first = self.lengths_said.entry(op.key.to_ne_bytes()).or_insert(length.to_ne_bytes());
                    u16::from_ne_bytes(*first)
                }
                _ => length,
            };
            self.lengths_differ += if first == length { 0 } else { operation.times };
            if let Row::Op(op) = &mut row {
                op.key_bytes = first;
            }
        }
        self.rows.push_back((row, operation.stamp, operation.times));
    }
}

/// What was read, unless it failed because Ctrl-C was pressed.
fn not_interrupted<T, E>(read: Result<T, E>) -> Result<Result<T, E>, WorkloadError> {
    if read.is_err() && interrupt::asked() { Err(WorkloadError::Interrupted) } else { Ok(read) }
}

/// The error of a file in which a decoder has found what it did not expect.
#[cold]
fn damaged(panic: &str) -> Fault {
    Fault {
        line: None,
        what: format!("is damaged, or of a kind that can't be read ({panic}): fetch or write it again"),
    }
}

fn op(operation: &Operation<'_>) -> Op {
    let kind = match operation.action {
        Action::Insert => Kind::Put,
        Action::Remove => Kind::Remove,
        Action::Get => Kind::Get,
        Action::Scan => Kind::Scan,
        Action::Clear => return Op::without_key(Kind::Clear),
        Action::Iterate => return Op::without_key(Kind::Iterate),
        Action::New | Action::Nothing | Action::Request => unreachable!("what is read of these is another"),
    };
    let value_bytes = if kind == Kind::Put { operation.value_bytes } else { 0 };
    let value = if kind == Kind::Scan { operation.entries.into() } else { 0 };
    Op { kind, key: identity(operation.key), value, hash: operation.hash, value_bytes, key_bytes: 0 }
}

/// How long the operation's key is, where it has a length.
fn key_length(operation: &Operation<'_>) -> Option<u32> {
    match (operation.action, operation.key) {
        (Action::New | Action::Clear | Action::Iterate, _) => None,
        (_, Key::Text(text)) => operation.key_bytes.or_else(|| u32::try_from(text.len()).ok()),
        (_, Key::Number(_)) => operation.key_bytes,
    }
}

/// The identity of a key: a number is its own, and of a text it is the first 8 bytes, little-endian, of its BLAKE3 hash. Two
/// of a billion texts are taken for one with a chance of 1 in 37.
pub fn identity(key: Key<'_>) -> u64 {
    match key {
        Key::Number(number) => number,
        Key::Text(text) => {
            let hash = blake3::hash(text);
            u64::from_le_bytes(*hash.as_bytes().first_chunk().expect("a hash has 32 bytes"))
        }
    }
}
