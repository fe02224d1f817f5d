//! Keys of 8 bytes, one after the other, little-endian unless the file can only be the other way round.

use super::{Action, Format, KEYS_ONLY, Key, Operation, Put, Sample, Units, each};

const KEY_BYTES: usize = 8;

pub(super) const FORMAT: Format = Format {
    name: "binary-u64",
    summary: "binary keys of 8 bytes, little-endian, or big-endian where their high bytes show it",
    fills: "each is a request of its key",
    units: Units::Records(KEY_BYTES),
    has_columns: false,
    has_times: false,
    is: |sample| likely(sample).is_some(),
    open: |sample, _| match likely(sample) {
        Some(Order::Big) => each(KEYS_ONLY, |record, put| request(record, u64::from_be_bytes, put)),
        Some(Order::Little) | None => each(KEYS_ONLY, |record, put| request(record, u64::from_le_bytes, put)),
    },
};

#[derive(Clone, Copy)]
enum Order {
    Little,
    Big,
}

/// The order in which the high bytes of all keys are zero; none where that is true of both or of neither.
fn likely(sample: &Sample<'_>) -> Option<Order> {
    let records = sample.records::<KEY_BYTES>();
    if records.len() < 2 {
        return None;
    }
    let numbers = |of: fn([u8; KEY_BYTES]) -> u64| records.iter().map(move |&record| of(record));
    let are_keys = |of| {
        let all = |most: u64| numbers(of).all(|key| key <= most);
        // Small numbers of 4 bytes look like large ones of 8.
        let halves = numbers(of).all(|key| key as u32 <= u32::from(u16::MAX));
        all(u32::MAX.into()) || all(u64::MAX >> 16) && !halves
    };
    match (are_keys(u64::from_le_bytes), are_keys(u64::from_be_bytes)) {
        (true, false) => Some(Order::Little),
        (false, true) => Some(Order::Big),
        _ => None,
    }
}

fn request(record: &[u8], of: fn([u8; KEY_BYTES]) -> u64, put: &mut Put<'_>) -> Result<(), String> {
    let key = of(record.try_into().expect("8 bytes"));
    put(Operation::new(Action::Request, Key::Number(key)));
    Ok(())
}
