//! A Parquet file, row by row: a group of rows after the other, of each the columns that are wanted.

use std::io::{self, BufReader, Read};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit as ParquetUnit};
use parquet::errors::{ParquetError, Result as Decoded};
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use super::super::columns::{Columns, SLOTS, Slot};
use super::super::csv::{NAMES, NO_ENTRIES, TIMES_MAX, unknown};
use super::super::number::{hexadecimal, quote};
use super::super::{Action, Key, Operation, Put, Says, Stamp, TimeUnit, Verb, verb};
use super::column::{Column, Field};
use super::{Anywhere, Rows};

pub(super) struct Parquet {
    file: SerializedFileReader<Sought>,
    /// By [`Slot`].
    columns: [Option<Column>; SLOTS.len()],
    /// What the column of times counts.
    unit: TimeUnit,
    /// Groups of rows that have been begun.
    groups: usize,
    /// Rows of the last one that are still to come.
    left: u64,
    row: u64,
}

impl Parquet {
    pub fn open(file: Box<dyn Anywhere>, named: &Columns) -> Result<Parquet, String> {
        let footer = footer(&*file).map_err(|error| unreadable(error.into()))?;
        super::schema::check(&footer).map_err(|why| unreadable(ParquetError::General(why)))?;
        drop(footer);
        let file = SerializedFileReader::new(Sought(file.into())).map_err(unreadable)?;
        let schema = file.metadata().file_metadata().schema_descr();
        let mut columns = [const { None::<Column> }; SLOTS.len()];
        let mut unit = TimeUnit::S;
        let groups = file.metadata().row_groups();
        for (slot, leaf) in find(schema, named)? {
            let column = schema.column(leaf);
            let opened = match unit_of(&column, named) {
                of_time if slot == Slot::Time => of_time.map(|of_time| unit = of_time),
                _ => Ok(()),
            };
            let opened = opened.and_then(|()| Column::open(column, leaf)).and_then(|column| {
                groups.iter().try_for_each(|group| column.check(group))?;
                Ok(column)
            });
            columns[slot as usize] = match opened {
                // Nobody has asked for times: its name says it.
                Err(_) if !named.needs(slot) => None,
                opened => Some(opened?),
            };
        }
        Ok(Parquet { file, columns, unit, groups: 0, left: 0, row: 0 })
    }

    /// Goes to the next row; false after the last.
    fn advance(&mut self) -> Decoded<bool> {
        while self.left == 0 {
            if self.groups == self.file.num_row_groups() {
                return Ok(false);
            }
            let group = self.file.get_row_group(self.groups)?;
            self.groups += 1;
            self.left = u64::try_from(group.metadata().num_rows())?;
            if self.left > 0 {
                self.columns.iter_mut().flatten().try_for_each(|column| column.start(&*group))?;
            }
        }
        self.left -= 1;
        self.row += 1;
        self.columns.iter_mut().flatten().try_for_each(Column::advance)?;
        Ok(true)
    }

