//! Maps that several threads can't rely on.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::RwLock;
use std::sync::atomic::{AtomicU32, Ordering};

use mapscope::maps::{Better, Concurrent, ConcurrentFamily, FixedFold, Hashing, Info, Options, Quantity};
use mapscope::probe::event::Probe;
use mapscope::workload::{Key, Value};

/// What goes wrong. Whatever has to do with one key has to do with the first that is ever put.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// The key's entry is always dropped.
    Loses,
    /// Says of that first put that the key was there.
    Lies,
    /// A lookup shows another key's value.
    Mistakes,
    /// At the 100th insert.
    Panics,
    /// Never gives its lock back, at the 100th insert.
    Hangs,
}

/// A `BTreeMap` behind a lock.
pub struct Bad<K, V> {
    map: RwLock<BTreeMap<K, V>>,
    first: OnceLock<K>,
    inserts: AtomicU32,
    iterations: AtomicU32,
    fault: Fault,
}

impl<K: Key, V: Value> Concurrent<K, V> for Bad<K, V> {
    fn insert(&self, key: K, value: V) -> bool {
        let mut map = self.map.write().expect("no thread goes on after a panic");
        let inserts = self.inserts.fetch_add(1, Ordering::Relaxed);
        let first = self.first.get_or_init(|| key.clone());
        match self.fault {
            Fault::Panics if inserts == 100 => panic!("a thread of its own"),
            Fault::Hangs if inserts == 100 => loop {
                std::thread::park();
            },
            Fault::Loses if key == *first => false,
            fault => map.insert(key, value).is_some() || inserts == 0 && fault == Fault::Lies,
        }
    }

    fn get<R>(&self, key: &K, see: impl FnOnce(&V) -> R) -> Option<R> {
        let map = self.map.read().expect("no thread goes on after a panic");
        let value = map.get(key)?;
        match map.values().next() {
            Some(first) if self.fault == Fault::Mistakes => Some(see(first)),
            _ => Some(see(value)),
        }
    }

    fn remove(&self, key: &K) -> bool {
        self.map.write().expect("no thread goes on after a panic").remove(key).is_some()
    }

    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iterations.fetch_add(1, Ordering::Relaxed);
        let map = self.map.read().expect("no thread goes on after a panic");
        map.iter().for_each(|(key, value)| f(key, value));
    }

    fn quantities(&self, report: &mut dyn FnMut(Quantity, u64)) {
        if self.fault == Fault::None {
            report(PUTS_SEEN, self.inserts.load(Ordering::Relaxed).into());
            report(ITERATIONS, self.iterations.load(Ordering::Relaxed).into());
        }
    }
}

const PUTS_SEEN: Quantity =
    Quantity::exact("sound-shared.puts_seen", "count", Better::Lower, "Puts that the map saw itself.");
const ITERATIONS: Quantity =
    Quantity::exact("sound-shared.iterations", "count", Better::Lower, "Iterations over the whole map.");

macro_rules! bad {
    ($($name:ident, $term:literal, $fault:expr;)*) => {$(
        pub struct $name;

        impl ConcurrentFamily for $name {
            const SHARED_INFO: Info = Info::plain($term, "test");
            type SharedHasher = FixedFold;
            type Shared<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static> = Bad<K, V>;

            fn share<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static>(
                _: &Options,
                _: S,
                _: P,
            ) -> Bad<K, V> {
                let (inserts, iterations) = (AtomicU32::new(0), AtomicU32::new(0));
                Bad { map: RwLock::default(), first: OnceLock::new(), inserts, iterations, fault: $fault }
            }
        }
    )*};
}

bad! {
    Sound, "sound-shared", Fault::None;
    Loses, "loses-shared", Fault::Loses;
    Lies, "lies-shared", Fault::Lies;
    Mistakes, "mistakes-shared", Fault::Mistakes;
    Panics, "panics-shared", Fault::Panics;
    Hangs, "hangs-shared", Fault::Hangs;
}
