//! Plays recorded operations on a model, one by one, and reports what each allocated and the state after it.

use std::cell::Cell;
use std::hint::black_box;
use std::marker::PhantomData;

use super::hashes::{EitherHashing, Recorded, Replaying};
use super::shapes::Shapes;
use crate::maps::anatomy::{Anatomy, Part};
use crate::maps::{Family, Hashing, Info, Map, Options};
use crate::probe::event::{Cause, Event, Listen};
use crate::probe::{alloc, blocks};
use crate::workload::{self, EntryVisitor, Key, Kind, Op, Value, with_entry};

/// What a row of a recording does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Build the map.
    New,
    /// Put an entry.
    Insert,
    /// Take an entry out.
    Remove,
    /// Look an entry up.
    Get,
    /// Drop all entries.
    Clear,
    /// Iterate over all entries.
    Range,
    /// Look at as many entries as the row's value says, in the order of their keys, from its key on. In no recording.
    Scan,
    /// Nothing: the row gives a key's hash in the inner map that the next operation makes.
    Hash,
}

impl Action {
    /// Every action of a recording.
    pub const ALL: [Action; 7] =
        [Action::New, Action::Insert, Action::Remove, Action::Get, Action::Clear, Action::Range, Action::Hash];

    /// The word in column `op`.
    pub const fn name(self) -> &'static str {
        match self {
            Action::New => "new",
            Action::Insert => "insert",
            Action::Remove => "remove",
            Action::Get => "get",
            Action::Clear => "clear",
            Action::Range => "range",
            Action::Scan => "scan",
            Action::Hash => "hash",
        }
    }

    /// Whether it is about one key.
    pub const fn has_key(self) -> bool {
        matches!(self, Action::Insert | Action::Remove | Action::Get | Action::Scan | Action::Hash)
    }
}

/// The part of a recording's row that is asked of the map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What to do.
    pub action: Action,
    /// The key's identity, where the action has a key.
    pub key: u64,
    /// The key's hash in the map, where the recording has one.
    pub hash: Option<u64>,
    /// What the value that is put is made of; of a scan, how many entries it asks for.
    pub value: u64,
    /// The length of the value that is put, for entries whose values have lengths.
    pub value_bytes: u32,
}

impl Row {
    /// A row that has nothing but its action.
    pub const fn new(action: Action) -> Row {
        Row { action, key: 0, hash: None, value: 0, value_bytes: 0 }
    }

    /// The row of an operation, which brings its key's hash where operations are `hashed`.
    pub(crate) fn of(op: &Op, hashed: bool) -> Row {
        let action = match op.kind {
            Kind::Put => Action::Insert,
            Kind::Remove => Action::Remove,
            Kind::Get => Action::Get,
            Kind::Clear => Action::Clear,
            Kind::Iterate => Action::Range,
            Kind::Scan => Action::Scan,
        };
        let hash = (hashed && action.has_key()).then_some(op.hash);
        Row { action, key: op.key, hash, value: op.value, value_bytes: op.value_bytes }
    }
}