    fn field(&self, slot: Slot) -> Option<Field<'_>> {
        self.columns[slot as usize].as_ref().map(Column::field)
    }

    /// What a column is called.
    fn name(&self, slot: Slot) -> &str {
        self.columns[slot as usize].as_ref().map_or(SLOTS[slot as usize].0, Column::name)
    }

    fn verb(&self) -> Result<Verb, String> {
        let verb = match self.field(Slot::Op) {
            None => return Ok(&[Action::Request]),
            Some(Field::Text(word)) => verb(word.trim_ascii()).ok_or_else(|| unknown(word))?,
            Some(Field::Null) => return Err(unknown(b"")),
            Some(Field::Number(number)) => return Err(unknown(number.to_string().as_bytes())),
        };
        match verb {
            [Action::New] if self.row > 1 => {
                Err("`new` stands only in the first row: a trace is of one map".to_owned())
            }
            _ => Ok(verb),
        }
    }

    fn key(&self) -> Result<Key<'_>, String> {
        match self.field(Slot::Key) {
            Some(Field::Text(text)) => Ok(Key::named(text)),
            Some(Field::Number(number)) if (i64::MIN.into()..=u64::MAX.into()).contains(&number) => {
                // The two's complement of a negative one.
                Ok(Key::Number(number as u64))
            }
            Some(Field::Number(_)) => Err(self.bad(Slot::Key, "a number of 64 bits or a text")),
            _ => Err(self.bad(Slot::Key, "a number or a text")),
        }
    }

    /// The number in a column, where there is one: at most `max`.
    fn number(&self, slot: Slot, max: u64) -> Result<Option<u64>, String> {
        let Some(field) = self.field(slot) else { return Ok(None) };
        let number = field.number().and_then(|number| u64::try_from(number).ok()).filter(|&number| number <= max);
        number.map(Some).ok_or_else(|| self.bad(slot, &format!("a number from 0 to {max}")))
    }

    #[cold]
    fn bad(&self, slot: Slot, expected: &str) -> String {
        let found = match self.field(slot) {
            Some(Field::Number(number)) => format!("`{number}`"),
            Some(Field::Text(text)) => quote(text),
            Some(Field::Null) | None => "nothing".to_owned(),
        };
        format!("bad {}: {found} in the column {}; expected {expected}", SLOTS[slot as usize].0, self.name(slot))
    }

    fn hash(&self) -> Result<u64, String> {
        let hash = match self.field(Slot::Hash) {
            None => Some(0),
            Some(Field::Number(number)) => Some(number as u64),
            Some(Field::Text(digits)) => hexadecimal(digits),
            Some(Field::Null) => None,
        };
        hash.ok_or_else(|| self.bad(Slot::Hash, "a number or exactly 16 hexadecimal digits"))
    }

    fn stamp(&self) -> Option<Stamp> {
        match self.field(Slot::Time)? {
            Field::Null => None,
            Field::Text(text) => Stamp::parse(text, self.unit),
            Field::Number(number) => Stamp::whole(u64::try_from(number).ok()?, self.unit.ns()),
        }
    }

    /// What the row at hand asks for.
    fn ask(&self, put: &mut Put<'_>) -> Result<(), String> {
        let verb = self.verb()?;
        let keyed = verb.iter().any(|action| !matches!(action, Action::New | Action::Clear | Action::Iterate));
        let puts = verb.iter().any(|action| matches!(action, Action::Insert | Action::Request));
        let mut operation = Operation { stamp: self.stamp(), ..Operation::NOTHING };
        if keyed {
            operation.key = self.key()?;
            operation.hash = self.hash()?;
            if self.field(Slot::KeyBytes) != Some(Field::Null) {
                operation.key_bytes = self.number(Slot::KeyBytes, u32::MAX.into())?.map(|bytes| bytes as u32);
            }
            if puts {
                operation.value_bytes = self.number(Slot::ValueBytes, u32::MAX.into())?.unwrap_or(0) as u32;
            }
            if verb == [Action::Scan] {
                operation.entries = match self.number(Slot::Entries, u32::MAX.into())? {
                    None => return Err(NO_ENTRIES.to_owned()),
                    Some(0) => return Err(self.bad(Slot::Entries, "how many entries the scan asks for, 1 at least")),
                    Some(entries) => entries as u32,
                };
            }
        }
        operation.times = self.number(Slot::Times, TIMES_MAX)?.unwrap_or(1);
        if operation.times == 0 {
            put(Operation::NOTHING);
            return Ok(());
        }
        verb.iter().for_each(|&action| put(Operation { action, ..operation }));
        Ok(())
    }
}

impl Rows for Parquet {
    fn says(&self) -> Says {
        let has = |slot: Slot| self.columns[slot as usize].is_some();
        Says {
            action: has(Slot::Op),
            hash: has(Slot::Hash),
            value_bytes: has(Slot::ValueBytes),
            key_bytes: has(Slot::KeyBytes),
            entries: has(Slot::Entries),
            time: has(Slot::Time).then_some(self.unit),
        }
    }

    fn next(&mut self, put: &mut Put<'_>) -> Result<bool, String> {
        match self.advance() {
            Ok(true) => self.ask(put).map(|()| true),
            Ok(false) => Ok(false),
            Err(error) => Err(unreadable(error)),
        }
    }

    fn row(&self) -> u64 {
        self.row
    }
}

#[cold]
fn unreadable(error: ParquetError) -> String {
    let why = match error {
        ParquetError::General(why) | ParquetError::EOF(why) | ParquetError::NYI(why) => why,
        other => other.to_string(),
    };
    format!(
        "can't be read as Parquet ({why}): it is damaged, or has what is not read here; fetch it again, or write it anew, as \
         duckdb -c \"copy (from 'IN') to 'OUT.parquet'\""
    )
}

