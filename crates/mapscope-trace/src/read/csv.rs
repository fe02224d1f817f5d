//! Tables in text: one operation a row, separated by commas, semicolons, tabs, bars or spaces.

use super::columns::{Columns, SLOTS, Slot};
use super::fields::{UNIT_SEPARATOR, cells, plain, trimmed};
use super::number::{decimal, hexadecimal, quote};
use super::{Action, Decode, Fault, Format, Key, Operation, Put, Sample, Says, Stamp, TimeUnit, Units, Verb, verb};

pub(super) const FORMAT: Format = Format {
    name: "csv",
    summary: "a table with a header row: op and key, and maybe hash, value_bytes, key_bytes, entries, time_s; any separator, quotes, any case",
    fills: "without a column op each row is a request of its key",
    units: Units::Lines,
    has_columns: true,
    has_times: false,
    is: |sample| Table::find(sample, &NAMES, &Columns::default()).is_ok(),
    open: |sample, columns| Ok(Box::new(Table::open(sample, &NAMES, verb, columns)?)),
};

/// The names that a header may give its columns, by what they mean.
pub(super) type Names = [(Slot, &'static [&'static str])];

pub(super) const NAMES: [(Slot, &[&str]); 7] = [
    (Slot::Op, &["op", "operation", "cmd", "command", "action"]),
    (Slot::Key, &["key", "keys"]),
    (Slot::Hash, &["hash"]),
    (Slot::ValueBytes, &["value_bytes", "value_size", "size"]),
    (Slot::KeyBytes, &["key_bytes", "key_size"]),
    (Slot::Entries, &["entries", "scan_length"]),
    (Slot::Time, &["time_s", "time_ms", "time_us", "time_ns"]),
];

/// What may separate columns, in the order in which it is looked for.
const SEPARATORS: [u8; 5] = [b',', b';', b'\t', b'|', b' '];

/// The slot of columns that mean nothing.
const IGNORED: usize = SLOTS.len();

/// A table of which the header has been read.
pub(super) struct Table {
    layout: Layout,
    verb: fn(&[u8]) -> Option<Verb>,
    /// Lines up to the header that are still to come.
    head_lines: u64,
    /// Whether no row has been read yet.
    first: bool,
    /// A row without its quotes.
    plain: Vec<u8>,
    unit: TimeUnit,
    remark: Option<String>,
}

/// Where in a row is what.
#[derive(Debug)]
struct Layout {
    separator: u8,
    /// By column: the number of its [`Slot`], or [`IGNORED`].
    slots: Vec<usize>,
    /// By column: its name, or its number where there is no header.
    names: Vec<String>,
    /// The lines before the first row.
    head_lines: u64,
    /// Whether the columns were numbered, for want of a header.
    numbered: bool,
    /// The first line, where it is taken for a header all the same.
    unasked: Option<String>,
}

impl Table {
    pub fn open(
        sample: &Sample<'_>,
        names: &Names,
        verb: fn(&[u8]) -> Option<Verb>,
        columns: &Columns,
    ) -> Result<Table, Fault> {
        let layout = Table::find(sample, names, columns)?;
        let head_lines = layout.head_lines;
        let time = layout.slots.iter().position(|&slot| slot == Slot::Time as usize);
        let unit = columns.time_unit(time.map_or("", |place| &layout.names[place]));
        let remark = layout.unasked.as_ref().map(|line| format!("the first line, {line}, is taken for a header"));
        Ok(Table { layout, verb, head_lines, first: true, plain: Vec::new(), unit, remark })
    }

