//! Workloads: streams of operations, made on the fly or read from a trace. Knows nothing of maps.
//!
//! A generated workload is a [key distribution](keys) and a [mix](mixes): the mix decides what is done, the distribution
//! what keys there are and which of them an operation addresses. Everything derives from one seed, and no number depends
//! on the machine.
//!
//! Traces and files of keys are read once ([`Inputs`]), into a private copy, which every process of a run reads.
//!
//! Streams need constant memory, with three exceptions: `churn` keeps 8 bytes for each record, as does `outcomes` where
//! records are removed, and `file:` 8 bytes for each key of the file.

mod args;
mod caught;
mod copy;
mod deal;
mod expect;
pub mod input;
mod inputs;
pub mod keys;
mod lengths;
pub mod mixes;
mod op;
mod rng;
mod room;
mod sizes;
pub mod trace;

use std::collections::HashSet;
use std::path::PathBuf;

pub use args::Args;
pub use caught::caught;
pub use deal::{Deal, Outcomes};
pub use expect::{Expected, Made, entry_checksum};
pub use inputs::{HandOver, Inputs};
pub use lengths::{Lengths, Spread};
pub use mapscope_maps::entry::{
    Bytes, BytesOf, Common, ENTRIES, Entries, Entry, EntryError, EntryVisitor, GRAMMAR, Key, KeyType, Meaning, Str,
    Str24, TEXT_BYTES_MIN, Text, Value, ValueType, low_bits, with_entry,
};
pub use op::{Kind, Op};
pub use rng::{Rng, Scramble};
pub use sizes::{Sizes, sizes};

use crate::intake;
use crate::plan::{Call, OPS_MAX, Source, Widths, WorkloadSpec};
use crate::text;
use inputs::{Content, Purpose, Taken};
use keys::Keys;
use mixes::Mix;

/// A workload that has been opened and checked: it can be streamed from its beginning as often as needed, and each
/// time gives the same operations.
#[derive(Debug, Clone)]
pub struct Workload {
    source: Opened,
    keys_label: String,
    mix_label: String,
    widths: Widths,
}

#[derive(Debug, Clone)]
enum Opened {
    Generated(Recipe),
    /// The first operations of a trace.
    Trace {
        input: Taken,
        about: trace::About,
        ops: u64,
    },
}

/// All it takes to start a generator.
#[derive(Debug, Clone)]
struct Recipe {
    keys: &'static keys::Row,
    /// The file of keys that take one.
    key_file: Option<Taken>,
    key_inputs: keys::Inputs,
    mix: &'static mixes::Row,
    mix_inputs: mixes::Inputs,
    ops: u64,
}

/// Why a workload can't be opened or read on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// A file that can't be used: what was wrong, where, and what to do.
    #[error("{}{}: {what}", text::path(path), line.map(|n| format!(":{n}")).unwrap_or_default())]
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1, where one is to blame.
        line: Option<u64>,
        /// What was expected, what was found, and what to do.
        what: String,
    },
    /// Parameters that contradict each other.
    #[error("{0}")]
    Parameters(String),
    /// Ctrl-C was pressed while a file was read ([`interrupt`](crate::intake::interrupt)).
    #[error("interrupted")]
    Interrupted,
}

impl Workload {
    /// Opens it. A trace is read to its end, so that a bad row is found before anything runs.
    ///
    /// # Errors
    ///
    /// A file that can't be read, or that holds something else than keys or operations; no room for a private copy of it;
    /// a call of something that is not in the registries, or with arguments that it doesn't allow.
    pub fn open(spec: &WorkloadSpec) -> Result<Workload, WorkloadError> {
        Workload::open_from(spec, &mut Inputs::default())
    }

    /// The same, where what is to be read may have been read already.
    ///
    /// # Errors
    ///
    /// Those of [`Workload::open`].
    pub fn open_from(spec: &WorkloadSpec, inputs: &mut Inputs) -> Result<Workload, WorkloadError> {
        let trace = match &spec.source {
            Source::Generated { keys, mix } => return Workload::generated(keys, mix, spec, inputs),
            Source::Trace(trace) => trace,
        };
        let input = inputs.take(&trace.path, Purpose::Trace(&trace.reading))?;
        let Content::Trace(about) = input.about.content else {
            return Err(WorkloadError::Parameters(format!("{}: holds keys, no operations", text::path(&trace.path))));
        };
        let keys_label = format!("trace:{}", input.about.fingerprint);
        let source = Opened::Trace { about, ops: input.copy.rows().min(spec.ops), input };
        Ok(Workload { source, keys_label, mix_label: "trace".to_owned(), widths: spec.widths })
    }

