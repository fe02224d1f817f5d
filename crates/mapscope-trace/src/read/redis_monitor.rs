//! What `redis-cli MONITOR` prints: `1339518096.506257 [0 127.0.0.1:60866] "get" "x"`.

use super::{
    ACTIONS_AND_SIZES, Action, Decode, Format, Key, Operation, Put, Sample, Says, Stamp, TimeUnit, Units, decimal,
    quote,
};

pub(super) const FORMAT: Format = Format {
    name: "redis-monitor",
    summary: "what redis-cli MONITOR prints: a time, the client, the command and its arguments",
    fills: "a command that writes a value is a put of what it brings; one that reads a key, takes elements out of its value \
            or sets when it expires is a get; FLUSHALL is a clear; other commands are left out; a key of another \
            database than 0 has its number in front",
    units: Units::Lines,
    has_columns: false,
    has_times: true,
    is,
    open: |_, _| Ok(Box::new(Monitor::default())),
};

fn is(sample: &Sample<'_>) -> bool {
    let is_command = |line: &[u8]| command(line).is_some();
    sample.lines().any(is_command) && sample.all_lines(|line| line == b"OK" || is_command(line))
}

/// The time, the number of the database, and the quoted words that follow the client.
fn command(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = line.iter().position(|&byte| byte == b' ')?;
    let (time, rest) = (&line[..space], line[space + 1..].strip_prefix(b"[")?);
    let dot = time.iter().position(|&byte| byte == b'.')?;
    decimal(&time[..dot]).and(decimal(&time[dot + 1..]))?;
    let close = rest.windows(3).position(|end| end == b"] \"")?;
    let database = rest[..close].split(|&byte| byte == b' ').next()?;
    decimal(database)?;
    Some((time, database, &rest[close + 2..]))
}

/// What a command does to its keys.
#[derive(Clone, Copy)]
enum Does {
    /// Looks its first argument up. So does what leaves the entry where it is: its value loses elements, or it will expire.
    Get,
    Removes,
    /// Puts its first argument, with a value of what follows.
    Puts(Brings),
    /// Looks each argument up.
    GetsEach,
    /// All but the last, which is a time-out.
    GetsAllButLast,
    RemovesEach,
    /// Puts: keys and values by turns.
    Pairs,
    /// All databases.
    Clears,
    /// Its own.
    ClearsOne,
    Nothing,
}

/// How many bytes a command brings to a value, by the arguments after the key.
#[derive(Clone, Copy)]
enum Brings {
    /// The argument of this number.
    Argument(usize),
    /// All from this one on.
    From(usize),
    /// A counter, after the names of what is counted.
    Counter,
    /// The last argument, that far from the beginning.
    AtOffset,
    /// As many bits.
    Bit,
}

/// Of a counter.
const NUMBER_BYTES: usize = 8;

impl Brings {
    /// `None` where an argument is missing or is no number.
    fn bytes(self, arguments: &[Vec<u8>]) -> Option<usize> {
        let sum = |words: &[Vec<u8>]| words.iter().map(Vec::len).sum::<usize>();
        let offset = || decimal(arguments.first()?).and_then(|offset| usize::try_from(offset).ok());
        match self {
            Brings::Argument(number) => arguments.get(number).map(Vec::len),
            Brings::From(number) => arguments.get(number..).map(sum),
            // The amount comes last, where there is one.
            Brings::Counter => Some(sum(arguments.split_last().map_or(&[], |(_, names)| names)) + NUMBER_BYTES),
            Brings::AtOffset => offset()?.checked_add(arguments.get(1)?.len()),
            Brings::Bit => Some(offset()? / 8 + 1),
        }
    }
}