/// What a column of times counts. A type that has a unit knows better than a name.
fn unit_of(column: &ColumnDescriptor, named: &Columns) -> Result<TimeUnit, String> {
    Ok(match (column.logical_type_ref(), column.converted_type()) {
        (Some(LogicalType::Timestamp(of) | LogicalType::Time(of)), _) => match of.unit {
            ParquetUnit::MILLIS => TimeUnit::Ms,
            ParquetUnit::MICROS => TimeUnit::Us,
            ParquetUnit::NANOS => TimeUnit::Ns,
        },
        (_, ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIME_MILLIS) => TimeUnit::Ms,
        (_, ConvertedType::TIMESTAMP_MICROS | ConvertedType::TIME_MICROS) => TimeUnit::Us,
        (Some(LogicalType::Date), _) | (_, ConvertedType::DATE) => {
            return Err(format!("{} is a column of days; expected times", quote(column.name().as_bytes())));
        }
        _ => named.time_unit(column.name()),
    })
}

/// Which leaf of a schema is which column.
fn find(schema: &SchemaDescriptor, named: &Columns) -> Result<Vec<(Slot, usize)>, String> {
    let paths: Vec<String> = schema.columns().iter().map(|column| column.path().string()).collect();
    let slot_of = |path: &[u8]| match named.is_empty() {
        false => named.slot_of(path),
        true => {
            let is = |known: &&str| known.as_bytes().eq_ignore_ascii_case(path);
            NAMES.iter().find(|(_, known)| known.iter().any(is)).map(|(slot, _)| *slot)
        }
    };
    let mut found: Vec<(Slot, usize)> =
        (paths.iter().enumerate()).filter_map(|(leaf, path)| Some((slot_of(path.as_bytes())?, leaf))).collect();
    for (name, slot) in SLOTS {
        if found.iter().filter(|(other, _)| *other == slot).count() > 1 {
            if named.needs(slot) {
                return Err(format!("two columns could be the {name}: say which one, with --columns"));
            }
            found.retain(|(other, _)| *other != slot);
        }
    }
    let is_there = |name: &str| paths.iter().any(|path| path.eq_ignore_ascii_case(name));
    let missing = match named.names().find(|name| !is_there(name)) {
        None if found.iter().any(|(slot, _)| *slot == Slot::Key) => return Ok(found),
        Some(name) => quote(name.as_bytes()),
        None => "`key`".to_owned(),
    };
    Err(format!("no column {missing}; {}: name the columns, as --columns 'key=NAME,op=NAME'", there(&paths)))
}

/// The columns that a file has, as many as an error holds.
fn there(paths: &[String]) -> String {
    const SHOWN: usize = 20;
    let mut there: Vec<_> = paths.iter().take(SHOWN).map(|path| quote(path.as_bytes())).collect();
    if paths.len() > SHOWN {
        there.push(format!("and {} more", paths.len() - SHOWN));
    }
    if there.is_empty() { "it has none".to_owned() } else { format!("it has {}", there.join(", ")) }
}

/// What says what is where, at the end of a file. Its own length stands behind it, and the four letters that it began with.
fn footer(file: &dyn Anywhere) -> io::Result<Vec<u8>> {
    let mut end = [0; 8];
    let at = file.len().checked_sub(end.len() as u64).ok_or(io::ErrorKind::UnexpectedEof)?;
    file.read_exact_at(&mut end, at)?;
    let [bytes @ .., _, _, _, _] = end;
    let bytes = u32::from_le_bytes(bytes);
    let mut footer = vec![0; at.min(bytes.into()) as usize];
    file.read_exact_at(&mut footer, at.saturating_sub(bytes.into()))?;
    Ok(footer)
}

/// The file, as it is read from.
struct Sought(Arc<dyn Anywhere>);

