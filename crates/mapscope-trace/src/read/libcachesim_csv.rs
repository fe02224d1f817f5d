//! libCacheSim's tables.

use super::columns::{Columns, Slot};
use super::csv::Table;
use super::{Action, Format, Units, Verb, scsi, verb};

pub(super) const FORMAT: Format = Format {
    name: "libcachesim-csv",
    summary: "libCacheSim's tables: a header with obj, obj_id or lbn, and maybe time, size and op",
    fills: "without a column op each row is a request of its object; of SCSI's codes reads are gets and writes puts; a \
            put's value is as long as the object",
    units: Units::Lines,
    has_columns: true,
    has_times: true,
    is: |sample| Table::open(sample, &NAMES, word, &Columns::default()).is_ok(),
    open: |sample, columns| Ok(Box::new(Table::open(sample, &NAMES, word, columns)?)),
};

const NAMES: [(Slot, &[&str]); 4] = [
    (Slot::Op, &["op"]),
    (Slot::Key, &["obj", "obj_id", "object", "object_id", "lbn", "lba"]),
    (Slot::ValueBytes, &["size", "obj_size"]),
    (Slot::Time, &["time"]),
];

/// A word for an operation, or SCSI's code of it.
fn word(word: &[u8]) -> Option<Verb> {
    verb(word).filter(|verb| *verb != [Action::New]).or_else(|| scsi::verb(super::number::hex(word)?))
}
