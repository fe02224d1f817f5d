//! Threads that begin, end, are watched and are added up, in all orders and with all that memory orderings allow, by `loom`:
//! `RUSTFLAGS='--cfg loom' cargo test -p counting-alloc --test explored`. The files are the crate's own.
#![cfg(loom)]

#[allow(dead_code)]
#[path = "../src/registry.rs"]
mod registry;
#[allow(dead_code)]
#[path = "../src/tally.rs"]
mod tally;
#[allow(dead_code)]
#[path = "../src/thread.rs"]
mod thread;

mod sync {
    pub use loom::sync::atomic::{AtomicI64, AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};

    pub struct SpinLock<T>(loom::sync::Mutex<T>);

    impl<T> SpinLock<T> {
        pub fn new(value: T) -> SpinLock<T> {
            SpinLock(loom::sync::Mutex::new(value))
        }

        pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
            f(&mut self.0.lock().unwrap())
        }
    }

    macro_rules! const_fn {
        ($(#[$attr:meta])* $vis:vis fn $name:ident() -> $out:ty $body:block) => {
            $(#[$attr])*
            $vis fn $name() -> $out $body
        };
    }

    pub(crate) use const_fn;

    pub fn own(total: &AtomicU64) -> u64 {
        total.load(Ordering::Relaxed)
    }
}

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};

use registry::Registry;
use tally::Tally;
use thread::Thread;

#[derive(Clone)]
struct Process(Arc<(Registry, [Thread; 2], AtomicBool)>);

impl Process {
    fn new() -> Process {
        Process(Arc::new((Registry::new(), [Thread::new(), Thread::new()], AtomicBool::new(false))))
    }

    fn registry(&self) -> &Registry {
        &self.0.0
    }

    fn thread(&self, number: usize) -> &Thread {
        &self.0.1[number]
    }

    fn begin(&self, number: usize) {
        // SAFETY: each thread begins once, and ends before the process does.
        unsafe { self.registry().enlist(self.thread(number)) };
    }

    fn watched(&self) -> bool {
        self.0.2.load(Relaxed)
    }

    fn watch(&self) {
        self.0.2.store(true, Relaxed);
        self.registry().close_all();
    }

    /// Does in another thread what is given.
    fn spawn(&self, f: impl FnOnce(&Process) + 'static) -> loom::thread::JoinHandle<()> {
        let process = self.clone();
        loom::thread::spawn(move || f(&process))
    }
}

/// As many switches from a thread that could go on as find every mistake that was ever made here.
fn explore(f: impl Fn() + Send + Sync + 'static) {
    let mut explorer = loom::model::Builder::new();
    explorer.preemption_bound = Some(3);
    explorer.check(f);
}

/// What a thread allocates and frees in its life: 10 bytes, 7 bytes, and frees the 7.
const LIFE: Tally = Tally { alloc_count: 2, alloc_bytes: 17, free_count: 1, free_bytes: 7, realloc_moved_bytes: 0 };

fn live(process: &Process, number: usize) {
    process.begin(number);
    let thread = process.thread(number);
    thread.allocated(10);
    thread.allocated(7);
    thread.freed(7);
    process.registry().end(thread);
}

fn is_part(seen: Tally, whole: Tally) -> bool {
    seen.alloc_count <= whole.alloc_count
        && seen.alloc_bytes <= whole.alloc_bytes
        && seen.free_count <= whole.free_count
        && seen.free_bytes <= whole.free_bytes
}

#[test]
fn a_thread_that_ends_while_others_read_is_in_the_totals_once() {
    explore(|| {
        let process = Process::new();
        let other = process.spawn(|process| live(process, 0));
        let first = process.registry().totals();
        let second = process.registry().totals();
        assert!(is_part(first, second) && is_part(second, LIFE), "{first:?}, then {second:?}");
        assert!(process.registry().peak_bound_bytes() <= 17);
        other.join().unwrap();
        assert_eq!(process.registry().totals(), LIFE);
        assert_eq!(process.registry().peak_bound_bytes(), 17);
    });
}

#[test]
fn who_sees_a_free_sees_the_peak_that_it_ended() {
    explore(|| {
        let process = Process::new();
        // The reader comes second: only so does the checker try what it reads against each write.
        let reader = process.spawn(|process| {
            let freed = process.thread(0).tally().free_bytes;
            let peak = process.thread(0).peak_bytes();
            assert!(peak >= freed as i64, "{freed} bytes are freed, and the peak is {peak}");
        });
        process.thread(0).allocated(10);
        process.thread(0).freed(10);
        reader.join().unwrap();
    });
}

#[test]
fn two_threads_end_and_neither_takes_the_other_off_the_list() {
    explore(|| {
        let process = Process::new();
        let other = process.spawn(|process| live(process, 0));
        live(&process, 1);
        let seen = process.registry().totals();
        assert!(is_part(LIFE, seen));
        other.join().unwrap();
        assert_eq!(process.registry().totals(), LIFE + LIFE);
    });
}

#[test]
fn what_a_thread_does_after_its_end_is_counted() {
    explore(|| {
        let process = Process::new();
        let other = process.spawn(|process| {
            live(process, 0);
            process.registry().count_late(|ended| ended.freed(10));
        });
        live(&process, 1);
        process.registry().count_late(|ended| ended.freed(10));
        other.join().unwrap();
        assert_eq!(process.registry().totals().live_delta(), 0);
        assert_eq!(process.registry().totals().free_count, 4);
    });
}

#[test]
fn no_thread_stays_open_while_somebody_watches() {
    explore(|| {
        let process = Process::new();
        let other = process.spawn(|process| {
            process.begin(0);
            process.thread(0).open_unless(|| process.watched());
        });
        process.watch();
        other.join().unwrap();
        assert!(!process.thread(0).is_open() && !process.thread(0).try_free(1));
    });
}
