//! Reading a whole map.

use crate::subject::Content;
use crate::workload::{Key, Value, entry_checksum};

/// What the entries come to that `for_each` gives.
pub(super) fn content<K: Key, V: Value>(for_each: impl FnOnce(&mut dyn FnMut(&K, &V))) -> Content {
    let (mut entries, mut checksum, mut key_heap_bytes, mut value_heap_bytes) = (0, 0_u64, 0, 0);
    for_each(&mut |key, value| {
        entries += 1;
        // A damaged value spoils the checksum whatever its seed was.
        checksum = checksum.wrapping_add(value.seed().map_or(u64::MAX, |seed| entry_checksum(key.id(), seed)));
        key_heap_bytes += key.heap_bytes();
        value_heap_bytes += value.heap_bytes();
    });
    let (slot_bytes, payload_heap_bytes) =
        ((size_of::<K>() + size_of::<V>()) as u64, key_heap_bytes + value_heap_bytes);
    let mean = |fixed: usize, heap: u64| fixed as u64 + heap.checked_div(entries).unwrap_or_default();
    Content {
        entries,
        checksum,
        payload_bytes: entries * slot_bytes + payload_heap_bytes,
        payload_heap_bytes,
        key_bytes: mean(size_of::<K>(), key_heap_bytes),
        value_bytes: mean(size_of::<V>(), value_heap_bytes),
    }
}
