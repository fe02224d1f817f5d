//! What the entries of a batch take of Go's heap before they are put.

use crate::maps::go::heap::occupied_bytes;
use crate::maps::go::heap::tiny::{BLOCK_BYTES, Taken};
use crate::probe::heap::Allocs;
use crate::subject::Handed;
use crate::workload::{Kind, Op, Sizes};

/// What an operation hands over, and what making that took of the heap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Made {
    pub handed: Handed,
    pub allocs: Allocs,
}

/// That of each operation of a batch, whose keys and values the program makes in this order and nothing else meanwhile, so
/// that small ones share blocks. What else entries own, the boxes of a `sync.Map`, is allocated as they are put, and is in
/// what the map allocates.
pub(super) fn made<'a>(ops: &'a [Op], sizes: &'a Sizes) -> impl Iterator<Item = Made> + use<'a> {
    let mut taken = Taken::NONE;
    ops.iter().map(move |op| if op.kind == Kind::Put { put(op, sizes, &mut taken) } else { Made::default() })
}

fn put(op: &Op, sizes: &Sizes, taken: &mut Taken) -> Made {
    let said_bytes = if sizes.value_varies { op.value_bytes.into() } else { 0 };
    let value_heap_bytes = sizes.value_heap_bytes.max(said_bytes);
    let mut made = Made::default();
    made.handed.payload_bytes = sizes.key_bytes + sizes.value_bytes + value_heap_bytes;
    for bytes in [sizes.key_heap_bytes, value_heap_bytes] {
        made.handed.heap = made.handed.heap + object(bytes, bytes);
        made.allocs = made.allocs + object(bytes, heap_bytes(bytes as usize, taken) as u64);
    }
    made
}

/// One, if it has any bytes.
fn object(bytes: u64, counted_bytes: u64) -> Allocs {
    Allocs { count: u64::from(bytes > 0), bytes: counted_bytes }
}

/// What an object of so many bytes, none of them a pointer's, adds to `MemStats.TotalAlloc`.
fn heap_bytes(bytes: usize, taken: &mut Taken) -> usize {
    match bytes {
        0 => 0,
        1..BLOCK_BYTES => taken.take(bytes).map_or(BLOCK_BYTES, |_| 0),
        _ => occupied_bytes(bytes, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::sizes;

    fn made_of(entry: &str, value_bytes: [u32; 3]) -> Vec<(u64, u64, u64)> {
        let sizes = sizes(entry).expect(entry);
        let ops =
            value_bytes.map(|value_bytes| Op { kind: Kind::Put, key: 1, value: 1, hash: 0, value_bytes, key_bytes: 0 });
        made(&ops, &sizes).map(|made| (made.handed.heap.bytes, made.allocs.count, made.allocs.bytes)).collect()
    }

    #[test]
    fn objects_have_their_class_and_small_ones_share_blocks() {
        assert_eq!(made_of("u64/u64", [0; 3]), [(0, 0, 0); 3]);
        assert_eq!(made_of("string(43)/u64", [0; 3]), [(43, 1, 48); 3]);
        assert_eq!(made_of("string(43)/string(100)", [0; 3]), [(143, 2, 48 + 112); 3]);
        assert_eq!(made_of("string(8)/u64", [0; 3]), [(8, 1, 16), (8, 1, 0), (8, 1, 16)]);
        assert_eq!(made_of("string(4)/string(7)", [0; 3]), [(11, 2, 16), (11, 2, 16), (11, 2, 16)]);
        assert_eq!(made_of("u64/bytes", [0, 8, 900]), [(8, 1, 16), (8, 1, 0), (900, 1, 1024)]);
    }

    #[test]
    fn what_is_handed_over_is_the_payload() {
        let get = Op { kind: Kind::Get, key: 1, value: 0, hash: 0, value_bytes: 0, key_bytes: 0 };
        let put = Op { kind: Kind::Put, value_bytes: 30, ..get };
        let sizes = sizes("string(24)/bytes").expect("an entry");
        let payload: Vec<u64> = made(&[get, put], &sizes).map(|made| made.handed.payload_bytes).collect();
        assert_eq!(payload, [0, 16 + 24 + 16 + 30]);
    }
}
