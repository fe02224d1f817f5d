//! The hasher that gives each key the hash that was recorded for it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::rc::Rc;

use crate::maps::Hashing;

/// Hashes by identity, of one inner map.
#[derive(Debug, Default)]
struct Table {
    /// Looked up by index; grows as long as it is not mostly holes.
    dense: Vec<Option<u64>>,
    /// Those beyond it, when they came.
    sparse: HashMap<u64, u64, foldhash::fast::FixedState>,
    /// How many are dense.
    known: u64,
}

/// How many places the dense part may have: so many, and so many more for each hash in it.
const PLACES_MIN: u64 = 4096;
const PLACES_PER_HASH: u64 = 8;

impl Table {
    #[inline]
    fn get(&self, id: u64) -> Option<u64> {
        match self.dense.get(id as usize) {
            Some(&Some(hash)) => Some(hash),
            _ => self.sparse.get(&id).copied(),
        }
    }

    fn set(&mut self, id: u64, hash: u64) {
        let places = PLACES_MIN + PLACES_PER_HASH * self.known;
        if id >= (self.dense.len() as u64).max(places) {
            self.sparse.insert(id, hash);
            return;
        }
        if self.dense.len() <= id as usize {
            self.dense.resize((id as usize + 1).next_power_of_two(), None);
        }
        self.known += u64::from(self.dense[id as usize].replace(hash).is_none());
    }
}

type Shared = Rc<RefCell<Table>>;

/// The recorded hashes, written by the player.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// Of the map as it stands; of several inner maps, the newest.
    newest: Rc<RefCell<Shared>>,
    /// Of the inner map that will be made next.
    next: Rc<RefCell<Option<Shared>>>,
}

impl Recorded {
    /// The hash known for a key in the newest map.
    pub fn get(&self, id: u64) -> Option<u64> {
        self.newest.borrow().borrow().get(id)
    }

    /// Records a key's hash in the newest map.
    pub fn set(&self, id: u64, hash: u64) {
        self.newest.borrow().borrow_mut().set(id, hash);
    }

    /// Forgets those of the newest map, as a stream begins anew.
    pub fn clear(&self) {
        *self.newest.borrow().borrow_mut() = Table::default();
    }

    /// Records a key's hash in the map that is made next.
    pub fn set_next(&self, id: u64, hash: u64) {
        self.next.borrow_mut().get_or_insert_default().borrow_mut().set(id, hash);
    }

    /// Takes the next map's table for the newest.
    fn advance(&self) -> Shared {
        if let Some(next) = self.next.borrow_mut().take() {
            *self.newest.borrow_mut() = next;
        }
        self.newest.borrow().clone()
    }
}

/// The hasher of one map or inner map; [`Hashing::another`] is that of the inner map that is being made.
#[derive(Debug, Clone)]
pub struct Replaying {
    recorded: Recorded,
    table: Shared,
}

impl Replaying {
    /// That of the newest map.
    pub fn new(recorded: &Recorded) -> Replaying {
        Replaying { recorded: recorded.clone(), table: recorded.newest.borrow().clone() }
    }
}

impl Hashing for Replaying {
    fn with_seed(_: u64) -> Replaying {
        Replaying::new(&Recorded::default())
    }

    fn reseed(&mut self, _: u64) {}

    fn another(&self, _: u64) -> Replaying {
        Replaying { recorded: self.recorded.clone(), table: self.recorded.advance() }
    }
}

impl BuildHasher for Replaying {
    type Hasher = Lookup;

    #[inline]
    fn build_hasher(&self) -> Lookup {
        Lookup { id: 0, table: Some(Rc::clone(&self.table)) }
    }

    #[inline]
    fn hash_one<T: Hash>(&self, key: T) -> u64 {
        let mut lookup = Lookup { id: 0, table: None };
        key.hash(&mut lookup);
        self.table.borrow().get(lookup.id).unwrap_or_default()
    }
}

/// The hasher of a watched map: its own, or that of recorded hashes. Such a map is compiled once for both; one that is timed
/// has the hasher itself.
#[derive(Debug, Clone)]
pub enum EitherHashing<S> {
    /// Its own.
    Own(S),
    /// That of a recording.
    Recorded(Replaying),
}

impl<S: Hashing> Hashing for EitherHashing<S> {
    fn with_seed(seed: u64) -> EitherHashing<S> {
        EitherHashing::Own(S::with_seed(seed))
    }

    fn reseed(&mut self, seed: u64) {
        match self {
            EitherHashing::Own(own) => own.reseed(seed),
            EitherHashing::Recorded(recorded) => recorded.reseed(seed),
        }
    }

    fn another(&self, seed: u64) -> EitherHashing<S> {
        match self {
            EitherHashing::Own(own) => EitherHashing::Own(own.another(seed)),
            EitherHashing::Recorded(recorded) => EitherHashing::Recorded(recorded.another(seed)),
        }
    }
}

impl<S: BuildHasher> BuildHasher for EitherHashing<S> {
    type Hasher = EitherHasher<S::Hasher>;

