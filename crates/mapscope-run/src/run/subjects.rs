//! The maps that a run can name, with their types erased: the one place where maps, workloads and passes meet.

use std::marker::PhantomData;
use std::path::PathBuf;
use std::rc::Rc;

use super::sessions::{Alone, Hands};
use super::{memory, runner};
use crate::engines::{Engine, Rows};
use crate::maps::layout::Layout;
use crate::maps::{ConcurrentFamily, Family, Info, Options};
use crate::plan::{Arg, Call, Catalog, CellSpec, Crew, MapOffer};
use crate::record::Status;
use crate::replay::{self, Play, Setup};
use crate::subject::{Failure, NO_LAYOUT, Opening, Prepared, Session, Sources, Subject, offer_of, release};
use crate::workload::{self, Common, Entries, Entry, EntryVisitor, Key, Value};

/// The maps that can be run: those that ship, and any of your own.
///
/// ```no_run
/// # use mapscope_run::{maps::Family, run::Subjects};
/// # fn with<MyMap: Family>() {
/// let subjects = Subjects::builtin().with::<MyMap>();
/// # }
/// ```
#[derive(Clone)]
pub struct Subjects {
    pub(super) subjects: Vec<Rc<dyn Subject>>,
}

impl Subjects {
    /// The maps of an engine's toolchains at these paths, one of each kind a toolchain; without a path, of the one on the
    /// PATH. Where there is none, asking for one is a row that says so.
    ///
    /// # Errors
    ///
    /// A path that is no toolchain, in words.
    pub fn with_toolchains(self, engine: &Engine, paths: &[PathBuf]) -> Result<Subjects, String> {
        let found = (engine.found)(paths)?;
        Ok(if found.is_empty() { self } else { self.with_engine(engine, found) })
    }

    /// The maps of an engine of which no toolchain can be had: asking for one is a row that says why.
    pub fn without_toolchain(self, engine: &Engine, why: &str) -> Subjects {
        self.with_engine(engine, (engine.unfound)(Some(why)))
    }

    /// These rows in the place of those that the engine has without a toolchain.
    fn with_engine(mut self, engine: &Engine, rows: Rows) -> Subjects {
        self.subjects.retain(|subject| !engine.kinds.contains(&subject.info().term.name));
        self.subjects.extend(rows);
        self
    }

    /// One more map. Of two with one name, the later one counts.
    pub fn with<F: Family>(mut self) -> Subjects {
        self.subjects.retain(|subject| subject.info().term.name != F::INFO.term.name);
        self.subjects.push(Rc::new(Of::<F>(Origin::Own, PhantomData)));
        self
    }

    /// One more map, which several threads may use at once.
    pub fn with_concurrent<F: Family + ConcurrentFamily>(mut self) -> Subjects {
        self.subjects.retain(|subject| subject.info().term.name != F::INFO.term.name);
        self.subjects.push(Rc::new(OfConcurrent::<F>(Origin::Own, PhantomData)));
        self
    }

    /// One more map, which hands out no references: with one thread, too, it is run as with several.
    pub fn with_shared<F: ConcurrentFamily>(mut self) -> Subjects {
        self.subjects.retain(|subject| subject.info().term.name != F::SHARED_INFO.term.name);
        self.subjects.push(Rc::new(OfShared::<F>(Origin::Own, PhantomData)));
        self
    }

    /// What is known of each map, in order.
    pub fn infos(&self) -> impl Iterator<Item = Info> {
        self.subjects.iter().map(|subject| subject.info())
    }

    /// What is known of each map that can be scanned.
    pub(super) fn ordered(&self) -> impl Iterator<Item = Info> {
        self.subjects.iter().filter(|subject| subject.scans()).map(|subject| subject.info())
    }

    /// Everything that a profile may name: these maps, and the key distributions, mixes and entries that ship.
    pub fn catalog(&self) -> Catalog {
        Catalog {
            maps: self.subjects.iter().map(|subject| subject.offer()).collect(),
            keys: workload::keys::KEYS.iter().map(|row| row.term).collect(),
            mixes: workload::mixes::MIXES.iter().map(|row| row.term).collect(),
            entries: workload::ENTRIES.to_vec(),
            memory_bytes: memory::physical_bytes(),
        }
    }