    fn generated(keys: &Call, mix: &Call, spec: &WorkloadSpec, inputs: &mut Inputs) -> Result<Workload, WorkloadError> {
        let unknown = |what: &str, name: &str| WorkloadError::Parameters(format!("there is no {what} called `{name}`"));
        let key_row = keys::KEYS.iter().find(|row| row.term.name == keys.name);
        let key_row = key_row.ok_or_else(|| unknown("key distribution", keys.name))?;
        let mix_row = mixes::MIXES.iter().find(|row| row.term.name == mix.name);
        let mix_row = mix_row.ok_or_else(|| unknown("mix", mix.name))?;

        let key_file = match &keys.path {
            Some(path) if key_row.term.file => Some(inputs.take(path, Purpose::Keys)?),
            None if key_row.term.file => {
                let name = keys.name;
                return Err(WorkloadError::Parameters(format!("{name}: no file given; write `{name}:PATH`")));
            }
            _ => None,
        };
        let keys_label = match &key_file {
            Some(file) => format!("{}:{}", keys.name, file.about.fingerprint),
            None => keys.to_string(),
        };
        let key_bits = spec.widths.key_bits;
        let file = key_file.as_ref().map(keys::keys_of_file).transpose()?;
        let once = file.as_ref().map(|keys| keys.len() as u64).filter(|_| spec.ops == OPS_MAX);
        let ops = once.unwrap_or(spec.ops);
        let recipe = Recipe {
            keys: key_row,
            key_file,
            key_inputs: keys::Inputs { args: Args::new(&key_row.term, keys)?, seed: spec.seed, bits: key_bits, file },
            mix: mix_row,
            mix_inputs: mixes::Inputs::new(Args::new(&mix_row.term, mix)?, ops),
            ops,
        };
        if recipe
            .setup_ops()
            .saturating_add(ops)
            .saturating_sub(1)
            .checked_shr(key_bits)
            .is_some_and(|beyond| beyond > 0)
        {
            return Err(WorkloadError::Parameters(format!(
                "keys of {key_bits} bits are too few for so many operations, each of which may need a new one: take an entry \
                 with longer keys, or fewer operations"
            )));
        }
        // A process that was handed the keys need not look at them again.
        if !inputs.are_handed_over() {
            recipe.check_records()?;
        }
        // A mix that can't be started is found before anything runs.
        recipe.start()?;
        Ok(Workload { source: Opened::Generated(recipe), keys_label, mix_label: mix.to_string(), widths: spec.widths })
    }

    /// What it was read from, for another process; `None` for one that is made on the fly.
    pub fn hand_over(&self) -> Option<HandOver> {
        match &self.source {
            Opened::Generated(recipe) => recipe.key_file.as_ref().map(Taken::hand_over),
            Opened::Trace { input, .. } => Some(input.hand_over()),
        }
    }

    /// The key distribution in canonical form; `trace:NAME@DIGEST` for a trace, `file:NAME@DIGEST` for a key file, where
    /// NAME is the file's name (`stdin`, `pipe`) and DIGEST the first 8 hex digits of the BLAKE3 hash of its bytes.
    pub fn keys_label(&self) -> &str {
        &self.keys_label
    }

    /// The mix in canonical form; `trace` for a trace.
    pub fn mix_label(&self) -> &str {
        &self.mix_label
    }

    /// What its trace was read as, in words, where that says less than there is to know: `t.vscsi: read as vscsi: a read
    /// is a get, ...`.
    pub fn told(&self) -> Option<String> {
        let Opened::Trace { input, .. } = &self.source else { return None };
        Some(format!("{}: {}", text::path(intake::shown(&input.about.path)), self.read_as()?))
    }

    /// The same without the trace's path.
    pub fn read_as(&self) -> Option<&str> {
        let Opened::Trace { input, .. } = &self.source else { return None };
        input.about.told.as_deref()
    }

    /// Operations of the set-up, which come first in the stream and are not measured.
    pub fn setup_ops(&self) -> u64 {
        match &self.source {
            Opened::Generated(recipe) => recipe.setup_ops(),
            Opened::Trace { .. } => 0,
        }
    }

    /// Measured operations, after the set-up.
    pub fn ops(&self) -> u64 {
        match &self.source {
            Opened::Generated(recipe) => recipe.ops,
            Opened::Trace { ops, .. } => *ops,
        }
    }

    /// Whether [`Op::hash`] is to be used instead of the map's own hasher.
    pub fn hashed(&self) -> bool {
        matches!(&self.source, Opened::Trace { about, .. } if about.layout.hashed)
    }