    #[inline]
    fn build_hasher(&self) -> EitherHasher<S::Hasher> {
        match self {
            EitherHashing::Own(own) => EitherHasher::Own(own.build_hasher()),
            EitherHashing::Recorded(recorded) => EitherHasher::Recorded(recorded.build_hasher()),
        }
    }

    #[inline]
    fn hash_one<T: Hash>(&self, key: T) -> u64 {
        match self {
            EitherHashing::Own(own) => own.hash_one(key),
            EitherHashing::Recorded(recorded) => recorded.hash_one(key),
        }
    }
}

/// The [`Hasher`] of [`EitherHashing`].
#[derive(Debug)]
pub enum EitherHasher<H> {
    Own(H),
    Recorded(Lookup),
}

macro_rules! handed_on {
    ($($write:ident($part:ty)),*) => {$(
        #[inline]
        fn $write(&mut self, part: $part) {
            match self {
                EitherHasher::Own(own) => own.$write(part),
                EitherHasher::Recorded(recorded) => recorded.$write(part),
            }
        }
    )*};
}

/// Every method is handed on, for hashers that treat a number otherwise than its bytes.
impl<H: Hasher> Hasher for EitherHasher<H> {
    handed_on! {
        write(&[u8]), write_u8(u8), write_u16(u16), write_u32(u32), write_u64(u64), write_u128(u128), write_usize(usize),
        write_i8(i8), write_i16(i16), write_i32(i32), write_i64(i64), write_i128(i128), write_isize(isize)
    }

    #[inline]
    fn finish(&self) -> u64 {
        match self {
            EitherHasher::Own(own) => own.finish(),
            EitherHasher::Recorded(recorded) => recorded.finish(),
        }
    }
}

/// Collects a key's identity: the number of an integer key, the digits of a text key.
#[derive(Debug)]
pub struct Lookup {
    id: u64,
    /// Where the hash is; [`Replaying::hash_one`] looks for itself.
    table: Option<Shared>,
}

impl Hasher for Lookup {
    #[inline]
    fn write_u64(&mut self, id: u64) {
        self.id = id;
    }

    fn write(&mut self, bytes: &[u8]) {
        let digits = bytes.iter().filter(|byte| byte.is_ascii_digit());
        self.id = digits.fold(0, |id: u64, digit| id.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')));
    }

    fn write_u16(&mut self, id: u16) {
        self.id = id.into();
    }

    fn write_u32(&mut self, id: u32) {
        self.id = id.into();
    }

    fn write_u8(&mut self, _: u8) {} // the terminator of a string

    fn finish(&self) -> u64 {
        match &self.table {
            Some(table) => table.borrow().get(self.id).unwrap_or_default(),
            None => self.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Key, Str};

    #[test]
    fn hashes_are_found_wherever_they_lie_and_take_room_for_themselves_only() {
        let mut table = Table::default();
        let scattered = |n: u64| n * 1_000_003;
        (0..10_000).for_each(|n| table.set(scattered(n), n));
        assert!(table.dense.len() as u64 <= 2 * (PLACES_MIN + PLACES_PER_HASH * table.known), "{}", table.dense.len());
        (0..100_000).for_each(|n| table.set(n, n + 7));
        (0..10_000).for_each(|n| table.set(scattered(n), n + 1));
        assert_eq!((table.sparse.len(), table.known), (9_999, 100_000));
        assert!((1..10_000).all(|n| table.get(scattered(n)) == Some(n + 1)));
        assert!((1..100_000).all(|n| table.get(n) == Some(n + 7)) && table.get(0) == Some(1));
    }

    #[test]
    fn every_kind_of_key_finds_its_hash_however_it_is_hashed() {
        let recorded = Recorded::default();
        recorded.set(42, 0xdead_beef);
        let hasher = Replaying::new(&recorded);
        let text = <Str<24> as Key>::from_id(42);
        assert_eq!(
            (hasher.hash_one(42u64), hasher.hash_one(42u32), hasher.hash_one(&text)),
            (0xdead_beef, 0xdead_beef, 0xdead_beef)
        );
        let mut step_by_step = hasher.build_hasher();
        step_by_step.write(text.as_bytes());
        step_by_step.write_u8(0xff);
        assert_eq!(step_by_step.finish(), 0xdead_beef);
        recorded.clear();
        assert_eq!((recorded.get(42), hasher.hash_one(42u64)), (None, 0));
    }

    #[test]
    fn an_older_map_keeps_its_hashes_when_a_newer_one_has_others() {
        let recorded = Recorded::default();
        recorded.set(3, 30);
        recorded.set(1 << 60, 31);
        let old = Replaying::new(&recorded);
        recorded.set_next(3, 40);
        let new = old.another(0);
        assert_eq!((old.hash_one(3u64), new.hash_one(3u64), recorded.get(3)), (30, 40, Some(40)));
        assert_eq!((old.hash_one(1u64 << 60), recorded.get(1 << 60), recorded.get(7)), (31, None, None));
        assert_eq!(new.another(0).hash_one(3u64), 40, "without hashes of its own it has the newest");
    }
}
