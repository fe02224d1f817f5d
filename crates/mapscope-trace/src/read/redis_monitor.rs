//! What `redis-cli MONITOR` prints: `1339518096.506257 [0 127.0.0.1:60866] "get" "x"`.

use super::{ACTIONS_AND_SIZES, Action, Decode, Format, Key, Operation, Put, Sample, Says, Units, decimal, quote};

pub(super) const FORMAT: Format = Format {
    name: "redis-monitor",
    summary: "what redis-cli MONITOR prints: a time, the client, the command and its arguments",
    fills: "a command that writes a key is a put, with a value of the bytes of its arguments, one that reads a key a get; \
            FLUSHALL is a clear; all other commands, as KEYS, EVAL and RENAME, are left out; a key of another \
            database than 0 has its number in front",
    units: Units::Lines,
    has_columns: false,
    is,
    open: |_, _| Ok(Box::new(Monitor::default())),
};

fn is(sample: &Sample<'_>) -> bool {
    let is_command = |line: &[u8]| command(line).is_some();
    sample.lines().any(is_command) && sample.all_lines(|line| line == b"OK" || is_command(line))
}

/// The number of the database, and the quoted words that follow the client.
fn command(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let space = line.iter().position(|&byte| byte == b' ')?;
    let (time, rest) = (&line[..space], line[space + 1..].strip_prefix(b"[")?);
    let dot = time.iter().position(|&byte| byte == b'.')?;
    decimal(&time[..dot]).and(decimal(&time[dot + 1..]))?;
    let close = rest.windows(3).position(|end| end == b"] \"")?;
    let database = rest[..close].split(|&byte| byte == b' ').next()?;
    decimal(database)?;
    Some((database, &rest[close + 2..]))
}

/// What a command does to its keys.
#[derive(Clone, Copy)]
enum Does {
    /// To its first argument, the value being what follows.
    First(Action),
    /// To each argument.
    Each(Action),
    /// Puts: keys and values by turns.
    Pairs,
    Clears,
    Nothing,
}

fn does(command: &[u8]) -> Does {
    match command {
        b"get" | b"getrange" | b"substr" | b"strlen" | b"ttl" | b"pttl" | b"type" | b"dump" | b"getbit"
        | b"bitcount" | b"hget" | b"hmget" | b"hgetall" | b"hexists" | b"hlen" | b"hkeys" | b"hvals" | b"hscan"
        | b"llen" | b"lrange" | b"lindex" | b"scard" | b"sismember" | b"smembers" | b"srandmember" | b"sscan"
        | b"zcard" | b"zscore" | b"zrange" | b"zrangebyscore" | b"zrevrange" | b"zrank" | b"zcount" | b"zscan"
        | b"xlen" | b"xrange" | b"pfcount" | b"getex" => Does::First(Action::Get),
        b"set" | b"setex" | b"psetex" | b"setnx" | b"getset" | b"append" | b"setrange" | b"setbit" | b"incr"
        | b"decr" | b"incrby" | b"decrby" | b"incrbyfloat" | b"restore" | b"hset" | b"hmset" | b"hsetnx"
        | b"hincrby" | b"hincrbyfloat" | b"hdel" | b"lpush" | b"rpush" | b"lpushx" | b"rpushx" | b"lpop" | b"rpop"
        | b"lset" | b"lrem" | b"ltrim" | b"linsert" | b"sadd" | b"srem" | b"spop" | b"zadd" | b"zrem" | b"zincrby"
        | b"zpopmin" | b"zpopmax" | b"xadd" | b"pfadd" | b"expire" | b"pexpire" | b"expireat" | b"pexpireat"
        | b"persist" => Does::First(Action::Insert),
        b"getdel" => Does::First(Action::Remove),
        b"mget" | b"exists" | b"touch" => Does::Each(Action::Get),
        b"del" | b"unlink" => Does::Each(Action::Remove),
        b"mset" | b"msetnx" => Does::Pairs,
        b"flushall" | b"flushdb" => Does::Clears,
        _ => Does::Nothing,
    }
}

#[derive(Default)]
struct Monitor {
    words: Vec<Vec<u8>>,
    key: Vec<u8>,
}

impl Decode for Monitor {
    fn says(&self) -> Says {
        ACTIONS_AND_SIZES
    }

    fn decode(&mut self, line: &[u8], put: &mut Put<'_>) -> Result<(), String> {
        if line.is_empty() || line == b"OK" {
            return Ok(());
        }
        let expected = || format!("expected TIME [DATABASE CLIENT] \"COMMAND\" .., found {}", quote(line));
        let (database, rest) = command(line).ok_or_else(expected)?;
        words(rest, &mut self.words).ok_or_else(expected)?;
        let Some((name, arguments)) = self.words.split_first_mut() else { return Err(expected()) };
        name.make_ascii_lowercase();
        let mut ask = |action, name: &[u8], value_bytes: usize| {
            let mut key = name;
            if database != b"0" {
                self.key.clear();
                self.key.extend_from_slice(database);
                self.key.push(b'/');
                self.key.extend_from_slice(name);
                key = &self.key;
            }
            put(Operation { value_bytes: value_bytes as u32, ..Operation::new(action, Key::named(key)) });
        };
        let bytes = |words: &[Vec<u8>]| words.iter().map(Vec::len).sum::<usize>();
        match (does(name), &*arguments) {
            (Does::First(Action::Insert), [key, rest @ ..]) => {
                // A time to live is no part of the value, nor are options.
                let value = match (name.as_slice(), rest) {
                    (b"set", [value, ..]) | (b"setex" | b"psetex", [_, value]) => value.len(),
                    _ => bytes(rest),
                };
                ask(Action::Insert, key, value);
            }
            (Does::First(action), [key, ..]) => ask(action, key, 0),
            (Does::Each(action), keys) => keys.iter().for_each(|key| ask(action, key, 0)),
            (Does::Pairs, pairs) if pairs.len() % 2 == 0 => {
                pairs.chunks_exact(2).for_each(|pair| ask(Action::Insert, &pair[0], pair[1].len()));
            }
            (Does::Clears, _) => put(Operation::new(Action::Clear, Key::Number(0))),
            (Does::Nothing, _) => put(Operation::NOTHING),
            (Does::First(_) | Does::Pairs, _) => return Err(expected()),
        }
        Ok(())
    }
}

/// The words in quotes, unescaped; none where they can't be read.
fn words(mut text: &[u8], words: &mut Vec<Vec<u8>>) -> Option<()> {
    words.clear();
    while !text.is_empty() {
        text = text.strip_prefix(b" ").unwrap_or(text).strip_prefix(b"\"")?;
        let mut word = Vec::new();
        loop {
            let (&byte, rest) = text.split_first()?;
            text = rest;
            match byte {
                b'"' => break,
                b'\\' => {
                    let (&escaped, rest) = text.split_first()?;
                    text = rest;
                    word.push(match escaped {
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'a' => 7,
                        b'b' => 8,
                        b'x' => {
                            let (digits, rest) = text.split_at_checked(2)?;
                            text = rest;
                            super::number::hex(digits)? as u8
                        }
                        other => other,
                    });
                }
                byte => word.push(byte),
            }
        }
        words.push(word);
    }
    Some(())
}
