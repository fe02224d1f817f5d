//! A conversation with the program: commands of operations in, numbers out.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde::Deserialize;

use crate::workload;

/// The most operations of one command.
pub const BATCH_OPS_MAX: usize = 1024;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Put an entry.
    Put,
    /// Take an entry out.
    Remove,
    /// Look an entry up.
    Get,
    /// Drop all entries.
    Clear,
    /// Iterate over all entries.
    Range,
}

/// One operation on a map of the runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    /// What to do.
    pub kind: Kind,
    /// The key's identity; unused by `Clear` and `Range`.
    pub key: u64,
    /// What a put's value is made of.
    pub value: u64,
    /// How many bytes it has, where its length varies.
    pub value_bytes: u32,
}

impl From<workload::Op> for Op {
    fn from(op: workload::Op) -> Op {
        let kind = match op.kind {
            workload::Kind::Put => Kind::Put,
            workload::Kind::Remove => Kind::Remove,
            workload::Kind::Get => Kind::Get,
            workload::Kind::Clear => Kind::Clear,
            workload::Kind::Iterate => Kind::Range,
            workload::Kind::Scan => unreachable!("Go's maps have no order, and no plan has them scanned"),
        };
        Op { kind, key: op.key, value: op.value, value_bytes: op.value_bytes }
    }
}

/// Who the program is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Greeting {
    /// `runtime.Version()`: `go1.27.3`.
    pub go: String,
    /// How this runtime lays the map out: `classic`, `swiss`, `syncmap`; `unknown` where a test map's header did not read
    /// as it should.
    pub layout: String,
    /// Size of a key.
    pub key_bytes: u64,
    /// Size of an elem.
    pub elem_bytes: u64,
    /// Size of a bucket or group.
    pub table_bytes: u64,
    /// Whether a bucket or group holds pointers.
    pub table_pointers: bool,
    /// The columns of [`Recorded::state`].
    pub columns: Vec<String>,
    /// Whether it has an operation that drops all entries: `sync.Map` has since Go 1.23.
    pub clears: bool,
    /// Ticks of its clock in a nanosecond.
    pub ticks_per_ns: f64,
    /// The median interval between two readings of it, in nanoseconds.
    pub floor_ns: f64,
}

/// What one operation allocated, and the map after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Keys with their hashes in an inner map that the operation made: `(key, hash)`.
    pub hashes: Vec<(u64, u64)>,
    /// Whether it found its key.
    pub hit: bool,
    /// The key's hash before it; 0 when not asked for.
    pub hash: u64,
    /// Bytes allocated, as `runtime.MemStats` counts them.
    pub alloc_bytes: u64,
    /// Objects allocated.
    pub allocs: u64,
    /// The header, in [`Greeting::columns`].
    pub state: Vec<u64>,
}

/// The heap, after a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Bytes allocated since the program began.
    pub alloc_bytes: u64,
    /// Objects allocated since then.
    pub allocs: u64,
    /// Bytes alive.
    pub live_bytes: u64,
    /// Objects freed since the program began.
    pub frees: u64,
}

/// What a map contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// Entries.
    pub entries: u64,
    /// The checksum of keys and values.
    pub checksum: u64,
    /// The bytes that the values own.
    pub value_heap_bytes: u64,
}

/// What the garbage collector did since [`Session::begin_measuring`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collections {
    /// Cycles.
    pub cycles: u64,
    /// The most bytes of objects on the heap beyond those that were there before the map, seen between batches.
    pub peak_bytes: u64,
    /// How long each cycle stopped the world, in nanoseconds.
    pub pauses_ns: Vec<u64>,
}

/// A running program. Dropping it ends it.
pub struct Session {
    wire: Wire,
    greeting: Greeting,
}

