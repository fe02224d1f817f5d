//! CSV traces, as the module above describes them.

use crate::workload::input::{Input, decimal, hexadecimal, quote};
use crate::workload::{Kind, Op, WorkloadError};

const OPS: &str = "`new`, `insert`, `remove`, `get`, `clear` or `iterate`";

/// The columns that mean something here, in the order of their slots.
const COLUMNS: [&str; 4] = ["op", "key", "hash", "value_bytes"];

/// The slot of all other columns.
const IGNORED: usize = COLUMNS.len();

/// A trace after its header.
pub(super) struct Reader {
    input: Input,
    header: Header,
    /// Whether no row has been read yet.
    first: bool,
}

impl Reader {
    /// Reads the header.
    pub(super) fn new(mut input: Input) -> Result<Reader, WorkloadError> {
        let mut line = input.next_line()?;
        if line.is_some_and(|line| line.starts_with(b"# ")) {
            line = input.next_line()?;
        }
        let header = line.map(Header::parse);
        match header {
            Some(Ok(header)) => Ok(Reader { input, header, first: true }),
            Some(Err(what)) => Err(input.fault_here(what)),
            None => {
                Err(input
                    .fault("is empty; expected a header row such as `op,key`, then one operation a row".to_owned()))
            }
        }
    }

    /// The next operation; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Op>, WorkloadError> {
        while let Some(line) = self.input.next_line()? {
            if line.is_empty() {
                continue;
            }
            let row = self.header.row(line, self.first);
            self.first = false;
            match row {
                Ok(Some(op)) => return Ok(Some(op)),
                Ok(None) => {}
                Err(what) => return Err(self.input.fault_here(what)),
            }
        }
        Ok(None)
    }

    pub(super) fn hashed(&self) -> bool {
        self.header.hashed
    }

    pub(super) fn value_lengths(&self) -> bool {
        self.header.value_lengths
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    pub(super) fn into_input(self) -> Input {
        self.input
    }
}

struct Header {
    /// By position: the slot of each column.
    slots: Vec<usize>,
    hashed: bool,
    value_lengths: bool,
}

impl Header {
    fn parse(line: &[u8]) -> Result<Header, String> {
        let names: Vec<&[u8]> = line.split(|&byte| byte == b',').collect();
        let slot = |name: &&[u8]| COLUMNS.iter().position(|column| column.as_bytes() == *name).unwrap_or(IGNORED);
        let slots: Vec<usize> = names.iter().map(slot).collect();
        let count = |slot| slots.iter().filter(|&&other| other == slot).count();
        for (slot, column) in COLUMNS.iter().enumerate() {
            match count(slot) {
                0 if slot < 2 => return Err(missing(column, line)),
                0 | 1 => {}
                n => return Err(format!("column `{column}` occurs {n} times in the header; once is enough")),
            }
        }
        Ok(Header { hashed: count(2) == 1, value_lengths: count(3) == 1, slots })
    }

    /// The operation in a row, `value` not set; `None` for `new`, which is allowed in the `first` row only.
    fn row(&self, line: &[u8], first: bool) -> Result<Option<Op>, String> {
        let mut found: [&[u8]; COLUMNS.len() + 1] = [b""; _];
        let mut fields = 0;
        for field in line.split(|&byte| byte == b',') {
            if let Some(&slot) = self.slots.get(fields) {
                found[slot] = field;
            }
            fields += 1;
        }
        if fields != self.slots.len() {
            let columns = self.slots.len();
            return Err(format!("the header names {columns} columns, but this row has {fields}: {}", quote(line)));
        }
        let [op, key, hash, value_bytes, _] = found;
        let kind = match op {
            b"insert" => Kind::Put,
            b"get" => Kind::Get,
            b"remove" => Kind::Remove,
            b"clear" => return Ok(Some(Op::without_key(Kind::Clear))),
            // Recordings of `sync.Map` call it after Go's method.
            b"iterate" | b"range" => return Ok(Some(Op::without_key(Kind::Iterate))),
            b"new" if first => return Ok(None),
            b"new" => return Err("`new` stands only in the first row: a trace is of one map".to_owned()),
            _ => return Err(format!("unknown op {}; expected {OPS}", quote(op))),
        };
        let key = decimal(key)
            .ok_or_else(|| format!("bad key {}; expected a decimal number from 0 to {}", quote(key), u64::MAX))?;
        let hash = match self.hashed {
            true => hexadecimal(hash)
                .ok_or_else(|| format!("bad hash {}; expected exactly 16 hexadecimal digits", quote(hash)))?,
            false => 0,
        };
        let value_bytes = match self.value_lengths && kind == Kind::Put {
            true => decimal(value_bytes).and_then(|bytes| u32::try_from(bytes).ok()).ok_or_else(|| {
                format!("bad value_bytes {}; expected a decimal number from 0 to {}", quote(value_bytes), u32::MAX)
            })?,
            false => 0,
        };
        Ok(Some(Op { kind, key, value: 0, hash, value_bytes }))
    }
}

fn missing(column: &str, header: &[u8]) -> String {
    if header.iter().any(|&byte| byte != b'\t' && byte.is_ascii_control()) {
        return "binary data; expected a CSV trace that begins with a header row such as `op,key` (oracleGeneral traces \
                are recognised by `.oracleGeneral` in the file's name)"
            .to_owned();
    }
    let found = quote(header);
    format!("no column `{column}` in the header; expected a header row with `op` and `key` at the least, found {found}")
}