/// Why a row can't be played: the recording contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlayError {
    /// The first row must be `new`, and no other may be.
    #[error("a recording begins with `new`, and has it nowhere else")]
    Misplaced,
    /// A key's hash changed while the key was in the map.
    #[error(
        "the hash of key {key} is {now:016x} here and was {before:016x} when it was put in: a key's hash may change only while the key is not in the map"
    )]
    HashChanged {
        /// The key.
        key: u64,
        /// Its hash until now.
        before: u64,
        /// Its hash in this row.
        now: u64,
    },
    /// The model panicked, and what it said.
    #[error("{0}")]
    Panicked(String),
    /// The map and the value that is put into it need more memory than they may use.
    #[error(
        "needs more memory than there is: it may use {} MiB, three quarters of what was free when it began, and what `ulimit` allows",
        memory_bytes >> 20
    )]
    OutOfMemory {
        /// See [`Setup::memory_bytes`].
        memory_bytes: u64,
    },
    /// A scan of a map that keeps no order.
    #[error("a scan looks at entries in the order of their keys, which {0} doesn't keep: take another map, as btree")]
    NoOrder(&'static str),
    /// A hash in a map that will never be made.
    #[error("`hash` gives a key's hash in an inner map, and {0} makes none")]
    NoInnerMaps(&'static str),
}

/// The layout of maps that make inner maps, each with hashes of its own.
const INNER_MAPS: &str = "syncmap";

/// How many columns say what an operation allocated: bytes, and how many allocations.
pub const ALLOCATED: usize = 2;

/// A model that is being played on, its types erased.
pub trait Play {
    /// What is known of the model.
    fn info(&self) -> &Info;
    /// Plays a row. `figures` gets the bytes and the number of allocations, then [`Info::state`]'s columns; it is left
    /// as it is by [`Action::Hash`].
    fn play(&mut self, row: Row, figures: &mut [u64]) -> Result<(), PlayError>;
    /// What the model told of the last row's work.
    fn told(&self) -> Told {
        Told::default()
    }
    /// A part of its inside, keys by their identities; `None` before it is built, and of a map that can't be taken apart.
    fn anatomy(&self, part: Part<'_, u64>) -> Option<Anatomy> {
        let _ = part;
        None
    }
    /// Panics when an invariant of the model does not hold.
    fn check_invariants(&self);
}

/// What a model told of its structural work in one operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Allocations that the allocator can't see: objects that share a block.
    pub shared_allocs: u64,
    /// What a map allocated that models another program's heap, and how often.
    pub modelled_bytes: u64,
    /// See `modelled_bytes`.
    pub modelled_allocs: u64,
    /// Entries that changed their address.
    pub moved_entries: u64,
    /// The bytes copied for them.
    pub moved_bytes: u64,
    steps: [u32; Cause::ALL.len()],
}

impl Told {
    const NOTHING: Told = Told {
        shared_allocs: 0,
        modelled_bytes: 0,
        modelled_allocs: 0,
        moved_entries: 0,
        moved_bytes: 0,
        steps: [0; Cause::ALL.len()],
    };

    /// How many steps it took that are of this cause.
    pub fn steps(&self, cause: Cause) -> u64 {
        self.steps[cause as usize].into()
    }
}

/// The entries that a map is played with.
#[derive(Debug, Clone, Copy)]
pub enum Entries<'a> {
    /// Of a shape that recordings of Go's maps have.
    Shape(&'a str),
    /// As the command line calls them.
    Named(&'a str),
}

/// What a player is built for.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'a> {
    /// The entries.
    pub entries: Entries<'a>,
    /// Whether the rows bring hashes, which those of a [`Entries::Shape`] always do.
    pub hashed: bool,
    /// The hint that the map is built with; 0 for none.
    pub hint: usize,
    /// Its load factor; `None` for the map's own.
    pub load_factor: Option<f64>,
    /// Its release, one of [`Info::releases()`]; `None` for the newest.
    pub release: Option<&'static str>,
    /// Seeds its hasher, where rows bring no hashes, and what else it has of its own.
    pub seed: u64,
    /// As much memory may be in use when an operation begins, the value that it puts included.
    pub memory_bytes: u64,
}

impl Setup<'_> {
    /// The seed of whatever is not told otherwise.
    pub const SEED: u64 = 1;
}

/// A player for a map; `None` when it can't have such entries. Only models have the shapes of recordings.
pub fn player<F: Family>(setup: &Setup) -> Option<Box<dyn Play>> {
    player_among::<F, Shapes>(setup)
}

/// The same, where the shapes that a setup can name are those of `E`.
pub(super) fn player_among<F: Family, E: workload::Entries>(setup: &Setup) -> Option<Box<dyn Play>> {
    let load_factor = setup.load_factor.unwrap_or_else(|| F::INFO.load_factor_of(setup.release));
    let options = Options { load_factor, hint: setup.hint, seed: setup.seed, release: setup.release };
    let build = |hashed| Build::<F> { options, hashed, memory_bytes: setup.memory_bytes, family: PhantomData };
    match setup.entries {
        Entries::Shape(name) => {
            // Constant, so that the other maps are not compiled for every shape.
            if const { F::INFO.layout.is_some() } { E::with(name, build(true)) } else { None }
        }
        Entries::Named(name) => with_entry(name, build(setup.hashed)),
    }
}

/// Builds a player.
struct Build<F> {
    options: Options,
    /// Whether rows bring hashes; otherwise the map hashes by itself.
    hashed: bool,
    memory_bytes: u64,
    family: PhantomData<F>,
}