impl Length for Sought {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Sought {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Decoded<BufReader<From>> {
        /// Enough for the header of a page.
        const HEADER_BYTES: usize = 512;
        let mut begin = [0; 16];
        let there = self.0.len().saturating_sub(start);
        // At the file's end stands no page.
        if there >= begin.len() as u64 {
            self.0.read_exact_at(&mut begin, start)?;
            match page_bytes(&begin) {
                Some(..=PAGE_BYTES_MAX) => {}
                Some(bytes) => {
                    return Err(ParquetError::General(format!("a page of {bytes} bytes, more than {PAGE_BYTES_MAX}")));
                }
                None => return Err(ParquetError::General("a page that does not say how long it is".to_owned())),
            }
        }
        Ok(BufReader::with_capacity(HEADER_BYTES, From { file: self.0.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Decoded<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.0.len()) {
            return Err(ParquetError::EOF(format!("it ends before {length} bytes at {start}")));
        }
        let mut bytes = vec![0; length];
        self.0.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// The largest page that is unpacked: memory for it is taken before that. Common are 1 MiB, and 100 MB at the most.
const PAGE_BYTES_MAX: u64 = 256 << 20;

/// How long a page with this header says it is when it is unpacked: the second of its numbers, in Thrift's compact protocol.
fn page_bytes(header: &[u8]) -> Option<u64> {
    /// A number of 32 bits in the field after the last one.
    const NEXT_I32: u8 = 0x15;
    let mut bytes = header.iter();
    let mut number = || {
        if bytes.next() != Some(&NEXT_I32) {
            return None;
        }
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = *bytes.next()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                // Even where it is not negative, which no length is.
                return Some(number / 2);
            }
        }
        None
    };
    number()?;
    number()
}

/// What stands in the file from somewhere on.
struct From {
    file: Arc<dyn Anywhere>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let there = self.file.len().saturating_sub(self.at).min(buffer.len() as u64);
        let buffer = &mut buffer[..there as usize];
        self.file.read_exact_at(buffer, self.at)?;
        self.at += there;
        Ok(buffer.len())
    }
}

#[cfg(test)]
mod tests {
    use parquet::schema::parser::parse_message_type;

    use super::*;

    fn schema(columns: &str) -> SchemaDescriptor {
        let message = parse_message_type(&format!("message t {{ {columns} }}")).unwrap();
        SchemaDescriptor::new(Arc::new(message))
    }

    #[test]
    fn times_count_what_their_type_says_or_else_their_name() {
        for (column, unit) in [
            ("int64 time_s (TIMESTAMP(MILLIS,true))", TimeUnit::Ms),
            ("int64 time_s (TIMESTAMP(NANOS,false))", TimeUnit::Ns),
            ("int64 time_s (TIMESTAMP_MICROS)", TimeUnit::Us),
            ("int32 time_s (TIME(MILLIS,true))", TimeUnit::Ms),
            ("int64 time_s (TIME(MICROS,false))", TimeUnit::Us),
            ("int64 time_s (TIME(NANOS,true))", TimeUnit::Ns),
            ("int32 time_s (TIME_MILLIS)", TimeUnit::Ms),
            ("int64 time_s (TIME_MICROS)", TimeUnit::Us),
            ("int64 time_ms", TimeUnit::Ms),
            ("int64 time", TimeUnit::S),
        ] {
            let schema = schema(&format!("required {column};"));
            assert_eq!(unit_of(&schema.column(0), &Columns::default()), Ok(unit), "{column}");
        }
    }

    #[test]
    fn of_two_columns_of_times_neither_counts_until_one_is_asked_for() {
        let schema = schema("required int64 key; required int64 time_s; required int64 time_ns;");
        assert_eq!(find(&schema, &Columns::default()), Ok(vec![(Slot::Key, 0)]));
        let twice = "two columns could be the time: say which one, with --columns";
        assert_eq!(find(&schema, &Columns::default().timed(true)), Err(twice.to_owned()));
        let named: Columns = "key=key,time_ns=time_ns".parse().unwrap();
        assert_eq!(find(&schema, &named), Ok(vec![(Slot::Key, 0), (Slot::Time, 2)]));
    }

    #[test]
    fn the_length_of_a_page_is_the_second_number_of_its_header() {
        assert_eq!(page_bytes(&[0x15, 0, 0x15, 0x18, 0x15, 0x1c]), Some(12));
        assert_eq!(page_bytes(&[0x15, 4, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0x15]), Some(i32::MAX as u64));
        assert_eq!(page_bytes(&[0x15, 4, 0x25, 2]), None);
        assert_eq!(page_bytes(&[0x15, 4, 0x15, 0xff]), None);
    }
}
