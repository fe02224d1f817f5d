//! Pruning: tombstones become empty slots again, without moving an entry.
//!
//! Go's compiler has inserts of its own for keys that are memory of 4 or 8 bytes and for strings, as long as the elem is
//! stored inline. These prune, from Go 1.25 on, and from 1.27 on those for pointers too. The insert for all other types
//! does not: it grows or splits the table.

use super::ctrl::{Ctrl, EMPTY};
use super::table::{MAX_GROUPS, Table};
use super::{GoSwissMap, Hashing, Key, Value};
use crate::maps::go::stored;
use crate::probe::event::{Event, Probe};

/// Less than a tenth of the slots is not worth looking at all of them: the next insert would have to look again.
const WORTH_ONE_IN: usize = 10;

impl<K: Key, V: Value, S: Hashing, P: Probe> GoSwissMap<K, V, S, P> {
    /// Whether Go's compiler has an insert for these types. A key of 16 bytes with pointers counts as a string.
    const HAS_OWN_INSERT: bool = !stored::indirect::<V>()
        && match size_of::<K>() {
            4 | 8 => true,
            16 => K::POINTERS,
            _ => false,
        };
    const POINTER_KEY: bool = K::POINTERS && size_of::<K>() == 8;

    /// Turns the tombstones of groups that no search for an entry goes past into empty slots, if they are a tenth of the
    /// table's slots.
    pub(super) fn prune(&mut self, table: Table<K, V>) {
        let worth = |tombstones: usize| tombstones * WORTH_ONE_IN >= table.slots();
        if !Self::HAS_OWN_INSERT || !self.release.prunes(Self::POINTER_KEY) || !worth(table.tombstones()) {
            return;
        }
        let passed = self.passed(table);
        let prunable = || table.groups().enumerate().filter(|(index, _)| passed >> index & 1 == 0);
        let tombstones: usize = prunable().map(|(_, group)| group.ctrl().deleted().len()).sum();
        if !worth(tombstones) {
            return;
        }
        for (_, group) in prunable() {
            let Ctrl(word) = group.ctrl();
            let bytes = word.to_le_bytes().map(|byte| if byte > EMPTY { EMPTY } else { byte });
            group.set_ctrl(Ctrl(u64::from_le_bytes(bytes)));
        }
        table.growth_left.set(table.growth_left.get() + tombstones as u16);
        self.probe.emit(Event::Prune);
    }

    /// The groups that the search for some entry goes past, as a set of bits.
    fn passed(&self, table: Table<K, V>) -> u128 {
        const { assert!(MAX_GROUPS <= u128::BITS as usize) };
        let mut passed = 0;
        for (home, group) in table.groups().enumerate() {
            for slot in group.full() {
                // SAFETY: full, and the map is borrowed.
                let hash = self.hasher.hash_one(unsafe { slot.key_ptr().as_ref() });
                for index in table.probe(hash).take_while(|&index| index != home) {
                    passed |= 1 << index;
                }
            }
        }
        passed
    }
}
