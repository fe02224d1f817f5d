//! What YCSB's `basic` binding prints: `INSERT usertable user1 [ field0=x ]`.

use super::{ACTIONS_AND_SIZES, Action, Format, Key, Operation, Put, Says, Units, Verb, decimal, each, quote};

pub(super) const FORMAT: Format = Format {
    name: "ycsb",
    summary: "what YCSB prints with -db site.ycsb.BasicDB: INSERT usertable user1 [ field0=x ]",
    fills: "UPDATE is a put, and its value what stands in the brackets; SCAN is a scan of as many entries as follow its key; the \
            table is part of the key where it is not usertable; other lines are left out",
    units: Units::Lines,
    has_columns: false,
    has_times: false,
    is: |sample| {
        sample.lines().any(|line| parse(line).is_some_and(|row| row.bracketed || row.verb == [Action::Remove]))
    },
    open: |_, _| each(Says { entries: true, ..ACTIONS_AND_SIZES }, decode),
};

struct Row<'a> {
    verb: Verb,
    key: &'a [u8],
    /// Whether fields follow, in brackets.
    bracketed: bool,
    value_bytes: usize,
    /// What stands between key and brackets, of a scan: how many records.
    count: &'a [u8],
}

fn verb(word: &[u8]) -> Option<Verb> {
    Some(match word {
        b"INSERT" | b"UPDATE" => &[Action::Insert],
        b"READ" => &[Action::Get],
        b"SCAN" => &[Action::Scan],
        b"READMODIFYWRITE" => &[Action::Get, Action::Insert],
        b"DELETE" => &[Action::Remove],
        _ => return None,
    })
}

fn parse(line: &[u8]) -> Option<Row<'_>> {
    let mut words = line.splitn(3, |&byte| byte == b' ');
    let verb = verb(words.next()?)?;
    let table = words.next().filter(|table| !table.is_empty())?;
    let rest = words.next()?;
    let end = rest.iter().position(|&byte| byte == b' ').unwrap_or(rest.len());
    let (name, fields) = rest.split_at(end);
    if name.is_empty() {
        return None;
    }
    // The table's name lies just before the key's.
    let key = match table {
        b"usertable" => name,
        _ => &line[line.len() - rest.len() - table.len() - 1..][..table.len() + 1 + end],
    };
    let bracket = fields.iter().position(|&byte| byte == b'[');
    let count = fields[..bracket.unwrap_or(fields.len())].trim_ascii();
    let inside = bracket.map(|at| &fields[at + 1..]);
    let inside = inside.map(|inside| inside.strip_suffix(b"]").unwrap_or(inside).trim_ascii());
    Some(Row { verb, key, bracketed: inside.is_some(), value_bytes: inside.map_or(0, <[u8]>::len), count })
}

fn scanned(count: &[u8], line: &[u8]) -> Result<u32, String> {
    let entries = decimal(count).and_then(|entries| u32::try_from(entries).ok()).filter(|&entries| entries > 0);
    entries.ok_or_else(|| format!("expected how many records to scan, from 1 on, after the key, found {}", quote(line)))
}

fn decode(line: &[u8], put: &mut Put<'_>) -> Result<(), String> {
    let Some(row) = parse(line) else {
        let mut words = line.splitn(2, |&byte| byte == b' ');
        return match words.next().and_then(verb).and(words.next()) {
            Some(_) => Err(format!("expected a table and a key after the operation, found {}", quote(line))),
            None => Ok(()),
        };
    };
    let entries = if row.verb == [Action::Scan] { scanned(row.count, line)? } else { 0 };
    for &action in row.verb {
        put(Operation { value_bytes: row.value_bytes as u32, entries, ..Operation::new(action, Key::named(row.key)) });
    }
    Ok(())
}
