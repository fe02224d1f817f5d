//! A column of a Parquet file, value by value.

use parquet::basic::{Compression, ConvertedType, Encoding, LogicalType, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::column::reader::{ColumnReaderImpl, get_column_reader, get_typed_column_reader};
use parquet::data_type::{ByteArrayType, DataType, FixedLenByteArrayType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::RowGroupReader;
use parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};

use super::super::number::{decimal, quote};

/// So many values of a column are decoded at a time.
const BATCH: usize = 1024;

/// A value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field<'a> {
    Null,
    /// A whole number. Of a type that is not of 64 bits some are too large for what they are to be.
    Number(i128),
    Text(&'a [u8]),
}

impl Field<'_> {
    /// The number that it is or that is written in it.
    pub fn number(self) -> Option<i128> {
        match self {
            Field::Null => None,
            Field::Number(number) => Some(number),
            Field::Text(text) => decimal(text).map(i128::from),
        }
    }
}

/// A column that is wanted.
pub(super) struct Column {
    name: String,
    leaf: usize,
    described: ColumnDescPtr,
    reads: Reads,
    chunk: Option<Box<dyn Chunk>>,
    /// By row of the batch at hand: less than the greatest of a null. None where no value can be one.
    levels: Vec<i16>,
    /// Rows of the batch at hand.
    rows: usize,
    /// Rows of it that have been taken, the last of which is [`Column::field`].
    row: usize,
    /// Values, which nulls are none of, before that row.
    value: usize,
}

/// What is made of the bytes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reads {
    Signed,
    Unsigned,
    /// Big-endian, in two's complement.
    Decimal,
    Text,
}

impl Column {
    /// Whether values are what operations can be made of.
    pub fn open(described: ColumnDescPtr, leaf: usize) -> std::result::Result<Column, String> {
        let name = quote(described.path().string().as_bytes());
        if described.max_rep_level() > 0 {
            return Err(format!("the column {name} holds lists; expected a value a row"));
        }
        let reads = reads(&described).ok_or_else(|| {
            let of = match described.physical_type() {
                Type::BOOLEAN => "of true and false",
                Type::INT96 => "of old time stamps",
                _ => "of numbers with a fraction",
            };
            format!(
                "{name} is a column {of}; expected whole numbers or text: cast it, as duckdb -c \"copy (select *, \
                 NAME::bigint as key from 'IN') to 'OUT.parquet'\""
            )
        })?;
        Ok(Column { name, leaf, described, reads, chunk: None, levels: Vec::new(), rows: 0, row: 0, value: 0 })
    }

    /// What an error calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its values of a group of rows are packed with what is unpacked here.
    pub fn check(&self, group: &RowGroupMetaData) -> std::result::Result<(), String> {
        let packing = match group.columns().get(self.leaf).map(ColumnChunkMetaData::compression) {
            Some(Compression::BROTLI(_)) => "brotli",
            Some(Compression::LZO) => "lzo",
            _ => match group.columns().get(self.leaf) {
                Some(chunk) if chunk.encodings().any(|encoding| encoding == Encoding::DELTA_BYTE_ARRAY) => {
                    return Err(format!(
                        "the column {} holds texts as what differs from the one before (DELTA_BYTE_ARRAY), which a small file \
                         can make any number of bytes of; write it anew, as duckdb -c \"copy (from 'IN') to 'OUT.parquet'\"",
                        self.name
                    ));
                }
                _ => return Ok(()),
            },
        };
        Err(format!(
            "the column {} is packed with {packing}; expected snappy, zstd, gzip, lz4 or nothing: write it anew, as duckdb -c \
             \"copy (from 'IN') to 'OUT.parquet'\"",
            self.name
        ))
    }

    /// Goes on with its values of a group of rows.
    pub fn start(&mut self, group: &dyn RowGroupReader) -> Result<()> {
        let nullable = self.described.max_def_level() > 0;
        let pages = Box::new(Checked { pages: group.get_column_page_reader(self.leaf)?, nullable });
        let reader = get_column_reader(self.described.clone(), pages);
        self.chunk = Some(match self.described.physical_type() {
            Type::INT32 => Of::<Int32Type>::chunk(get_typed_column_reader(reader)),
            Type::INT64 => Of::<Int64Type>::chunk(get_typed_column_reader(reader)),
            Type::BYTE_ARRAY => Of::<ByteArrayType>::chunk(get_typed_column_reader(reader)),
            _ => Of::<FixedLenByteArrayType>::chunk(get_typed_column_reader(reader)),
        });
        (self.rows, self.row, self.value) = (0, 0, 0);
        Ok(())
    }