    /// The layout of a file's table.
    fn find(sample: &Sample<'_>, names: &Names, columns: &Columns) -> Result<Layout, Fault> {
        let empty = "is empty; expected a header row such as `op,key`, then one operation a row";
        let mut lines = sample.bytes.split(|&byte| byte == b'\n').enumerate();
        let comment = |line: &[u8]| line.starts_with(b"#") || line.trim_ascii().is_empty();
        let Some((above, line)) = lines.find(|(_, line)| !comment(line)) else {
            return Err(Fault { line: None, what: empty.to_owned() });
        };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let blamed = |what| Fault { line: Some(above as u64 + 1), what };
        if let Some(numbers) = columns.numbers() {
            let next = lines.map(|(_, line)| line).find(|line| !comment(line));
            return Layout::numbered(line, next, &numbers, above as u64).map_err(blamed);
        }
        let slot_of = |name: &[u8]| match columns.is_empty() {
            false => columns.slot_of(name),
            true => {
                let is = |known: &&str| known.as_bytes().eq_ignore_ascii_case(name);
                names.iter().find(|(_, known)| known.iter().any(is)).map(|(slot, _)| *slot)
            }
        };
        let (mut first, mut best) = (None, None::<Layout>);
        for separator in SEPARATORS {
            match Layout::headed(line, separator, columns, slot_of, above as u64 + 1) {
                Ok(layout) if layout.has(Slot::Key) => {
                    return layout.missing(columns).map_or(Ok(layout), |what| Err(blamed(what)));
                }
                Ok(layout) if best.as_ref().is_none_or(|best| best.slots.len() < layout.slots.len()) => {
                    best = Some(layout);
                }
                Ok(_) => {}
                Err(what) => drop(first.get_or_insert(what)),
            }
        }
        let missing = || best.and_then(|layout| layout.missing(columns));
        Err(blamed(first.or_else(missing).unwrap_or_else(|| no_key(line, names))))
    }

    /// The first row that is no header is the row `new` at the earliest.
    fn verb_of(&self, word: &[u8]) -> Result<Verb, String> {
        match (self.verb)(word) {
            Some([Action::New]) if !self.first => {
                Err("`new` stands only in the first row: a trace is of one map".to_owned())
            }
            Some(verb) => Ok(verb),
            None => Err(self.layout.again(word).unwrap_or_else(|| unknown(word))),
        }
    }
}

#[cold]
pub(super) fn unknown(word: &[u8]) -> String {
    format!(
        "unknown op {}; expected `new`, `insert`, `remove`, `get`, `clear`, `iterate` or `scan`, or another word for one, \
         as `put`, `delete`, `read`; if the column is something else, name those that count: --columns 'key=NAME'",
        quote(word)
    )
}

fn no_key(line: &[u8], names: &Names) -> String {
    let known = names.iter().find(|(slot, _)| *slot == Slot::Key).map_or(&[][..], |(_, known)| known);
    format!(
        "no column `{}` in the header; expected a header row with `op` and `key`, found {}: name the columns, as --columns \
         'key=NAME,op=NAME', by number where there is no header, as --columns 'op=1,key=2', or the format, as \
         --trace-format keys (`mapscope list traces`)",
        known.first().unwrap_or(&"key"),
        quote(line)
    )
}

impl Layout {
    fn headed(
        line: &[u8],
        separator: u8,
        columns: &Columns,
        slot_of: impl Fn(&[u8]) -> Option<Slot>,
        head_lines: u64,
    ) -> Result<Layout, String> {
        let mut slots: Vec<usize> = Vec::new();
        for cell in cells(line, separator) {
            let slot = slot_of(&cell).map_or(IGNORED, |slot| slot as usize);
            let is_needed = SLOTS.get(slot).is_some_and(|&(_, slot)| columns.needs(slot));
            if is_needed && slots.contains(&slot) {
                let twice = cells(line, separator).filter(|other| *other == cell).count();
                return Err(match twice {
                    2.. => {
                        format!("column {} occurs {twice} times in the header; once is enough", quote(&cell))
                    }
                    _ => format!("two columns could be the {}: say which one, with --columns", SLOTS[slot].0),
                });
            }
            slots.push(slot);
        }
        let is_time = |slot: &usize| *slot == Slot::Time as usize;
        if slots.iter().filter(|slot| is_time(slot)).count() > 1 {
            // Nobody asks which of them it is.
            slots.iter_mut().filter(|slot| is_time(slot)).for_each(|slot| *slot = IGNORED);
        }
        let names = cells(line, separator).map(|cell| String::from_utf8_lossy(&cell).into_owned()).collect();
        Ok(Layout { separator, slots, names, head_lines, numbered: false, unasked: None })
    }

    /// What to say of the first column that is named and not there.
    fn missing(&self, columns: &Columns) -> Option<String> {
        /// As many names as an error holds.
        const SHOWN: usize = 20;
        let name = columns.names().find(|name| !self.names.iter().any(|there| there.eq_ignore_ascii_case(name)))?;
        let mut there: Vec<_> = self.names.iter().take(SHOWN).map(|name| quote(name.as_bytes())).collect();
        if self.names.len() > SHOWN {
            there.push(format!("and {} more", self.names.len() - SHOWN));
        }
        Some(format!(
            "no column {} in the header, which has {}: name one of these, or number all where there is no header, as \
             --columns 'op=1,key=2'",
            quote(name.as_bytes()),
            there.join(", ")
        ))
    }

