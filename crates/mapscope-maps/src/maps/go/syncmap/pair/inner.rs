//! The read map and the dirty map: runtime maps, by address.

use std::ptr::NonNull;

use super::super::boxed::Boxed;
use super::entry::{EntryAt, Side};
use super::{Found, aside};
use crate::entry::{Key, Value};
use crate::maps::go::classic::{GoClassic, GoClassicMap};
use crate::maps::{Family, Hashing, Map, Options};
use crate::probe::event::{Event, Probe};

/// Go's `map[any]*entry`.
type RuntimeMap<K, V, S, P> = GoClassicMap<Boxed<K>, EntryAt<V>, S, Inside<P>>;

/// The probe of an inner map: what it does is told, save that its slots hold no entries, and what making a dirty copy
/// takes is told as the copy.
#[derive(Clone, Copy)]
pub(super) struct Inside<P> {
    probe: P,
    copying: bool,
}

impl<P: Probe> Probe for Inside<P> {
    const ON: bool = P::ON;
    #[inline]
    fn emit(self, event: Event) {
        match event {
            Event::Move { .. } | Event::Clear => {}
            Event::SlotFreed { .. } | Event::SlotTaken { .. } | Event::SlotShift { .. } | Event::SlotsLost { .. } => {}
            _ if self.copying => {}
            told => self.probe.emit(told),
        }
    }
}

/// The address of an inner map. The map's own value is kept aside; what it allocates is on Go's heap.
///
/// Invariant, **held**: it is valid until [`Inner::free`], for which the header must have let go of it. Only one
/// reference to the map lives at a time, or several shared ones: no method calls back while it changes the map, and
/// `for_each` is called only where nothing writes to it.
pub(super) struct Inner<K: Key, V: Value, S: Hashing, P: Probe>(NonNull<Body<K, V, S, P>>);

struct Body<K: Key, V: Value, S: Hashing, P: Probe> {
    map: RuntimeMap<K, V, S, P>,
    side: Side,
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Clone for Inner<K, V, S, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Copy for Inner<K, V, S, P> {}

impl<K: Key, V: Value, S: Hashing, P: Probe> PartialEq for Inner<K, V, S, P> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Inner<K, V, S, P> {
    /// A map for a dirty copy of another, which tells nothing until [`Inner::tell`].
    pub(super) fn new(read: Option<Self>, seed: u64, release: Option<&'static str>, hasher: S, probe: P) -> Self {
        let hint = read.map_or(0, Inner::len);
        let options = Options { load_factor: GoClassic::INFO.load_factor_of(release), hint, seed, release };
        let map = RuntimeMap::new(&options, hasher, Inside { probe, copying: true });
        Inner(aside::put(Body { map, side: read.is_none_or(|read| !read.side()) }))
    }

    /// Ends the copy.
    pub(super) fn tell(self, probe: P) {
        self.map_mut().tell(Inside { probe, copying: false });
    }

    #[inline]
    pub(super) fn map<'a>(self) -> &'a RuntimeMap<K, V, S, P>
    where
        P: 'a,
    {
        // SAFETY: held.
        unsafe { &(*self.0.as_ptr()).map }
    }

    #[inline]
    fn map_mut<'a>(self) -> &'a mut RuntimeMap<K, V, S, P>
    where
        P: 'a,
    {
        // SAFETY: held.
        unsafe { &mut (*self.0.as_ptr()).map }
    }

    /// Not that of the map beside it.
    #[inline]
    pub(super) fn side(self) -> Side {
        // SAFETY: held.
        unsafe { (*self.0.as_ptr()).side }
    }

    #[inline]
    pub(super) fn len(self) -> usize {
        self.map().len()
    }

    /// What it has under a key.
    #[inline]
    pub(super) fn find(self, key: &Boxed<K>) -> Option<Found<K, V>> {
        self.map().get(key).map(|(&key, &entry)| (key, entry))
    }

    /// Puts an entry under a key it does not have; `shared` says that the other map has the entry under the same box.
    #[inline]
    pub(super) fn insert(self, key: Boxed<K>, entry: EntryAt<V>, shared: bool) {
        let hit = self.map_mut().insert(key, entry);
        // SAFETY: the entry is there: it has just been handed over.
        let entry = unsafe { entry.get() };
        entry.hold(self.side(), shared);
        if hit {
            // A hash or a comparison has changed its mind. The slot has kept a key that may be the other map's too:
            // rather lost than freed twice.
            entry.hold(!self.side(), true);
        }
    }

    /// Takes an entry out; its slot lets go of it, which is the caller's to tell.
    #[inline]
    pub(super) fn take(self, key: &Boxed<K>) -> Option<Found<K, V>> {
        self.map_mut().take(key)
    }

    /// Forgets all its slots, which have let go of what they held.
    pub(super) fn clear(self) {
        self.map_mut().clear();
    }

    pub(super) fn for_each(self, mut f: impl FnMut(Boxed<K>, EntryAt<V>)) {
        self.map().for_each(&mut |&key, &entry| f(key, entry));
    }

    /// Frees the map itself.
    ///
    /// # Safety
    /// Nothing uses it any more.
    pub(super) unsafe fn free(self) {
        // SAFETY: the caller's promise; from `aside::put`.
        drop(unsafe { aside::take(self.0) });
    }

    pub(super) fn check(self) {
        self.map().check_invariants();
    }
}
