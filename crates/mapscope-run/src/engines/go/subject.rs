//! The real Go runtime's maps as subjects: the program works the map, this process streams it the operations.
//!
//! What can't be told from outside (moves, frees, causes of timed operations) is absent.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::causes::Causes;
use super::made::{Made, made};
use super::{Recorded, Session as Program, Toolchain, find, session};
use crate::engines::Engine;
use crate::engines::cache::Cache;
use crate::maps::Info;
use crate::plan::{Arg, CellSpec, MapOffer, Param, Range, Term};
use crate::probe::clock::Clock;
use crate::probe::event::Cause;
use crate::probe::heap::Allocs;
use crate::probe::latency::class_of;
use crate::record::{Collector, OpKind, Status};
use crate::subject::{
    Content, Each, Failure, Holds, Opening, Prepared, Reading, Seen, Session, Sources, Subject, Timed, TimedEnd,
    Timing, Traits, Watch, Watched, Work, offer_of, op_kind,
};
use crate::text;
use crate::workload::{Entry, KeyType, Kind, Op, Sizes, Workload, sizes};

/// The engine.
pub(in crate::engines) const ENGINE: Engine = Engine {
    flag: "go",
    help: "go command or Go installation for go-runtime maps, may be repeated [default: go on the PATH]",
    kinds: &[MAP.group, SYNC_MAP.group],
    models: &["go-classic", "go-swiss", "go-syncmap"],
    unfound: |why| {
        let why = why.map_or(NO_GO, |why| leaked(why.to_owned()));
        KINDS.into_iter().map(|kind| row(kind, Err(why))).collect()
    },
    found: |paths| {
        let toolchains = find(paths).map_err(|error| error.to_string())?;
        let of_kind = |kind| toolchains.iter().cloned().map(move |toolchain| row(kind, Ok(toolchain)));
        Ok(KINDS.into_iter().flat_map(of_kind).collect())
    },
};

fn row(kind: MapKind, toolchain: Result<Toolchain, &'static str>) -> Rc<dyn Subject> {
    Rc::new(GoRuntime::new(kind, toolchain))
}

/// Names live as long as the program; there are as many as toolchains.
fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// A kind of map that the runtime has.
#[derive(Debug, Clone, Copy)]
struct MapKind {
    group: &'static str,
    summary: &'static str,
    /// What the program calls it.
    map: &'static str,
    hint: bool,
    /// Whether it makes small objects without pointers, which share blocks until somebody reads the counters.
    counting_disturbs: bool,
}

const MAP: MapKind = MapKind {
    group: "go-runtime",
    summary: "the real map of the Go installed here, with any entry",
    map: "map",
    hint: true,
    counting_disturbs: false,
};

const SYNC_MAP: MapKind = MapKind {
    group: "go-runtime-syncmap",
    summary: "the real sync.Map of the Go installed here, with any entry",
    map: "syncmap",
    hint: false,
    counting_disturbs: true,
};

const KINDS: [MapKind; 2] = [MAP, SYNC_MAP];

/// The most megabytes of a memory limit: what fits a byte count.
const LIMIT_MB_MAX: f64 = 8_796_093_022_207.0;

/// The garbage collector's settings, in the order of [`collector`]'s arguments.
static PARAMS: [Param; 2] = [
    Param::number(
        "gogc",
        "GOGC: how many percent the heap may grow between collections, -1 for off; Go's default is 100",
        Range { min: -1.0, max: 1e6, above_min: false, below_max: false, integer: true },
        None,
    ),
    Param::number(
        "limit_mb",
        "GOMEMLIMIT in MiB; none by default",
        Range { min: 1.0, max: LIMIT_MB_MAX, above_min: false, below_max: false, integer: true },
        None,
    ),
];

/// GOGC and the memory limit in bytes (0: none) that a cell asks for.
fn collector(cell: &CellSpec) -> (i64, u64) {
    let argument = |index: usize| cell.map.args.get(index).and_then(Option::as_ref).and_then(Arg::number);
    (argument(0).map_or(100, |percent| percent as i64), argument(1).map_or(0, |mb| (mb as u64) << 20))
}

/// One kind of map of one toolchain, or of none, and why.
struct GoRuntime {
    kind: MapKind,
    toolchain: Result<Toolchain, &'static str>,
    info: Info,
}

