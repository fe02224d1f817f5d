//! Writes down what a program asks of its map: a trace that `mapscope run --trace` plays on every other map.
//!
//! [`Traced`] wraps the map, of whatever type. Reading methods of the map are there as before and leave nothing; what shall
//! be in the trace goes through one of five methods that write it down and lend the map:
//!
//! ```
//! # use std::collections::HashMap;
//! use mapscope_trace::Traced;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("words.csv.gz");
//! let mut words = Traced::new(HashMap::<String, u32>::new(), &path)?;
//! for word in "to be or not to be".split(' ') {
//!     *words.inserting(word).entry(word.to_owned()).or_default() += 1;
//! }
//! assert_eq!(words.getting("be").get("be"), Some(&2));
//! assert_eq!(words.len(), 4);
//! let words = words.finish()?; // the trace is there now, and this the map
//! # assert_eq!(words["to"], 2);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # The trace
//!
//! CSV with the columns `op` (`insert`, `remove`, `get`, `clear`, `iterate`) and `key`. Keys become numbers in the order of
//! their coming, for which the recorder keeps a copy of each; values are not recorded. It is compressed when its name ends
//! in `.gz`, or in `.zst` with the feature `zstd`.
//!
//! It is there whole when [`finish`](Traced::finish) returns; a program that ends without it leaves none.
//!
//! # Invariants
//!
//! - Nothing that is traced panics or fails for the trace's sake: the first failure is kept until `finish`.
//! - At most ten packages with this one; the trace's format is all that it shares with mapscope.

mod output;
#[cfg(feature = "read")]
pub mod read;
mod unfinished;

use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::io::{self, Write};
use std::ops::Deref;
use std::path::Path;

pub use output::Output;
use unfinished::Unfinished;

/// A map of your program, of any type, that leaves a trace of what is asked of it; see the [crate].
pub struct Traced<M, K> {
    map: M,
    trace: RefCell<Trace<K>>,
}

struct Trace<K> {
    out: Output<Unfinished>,
    ids: HashMap<K, u64>,
    /// The first failure; nothing is written after it.
    failed: Option<io::Error>,
}

impl<M, K: Hash + Eq> Traced<M, K> {
    /// Begins a trace at `path`.
    ///
    /// # Errors
    ///
    /// The folder can't be written to, or the trace can't be compressed as its name says.
    pub fn new(map: M, path: impl AsRef<Path>) -> io::Result<Traced<M, K>> {
        let path = path.as_ref();
        let mut out = Output::new(path, Unfinished::new(path)?)?;
        out.write_all(b"op,key\n")?;
        let trace = Trace { out, ids: HashMap::new(), failed: None };
        Ok(Traced { map, trace: RefCell::new(trace) })
    }

    /// Records that `key` is put, whether it is there or not, and lends the map for it.
    pub fn inserting<Q>(&mut self, key: &Q) -> &mut M
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.trace.get_mut().keyed("insert", key);
        &mut self.map
    }

    /// Records that `key` is taken out, and lends the map for it.
    pub fn removing<Q>(&mut self, key: &Q) -> &mut M
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.trace.get_mut().keyed("remove", key);
        &mut self.map
    }

    /// Records that `key` is looked up, and lends the map for it.
    pub fn getting<Q>(&self, key: &Q) -> &M
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.trace.borrow_mut().keyed("get", key);
        &self.map
    }

    /// Records that all entries are dropped, and lends the map for it.
    pub fn clearing(&mut self) -> &mut M {
        self.trace.get_mut().row(format_args!("clear,\n"));
        &mut self.map
    }

    /// Records that all entries are looked at, and lends the map for it.
    pub fn iterating(&self) -> &M {
        self.trace.borrow_mut().row(format_args!("iterate,\n"));
        &self.map
    }

    /// Puts the trace where it belongs, and gives the map back.
    ///
    /// # Errors
    ///
    /// The first that happened since the trace began; there is no trace then.
    pub fn finish(self) -> io::Result<M> {
        let Trace { out, failed, .. } = self.trace.into_inner();
        if let Some(error) = failed {
            return Err(error);
        }
        out.finish()?.persist()?;
        Ok(self.map)
    }
}

impl<M, K> Deref for Traced<M, K> {
    type Target = M;

    /// The map, for what leaves no trace.
    fn deref(&self) -> &M {
        &self.map
    }
}

impl<K: Hash + Eq> Trace<K> {
    fn keyed<Q>(&mut self, op: &str, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let next = self.ids.len() as u64;
        let id = match self.ids.get(key) {
            Some(&id) => id,
            None => *self.ids.entry(key.to_owned()).or_insert(next),
        };
        self.row(format_args!("{op},{id}\n"));
    }

    fn row(&mut self, row: fmt::Arguments) {
        if self.failed.is_none() {
            self.failed = self.out.write_fmt(row).err();
        }
    }
}
