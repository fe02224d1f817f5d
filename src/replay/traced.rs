//! Writes down what a program asks of its map: a trace that `mapscope run --trace` plays on every other map.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::io::{self, Write};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::player::Action;
use crate::workload::output::Output;

/// A map of your program, of any type, that leaves a trace of what is asked of it.
///
/// Reading methods of the map are there as before and leave nothing; what shall be in the trace goes through one of five
/// methods that write it down and lend the map:
///
/// ```
/// # use std::collections::HashMap;
/// # use mapscope::replay::Traced;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("words.csv.gz");
/// let mut words = Traced::new(HashMap::<String, u32>::new(), &path)?;
/// for word in "to be or not to be".split(' ') {
///     *words.inserting(word).entry(word.to_owned()).or_default() += 1;
/// }
/// assert_eq!(words.getting("be").get("be"), Some(&2));
/// assert_eq!(words.len(), 4);
/// let words = words.finish()?; // the trace is there now, and this the map
/// # assert_eq!(words["to"], 2);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The trace has the columns `op` and `key`, is compressed when its name ends in `.gz` or `.zst`, and is there whole when
/// [`finish`](Traced::finish) returns; a program that ends without it leaves none. Keys become numbers in the order of
/// their coming, for which the recorder keeps a copy of each.
pub struct Traced<M, K> {
    map: M,
    trace: RefCell<Trace<K>>,
}

struct Trace<K> {
    path: PathBuf,
    out: Output<NamedTempFile>,
    ids: HashMap<K, u64>,
    /// The first failure; nothing is written after it.
    failed: Option<io::Error>,
}

impl<M, K: Hash + Eq> Traced<M, K> {
    /// Begins a trace at `path`.
    ///
    /// # Errors
    ///
    /// The folder can't be written to.
    pub fn new(map: M, path: impl AsRef<Path>) -> io::Result<Traced<M, K>> {
        let path = path.as_ref().to_owned();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut out = Output::new(&path, NamedTempFile::with_prefix_in(".mapscope-", folder)?)?;
        out.write_all(b"op,key\n")?;
        let trace = Trace { path, out, ids: HashMap::new(), failed: None };
        Ok(Traced { map, trace: RefCell::new(trace) })
    }

    /// Records that `key` is put, whether it is there or not, and lends the map for it.
    pub fn inserting<Q>(&mut self, key: &Q) -> &mut M
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.trace.get_mut().keyed(Action::Insert, key);
        &mut self.map
    }

    /// Records that `key` is taken out, and lends the map for it.
    pub fn removing<Q>(&mut self, key: &Q) -> &mut M
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.trace.get_mut().keyed(Action::Remove, key);
        &mut self.map
    }

    /// Records that `key` is looked up, and lends the map for it.
    pub fn getting<Q>(&self, key: &Q) -> &M
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.trace.borrow_mut().keyed(Action::Get, key);
        &self.map
    }

    /// Records that all entries are dropped, and lends the map for it.
    pub fn clearing(&mut self) -> &mut M {
        let trace = self.trace.get_mut();
        trace.row(format_args!("{},\n", Action::Clear.name()));
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
        let Trace { path, out, failed, .. } = self.trace.into_inner();
        if let Some(error) = failed {
            return Err(error);
        }
        let file = out.finish()?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
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
    fn keyed<Q>(&mut self, action: Action, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let next = self.ids.len() as u64;
        let id = match self.ids.get(key) {
            Some(&id) => id,
            None => *self.ids.entry(key.to_owned()).or_insert(next),
        };
        self.row(format_args!("{},{id}\n", action.name()));
    }

    fn row(&mut self, row: std::fmt::Arguments) {
        if self.failed.is_none() {
            self.failed = self.out.write_fmt(row).err();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;

    #[test]
    fn every_kind_of_operation_is_a_row_and_every_key_a_number() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("trace.csv");
        let mut map = Traced::new(BTreeMap::new(), &path).expect("a trace");
        map.inserting(&70u32).insert(70, 'a');
        assert_eq!(map.getting(&5).get(&5), None);
        map.inserting(&70).insert(70, 'b');
        map.removing(&70).remove(&70);
        assert_eq!(map.iterating().values().count(), 0);
        map.clearing().clear();
        map.inserting(&5).insert(5, 'c');
        assert!(!path.exists() && map.contains_key(&5));
        assert_eq!(map.finish().expect("written").len(), 1);
        let rows = "op,key\ninsert,0\nget,1\ninsert,0\nremove,0\niterate,\nclear,\ninsert,1\n";
        assert_eq!(fs::read_to_string(&path).expect("the trace"), rows);
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
    }

    #[test]
    fn without_an_end_there_is_no_trace() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut map = Traced::new(BTreeMap::new(), folder.path().join("trace.csv.zst")).expect("a trace");
        map.inserting("key").insert("key".to_owned(), 1);
        drop(map);
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
        assert!(Traced::<_, u8>::new((), "no/where.csv").is_err());
    }
}
