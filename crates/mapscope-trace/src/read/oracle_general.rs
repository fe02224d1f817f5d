//! libCacheSim's oracleGeneral traces: records of 24 bytes, packed, little-endian: `u32` time, `u64` object, `u32` its size
//! in bytes, `i64` next access (-1 for none).

use super::{Action, Decode, Format, KEYS_ONLY, Key, Operation, Put, Sample, Says, Stamp, TimeUnit, Units};

const RECORD_BYTES: usize = 24;

pub(super) const FORMAT: Format = Format {
    name: "oracle-general",
    summary: "libCacheSim's oracleGeneral: binary records of 24 bytes",
    fills: "each record is a request of its object, whose value is as long as the object",
    units: Units::Records(RECORD_BYTES),
    has_columns: false,
    has_times: true,
    is,
    open: |_, _| Ok(Box::new(Requests { read: 0 })),
};

/// Whether the name says it, or each record is one: times don't go back, and the next access comes later.
fn is(sample: &Sample<'_>) -> bool {
    if sample.is_text() {
        return false;
    }
    let is_named = sample.name.split('.').skip(1).any(|part| part.eq_ignore_ascii_case("oraclegeneral"));
    let records = sample.records::<RECORD_BYTES>();
    let ordered = records.windows(2).all(|pair| time_s(&pair[0]) <= time_s(&pair[1]));
    let follow = records.iter().enumerate().all(|(at, record)| is_next(next_access(record), at as i64));
    is_named || records.len() >= 2 && ordered && follow
}

fn time_s(record: &[u8]) -> u32 {
    u32::from_le_bytes(record[..4].try_into().expect("4 bytes"))
}

fn next_access(record: &[u8]) -> i64 {
    i64::from_le_bytes(record[16..24].try_into().expect("8 bytes"))
}

/// Whether the request at `at`, from 0, can have this as its next access.
fn is_next(next: i64, at: i64) -> bool {
    next == -1 || next > at
}

struct Requests {
    read: i64,
}

impl Decode for Requests {
    fn says(&self) -> Says {
        Says { value_bytes: true, time: Some(TimeUnit::S), ..KEYS_ONLY }
    }

    fn decode(&mut self, record: &[u8], put: &mut Put<'_>) -> Result<(), String> {
        let next = next_access(record);
        if !is_next(next, self.read) {
            let at = self.read + 1;
            return Err(format!(
                "request {at} has its next access at {next}; expected -1 or a later request: this is no oracleGeneral trace"
            ));
        }
        self.read += 1;
        let object = u64::from_le_bytes(record[4..12].try_into().expect("8 bytes"));
        let value_bytes = u32::from_le_bytes(record[12..16].try_into().expect("4 bytes"));
        let stamp = Stamp::whole(time_s(record).into(), TimeUnit::S.ns());
        put(Operation { value_bytes, stamp, ..Operation::new(Action::Request, Key::Number(object)) });
        Ok(())
    }
}
