//! The hasher that replays the hashes a trace recorded.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;

use crate::maps::Hashing;

/// A hasher that looks a key's hash up instead of computing it. Clones share one table.
///
/// A key's recorded hash may change while the map is empty (Go's maps reseed then); [`TraceHashes::set`] says whether it
/// did, so that operations prepared ahead can wait.
#[derive(Debug, Clone, Default)]
pub(super) struct TraceHashes {
    by_id: Rc<RefCell<HashMap<u64, u64, foldhash::fast::FixedState>>>,
}

impl TraceHashes {
    /// The hash known for a key.
    pub fn get(&self, id: u64) -> Option<u64> {
        self.by_id.borrow().get(&id).copied()
    }

    /// Forgets them all, as a stream begins anew.
    pub fn clear(&self) {
        self.by_id.borrow_mut().clear();
    }

    /// Records a key's hash.
    pub fn set(&self, id: u64, hash: u64) {
        self.by_id.borrow_mut().insert(id, hash);
    }
}

impl Hashing for TraceHashes {
    fn with_seed(_: u64) -> TraceHashes {
        TraceHashes::default()
    }
    fn reseed(&mut self, _: u64) {}
}

impl BuildHasher for TraceHashes {
    type Hasher = Lookup;

    fn build_hasher(&self) -> Lookup {
        Lookup { hashes: self.clone(), id: 0 }
    }
}

/// Collects a key's identity: the number of a `u64` key, the digits of a string key.
pub(super) struct Lookup {
    hashes: TraceHashes,
    id: u64,
}

impl Hasher for Lookup {
    fn write_u64(&mut self, id: u64) {
        self.id = id;
    }
    fn write_u8(&mut self, _: u8) {} // the terminator of a string
    fn write(&mut self, bytes: &[u8]) {
        let digits = bytes.iter().filter(|byte| byte.is_ascii_digit());
        self.id = digits.fold(0, |id: u64, digit| id.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')));
    }
    fn finish(&self) -> u64 {
        self.hashes.get(self.id).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Key;

    #[test]
    fn both_kinds_of_keys_find_the_recorded_hash() {
        let hashes = TraceHashes::default();
        hashes.set(42, 0xdead_beef);
        assert_eq!(hashes.hash_one(42u64), 0xdead_beef);
        assert_eq!(hashes.hash_one(<Box<str> as Key>::from_id(42)), 0xdead_beef);
        assert_eq!(hashes.get(43), None);
    }
}