    /// The layout of a table whose columns are given by number, of which `line` is the first row or a header.
    fn numbered(
        line: &[u8],
        next: Option<&[u8]>,
        numbers: &[(Slot, usize)],
        head_lines: u64,
    ) -> Result<Layout, String> {
        let most = numbers.iter().map(|&(_, place)| place + 1).max().unwrap_or(0);
        let separator = SEPARATORS.into_iter().find(|&separator| cells(line, separator).count() >= most.max(2));
        let separator = separator.or((most == 1).then_some(b','));
        let separator = separator.ok_or_else(|| format!("there is no column {most} in {}", quote(line)))?;
        let mut slots: Vec<usize> = cells(line, separator).map(|_| IGNORED).collect();
        numbers.iter().for_each(|&(slot, place)| slots[place] = slot as usize);
        let names = (1..=slots.len()).map(|number| number.to_string()).collect();
        let unasked = is_header(line, next, separator, numbers).then(|| quote(line));
        let head_lines = head_lines + u64::from(unasked.is_some());
        Ok(Layout { separator, slots, names, head_lines, numbered: true, unasked })
    }

    /// The length in a field.
    #[inline]
    fn bytes(&self, slot: Slot, field: &[u8]) -> Result<u32, String> {
        let bytes = decimal(field).and_then(|bytes| u32::try_from(bytes).ok());
        bytes.ok_or_else(|| self.bad_bytes(slot, field))
    }

    #[cold]
    fn bad_bytes(&self, bad: Slot, field: &[u8]) -> String {
        let name = |&(word, slot): &(&str, Slot)| {
            let place = self.slots.iter().position(|&other| other == slot as usize)?;
            // Whose unit would have to be said, too.
            (slot != bad && slot != Slot::Time).then(|| format!("{word}={}", self.names[place]))
        };
        format!(
            "bad {} {}; expected a decimal number from 0 to {}, or leave the column out: --columns '{}'",
            SLOTS[bad as usize].0,
            quote(field),
            u32::MAX,
            SLOTS.iter().filter_map(name).collect::<Vec<_>>().join(",")
        )
    }

    /// What to say of a header that comes again, by its word for the operation.
    #[cold]
    fn again(&self, word: &[u8]) -> Option<String> {
        let place = self.slots.iter().position(|&slot| slot == Slot::Op as usize)?;
        let is = !self.numbered && self.names[place].as_bytes().eq_ignore_ascii_case(word);
        is.then(|| format!("the header again ({}), as where files were joined: leave it out", quote(word)))
    }

    fn has(&self, slot: Slot) -> bool {
        self.slots.contains(&(slot as usize))
    }
}

impl Decode for Table {
    fn says(&self) -> Says {
        let has = |slot| self.layout.has(slot);
        Says {
            action: has(Slot::Op),
            hash: has(Slot::Hash),
            value_bytes: has(Slot::ValueBytes),
            key_bytes: has(Slot::KeyBytes),
            entries: has(Slot::Entries),
            time: has(Slot::Time).then_some(self.unit),
        }
    }

    fn remark(&self) -> Option<&str> {
        self.remark.as_deref()
    }

