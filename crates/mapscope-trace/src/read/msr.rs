//! Microsoft Research Cambridge's block traces (SNIA): seven columns without a header.

use super::{
    ACTIONS_AND_SIZES, Action, Decode, Format, Key, Operation, Put, Says, Stamp, TimeUnit, Units, decimal, quote,
};

pub(super) const FORMAT: Format = Format {
    name: "msr",
    summary: "MSR Cambridge's block traces (SNIA): timestamp, host, disk, Read or Write, offset, size, response time",
    fills: "a read is a get, a write a put with a value of its size; an offset of a host's disk is a key, however many \
            blocks follow it",
    units: Units::Lines,
    has_columns: false,
    has_times: true,
    is: |sample| sample.all_lines(|line| parse(line).is_some()),
    open: |_, _| Ok(Box::new(Msr { key: Vec::new() })),
};

/// Windows counts time in so many nanoseconds.
const TICK_NS: u64 = 100;

struct Msr {
    key: Vec<u8>,
}

struct Row<'a> {
    action: Action,
    host: &'a [u8],
    disk: &'a [u8],
    offset: &'a [u8],
    size_bytes: u32,
    stamp: Option<Stamp>,
}

fn parse(line: &[u8]) -> Option<Row<'_>> {
    let mut fields = line.split(|&byte| byte == b',');
    let [time, host, disk, kind, offset, size, response] = std::array::from_fn(|_| fields.next().unwrap_or_default());
    let action = match kind {
        kind if kind.eq_ignore_ascii_case(b"read") => Action::Get,
        kind if kind.eq_ignore_ascii_case(b"write") => Action::Insert,
        _ => return None,
    };
    let stamp = Stamp::whole(decimal(time)?, TICK_NS);
    let whole = [disk, offset, response].iter().all(|field| decimal(field).is_some()) && fields.next().is_none();
    let size_bytes = u32::try_from(decimal(size)?).ok().filter(|_| whole && !host.is_empty())?;
    Some(Row { action, host, disk, offset, size_bytes, stamp })
}

impl Decode for Msr {
    fn says(&self) -> Says {
        Says { time: Some(TimeUnit::Us), ..ACTIONS_AND_SIZES }
    }

    fn decode(&mut self, line: &[u8], put: &mut Put<'_>) -> Result<(), String> {
        if line.is_empty() {
            return Ok(());
        }
        let expected = "timestamp,host,disk,Read or Write,offset,size,response time";
        let row = parse(line).ok_or_else(|| format!("expected {expected}, found {}", quote(line)))?;
        self.key.clear();
        for part in [row.host, b".", row.disk, b":", row.offset] {
            self.key.extend_from_slice(part);
        }
        let (value_bytes, stamp) = (row.size_bytes, row.stamp);
        put(Operation { value_bytes, stamp, ..Operation::new(row.action, Key::Text(&self.key)) });
        Ok(())
    }
}
