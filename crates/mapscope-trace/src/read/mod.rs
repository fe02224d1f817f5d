//! Traces as people have them: the formats, told apart by their content, and what each row asks of a map.
//!
//! The registry is [`FORMATS`]. To add a format: a file in this folder with its [`Format`], and its name in [`FORMATS`]
//! before those whose files its own could be taken for.
//!
//! A [`Sample`] of a file is enough to [`detect`] its format and to open a decoder, which then takes the file line by line
//! or record by record. Nothing here reads files: whoever does also unpacks them.

mod address;
mod binary_u64;
mod cache2k;
mod cachebench;
mod columns;
mod csv;
mod detect;
mod fields;
mod keys;
mod lackey;
mod libcachesim_csv;
mod lirs;
mod msr;
mod number;
mod oracle_general;
mod parquet;
mod redis_monitor;
mod sample;
mod scsi;
mod stamp;
mod twitter;
mod verb;
mod vscsi;
mod ycsb;

pub use columns::Columns;
pub use detect::{detect, find};
pub use number::{decimal, hexadecimal, quote};
pub use parquet::{Anywhere, Rows, parquet};
pub use sample::Sample;
pub use stamp::{Stamp, TimeUnit};
pub use verb::{Verb, verb};

/// Opens a decoder for the file of a sample.
type Open = fn(&Sample<'_>, &Columns) -> Result<Box<dyn Decode>, Fault>;

/// A row of the registry.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// What is taken for what its rows don't say.
    pub fills: &'static str,
    /// What it consists of.
    pub units: Units,
    /// Whether it is a table, whose columns can be named.
    pub has_columns: bool,
    /// Whether its rows have times by themselves; those of tables may have others.
    pub has_times: bool,
    /// Whether a file can be nothing else, as far as its sample shows.
    is: fn(&Sample<'_>) -> bool,
    open: Open,
}

/// What a file is cut into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    /// Lines of text.
    Lines,
    /// Records of so many bytes.
    Records(usize),
    /// Nothing: its rows lie anywhere in it, and [`parquet()`] reads them.
    Rows,
}

/// The registry, in the order in which formats are tried.
pub static FORMATS: [Format; 16] = [
    parquet::FORMAT,
    redis_monitor::FORMAT,
    ycsb::FORMAT,
    lackey::FORMAT,
    address::FORMAT,
    twitter::FORMAT,
    msr::FORMAT,
    cachebench::FORMAT,
    csv::FORMAT,
    libcachesim_csv::FORMAT,
    lirs::FORMAT,
    keys::FORMAT,
    oracle_general::FORMAT,
    vscsi::FORMAT,
    cache2k::FORMAT,
    binary_u64::FORMAT,
];

impl Format {
    /// A decoder for the file of this sample.
    ///
    /// # Errors
    ///
    /// A header that can't be used.
    pub fn open(&self, sample: &Sample<'_>, columns: &Columns) -> Result<Decoder, Fault> {
        if !columns.is_empty() && !self.has_columns {
            return Err(Fault {
                line: None,
                what: format!("{} has no columns to be named: leave them out", self.name),
            });
        }
        Ok(Decoder { units: self.units, rows: (self.open)(sample, columns)? })
    }
}

/// What a row asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The map is made.
    New,
    /// An entry is put, whether its key is there or not.
    Insert,
    /// An entry is taken out.
    Remove,
    /// An entry is looked up.
    Get,
    /// All entries are dropped.
    Clear,
    /// All entries are looked at.
    Iterate,
    /// So many entries are looked at in the order of their keys, from a key on.
    Scan,
    /// A key is used; the trace doesn't say how.
    Request,
    /// Nothing of a map.
    Nothing,
}

/// A key, as the trace has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// A number. A negative one has its two's complement.
    Number(u64),
    /// What is no number.
    Text(&'a [u8]),
}

impl Key<'_> {
    /// The key of a field; none of an empty one.
    #[inline]
    pub fn parse(field: &[u8]) -> Option<Key<'_>> {
        if field.is_empty() { None } else { Some(Key::named(field)) }
    }

    /// The key that is written so: a number in decimal, without zeros in front, or in hexadecimal digits after `0x`; or else
    /// the text. So two texts are two keys, but for 0x1f and 31.
    #[inline]
    pub fn named(text: &[u8]) -> Key<'_> {
        let number = match text {
            [b'0', b'x' | b'X', digits @ ..] => number::hex(digits),
            [b'-', b'0', ..] | [b'0', _, ..] => None,
            [b'-', digits @ ..] => decimal(digits).filter(|&it| it <= 1 << 63).map(u64::wrapping_neg),
            digits => decimal(digits),
        };
        number.map_or(Key::Text(text), Key::Number)
    }
}