    fn decode(&mut self, line: &[u8], put: &mut Put<'_>) -> Result<(), String> {
        if self.head_lines > 0 {
            self.head_lines -= 1;
            return Ok(());
        }
        if line.is_empty() {
            return Ok(());
        }
        let (mut separator, mut row) = (self.layout.separator, line);
        let is_plain = separator != b' ' && !line.contains(&b'"');
        if !is_plain {
            self.plain.clear();
            plain(line, separator, &mut self.plain)?;
            (row, separator) = (&self.plain, UNIT_SEPARATOR);
        }
        let mut found: [Option<&[u8]>; SLOTS.len() + 1] = [None; _];
        let mut columns = 0;
        for field in row.split(|&byte| byte == separator) {
            if let Some(&slot) = self.layout.slots.get(columns) {
                found[slot] = Some(field);
            }
            columns += 1;
        }
        if columns != self.layout.slots.len() {
            let (named, has) =
                (self.layout.slots.len(), if self.layout.numbered { "first row has" } else { "header names" });
            return Err(format!("the {has} {named} columns, but this row has {columns}: {}", quote(line)));
        }
        let field = |slot: Slot| found[slot as usize].map(trimmed);
        let verb = field(Slot::Op).map_or(Ok(&[Action::Request][..]), |op| self.verb_of(op))?;
        self.first = false;
        let keyed = verb.iter().any(|action| !matches!(action, Action::New | Action::Clear | Action::Iterate));
        let puts = verb.iter().any(|action| matches!(action, Action::Insert | Action::Request));
        let stamp = field(Slot::Time).and_then(|time| Stamp::parse(time, self.unit));
        let mut operation = Operation { stamp, ..Operation::NOTHING };
        if keyed {
            // In quotes its spaces are its own.
            let key =
                found[Slot::Key as usize].map(|key| if is_plain { trimmed(key) } else { key }).unwrap_or_default();
            operation.key = Key::parse(key)
                .ok_or_else(|| format!("bad key {}; expected a number or a text in {}", quote(key), quote(line)))?;
            if let Some(hash) = field(Slot::Hash) {
                operation.hash = hexadecimal(hash)
                    .ok_or_else(|| format!("bad hash {}; expected exactly 16 hexadecimal digits", quote(hash)))?;
            }
            if let Some(length) = field(Slot::KeyBytes).filter(|length| !length.is_empty()) {
                operation.key_bytes = Some(self.layout.bytes(Slot::KeyBytes, length)?);
            }
            if let Some(length) = field(Slot::ValueBytes).filter(|_| puts) {
                operation.value_bytes = self.layout.bytes(Slot::ValueBytes, length)?;
            }
            if verb == [Action::Scan] {
                operation.entries = scanned(field(Slot::Entries))?;
            }
        }
        if let Some(times) = field(Slot::Times) {
            operation.times = decimal(times)
                .filter(|&times| times <= TIMES_MAX)
                .ok_or_else(|| format!("{} times; expected a number up to {TIMES_MAX}", quote(times)))?;
        }
        if operation.times == 0 {
            put(Operation::NOTHING);
            return Ok(());
        }
        verb.iter().for_each(|&action| put(Operation { action, ..operation }));
        Ok(())
    }
}

/// How many entries a scan asks for.
fn scanned(field: Option<&[u8]>) -> Result<u32, String> {
    let field = field.ok_or(NO_ENTRIES)?;
    let entries = decimal(field).and_then(|entries| u32::try_from(entries).ok()).filter(|&entries| entries > 0);
    entries.ok_or_else(|| {
        format!("bad entries {}; expected how many entries the scan asks for, from 1 to {}", quote(field), u32::MAX)
    })
}

/// What to say of a scan where no column says how long it is.
pub(super) const NO_ENTRIES: &str = "a scan without a column `entries`, which says how many it asks for; name it where it is called otherwise: --columns \
     'op=NAME,key=NAME,entries=NAME'";

/// More than one operation is done in a row, in a trace that is taken at its word.
pub(super) const TIMES_MAX: u64 = 1_000_000;

/// Whether the first line of a table whose columns are given by number only names them: it calls one of these by a name that
/// is known, or has no number at all where the next line has one in a column that is no key.
fn is_header(line: &[u8], next: Option<&[u8]>, separator: u8, numbers: &[(Slot, usize)]) -> bool {
    let first: Vec<_> = cells(line, separator).collect();
    let is_named = |&(slot, place): &(Slot, usize)| {
        let names = NAMES.iter().find(|(other, _)| *other == slot).map_or(&[][..], |(_, names)| names);
        first.get(place).is_some_and(|cell| names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(cell)))
    };
    let is_number = |cell: &Vec<u8>| std::str::from_utf8(cell).is_ok_and(|text| text.parse::<f64>().is_ok());
    let is_key = |place| numbers.contains(&(Slot::Key, place));
    let has_numbers = || {
        let next = next.map(|next| cells(next.strip_suffix(b"\r").unwrap_or(next), separator));
        next.is_some_and(|next| next.enumerate().any(|(place, cell)| !is_key(place) && is_number(&cell)))
    };
    let is_op =
        |&(slot, place): &(Slot, usize)| slot == Slot::Op && first.get(place).is_some_and(|cell| verb(cell).is_some());
    if numbers.iter().any(is_op) {
        return false;
    }
    numbers.iter().any(is_named) || (first.iter().all(|cell| !cell.is_empty() && !is_number(cell)) && has_numbers())
}
