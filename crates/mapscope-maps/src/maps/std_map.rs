//! `std::collections::HashMap`, with SipHash under fixed keys.

use std::collections::HashMap;

use super::anatomy::{Anatomy, Part};
use super::layout::{EntryShape, Layout};
use super::{Family, FixedSip, Hashing, Info, Map, Options, Structure, Write, WrittenTable, open_anatomy, open_table};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

/// See the module.
pub struct Std;

impl Family for Std {
    const INFO: Info = Info {
        term: Term::plain("std", "Rust's std::collections::HashMap (SipHash-1-3, fixed keys)", "doc.rust-lang.org/std"),
        version: concat!("std of rustc ", env!("MAPSCOPE_RUSTC")),
        load_factor: None,
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[],
        layout: None,
        state: &["len"],
    };
    const HASHES: Option<bool> = Some(true);
    type Hasher = FixedSip;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = HashMap<K, V, S>;

    fn layout(entry: &EntryShape, _: &Options, entries: u64) -> Option<Layout> {
        Some(open_table::layout(entry, open_table::first_slots, entries))
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> HashMap<K, V, S> {
        HashMap::with_capacity_and_hasher(options.hint, hasher)
    }
}

impl<K: Key, V: Value, S: Hashing> Map<K, V> for HashMap<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        HashMap::insert(self, key, value).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        HashMap::get_key_value(self, key)
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        HashMap::remove(self, key).is_some()
    }
    fn clear(&mut self) {
        HashMap::clear(self);
    }
    fn len(&self) -> usize {
        HashMap::len(self)
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iter().for_each(|(key, value)| f(key, value));
    }
    fn shrink(&mut self) -> bool {
        self.shrink_to_fit();
        true
    }
    fn capacity(&self) -> Option<usize> {
        Some(HashMap::capacity(self))
    }
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if super::hashbrown_map::rehashed(write, HashMap::capacity(self)) {
            self.iter().for_each(|(key, value)| {
                visit(key, value);
            });
        }
    }
    fn written_table(&self, write: &Write<'_, K>) -> Option<WrittenTable> {
        super::hashbrown_map::only_table(write, HashMap::capacity(self))
    }
    fn structure(&self) -> Structure {
        open_table::only_table::<K, V>(HashMap::capacity(self), self.hasher(), self.keys())
    }
    fn hit_lookups(&self) -> (Option<u64>, Option<u64>) {
        open_table::only_table_hits::<K, V>(HashMap::capacity(self), self.hasher(), self.keys())
    }
    fn anatomy(&self, part: Part<'_, K>) -> Option<Anatomy> {
        // SAFETY: the keys are of such a table; whoever follows blocks follows those of the map that it then asks.
        Some(unsafe { open_anatomy::anatomy::<K, V>(self.keys(), HashMap::capacity(self), self.hasher(), part) })
    }
}