    /// Why it can't be dealt to several threads; `None` where it can.
    pub fn undealable(&self) -> Option<&'static str> {
        match &self.source {
            Opened::Trace { about, .. } if about.layout.hashed => {
                Some("it brings the hashes of its keys, which one thread looks up")
            }
            _ if self.scans() => Some(undealt(Kind::Scan)),
            Opened::Trace { about, ops, .. } => Some(undealt(about.whole.filter(|(_, before)| before < ops)?.0)),
            Opened::Generated(recipe) => {
                let whole = [Kind::Clear, Kind::Iterate].into_iter();
                whole
                    .zip(["clear", "iterate"])
                    .find(|(_, name)| recipe.mix_inputs.weighs(name))
                    .map(|(kind, _)| undealt(kind))
            }
        }
    }

    /// Whether it looks at entries in the order of their keys.
    pub fn scans(&self) -> bool {
        match &self.source {
            Opened::Generated(recipe) => recipe.mix.scans || recipe.mix_inputs.weighs("scan"),
            Opened::Trace { about, ops, .. } => about.scans.is_some_and(|before| before < *ops),
        }
    }

    /// Whether [`Op::value_bytes`] says how long values are.
    pub fn value_lengths(&self) -> bool {
        matches!(&self.source, Opened::Trace { about, .. } if about.layout.value_lengths)
    }

    /// How long the keys of a trace are, operation by operation: of those that are texts, or whose rows say it. `None` where
    /// none is, and of generated workloads.
    pub fn key_lengths(&self) -> Option<Spread> {
        match &self.source {
            Opened::Trace { about, .. } => about.key_lengths,
            Opened::Generated(_) => None,
        }
    }

    /// Whether [`Op::key_bytes`] says how long keys are.
    pub fn keys_are_sized(&self) -> bool {
        matches!(&self.source, Opened::Trace { about, .. } if about.layout.key_lengths)
    }

    /// Whether each put's value has the whole of [`Op::value`].
    pub fn seeds_are_whole(&self) -> bool {
        self.setup_ops().saturating_add(self.ops()).checked_shr(self.widths.value_bits).is_none_or(|beyond| beyond == 0)
    }

    /// When its operations arrive, by the times of its trace; `None` where these were not asked for.
    ///
    /// # Errors
    ///
    /// A trace whose private copy was damaged.
    pub fn arrivals(&self) -> Result<Option<trace::Arrivals>, WorkloadError> {
        match &self.source {
            Opened::Trace { input, about, ops } => trace::arrivals(input, *about, *ops),
            Opened::Generated(_) => Ok(None),
        }
    }

    /// A fresh stream from the first operation of the set-up.
    ///
    /// # Errors
    ///
    /// No memory for the records of `churn`.
    pub fn stream(&self) -> Result<Stream, WorkloadError> {
        Ok(Stream {
            source: match &self.source {
                Opened::Generated(recipe) => Running::Generated(recipe.start()?),
                Opened::Trace { input, about, ops } => Running::Trace(trace::Stream::new(input, about.layout, *ops)),
            },
            widths: self.widths,
        })
    }

    /// The same in batches of at most so many operations.
    ///
    /// # Errors
    ///
    /// Those of [`Workload::stream`].
    pub fn batches(&self, most: u64) -> Result<Batches, WorkloadError> {
        Ok(Batches { stream: self.stream()?, setup_left: self.setup_ops(), most, ops: Vec::new() })
    }

    /// What the operations leave behind, worked out by a model of our own. Takes memory for the live entries.
    ///
    /// # Errors
    ///
    /// Those of [`Workload::batches`] and [`Batches::next`].
    pub fn expected(&self) -> Result<Expected, WorkloadError> {
        let mut model = expect::Model::new(self.value_lengths(), self.keys_are_sized());
        let mut batches = self.batches(1024)?;
        while let Some(Batch { ops, in_setup }) = batches.next()? {
            ops.iter().for_each(|op| model.apply(op, !in_setup));
        }
        Ok(model.finish())
    }
}

impl Recipe {
    fn setup_ops(&self) -> u64 {
        self.mix_inputs.loaded(self.mix.loads)
    }

    /// Refuses records that were asked for and that a file of keys has not: the set-up would load fewer.
    fn check_records(&self) -> Result<(), WorkloadError> {
        let from_file = self.key_file.as_ref().zip(self.key_inputs.file.as_ref());
        let Some((file, keys)) = from_file.filter(|_| self.mix_inputs.given()) else { return Ok(()) };
        let records = self.setup_ops();
        let mut seen = HashSet::new();
        let asked = keys.iter().take(usize::try_from(records).unwrap_or(usize::MAX));
        let differ = asked.take_while(|key| seen.insert(**key)).count() as u64;
        if differ == records {
            return Ok(());
        }
        let mix = self.mix.term.name;
        let what = format!(
            "{mix} is to load records={records}, each with a key of its own, but after the first {differ} keys of the file one \
             comes again: give at most records={differ}, or a file of more keys"
        );
        Err(WorkloadError::File { path: file.about.path.clone(), line: None, what })
    }