    /// What a cell's entry costs in its map, at each size up to so many entries.
    ///
    /// # Errors
    ///
    /// Why that can't be derived.
    pub fn layout(&self, cell: &CellSpec, entries: u64) -> Result<Layout, &'static str> {
        let (Some(subject), Ok(entry)) = (self.find(cell.map.name), cell.entry.parse()) else { return Err(NO_LAYOUT) };
        let info = subject.info();
        let release = release(&info, &cell.map.args);
        let load_factor = cell.load_factor.unwrap_or_else(|| info.load_factor_of(release));
        let options = Options { load_factor, hint: 0, seed: cell.workload.seed, release };
        subject.layout(entry, &options, entries)
    }

    /// A player of recordings on the map called `name`; `None` when there is no such map, when it can't have such entries,
    /// or when it works in another process.
    pub fn player(&self, name: &str, setup: &Setup) -> Option<Box<dyn Play>> {
        self.find(name)?.player(setup)
    }

    /// The release that a map is called with, where it is not the newest.
    pub fn release_of(&self, map: &Call) -> Option<&'static str> {
        release(&self.find(map.name)?.info(), &map.args)
    }

    /// What is known of the map whose recordings have this layout, at the newest release of which that holds, and that
    /// release.
    pub fn of_layout(&self, layout: &str) -> Option<(Info, Option<&'static str>)> {
        self.subjects.iter().find_map(|subject| {
            let release = Info::release_of_layout(layout, |release| subject.info_at(release))?;
            Some((subject.info_at(release), release))
        })
    }

    /// What is known of a map at a release; `None` for the newest.
    pub fn info_at(&self, name: &str, release: Option<&str>) -> Option<Info> {
        Some(self.find(name)?.info_at(release))
    }

    /// The subject of this name; of one with a version that is not known here, such as in a cell's process, its kind.
    pub(super) fn find(&self, name: &str) -> Option<&dyn Subject> {
        let named = |name: &str| self.subjects.iter().map(Rc::as_ref).find(|subject| subject.info().term.name == name);
        named(name).or_else(|| named(name.split_once('@')?.0))
    }
}

pub(super) struct Of<F>(pub Origin, pub PhantomData<F>);

/// The layout of a map, unless it lacks the entry.
fn laid_out(lacks: Option<&'static str>, layout: Option<Layout>) -> Result<Layout, &'static str> {
    match lacks {
        Some(why) => Err(why),
        None => layout.ok_or("the map has no `Family::layout`, which would derive it"),
    }
}

/// [`Family::lacks`].
type Lacks = fn(&Entry) -> Option<&'static str>;

/// Where a map comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "builtin"), expect(dead_code, reason = "nothing ships with a program of one map"))]
pub(super) enum Origin {
    /// It ships, and can be compiled with any entry.
    Ships,
    /// It is the program's own, and has the entries that it was compiled with.
    Own,
}

impl Origin {
    /// What a map of this name needs for an entry.
    fn prepare(self, map: &str, lacks: Lacks, entry: &str, sources: Sources) -> Result<Prepared, Failure> {
        if let Some(why) = entry.parse().ok().as_ref().and_then(lacks) {
            return Err(Failure::new(Status::Unavailable, format!("there is no {map} with the entry {entry}: {why}")));
        }
        match self {
            _ if runner::is_compiled_in(entry) => Ok(Prepared::Nothing),
            Origin::Ships => runner::program(map, entry, sources),
            Origin::Own => runner::program(map, entry, &[]),
        }
    }
}

impl<F: Family> Subject for Of<F> {
    fn info(&self) -> Info {
        F::INFO
    }

    fn info_at(&self, release: Option<&str>) -> Info {
        F::info_at(release)
    }

    fn scans(&self) -> bool {
        F::ORDERED
    }

    fn repeats(&self, _: Option<Crew>) -> bool {
        true
    }

    fn has_stacks(&self, _: Option<Crew>) -> bool {
        true
    }

    fn prepare(&self, entry: &str, sources: Sources) -> Result<Prepared, Failure> {
        self.0.prepare(F::INFO.term.name, F::lacks, entry, sources)
    }

    fn open<'a>(&'a self, opening: Opening<'a>) -> Result<Box<dyn Session + 'a>, Failure> {
        open_alone::<F, Common>(opening)
    }

    fn layout(&self, entry: Entry, options: &Options, entries: u64) -> Result<Layout, &'static str> {
        laid_out(F::lacks(&entry), F::layout(&entry.into(), options, entries))
    }

    fn player(&self, setup: &Setup) -> Option<Box<dyn Play>> {
        replay::player::<F>(setup)
    }
}

/// A map that one thread uses as a [`Family`], and more as a [`ConcurrentFamily`].
pub(super) struct OfConcurrent<F>(pub Origin, pub PhantomData<F>);

impl<F: Family + ConcurrentFamily> Subject for OfConcurrent<F> {
    fn info(&self) -> Info {
        F::INFO
    }

    fn info_at(&self, release: Option<&str>) -> Info {
        F::info_at(release)
    }

    fn scans(&self) -> bool {
        F::ORDERED
    }

    fn offer(&self) -> MapOffer {
        MapOffer { concurrent: true, concurrent_at: F::SHARED_RELEASES, ..offer_of(&F::INFO) }
    }