    /// Goes to the next row, which must be there.
    pub fn advance(&mut self) -> Result<()> {
        let Some(chunk) = &mut self.chunk else { return Err(ended()) };
        if self.row == self.rows {
            self.levels.clear();
            self.rows = chunk.fill(&mut self.levels)?;
            (self.row, self.value) = (0, 0);
            if self.rows == 0 {
                return Err(ended());
            }
        } else if !self.is_null() {
            self.value += 1;
        }
        self.row += 1;
        Ok(())
    }

    /// Whether the row at hand has no value.
    fn is_null(&self) -> bool {
        self.levels.get(self.row - 1).is_some_and(|&level| level < self.described.max_def_level())
    }

    /// The value of the row at hand.
    pub fn field(&self) -> Field<'_> {
        match &self.chunk {
            Some(chunk) if !self.is_null() => chunk.field(self.value, self.reads),
            _ => Field::Null,
        }
    }
}

fn ended() -> ParquetError {
    ParquetError::EOF("a column ends before its group of rows does".to_owned())
}

/// How the values of a column are read; `None` where they are neither whole numbers nor text.
fn reads(column: &ColumnDescriptor) -> Option<Reads> {
    let (logical, converted) = (column.logical_type_ref(), column.converted_type());
    let is_decimal = matches!(logical, Some(LogicalType::Decimal { .. })) || converted == ConvertedType::DECIMAL;
    let is_unsigned = matches!(logical, Some(LogicalType::Integer(kind)) if !kind.is_signed)
        || [ConvertedType::UINT_8, ConvertedType::UINT_16, ConvertedType::UINT_32, ConvertedType::UINT_64]
            .contains(&converted);
    match column.physical_type() {
        Type::INT32 | Type::INT64 | Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY
            if is_decimal && column.type_scale() != 0 =>
        {
            None
        }
        Type::INT32 | Type::INT64 => Some(if is_unsigned { Reads::Unsigned } else { Reads::Signed }),
        Type::FIXED_LEN_BYTE_ARRAY if matches!(logical, Some(LogicalType::Float16)) => None,
        Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => Some(if is_decimal { Reads::Decimal } else { Reads::Text }),
        Type::BOOLEAN | Type::INT96 | Type::FLOAT | Type::DOUBLE => None,
    }
}

/// A column's values of a group of rows, of whatever type.
trait Chunk {
    /// Decodes the next ones; gives how many rows have them, or are null. None at the end.
    fn fill(&mut self, levels: &mut Vec<i16>) -> Result<usize>;
    fn field(&self, value: usize, reads: Reads) -> Field<'_>;
}

struct Of<T: DataType> {
    reader: ColumnReaderImpl<T>,
    values: Vec<T::T>,
}

impl<T: DataType> Of<T>
where
    Of<T>: Chunk + 'static,
{
    fn chunk(reader: ColumnReaderImpl<T>) -> Box<dyn Chunk> {
        Box::new(Of { reader, values: Vec::with_capacity(BATCH) })
    }
}

impl<T: DataType> Of<T> {
    fn decode(&mut self, levels: &mut Vec<i16>) -> Result<usize> {
        self.values.clear();
        Ok(self.reader.read_records(BATCH, Some(levels), None, &mut self.values)?.0)
    }
}

impl Chunk for Of<Int32Type> {
    fn fill(&mut self, levels: &mut Vec<i16>) -> Result<usize> {
        self.decode(levels)
    }

    fn field(&self, value: usize, reads: Reads) -> Field<'_> {
        let number = self.values[value];
        Field::Number(if reads == Reads::Unsigned { (number as u32).into() } else { number.into() })
    }
}

impl Chunk for Of<Int64Type> {
    fn fill(&mut self, levels: &mut Vec<i16>) -> Result<usize> {
        self.decode(levels)
    }

    fn field(&self, value: usize, reads: Reads) -> Field<'_> {
        let number = self.values[value];
        Field::Number(if reads == Reads::Unsigned { (number as u64).into() } else { number.into() })
    }
}

