//! The traces of cache2k's benchmarks: numbers of 4 bytes, big-endian, given in the order in which keys first come.

use super::{Action, Format, KEYS_ONLY, Key, Operation, Put, Sample, Units, each};

const KEY_BYTES: usize = 4;

pub(super) const FORMAT: Format = Format {
    name: "cache2k",
    summary: "the traces of cache2k's benchmarks: binary keys of 4 bytes, big-endian",
    fills: "each is a request of its key",
    units: Units::Records(KEY_BYTES),
    has_columns: false,
    has_times: false,
    is,
    open: |_, _| each(KEYS_ONLY, decode),
};

/// Whether each new key is one more than the largest before it, and there are several.
fn is(sample: &Sample<'_>) -> bool {
    let mut next = 0;
    for &record in sample.records::<KEY_BYTES>() {
        match u32::from_be_bytes(record) {
            key if key == next => next += 1,
            1 if next == 0 => next = 2,
            key if key > next => return false,
            _ => {}
        }
    }
    next > 1
}

fn decode(record: &[u8], put: &mut Put<'_>) -> Result<(), String> {
    let key = u32::from_be_bytes(record.try_into().expect("4 bytes"));
    put(Operation::new(Action::Request, Key::Number(key.into())));
    Ok(())
}