impl GoRuntime {
    fn new(kind: MapKind, toolchain: Result<Toolchain, &'static str>) -> GoRuntime {
        let (name, version) = match &toolchain {
            Ok(found) => (leaked(format!("{}@{}", kind.group, found.version)), leaked(format!("Go {}", found.version))),
            Err(_) => (kind.group, ""),
        };
        let term = Term { params: &PARAMS, named: true, ..Term::plain(name, kind.summary, "") };
        let info = Info {
            term,
            version,
            load_factor: None,
            hint: kind.hint,
            exact: false,
            alloc_cause: Cause::AllocOther,
            tells: &[],
            layout: None,
            state: &["len"],
        };
        GoRuntime { kind, toolchain, info }
    }
}

/// What a machine without Go lacks.
const NO_GO: &str = "there is no go command on the PATH: install Go (go.dev/dl), or say where it is with --go PATH";

impl Subject for GoRuntime {
    fn info(&self) -> Info {
        self.info
    }

    fn offer(&self) -> MapOffer {
        let (group, missing) = match self.toolchain {
            Ok(_) => (Some(self.kind.group), None),
            Err(why) => (None, Some(why)),
        };
        MapOffer { group, missing, ..offer_of(&self.info) }
    }

    /// The program, built.
    fn prepare(&self, entry: &str, _: Sources) -> Result<Prepared, Failure> {
        let unavailable = |why: &str| Failure::new(Status::Unavailable, why);
        let toolchain = self.toolchain.as_ref().map_err(|why| unavailable(why))?;
        let entry: Entry = entry.parse().map_err(Failure::harness)?;
        if entry.key == KeyType::Text {
            return Err(unavailable("the programs of Go's runtimes have no keys of several lengths: take string(N)"));
        }
        toolchain.program(entry).map(Prepared::Path).map_err(Failure::harness)
    }

    fn open<'a>(&'a self, opening: Opening<'a>) -> Result<Box<dyn Session + 'a>, Failure> {
        let Opening { cell, workload, prepared } = opening;
        let program = prepared.ok_or_else(|| Failure::harness("the Go program was not built"))?;
        if !Cache::open().map_err(Failure::harness)?.has(program) {
            let path = text::path(program);
            return Err(Failure::harness(format!(
                "{path}: the Go program was changed since it was built: run it again"
            )));
        }
        let program = Program::start(program, self.kind.map).map_err(pipe)?;
        let sizes = sizes(cell.entry).unwrap_or_default();
        Ok(Box::new(Runtime { program, kind: self.kind, cell, workload, sizes }))
    }
}

/// The program ended or answered nonsense.
fn pipe(error: io::Error) -> Failure {
    let no_memory = error.kind() == io::ErrorKind::OutOfMemory;
    let status = if no_memory { Status::OutOfMemory } else { Status::HarnessFailed };
    Failure::new(status, format!("the Go program: {error}"))
}

/// A program at work for a cell.
struct Runtime<'a> {
    program: Program,
    kind: MapKind,
    cell: &'a CellSpec,
    workload: &'a Workload,
    sizes: Sizes,
}

impl Runtime<'_> {
    /// The program's own.
    fn clock(&self) -> Clock {
        let greeting = self.program.greeting();
        Clock { ticks_per_ns: greeting.ticks_per_ns, floor_ns: greeting.floor_ns }
    }

    fn ns(&self, ticks: u64) -> u64 {
        (ticks as f64 / self.clock().ticks_per_ns) as u64
    }

    /// What each map is built for, in entries.
    fn hint(&self) -> u64 {
        self.cell.hint.entries(self.workload.ops())
    }

    /// Builds the map anew and does every operation, counting nothing. Gives a remove for each key that is left.
    fn plain_run(&mut self) -> Result<Vec<Op>, Failure> {
        self.program.build(self.hint()).map_err(pipe)?;
        let (mut stream, mut batch) = (self.workload.stream()?, Vec::new());
        let mut alive = BTreeMap::new();
        loop {
            stream.next_batch(&mut batch, session::BATCH_OPS_MAX)?;
            if batch.is_empty() {
                return Ok(alive.into_values().collect());
            }
            for op in &batch {
                match op.kind {
                    Kind::Put => _ = alive.insert(op.key, Op { kind: Kind::Remove, ..*op }),
                    Kind::Remove => _ = alive.remove(&op.key),
                    Kind::Clear => alive.clear(),
                    Kind::Get | Kind::Iterate | Kind::Scan => {}
                }
            }
            self.program.apply(&batch).map_err(pipe)?;
        }
    }
}

