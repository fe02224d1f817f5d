//! The maps that a run can name, with their types erased: the one place where maps, workloads and passes meet.

use std::marker::PhantomData;
use std::rc::Rc;

use super::job::{Answer, Job, JobError, Pass};
use super::runtime::{self, GoRuntime};
use super::setting::Setting;
use super::tested::Typed;
use super::{count, memory, profile, threads, time};
use crate::golang::Toolchain;
use crate::maps::{self, ConcurrentFamily, Family, FamilyVisitor, Hashing, Info, Options};
use crate::record::{Status, Time};
use crate::replay::{self, EitherHashing, Play, Recorded, Replaying, Setup};
use crate::spec::{Arg, Call, Catalog, CellSpec, Crew, EntryOffer, MapOffer, Term, ThreadKeys};
use crate::workload::{self, Deal, EntryVisitor, Key, Value, Workload};

/// The maps that can be run: those that ship, and any of your own.
///
/// ```no_run
/// # use mapscope::{maps::Family, run::Subjects};
/// # fn with<MyMap: Family>() {
/// let subjects = Subjects::builtin().with::<MyMap>();
/// # }
/// ```
#[derive(Clone)]
pub struct Subjects {
    subjects: Vec<Rc<dyn Subject>>,
}

impl Subjects {
    /// The maps that ship.
    pub fn builtin() -> Subjects {
        let mut subjects = Subjects { subjects: Vec::new() };
        maps::each(&mut subjects);
        for kind in runtime::KINDS {
            subjects.subjects.push(Rc::new(GoRuntime::new(kind, None)));
        }
        subjects
    }

    /// The maps of real Go runtimes, one of each kind a toolchain. Without any, asking for one is a row that says so.
    pub fn with_toolchains(mut self, toolchains: &[Toolchain]) -> Subjects {
        if !toolchains.is_empty() {
            self.subjects.retain(|subject| runtime::KINDS.iter().all(|kind| kind.group != subject.info().term.name));
        }
        for kind in runtime::KINDS {
            for toolchain in toolchains {
                self.subjects.push(Rc::new(GoRuntime::new(kind, Some(toolchain.clone()))));
            }
        }
        self
    }

    /// Whether a cell's map is one that [`Subjects::with_toolchains`] brings.
    pub fn needs_toolchain(&self, cell: &CellSpec) -> bool {
        runtime::KINDS.iter().any(|kind| kind.group == cell.map.name)
    }

    /// One more map. Of two with one name, the later one counts.
    pub fn with<F: Family>(mut self) -> Subjects {
        self.subjects.retain(|subject| subject.info().term.name != F::INFO.term.name);
        self.subjects.push(Rc::new(Of::<F>(PhantomData)));
        self
    }

    /// One more map, which several threads may use at once.
    pub fn with_concurrent<F: Family + ConcurrentFamily>(mut self) -> Subjects {
        self.subjects.retain(|subject| subject.info().term.name != F::INFO.term.name);
        self.subjects.push(Rc::new(OfConcurrent::<F>(PhantomData)));
        self
    }

    /// One more map, which hands out no references: with one thread, too, it is run as with several.
    pub fn with_shared<F: ConcurrentFamily>(mut self) -> Subjects {
        self.subjects.retain(|subject| subject.info().term.name != F::SHARED_INFO.term.name);
        self.subjects.push(Rc::new(OfShared::<F>(PhantomData)));
        self
    }

    /// What is known of each map, in order.
    pub fn infos(&self) -> impl Iterator<Item = Info> {
        self.subjects.iter().map(|subject| subject.info())
    }

    /// Everything that a profile may name: these maps, and the key distributions, mixes and entries that ship.
    pub fn catalog(&self) -> Catalog {
        Catalog {
            maps: self.subjects.iter().map(|subject| subject.offer()).collect(),
            keys: workload::keys::KEYS.iter().map(|row| row.term).collect(),
            mixes: workload::mixes::MIXES.iter().map(|row| row.term).collect(),
            entries: workload::ENTRIES.iter().map(entry_offer).collect(),
            memory_bytes: memory::physical_bytes(),
        }
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

    pub(super) fn find(&self, name: &str) -> Option<&dyn Subject> {
        self.subjects.iter().map(Rc::as_ref).find(|subject| subject.info().term.name == name)
    }
}

fn entry_offer(term: &Term) -> EntryOffer {
    struct SlotBytes;
    impl EntryVisitor for SlotBytes {
        type Out = u64;
        fn visit<K: Key, V: Value>(self) -> u64 {
            (size_of::<K>() + size_of::<V>()) as u64
        }
    }
    EntryOffer { term: *term, slot_bytes: workload::with_entry(term.name, SlotBytes).unwrap_or_default() }
}

impl FamilyVisitor for Subjects {
    fn visit<F: Family>(&mut self) {
        self.subjects.push(Rc::new(Of::<F>(PhantomData)));
    }