    fn start(&self) -> Result<Generator, WorkloadError> {
        Ok(Generator {
            keys: (self.keys.start)(&self.key_inputs),
            mix: (self.mix.start)(&self.mix_inputs)?,
            rng: Rng::new(self.key_inputs.seed),
            setup_ops: self.setup_ops(),
            total_ops: self.setup_ops().saturating_add(self.ops),
            made: 0,
        })
    }
}

/// Operations in order, made or read as they are asked for.
pub struct Stream {
    source: Running,
    widths: Widths,
}

enum Running {
    Generated(Generator),
    Trace(trace::Stream),
}

impl Stream {
    /// Replaces `batch`'s content by the next operations, at most `max`; empty at the end.
    ///
    /// The `value` of a put is its place in the stream, from 1: no two puts have the same, and none has what a map
    /// would find in zeroed memory. Of one that values are too short for, the low bits are left.
    ///
    /// # Errors
    ///
    /// A trace whose private copy was damaged, and a key that has no room in the entry's.
    pub fn next_batch(&mut self, batch: &mut Vec<Op>, max: usize) -> Result<(), WorkloadError> {
        batch.clear();
        match &mut self.source {
            Running::Generated(generator) => generator.next_batch(batch, max),
            Running::Trace(trace) => trace.next_batch(batch, max)?,
        }
        match self.widths {
            Widths::WHOLE => Ok(()),
            widths => fit(batch, widths),
        }
    }
}

/// Why threads can't be dealt an operation on more than one entry.
fn undealt(kind: Kind) -> &'static str {
    match kind {
        Kind::Iterate => "it iterates over the map, which other threads would change meanwhile",
        Kind::Scan => "it scans the map, which other threads would change meanwhile",
        _ => "it clears the map, which is no one thread's to do",
    }
}

/// Makes keys and values those that an entry can hold.
fn fit(ops: &mut [Op], widths: Widths) -> Result<(), WorkloadError> {
    for op in ops {
        if low_bits(op.key, widths.key_bits) != op.key {
            let (key, bits) = (op.key, widths.key_bits);
            return Err(WorkloadError::Parameters(format!(
                "key {key} does not fit the {bits} bits of the entry's keys: take an entry with longer ones"
            )));
        }
        if op.kind == Kind::Put {
            op.value = low_bits(op.value, widths.value_bits);
        }
    }
    Ok(())
}

/// A workload in batches.
pub struct Batches {
    stream: Stream,
    setup_left: u64,
    most: u64,
    ops: Vec<Op>,
}

/// Operations to be done without a break: set-up or measured ones, never both.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// In order.
    pub ops: &'a [Op],
    /// Whether they are set-up.
    pub in_setup: bool,
}

impl Batches {
    /// The next one, as long as it may be unless it is the last of the set-up or of all; `None` after that.
    ///
    /// # Errors
    ///
    /// Those of [`Stream::next_batch`].
    #[expect(clippy::should_implement_trait, reason = "a batch borrows what the next one is put into")]
    pub fn next(&mut self) -> Result<Option<Batch<'_>>, WorkloadError> {
        let in_setup = self.setup_left > 0;
        let most = if in_setup { self.most.min(self.setup_left) } else { self.most };
        self.stream.next_batch(&mut self.ops, most as usize)?;
        if in_setup {
            self.setup_left -= self.ops.len() as u64;
        }
        Ok((!self.ops.is_empty()).then_some(Batch { ops: &self.ops, in_setup }))
    }
}

struct Generator {
    keys: Box<dyn Keys>,
    mix: Box<dyn Mix>,
    rng: Rng,
    setup_ops: u64,
    /// Set-up and measured.
    total_ops: u64,
    made: u64,
}

impl Generator {
    /// Appends the next operations, at most `max`.
    fn next_batch(&mut self, batch: &mut Vec<Op>, max: usize) {
        let end = self.total_ops.min(self.made.saturating_add(max as u64));
        while self.made < end {
            let (kind, key) = if self.made < self.setup_ops {
                (Kind::Put, self.keys.nth(self.made))
            } else {
                self.mix.next(&mut *self.keys, &mut self.rng)
            };
            self.made += 1;
            let value = if kind == Kind::Scan { self.mix.scanned() } else { 0 };
            batch.push(Op { kind, key, value, hash: 0, value_bytes: 0, key_bytes: 0 }.numbered(self.made));
        }
    }
}