/// What a row asks of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation<'a> {
    /// What to do.
    pub action: Action,
    /// To which entry, where it is about one.
    pub key: Key<'a>,
    /// The key's length, where a row says one that its text doesn't have: hidden keys do.
    pub key_bytes: Option<u32>,
    /// The value's length, of a trace whose rows say it; it counts where a value is put.
    pub value_bytes: u32,
    /// The key's hash, of a trace whose rows say it.
    pub hash: u64,
    /// How many entries a scan asks for.
    pub entries: u32,
    /// When it was asked for, where the row says a time that can be read.
    pub stamp: Option<Stamp>,
    /// How often in a row; 0 is never.
    pub times: u64,
}

impl<'a> Operation<'a> {
    /// Once, with nothing said of sizes and hash.
    pub const fn new(action: Action, key: Key<'a>) -> Operation<'a> {
        Operation { action, key, key_bytes: None, value_bytes: 0, hash: 0, entries: 0, stamp: None, times: 1 }
    }

    /// What asks nothing of a map.
    const NOTHING: Operation<'static> = Operation::new(Action::Nothing, Key::Number(0));
}

/// What the rows of a trace say beside operation and key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Says {
    /// What is done.
    pub action: bool,
    /// [`Operation::hash`].
    pub hash: bool,
    /// [`Operation::value_bytes`].
    pub value_bytes: bool,
    /// [`Operation::key_bytes`].
    pub key_bytes: bool,
    /// [`Operation::entries`]: where not, there is no scan.
    pub entries: bool,
    /// [`Operation::stamp`], in what it is written.
    pub time: Option<TimeUnit>,
}

/// Takes each operation as it is decoded.
pub type Put<'a> = dyn FnMut(Operation<'_>) + 'a;

/// Decodes the units of one file, in their order.
pub struct Decoder {
    units: Units,
    rows: Box<dyn Decode>,
}

impl Decoder {
    /// What its rows say.
    pub fn says(&self) -> Says {
        self.rows.says()
    }

    /// What was made of the file that it doesn't say, in words.
    pub fn remark(&self) -> Option<&str> {
        self.rows.remark()
    }

    /// What the next unit asks for, none, one or several operations: a line without its end, or a record.
    ///
    /// # Errors
    ///
    /// What was expected and what was found.
    pub fn decode(&mut self, unit: &[u8], put: &mut Put<'_>) -> Result<(), String> {
        if self.units == Units::Lines {
            sample::without_controls(unit)?;
        }
        self.rows.decode(unit, put)
    }
}

/// What a format makes of its units, of which lines have no control characters.
trait Decode {
    fn says(&self) -> Says;
    fn remark(&self) -> Option<&str> {
        None
    }
    fn decode(&mut self, unit: &[u8], put: &mut Put<'_>) -> Result<(), String>;
}

/// Why a file can't be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1, where one is to blame.
    pub line: Option<u64>,
    /// What was expected, what was found, and what to do.
    pub what: String,
}

/// A decoder that needs to know nothing of what came before.
struct Each {
    says: Says,
    decode: fn(&[u8], &mut Put<'_>) -> Result<(), String>,
}

impl Decode for Each {
    fn says(&self) -> Says {
        self.says
    }

    fn decode(&mut self, unit: &[u8], put: &mut Put<'_>) -> Result<(), String> {
        (self.decode)(unit, put)
    }
}

/// Rows of a key each.
const KEYS_ONLY: Says =
    Says { action: false, hash: false, value_bytes: false, key_bytes: false, entries: false, time: None };
/// Rows that say what is done.
const ACTIONS: Says = Says { action: true, ..KEYS_ONLY };
/// And how long values are.
const ACTIONS_AND_SIZES: Says = Says { value_bytes: true, ..ACTIONS };

fn each(says: Says, decode: fn(&[u8], &mut Put<'_>) -> Result<(), String>) -> Result<Box<dyn Decode>, Fault> {
    Ok(Box::new(Each { says, decode }))
}

#[cfg(test)]
mod tests;