    fn visit_concurrent<F: Family + ConcurrentFamily>(&mut self) {
        self.subjects.push(Rc::new(OfConcurrent::<F>(PhantomData)));
    }

    fn visit_shared_only<F: ConcurrentFamily>(&mut self) {
        self.subjects.push(Rc::new(OfShared::<F>(PhantomData)));
    }
}

/// Why a map's cells can't be run, and the status that they get.
pub(super) struct Unready(pub Status, pub String);

/// A map with its types erased.
pub(super) trait Subject {
    fn info(&self) -> Info;
    /// The same at a release; `None` for the newest.
    fn info_at(&self, _release: Option<&str>) -> Info {
        self.info()
    }
    /// What a plan may ask of it.
    fn offer(&self) -> MapOffer {
        let info = self.info();
        let Info { term, load_factor, hint, .. } = info;
        let (concurrent, concurrent_at) = (self.concurrent(), self.concurrent_at());
        MapOffer { term, group: None, load_factor, hint, concurrent, concurrent_at }
    }
    /// Whether several threads may use it at once.
    fn concurrent(&self) -> bool {
        false
    }
    /// The words of its first parameter with which they may; empty for all.
    fn concurrent_at(&self) -> &'static [&'static str] {
        &[]
    }
    /// The version of what so many threads use, called with these arguments.
    fn version(&self, _crew: Option<Crew>, args: &[Option<Arg>]) -> String {
        let info = self.info();
        info.version_at(release(&info, args))
    }
    /// Whether its operations are dealt to threads, be it one.
    fn is_dealt(&self, crew: Option<Crew>) -> bool {
        crew.is_some()
    }
    /// The toolchain that it needs in the cell's process.
    fn toolchain(&self) -> Option<&Toolchain> {
        None
    }
    /// Makes ready what the processes of its cells with this entry share.
    fn prepare(&self, _entry: &str) -> Result<(), Unready> {
        Ok(())
    }
    /// Whether it has such a pass.
    fn has(&self, pass: Pass, crew: Option<Crew>) -> bool {
        pass != Pass::Profile || !self.is_dealt(crew)
    }
    /// Runs one pass of one cell in this process.
    fn run(&self, job: &Job, workload: &Workload) -> Result<Answer, JobError>;
    /// A player of recordings, for a map of this process that can have such entries.
    fn player(&self, _setup: &Setup) -> Option<Box<dyn Play>> {
        None
    }
}

struct Of<F>(PhantomData<F>);

impl<F: Family> Subject for Of<F> {
    fn info(&self) -> Info {
        F::INFO
    }

    fn info_at(&self, release: Option<&str>) -> Info {
        F::info_at(release)
    }

    fn run(&self, job: &Job, workload: &Workload) -> Result<Answer, JobError> {
        let cell = OneThread::<F> { job, workload, family: PhantomData };
        workload::with_entry(&job.entry, cell).unwrap_or_else(|| Err(JobError::Unknown(job.entry.clone())))
    }

    fn player(&self, setup: &Setup) -> Option<Box<dyn Play>> {
        replay::player::<F>(setup)
    }
}

/// A map that one thread uses as a [`Family`], and more as a [`ConcurrentFamily`].
struct OfConcurrent<F>(PhantomData<F>);

impl<F: Family + ConcurrentFamily> Subject for OfConcurrent<F> {
    fn info(&self) -> Info {
        F::INFO
    }

    fn info_at(&self, release: Option<&str>) -> Info {
        F::info_at(release)
    }

    fn concurrent(&self) -> bool {
        true
    }

    fn concurrent_at(&self) -> &'static [&'static str] {
        F::SHARED_RELEASES
    }

    fn version(&self, crew: Option<Crew>, args: &[Option<Arg>]) -> String {
        let info = if self.is_dealt(crew) { F::SHARED_INFO } else { F::INFO };
        info.version_at(release(&info, args))
    }

    fn run(&self, job: &Job, workload: &Workload) -> Result<Answer, JobError> {
        match job.crew {
            None => Of::<F>(PhantomData).run(job, workload),
            Some(_) => OfShared::<F>(PhantomData).run(job, workload),
        }
    }

    fn player(&self, setup: &Setup) -> Option<Box<dyn Play>> {
        replay::player::<F>(setup)
    }
}

