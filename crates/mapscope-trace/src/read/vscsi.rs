//! VMware's vscsiStats traces, as libCacheSim has them: records of 32 bytes, little-endian: `u32` number, `u32` bytes, `u32`
//! elements of the list, `u16` command, `u16` version, `u64` block, `u64` time in microseconds.

use super::{ACTIONS_AND_SIZES, Format, Key, Operation, Put, Sample, Says, Stamp, TimeUnit, Units, each, scsi};

const RECORD_BYTES: usize = 32;

pub(super) const FORMAT: Format = Format {
    name: "vscsi",
    summary: "VMware's vscsiStats, as libCacheSim has them: binary records of 32 bytes (version 1)",
    fills: "a read is a get, a write a put with a value of its length; its first block is the key, however many follow; \
            other commands are left out",
    units: Units::Records(RECORD_BYTES),
    has_columns: false,
    has_times: true,
    is,
    open: |_, _| each(Says { time: Some(TimeUnit::Us), ..ACTIONS_AND_SIZES }, decode),
};

/// The high byte of the version.
const VERSION: u8 = 1;

fn is(sample: &Sample<'_>) -> bool {
    let records = sample.records::<RECORD_BYTES>();
    !records.is_empty() && records.iter().all(|record| is_record(record))
}

/// A command has one byte, and the version is 1.
fn is_record(record: &[u8]) -> bool {
    record[15] == VERSION && record[13] == 0
}

fn decode(record: &[u8], put: &mut Put<'_>) -> Result<(), String> {
    if !is_record(record) {
        return Err(format!(
            "expected a record of version 1 with a command of one byte, found version {} and command {:#x}: this is no \
             vscsi trace, or one of version 2",
            record[15],
            u16::from_le_bytes([record[12], record[13]])
        ));
    }
    let value_bytes = u32::from_le_bytes(record[4..8].try_into().expect("4 bytes"));
    let time_us = u64::from_le_bytes(record[24..32].try_into().expect("8 bytes"));
    let stamp = Stamp::whole(time_us, TimeUnit::Us.ns());
    let block = u64::from_le_bytes(record[16..24].try_into().expect("8 bytes"));
    for &action in scsi::verb(record[12].into()).unwrap_or_default() {
        put(Operation { value_bytes, stamp, ..Operation::new(action, Key::Number(block)) });
    }
    Ok(())
}
