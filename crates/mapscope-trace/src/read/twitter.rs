//! Twitter's cache traces (github.com/twitter/cache-trace): seven columns without a header.

use super::{
    ACTIONS_AND_SIZES, Format, Key, Operation, Put, Says, Stamp, TimeUnit, Units, Verb, decimal, each, quote, verb,
};

pub(super) const FORMAT: Format = Format {
    name: "twitter",
    summary: "Twitter's cache traces: time, key, key size, value size, client, operation, ttl, without a header",
    fills: "each command that writes is a put, incr and cas too; a key is as long as its row says; ttl is left out",
    units: Units::Lines,
    has_columns: false,
    has_times: true,
    is: |sample| sample.all_lines(|line| parse(line).is_some()),
    open: |_, _| each(Says { key_bytes: true, time: Some(TimeUnit::S), ..ACTIONS_AND_SIZES }, decode),
};

struct Row<'a> {
    verb: Verb,
    key: &'a [u8],
    key_bytes: u32,
    value_bytes: u32,
    stamp: Option<Stamp>,
}

fn parse(line: &[u8]) -> Option<Row<'_>> {
    // A key may hold commas; what stands around it does not.
    let (time, rest) = split(line)?;
    let mut fields = rest.rsplitn(6, |&byte| byte == b',');
    let [ttl, op, client, value_bytes, key_bytes, key] = std::array::from_fn(|_| fields.next().unwrap_or_default());
    let length = |field| u32::try_from(decimal(field)?).ok();
    let all = decimal(ttl).and(decimal(client)).is_some() && !key.is_empty();
    let (verb, stamp) = (verb(op).filter(|_| all)?, Stamp::whole(decimal(time)?, TimeUnit::S.ns()));
    Some(Row { verb, key, key_bytes: length(key_bytes)?, value_bytes: length(value_bytes)?, stamp })
}

fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let comma = line.iter().position(|&byte| byte == b',')?;
    Some((&line[..comma], &line[comma + 1..]))
}

fn decode(line: &[u8], put: &mut Put<'_>) -> Result<(), String> {
    if line.is_empty() {
        return Ok(());
    }
    let expected = "time,key,key size,value size,client,operation,ttl";
    let Row { verb, key, key_bytes, value_bytes, stamp } =
        parse(line).ok_or_else(|| format!("expected {expected}, found {}", quote(line)))?;
    for &action in verb {
        put(Operation { key_bytes: Some(key_bytes), value_bytes, stamp, ..Operation::new(action, Key::named(key)) });
    }
    Ok(())
}