/// A map that can't be used but as other threads would.
struct OfShared<F>(PhantomData<F>);

impl<F: ConcurrentFamily> Subject for OfShared<F> {
    fn info(&self) -> Info {
        F::SHARED_INFO
    }

    fn concurrent(&self) -> bool {
        true
    }

    fn is_dealt(&self, _: Option<Crew>) -> bool {
        true
    }

    fn run(&self, job: &Job, workload: &Workload) -> Result<Answer, JobError> {
        let typed = Shared::<F> { job, workload, family: PhantomData };
        workload::with_entry(&job.entry, typed).unwrap_or_else(|| Err(JobError::Unknown(job.entry.clone())))
    }
}

struct Shared<'a, F> {
    job: &'a Job,
    workload: &'a Workload,
    family: PhantomData<F>,
}

impl<F: ConcurrentFamily> EntryVisitor for Shared<'_, F> {
    type Out = Result<Answer, JobError>;

    fn visit<K: Key, V: Value>(self) -> Self::Out {
        let Crew { threads, keys } = self.job.crew.unwrap_or(Crew { threads: 1, keys: ThreadKeys::Shared });
        let map = threads::Typed::<F>::new(options(self.job, &F::SHARED_INFO), self.job.seed);
        let deal = Deal { threads, keys, window_ops: threads::window_ops::<K, V>() };
        shared_pass::<K, V>(self.job, &threads::Setting { map: &map, workload: self.workload, deal })
    }
}

/// Runs the job's pass on a map that several threads use.
fn shared_pass<K: Key, V: Value>(job: &Job, setting: &threads::Setting<'_, K, V>) -> Result<Answer, JobError> {
    match job.pass {
        Pass::Count => threads::count(setting).map(|counted| Answer::Count(Box::new(counted))),
        Pass::Time => {
            let time = threads::time(setting)?;
            // One thread of no crew has no figures of its own beside those of all.
            let threads = if job.crew.is_some() { time.threads } else { Vec::new() };
            Ok(Answer::Time(Box::new(Time { threads, ..time })))
        }
        // Never asked for.
        Pass::Expect | Pass::Profile => Err(JobError::Unknown(format!("a {} pass", job.pass.name()))),
    }
}

/// How a job wants its map built.
fn options(job: &Job, info: &Info) -> Options {
    let release = release(info, &job.map_args);
    let load_factor = job.load_factor.unwrap_or_else(|| info.load_factor_of(release));
    Options { load_factor, hint: job.hint as usize, seed: job.seed, release }
}

/// The release that these arguments choose, where it is not the newest.
fn release(info: &Info, args: &[Option<Arg>]) -> Option<&'static str> {
    let word = args.first().and_then(Option::as_ref).and_then(Arg::word)?;
    info.releases().iter().copied().find(|release| *release == word)
}

struct OneThread<'a, F> {
    job: &'a Job,
    workload: &'a Workload,
    family: PhantomData<F>,
}

impl<F: Family> EntryVisitor for OneThread<'_, F> {
    type Out = Result<Answer, JobError>;

    fn visit<K: Key, V: Value>(self) -> Self::Out {
        let options = options(self.job, &F::INFO);
        let hashes = self.workload.hashed().then(Recorded::default);
        let hasher = match &hashes {
            Some(hashes) => EitherHashing::Recorded(Replaying::new(hashes)),
            None => EitherHashing::Own(F::Hasher::with_seed(self.job.seed)),
        };
        let map = Typed::<F>::new(options, hasher);
        pass::<K, V>(self.job, &Setting { map: &map, hint: options.hint, hashes, workload: self.workload })
    }
}

/// Runs the job's pass on a map that one thread has to itself.
fn pass<K: Key, V: Value>(job: &Job, setting: &Setting<'_, K, V>) -> Result<Answer, JobError> {
    match job.pass {
        // Needs no map, and never comes here.
        Pass::Expect => Err(JobError::Unknown("a map to expect of".into())),
        Pass::Count => count::count(setting).map(|counted| Answer::Count(Box::new(counted))),
        Pass::Time => time::time(setting, job.keeps_moments).map(|time| Answer::Time(Box::new(time))),
        Pass::Profile => profile::profile(setting).map(Answer::Profile),
    }
}