impl Session {
    /// Starts the program for one kind of map (`map`, `syncmap`).
    pub fn start(program: &Path, map: &str) -> io::Result<Session> {
        let mut command = Command::new(program);
        command.arg(map).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // What it says when it dies is a line then.
        command.env("GOTRACEBACK", "none");
        for name in ["GOGC", "GOMEMLIMIT", "GOMAXPROCS", "GODEBUG"] {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(|error| {
            io::Error::new(error.kind(), format!("{} can't be run: {error}", crate::text::path(program)))
        })?;
        let broken = || io::Error::other("the program's pipes are missing");
        let stdin = child.stdin.take().ok_or_else(broken)?;
        let stdout = BufReader::with_capacity(1 << 16, child.stdout.take().ok_or_else(broken)?);
        let mut wire = Wire { child, stdin, stdout, command: Vec::new() };
        wire.send(b'h', [])?;
        let mut line = String::new();
        wire.stdout.read_line(&mut line).map_err(|error| wire.last_words(error))?;
        let greeting = serde_json::from_str(&line);
        let greeting =
            greeting.map_err(|error| wire.last_words(io::Error::other(format!("it greets with {line:?}: {error}"))))?;
        Ok(Session { wire, greeting })
    }

    /// Who the program is.
    pub fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// Sets the garbage collector's percentage (negative: off), its memory limit in bytes (0: none) and how many
    /// processors the program may use (0: as many as there are).
    pub fn set_collector(&mut self, percent: i64, limit_bytes: u64, processors: u64) -> io::Result<()> {
        self.command(b'g', &[percent as u64, limit_bytes, processors])
    }

    /// Drops the map and builds a new one.
    pub fn build(&mut self, hint: u64) -> io::Result<Recorded> {
        self.command(b'n', &[hint])?;
        self.recorded()
    }

    /// Begins to watch the garbage collector.
    pub fn begin_measuring(&mut self) -> io::Result<()> {
        self.command(b's', &[])
    }

    /// Does operations, at most `BATCH_OPS_MAX`; gives the ticks that took.
    pub fn apply(&mut self, ops: &[workload::Op]) -> io::Result<u64> {
        self.send_ops(b'a', ops.iter().map(|&op| op.into()))?;
        self.number()
    }

    /// Does operations with the clock read after each; appends the intervals in ticks.
    pub fn timed(&mut self, ops: &[workload::Op], intervals: &mut Vec<u64>) -> io::Result<()> {
        self.send_ops(b't', ops.iter().map(|&op| op.into()))?;
        for _ in ops {
            let interval = self.number()?;
            intervals.push(interval);
        }
        Ok(())
    }

    /// Does operations one by one, and tells `each` what every one did; with hashes if asked for.
    pub fn record(&mut self, ops: &[Op], hashes: bool, mut each: impl FnMut(Op, Recorded)) -> io::Result<()> {
        for batch in ops.chunks(BATCH_OPS_MAX) {
            self.send_ops(if hashes { b'R' } else { b'r' }, batch.iter().copied())?;
            for &op in batch {
                each(op, self.recorded()?);
            }
        }
        Ok(())
    }

    /// The heap, after a collection.
    pub fn memory(&mut self) -> io::Result<Memory> {
        self.command(b'm', &[])?;
        Ok(Memory {
            alloc_bytes: self.number()?,
            allocs: self.number()?,
            live_bytes: self.number()?,
            frees: self.number()?,
        })
    }

    /// What the garbage collector did since [`Session::begin_measuring`].
    pub fn collections(&mut self) -> io::Result<Collections> {
        self.command(b'c', &[])?;
        let (cycles, peak_bytes, pauses) = (self.number()?, self.number()?, self.number()?);
        let pauses_ns = (0..pauses).map(|_| self.number()).collect::<io::Result<_>>()?;
        Ok(Collections { cycles, peak_bytes, pauses_ns })
    }

    /// What the map contains.
    pub fn content(&mut self) -> io::Result<Content> {
        self.command(b'e', &[])?;
        Ok(Content { entries: self.number()?, checksum: self.number()?, value_heap_bytes: self.number()? })
    }

    /// Removes every entry, one by one.
    pub fn drain(&mut self) -> io::Result<()> {
        self.command(b'd', &[])?;
        self.number().map(drop)
    }

    fn command(&mut self, letter: u8, numbers: &[u64]) -> io::Result<()> {
        self.wire.send(letter, numbers.iter().copied())
    }

    fn send_ops(&mut self, letter: u8, ops: impl Iterator<Item = Op>) -> io::Result<()> {
        let numbers = |op: Op| [op.kind as u64 | u64::from(op.value_bytes) << 32, op.key, op.value];
        self.wire.send(letter, ops.flat_map(numbers))
    }

    fn number(&mut self) -> io::Result<u64> {
        self.wire.number()
    }

    fn recorded(&mut self) -> io::Result<Recorded> {
        let hashes = self.number()?;
        let hashes = (0..hashes).map(|_| Ok((self.number()?, self.number()?))).collect::<io::Result<_>>()?;
        let (hit, hash, alloc_bytes, allocs) = (self.number()? != 0, self.number()?, self.number()?, self.number()?);
        let state = (0..self.greeting.columns.len()).map(|_| self.number()).collect::<io::Result<_>>()?;
        Ok(Recorded { hashes, hit, hash, alloc_bytes, allocs, state })
    }
}

/// The program's process and the pipes to it.
struct Wire {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    command: Vec<u8>,
}

/// How long a program whose pipe broke may take to end, before it is taken for one that runs on.
const END_MS_MAX: u64 = 20_000;

impl Wire {
    fn send(&mut self, letter: u8, numbers: impl IntoIterator<Item = u64>) -> io::Result<()> {
        self.command.clear();
        self.command.extend([letter, 0, 0, 0, 0]);
        numbers.into_iter().for_each(|number| self.command.extend(number.to_le_bytes()));
        let bytes = (self.command.len() - 5) as u32;
        self.command[1..5].copy_from_slice(&bytes.to_le_bytes());
        self.stdin.write_all(&self.command).map_err(|error| self.last_words(error))
    }

    fn number(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        match self.stdout.read_exact(&mut bytes) {
            Ok(()) => Ok(u64::from_le_bytes(bytes)),
            Err(error) => Err(self.last_words(error)),
        }
    }

    /// Why the conversation broke off: how the program ended and what it said, if it has ended.
    #[cold]
    fn last_words(&mut self, error: io::Error) -> io::Error {
        let ended = (0..END_MS_MAX / 10).find_map(|_| {
            let ended = self.child.try_wait().ok().flatten();
            if ended.is_none() {
                thread::sleep(Duration::from_millis(10));
            }
            ended
        });
        let (Some(status), Some(mut stderr)) = (ended, self.child.stderr.take()) else { return error };
        let mut said = Vec::new();
        let _ = stderr.read_to_end(&mut said);
        let said = String::from_utf8_lossy(&said);
        let fatal = |line: &&str| line.starts_with("fatal error: ") || line.starts_with("panic: ");
        let line = said.lines().find(fatal).or(said.lines().next()).unwrap_or("it said nothing");
        let no_memory = ["out of memory", "cannot allocate memory"].iter().any(|words| line.contains(words));
        let kind = if no_memory { io::ErrorKind::OutOfMemory } else { io::ErrorKind::Other };
        io::Error::new(kind, format!("it ended ({status}): {line}"))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Fails only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