impl Chunk for Of<ByteArrayType> {
    fn fill(&mut self, levels: &mut Vec<i16>) -> Result<usize> {
        self.decode(levels)
    }

    fn field(&self, value: usize, reads: Reads) -> Field<'_> {
        of_bytes(self.values[value].data(), reads)
    }
}

impl Chunk for Of<FixedLenByteArrayType> {
    fn fill(&mut self, levels: &mut Vec<i16>) -> Result<usize> {
        self.decode(levels)
    }

    fn field(&self, value: usize, reads: Reads) -> Field<'_> {
        of_bytes(self.values[value].data(), reads)
    }
}

fn of_bytes(bytes: &[u8], reads: Reads) -> Field<'_> {
    if reads != Reads::Decimal {
        return Field::Text(bytes);
    }
    let sign = if bytes.first().is_some_and(|&byte| byte >= 0x80) { -1 } else { 0 };
    // What is longer than 16 bytes is too large for anything, or begins with bytes of the sign.
    let (over, rest) = bytes.split_at(bytes.len().saturating_sub(16));
    let keeps_sign = rest.first().is_none_or(|&byte| (byte >= 0x80) == (sign < 0));
    let fits = over.iter().all(|&byte| byte == sign as u8) && keeps_sign;
    Field::Number(match fits {
        true => bytes.iter().fold(sign, |number: i128, &byte| number << 8 | i128::from(byte)),
        false => i128::MAX,
    })
}

/// Pages of a file that may be damaged.
struct Checked {
    pages: Box<dyn PageReader>,
    /// Whether values may be null, which stands before them.
    nullable: bool,
}

/// The most values of a page whose lengths are stored as differences: four bytes of memory are taken for each.
const LENGTHS_MAX: u64 = 1 << 26;

/// How many lengths a page says it has that are stored as differences: the third number of what follows what is null.
fn lengths(page: &Page, nullable: bool) -> Option<u64> {
    let values = match page {
        Page::DataPage { buf, .. } if nullable => {
            let (bytes, rest) = buf.split_first_chunk()?;
            rest.get(u32::from_le_bytes(*bytes) as usize..)?
        }
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            buf.get(def_levels_byte_len.checked_add(*rep_levels_byte_len)? as usize..)?
        }
        Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => buf,
    };
    let mut bytes = values.iter();
    let mut number = || {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = *bytes.next()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    };
    // How they are grouped stands before.
    number()?;
    number()?;
    number()
}

impl PageReader for Checked {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        // Memory is taken for so many.
        if let Some(Page::DictionaryPage { buf, num_values, .. }) = &page
            && *num_values as usize > buf.len()
        {
            return Err(ParquetError::General(format!("a dictionary of {num_values} values in {} bytes", buf.len())));
        }
        match page.as_ref().map(Page::encoding) {
            Some(Encoding::DELTA_BYTE_ARRAY) => {
                return Err(ParquetError::General("texts as what differs from the one before".to_owned()));
            }
            Some(Encoding::DELTA_LENGTH_BYTE_ARRAY) => {
                let (page, nullable) = (page.as_ref().expect("it has an encoding"), self.nullable);
                let values = u64::from(page.num_values());
                if lengths(page, nullable).is_none_or(|lengths| lengths > values.min(LENGTHS_MAX)) {
                    return Err(ParquetError::General(format!(
                        "more lengths of texts than the {values} of their page"
                    )));
                }
            }
            _ => {}
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

impl Iterator for Checked {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_numbers_of_any_length() {
        fn number(bytes: &[u8]) -> Field<'_> {
            of_bytes(bytes, Reads::Decimal)
        }
        assert_eq!(number(&[1, 0]), Field::Number(256));
        assert_eq!(number(&[0xff, 0xfe]), Field::Number(-2));
        assert_eq!(number(&[]), Field::Number(0));
        assert_eq!(number(&[[0xff; 20], [0x85; 20]].concat()[..21]), Field::Number(-123));
        assert_eq!(number(&[0x7f; 16]), Field::Number(i128::from_be_bytes([0x7f; 16])));
        assert_eq!(number(&[1; 17]), Field::Number(i128::MAX));
        assert_eq!(of_bytes(&[1; 17], Reads::Text), Field::Text(&[1; 17]));
    }
}