    fn version(&self, crew: Option<Crew>, args: &[Option<Arg>]) -> String {
        let info = if crew.is_some() { F::SHARED_INFO } else { F::INFO };
        info.version_at(release(&info, args))
    }

    fn is_dealt(&self, crew: Option<Crew>) -> bool {
        crew.is_some()
    }

    fn repeats(&self, crew: Option<Crew>) -> bool {
        crew.is_none()
    }

    fn has_stacks(&self, crew: Option<Crew>) -> bool {
        crew.is_none()
    }

    fn prepare(&self, entry: &str, sources: Sources) -> Result<Prepared, Failure> {
        self.0.prepare(F::INFO.term.name, F::lacks, entry, sources)
    }

    fn open<'a>(&'a self, opening: Opening<'a>) -> Result<Box<dyn Session + 'a>, Failure> {
        match opening.cell.crew {
            None => open_alone::<F, Common>(opening),
            Some(_) => open_hands::<F, Common>(opening),
        }
    }

    fn layout(&self, entry: Entry, options: &Options, entries: u64) -> Result<Layout, &'static str> {
        laid_out(F::lacks(&entry), F::layout(&entry.into(), options, entries))
    }

    fn player(&self, setup: &Setup) -> Option<Box<dyn Play>> {
        replay::player::<F>(setup)
    }
}

/// A map that can't be used but as other threads would.
pub(super) struct OfShared<F>(pub Origin, pub PhantomData<F>);

impl<F: ConcurrentFamily> Subject for OfShared<F> {
    fn info(&self) -> Info {
        F::SHARED_INFO
    }

    fn offer(&self) -> MapOffer {
        MapOffer { concurrent: true, ..offer_of(&F::SHARED_INFO) }
    }

    fn is_dealt(&self, _: Option<Crew>) -> bool {
        true
    }

    fn prepare(&self, entry: &str, sources: Sources) -> Result<Prepared, Failure> {
        self.0.prepare(F::SHARED_INFO.term.name, |_| None, entry, sources)
    }

    fn open<'a>(&'a self, opening: Opening<'a>) -> Result<Box<dyn Session + 'a>, Failure> {
        open_hands::<F, Common>(opening)
    }

    fn layout(&self, entry: Entry, options: &Options, entries: u64) -> Result<Layout, &'static str> {
        laid_out(None, F::shared_layout(&entry.into(), options, entries))
    }
}

pub(super) type Opened<'a> = Result<Box<dyn Session + 'a>, Failure>;

/// Opens a session of a map that one thread has to itself, for the cell's entry.
pub(super) fn open_alone<'a, F: Family, E: Entries>(opening: Opening<'a>) -> Opened<'a> {
    struct OpenAlone<'a, F>(Opening<'a>, PhantomData<F>);
    impl<'a, F: Family> EntryVisitor for OpenAlone<'a, F> {
        type Out = Opened<'a>;
        fn visit<K: Key, V: Value>(self) -> Opened<'a> {
            Ok(Box::new(Alone::<K, V>::new::<F>(options(self.0, &F::INFO), self.0.workload.hashed())))
        }
    }
    E::with(opening.cell.entry, OpenAlone::<F>(opening, PhantomData)).unwrap_or_else(|| Err(no_entry(opening)))
}

/// Opens one of a map that threads share.
pub(super) fn open_hands<'a, F: ConcurrentFamily, E: Entries>(opening: Opening<'a>) -> Opened<'a> {
    struct OpenHands<'a, F>(Opening<'a>, PhantomData<F>);
    impl<'a, F: ConcurrentFamily> EntryVisitor for OpenHands<'a, F> {
        type Out = Opened<'a>;
        fn visit<K: Key, V: Value>(self) -> Opened<'a> {
            let Opening { cell, workload, .. } = self.0;
            Ok(Box::new(Hands::<K, V>::new::<F>(options(self.0, &F::SHARED_INFO), cell.crew, workload)?))
        }
    }
    E::with(opening.cell.entry, OpenHands::<F>(opening, PhantomData)).unwrap_or_else(|| Err(no_entry(opening)))
}

fn no_entry(opening: Opening<'_>) -> Failure {
    Failure::harness(format!("there is no entry {}", opening.cell.entry))
}

/// How a cell wants its map built.
fn options(opening: Opening<'_>, info: &Info) -> Options {
    let Opening { cell, workload, .. } = opening;
    let release = release(info, &cell.map.args);
    let load_factor = cell.load_factor.unwrap_or_else(|| info.load_factor_of(release));
    let hint = cell.hint.entries(workload.ops()) as usize;
    Options { load_factor, hint, seed: cell.workload.seed, release }
}