impl<F: Family> EntryVisitor for Build<F> {
    type Out = Box<dyn Play>;

    fn visit<K: Key, V: Value>(self) -> Box<dyn Play> {
        let Build { options, .. } = self;
        let recorded = self.hashed.then(Recorded::default);
        let hasher = match &recorded {
            Some(recorded) => EitherHashing::Recorded(Replaying::new(recorded)),
            None => EitherHashing::Own(F::Hasher::with_seed(options.seed)),
        };
        let build = move || -> Box<dyn Map<K, V>> {
            let map = F::build::<K, V, _, &'static dyn Listen>(&options, hasher.clone(), &Listening);
            // The box is the player's.
            alloc::uncounted(|| Box::new(map))
        };
        Box::new(Player {
            info: F::info_at(options.release),
            models_heap: F::MODELS_HEAP,
            is_ordered: F::ORDERED,
            values_have_lengths: V::from_seed(0, 0).heap_bytes() > 0,
            memory_bytes: self.memory_bytes,
            build: Box::new(build),
            recorded,
            map: None,
        })
    }
}

struct Player<K, V> {
    info: Info,
    models_heap: bool,
    is_ordered: bool,
    values_have_lengths: bool,
    memory_bytes: u64,
    build: Box<dyn Fn() -> Box<dyn Map<K, V>>>,
    /// The hasher's table, where rows bring hashes.
    recorded: Option<Recorded>,
    map: Option<Box<dyn Map<K, V>>>,
}

/// Keeps what the map tells.
struct Listening;

thread_local!(static TOLD: Cell<Told> = const { Cell::new(Told::NOTHING) });

impl Listen for Listening {
    fn hear(&self, event: Event) {
        let cause = event.cause();
        if cause == Cause::Steady && !matches!(event, Event::Alloc { .. }) {
            return;
        }
        let mut told = TOLD.get();
        match event {
            Event::Alloc { bytes } => {
                told.modelled_bytes += bytes;
                told.modelled_allocs += 1;
            }
            Event::SharedAlloc => told.shared_allocs += 1,
            Event::Move { entries, bytes } => {
                told.moved_entries += entries;
                told.moved_bytes += bytes;
            }
            _ => {}
        }
        told.steps[cause as usize] += 1;
        TOLD.set(told);
    }
}

impl<K: Key, V: Value> Player<K, V> {
    /// Takes the row's hash for its key's.
    fn learn(&mut self, row: Row) -> Result<(), PlayError> {
        let (Some(recorded), Some(now)) = (&self.recorded, row.hash.filter(|_| row.action.has_key())) else {
            return Ok(());
        };
        let before = recorded.get(row.key);
        if before == Some(now) {
            return Ok(());
        }
        // Several inner maps have several hashes: which a row means, the map knows.
        let live = |map: &dyn Map<K, V>| map.get(&K::from_id(row.key)).is_some();
        if let Some(before) = before
            && self.info.layout != Some(INNER_MAPS)
            && self.map.as_deref().is_some_and(live)
        {
            return Err(PlayError::HashChanged { key: row.key, before, now });
        }
        recorded.set(row.key, now);
        Ok(())
    }

    /// Refuses a row for which there is no memory.
    fn has_room(&self, row: Row) -> Result<(), PlayError> {
        let puts = self.values_have_lengths && row.action == Action::Insert;
        let value_bytes = if puts { row.value_bytes } else { 0 };
        let used_bytes = alloc::live_bytes().max(0).unsigned_abs();
        let is_within = used_bytes.saturating_add(value_bytes.into()) <= self.memory_bytes;
        // Of a small one it is not worth a try.
        let is_there = || Vec::<u8>::new().try_reserve_exact(value_bytes as usize).is_ok();
        match is_within && (value_bytes < 1 << 20 || alloc::uncounted(is_there)) {
            true => Ok(()),
            false => Err(PlayError::OutOfMemory { memory_bytes: self.memory_bytes }),
        }
    }
}

/// Does what is the map's, and follows the blocks that it allocates if `follow`.
fn watched<T>(follow: bool, work: impl FnOnce() -> T) -> T {
    if follow { blocks::during(work) } else { work() }
}

impl<K: Key, V: Value> Play for Player<K, V> {
    fn info(&self) -> &Info {
        &self.info
    }