impl Session for Runtime<'_> {
    fn traits(&self) -> Traits {
        let batch_ops = session::BATCH_OPS_MAX as u64;
        Traits { batch_ops, side_by_side: false, tells_moves: false, knows_blocks: false, causes_repeat: false }
    }

    /// The collector is off, and there is one processor.
    fn watched<'s>(&'s mut self, _: Watch) -> Result<(Box<dyn Watched + 's>, Work), Failure> {
        self.program.set_collector(-1, 0, 1).map_err(pipe)?;
        // What the runtime allocates for itself when it first collects is allocated by now.
        self.program.memory().map_err(pipe)?;
        let empty_bytes = self.program.memory().map_err(pipe)?.live_bytes;
        let built = self.program.build(self.hint()).map_err(pipe)?;
        let causes = Causes::new(&self.program.greeting().layout, &built);
        Ok((Box::new(Counted { runtime: self, causes, empty_bytes, again: None }), work(&built, Allocs::default())))
    }

    /// The process is not pinned: the collector works beside the map on other processors, as in a user's program.
    fn ready_to_time(&mut self) -> Result<Timing, Failure> {
        let (percent, limit_bytes) = collector(self.cell);
        self.program.set_collector(percent, limit_bytes, 0).map_err(pipe)?;
        Ok(Timing { clock: Some(self.clock()), pinned_to: None })
    }

    fn timed<'s>(&'s mut self, _: usize, clock: Option<Clock>) -> Result<Box<dyn Timed + 's>, Failure> {
        self.program.build(self.hint()).map_err(pipe)?;
        let alive = clock.map(|_| HashSet::default());
        Ok(Box::new(Running { runtime: self, measuring: false, alive, intervals: Vec::new() }))
    }
}

/// What the runtime counted; what it freed and moved, nobody knows.
fn work(recorded: &Recorded, entry_allocs: Allocs) -> Work {
    let allocs = Allocs { count: recorded.allocs, bytes: recorded.alloc_bytes };
    Work { allocs, entry_allocs: Some(entry_allocs), frees: None, moved: None }
}

/// A map whose operations the runtime counts one by one.
struct Counted<'s, 'a> {
    runtime: &'s mut Runtime<'a>,
    causes: Causes,
    /// What lived before the map was built.
    empty_bytes: u64,
    /// What the map contained, and what it takes to empty one that nobody has counted, which has taken its place.
    again: Option<(session::Content, Vec<Op>)>,
}

impl Counted<'_, '_> {
    fn held_bytes(&mut self) -> Result<u64, Failure> {
        let live_bytes = self.runtime.program.memory().map_err(pipe)?.live_bytes;
        Ok(live_bytes.saturating_sub(self.empty_bytes))
    }
}

impl Watched for Counted<'_, '_> {
    fn set_up(&mut self, ops: &[Op]) -> Result<(), Failure> {
        self.watch(ops, &mut |_, _, _| {})
    }

    fn watch(&mut self, ops: &[Op], each: &mut Each<'_>) -> Result<(), Failure> {
        let Counted { runtime: Runtime { program, sizes, .. }, causes, .. } = self;
        let asked: Vec<session::Op> = ops.iter().map(|&op| op.into()).collect();
        let mut ops = ops.iter().zip(made(ops, sizes));
        let recorded = program.record(&asked, false, |asked, recorded| {
            let cause = causes.next(asked.kind, &recorded);
            let Some((op, Made { handed, allocs })) = ops.next() else { return };
            let kind = op_kind(op.kind, recorded.hit);
            each(op, &Seen { kind, hit: recorded.hit, scanned: 0, cause, work: work(&recorded, allocs), handed }, None);
        });
        recorded.map_err(pipe)
    }

    /// Where reading the counters disturbs how objects share blocks, after a second run without.
    fn holds(&mut self) -> Result<Holds, Failure> {
        if self.runtime.kind.counting_disturbs {
            let content = self.runtime.program.content().map_err(pipe)?;
            self.again = Some((content, self.runtime.plain_run()?));
        }
        Ok(Holds { live_bytes: self.held_bytes()?, peak_bytes: None })
    }