fn does(command: &[u8]) -> Does {
    use Brings::{Argument, AtOffset, Bit, Counter, From};
    match command {
        b"get" | b"getrange" | b"substr" | b"strlen" | b"ttl" | b"pttl" | b"type" | b"dump" | b"getbit"
        | b"bitcount" | b"bitpos" | b"getex" | b"expiretime" | b"pexpiretime" | b"hget" | b"hmget" | b"hgetall"
        | b"hexists" | b"hlen" | b"hkeys" | b"hvals" | b"hscan" | b"hstrlen" | b"hrandfield" | b"llen" | b"lrange"
        | b"lindex" | b"lpos" | b"scard" | b"sismember" | b"smismember" | b"smembers" | b"srandmember" | b"sscan"
        | b"zcard" | b"zscore" | b"zmscore" | b"zrange" | b"zrangebyscore" | b"zrangebylex" | b"zrevrange"
        | b"zrevrangebyscore" | b"zrank" | b"zrevrank" | b"zcount" | b"zscan" | b"xlen" | b"xrange" | b"xrevrange"
        | b"geopos" | b"geodist" | b"geosearch" => Does::Get,
        b"expire" | b"pexpire" | b"expireat" | b"pexpireat" | b"persist" => Does::Get,
        b"hdel" | b"lpop" | b"rpop" | b"lrem" | b"ltrim" | b"srem" | b"spop" | b"zrem" | b"zpopmin" | b"zpopmax"
        | b"zremrangebyrank" | b"zremrangebyscore" | b"zremrangebylex" | b"xdel" | b"xtrim" => Does::Get,
        b"set" | b"setnx" | b"getset" | b"append" => Does::Puts(Argument(0)),
        b"setex" | b"psetex" | b"restore" | b"lset" => Does::Puts(Argument(1)),
        b"setrange" => Does::Puts(AtOffset),
        b"setbit" => Does::Puts(Bit),
        b"incr" | b"decr" | b"incrby" | b"decrby" | b"incrbyfloat" | b"hincrby" | b"hincrbyfloat" => {
            Does::Puts(Counter)
        }
        b"zincrby" => Does::Puts(From(0)),
        b"hset" | b"hmset" | b"hsetnx" | b"lpush" | b"rpush" | b"lpushx" | b"rpushx" | b"sadd" | b"zadd" | b"xadd"
        | b"pfadd" | b"geoadd" => Does::Puts(From(0)),
        b"linsert" => Does::Puts(From(2)),
        b"getdel" => Does::Removes,
        b"mget" | b"exists" | b"touch" | b"pfcount" | b"sinter" | b"sunion" | b"sdiff" => Does::GetsEach,
        b"blpop" | b"brpop" | b"bzpopmin" | b"bzpopmax" => Does::GetsAllButLast,
        b"del" | b"unlink" => Does::RemovesEach,
        b"mset" | b"msetnx" => Does::Pairs,
        b"flushall" => Does::Clears,
        b"flushdb" => Does::ClearsOne,
        _ => Does::Nothing,
    }
}

#[derive(Default)]
struct Monitor {
    words: Vec<Vec<u8>>,
    key: Vec<u8>,
    /// The first database that a key was in, and whether there was another.
    database: Option<Vec<u8>>,
    several: bool,
}

impl Decode for Monitor {
    fn says(&self) -> Says {
        Says { time: Some(TimeUnit::S), ..ACTIONS_AND_SIZES }
    }

    fn decode(&mut self, line: &[u8], put: &mut Put<'_>) -> Result<(), String> {
        if line.is_empty() || line == b"OK" {
            return Ok(());
        }
        let expected = || format!("expected TIME [DATABASE CLIENT] \"COMMAND\" .., found {}", quote(line));
        let (time, database, rest) = command(line).ok_or_else(expected)?;
        words(rest, &mut self.words).ok_or_else(expected)?;
        let Some((name, arguments)) = self.words.split_first_mut() else { return Err(expected()) };
        name.make_ascii_lowercase();
        let does = does(name);
        if !matches!(does, Does::Nothing | Does::Clears | Does::ClearsOne) {
            self.several |= self.database.get_or_insert_with(|| database.to_vec()) != database;
        }
        let stamp = Stamp::parse(time, TimeUnit::S);
        let mut ask = |action, name: &[u8], value_bytes: usize| {
            let mut key = name;
            if database != b"0" {
                self.key.clear();
                self.key.extend_from_slice(database);
                self.key.push(b'/');
                self.key.extend_from_slice(name);
                key = &self.key;
            }
            let value_bytes = u32::try_from(value_bytes).unwrap_or(u32::MAX);
            put(Operation { value_bytes, stamp, ..Operation::new(action, Key::named(key)) });
        };
        match (does, &*arguments) {
            (Does::Puts(brings), [key, rest @ ..]) => match brings.bytes(rest) {
                Some(bytes) => ask(Action::Insert, key, bytes),
                // The server refused it, and it is there all the same.
                None => put(Operation::NOTHING),
            },
            (Does::Get, [key, ..]) => ask(Action::Get, key, 0),
            (Does::Removes, [key, ..]) => ask(Action::Remove, key, 0),
            (Does::GetsEach, keys) | (Does::GetsAllButLast, [keys @ .., _]) => {
                keys.iter().for_each(|key| ask(Action::Get, key, 0));
            }
            (Does::RemovesEach, keys) => keys.iter().for_each(|key| ask(Action::Remove, key, 0)),
            (Does::Pairs, pairs) if pairs.len() % 2 == 0 => {
                pairs.chunks_exact(2).for_each(|pair| ask(Action::Insert, &pair[0], pair[1].len()));
            }
            (Does::ClearsOne, _) if self.several => {
                return Err(format!(
                    "FLUSHDB empties database {0}, and the trace has keys of others: a map is cleared as a whole; leave \
                     them out, as with grep ' \\[{0} '",
                    String::from_utf8_lossy(database)
                ));
            }
            // Of a database that no key has been in.
            (Does::ClearsOne, _) if self.database.as_deref().is_some_and(|used| used != database) => {
                put(Operation::NOTHING);
            }
            (Does::Clears | Does::ClearsOne, _) => {
                (self.database, self.several) = (None, false);
                put(Operation { stamp, ..Operation::new(Action::Clear, Key::Number(0)) });
            }
            (Does::Nothing, _) => put(Operation::NOTHING),
            (Does::Puts(_) | Does::Get | Does::Removes | Does::GetsAllButLast | Does::Pairs, _) => {
                put(Operation::NOTHING)
            }
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