    fn play(&mut self, row: Row, figures: &mut [u64]) -> Result<(), PlayError> {
        if row.action == Action::Hash {
            if self.info.layout != Some(INNER_MAPS) {
                return Err(PlayError::NoInnerMaps(self.info.term.name));
            }
            if let (Some(recorded), Some(hash)) = (&self.recorded, row.hash) {
                recorded.set_next(row.key, hash);
            }
            return Ok(());
        }
        if (row.action == Action::New) == self.map.is_some() {
            return Err(PlayError::Misplaced);
        }
        if row.action == Action::Scan && !self.is_ordered {
            return Err(PlayError::NoOrder(self.info.term.name));
        }
        self.has_room(row)?;
        self.learn(row)?;
        TOLD.set(Told::NOTHING);
        // A map that tells nothing is taken apart by where its table lies.
        let follow = self.info.tells.is_empty();
        let before;
        match (row.action, &mut self.map) {
            (Action::Insert, Some(map)) => {
                let (key, value) = (K::from_id(row.key), V::from_seed(row.value, row.value_bytes));
                before = alloc::tally();
                watched(follow, || map.insert(key, value));
            }
            (Action::Remove, Some(map)) => {
                let key = K::from_id(row.key);
                before = alloc::tally();
                watched(follow, || map.remove(&key));
            }
            (Action::Get, Some(map)) => {
                let key = K::from_id(row.key);
                before = alloc::tally();
                // Nobody reads what it finds, and yet it must search.
                black_box(map.get(&key));
            }
            (Action::Clear, Some(map)) => {
                before = alloc::tally();
                watched(follow, || map.clear());
            }
            (Action::Range, Some(map)) => {
                before = alloc::tally();
                watched(follow, || map.range(&mut |_, _| {}));
            }
            (Action::Scan, Some(map)) => {
                let key = K::from_id(row.key);
                before = alloc::tally();
                map.scan(&key, row.value as usize, &mut |_, _| {});
            }
            (Action::New | Action::Hash, map) | (_, map @ None) => {
                follow.then(blocks::begin);
                before = alloc::tally();
                *map = Some(watched(follow, || (self.build)()));
            }
        }
        let (done, told) = (alloc::tally() - before, TOLD.get());
        [figures[0], figures[1]] = if self.models_heap {
            [told.modelled_bytes, told.modelled_allocs]
        } else {
            [done.alloc_bytes, done.alloc_count + told.shared_allocs]
        };
        if let Some(map) = &self.map {
            map.state(&mut figures[ALLOCATED..]);
        }
        Ok(())
    }

    fn told(&self) -> Told {
        TOLD.get()
    }

    fn anatomy(&self, part: Part<'_, u64>) -> Option<Anatomy> {
        let map = self.map.as_ref()?;
        match part {
            Part::Header => map.anatomy(Part::Header),
            Part::All => map.anatomy(Part::All),
            Part::Key(&id) => map.anatomy(Part::Key(&K::from_id(id))),
            Part::Row(index) => map.anatomy(Part::Row(index)),
        }
    }

    fn check_invariants(&self) {
        if let Some(map) = &self.map {
            map.check_invariants();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_for_which_there_is_no_memory_is_refused_before_it_is_played() {
        // What is alive is not counted here.
        let memory_bytes = 10_000;
        let played = |entries| {
            let (hashed, hint, load_factor, release, seed) = (false, 0, None, None, Setup::SEED);
            let setup = Setup { entries, hashed, hint, load_factor, release, seed, memory_bytes };
            let mut player = player::<crate::maps::Cuckoo>(&setup).expect("it has such entries");
            let mut figures = vec![0; ALLOCATED + player.info().state.len()];
            player.play(Row::new(Action::New), &mut figures).expect("room");
            let put = |value_bytes| Row { value_bytes, ..Row::new(Action::Insert) };
            [10_000, 10_001, 0].map(|value_bytes| player.play(put(value_bytes), &mut figures))
        };
        let refused = Err(PlayError::OutOfMemory { memory_bytes });
        assert_eq!(played(Entries::Named("u64/bytes")), [Ok(()), refused, Ok(())]);
        // Values that have one length take no other.
        assert_eq!(played(Entries::Named("u64/u64")), [const { Ok(()) }; 3]);
    }
}