    fn content(&mut self) -> Result<Content, Failure> {
        let found = match &self.again {
            Some((content, _)) => *content,
            None => self.runtime.program.content().map_err(pipe)?,
        };
        let session::Content { entries, checksum, value_heap_bytes } = found;
        let Sizes { key_bytes, value_bytes, key_heap_bytes, .. } = self.runtime.sizes;
        let payload_heap_bytes = entries * key_heap_bytes + value_heap_bytes;
        Ok(Content {
            entries,
            checksum,
            payload_bytes: entries * (key_bytes + value_bytes) + value_heap_bytes,
            payload_heap_bytes,
            key_bytes,
            value_bytes: value_bytes + value_heap_bytes.checked_div(entries).unwrap_or_default(),
        })
    }

    fn drained_bytes(&mut self) -> Result<u64, Failure> {
        match self.again.take() {
            // Looking at the content disturbs, too: an iteration promotes a sync.Map's dirty map.
            Some((_, removes)) => {
                for removes in removes.chunks(session::BATCH_OPS_MAX) {
                    self.runtime.program.apply(removes).map_err(pipe)?;
                }
            }
            None => self.runtime.program.drain().map_err(pipe)?,
        }
        self.held_bytes()
    }
}

/// A map at work, timed.
struct Running<'s, 'a> {
    runtime: &'s mut Runtime<'a>,
    measuring: bool,
    /// The keys that are alive in a clocked run, of which an operation's kind is worked out: asking the map would be timed.
    alive: Option<HashSet<u64, foldhash::fast::FixedState>>,
    intervals: Vec<u64>,
}

impl Running<'_, '_> {
    fn begin(&mut self) -> Result<(), Failure> {
        if std::mem::replace(&mut self.measuring, true) {
            return Ok(());
        }
        self.runtime.program.begin_measuring().map_err(pipe)
    }

    /// The kind as measured. Keeps `alive` what it says.
    fn kind_of(&mut self, op: &Op) -> OpKind {
        let Some(alive) = &mut self.alive else { return op_kind(op.kind, false) };
        let hit = match op.kind {
            Kind::Put => !alive.insert(op.key),
            Kind::Remove => alive.remove(&op.key),
            Kind::Clear => {
                alive.clear();
                false
            }
            Kind::Get | Kind::Iterate | Kind::Scan => false,
        };
        op_kind(op.kind, hit)
    }
}

impl Timed for Running<'_, '_> {
    fn set_up(&mut self, ops: &[Op]) -> Result<(), Failure> {
        self.runtime.program.apply(ops).map_err(pipe)?;
        ops.iter().for_each(|op| _ = self.kind_of(op));
        Ok(())
    }

    fn bare(&mut self, ops: &[Op], _: &mut Vec<u64>) -> Result<Duration, Failure> {
        self.begin()?;
        let ticks = self.runtime.program.apply(ops).map_err(pipe)?;
        Ok(Duration::from_nanos(self.runtime.ns(ticks)))
    }

    fn clocked(&mut self, ops: &[Op], readings: &mut Vec<Reading>) -> Result<Duration, Failure> {
        self.begin()?;
        let mut intervals = std::mem::take(&mut self.intervals);
        intervals.clear();
        self.runtime.program.timed(ops, &mut intervals).map_err(pipe)?;
        for ((place, op), &ticks) in (0..).zip(ops).zip(&intervals) {
            // Its cause nobody knows.
            let class = Some(class_of(self.kind_of(op) as usize, Cause::Unknown));
            readings.push(Reading { ns: self.runtime.ns(ticks), class, hand: 0, place });
        }
        let elapsed = Duration::from_nanos(self.runtime.ns(intervals.iter().sum()));
        self.intervals = intervals;
        Ok(elapsed)
    }

    fn finish(self: Box<Self>) -> Result<TimedEnd, Failure> {
        let collected = self.runtime.program.collections().map_err(pipe)?;
        let collector = Collector {
            cycles: vec![collected.cycles],
            pauses_ns: collected.pauses_ns,
            heap_peak_bytes: vec![collected.peak_bytes],
        };
        Ok(TimedEnd { hands: Vec::new(), collector: Some(collector) })
    }
}
