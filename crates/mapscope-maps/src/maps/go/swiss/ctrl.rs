//! The control word of a group: a byte for each slot, that says whether it is empty, deleted or full, and of a full one
//! the low seven bits of its entry's hash.

/// The slot is empty.
pub(super) const EMPTY: u8 = 0b1000_0000;
/// The slot's entry has been removed, and searches must go on past it: a tombstone.
pub(super) const DELETED: u8 = 0b1111_1110;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * ONES;

/// The byte of a full slot whose entry has this hash.
#[inline]
pub(super) fn h2(hash: u64) -> u8 {
    (hash & 0x7f) as u8
}

/// The eight bytes of a group, searched all at once; the first slot is the lowest byte.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ctrl(pub(super) u64);

impl Ctrl {
    /// Eight empty slots.
    pub(super) const ALL_EMPTY: Ctrl = Ctrl(EMPTY as u64 * ONES);

    /// The full slots with this byte. A slot after one that matches may be named, too, though its byte is another: keys
    /// are compared anyhow. Empty and deleted slots are not.
    #[inline]
    pub(super) fn matching(self, h2: u8) -> Slots {
        let v = self.0 ^ (ONES * u64::from(h2));
        Slots(v.wrapping_sub(ONES) & !v & HIGH)
    }

    /// The empty slots: bit 7 is set, bit 1 is not.
    #[inline]
    pub(super) fn empty(self) -> Slots {
        Slots(self.0 & !(self.0 << 6) & HIGH)
    }

    /// The empty and the deleted slots.
    #[inline]
    pub(super) fn free(self) -> Slots {
        Slots(self.0 & HIGH)
    }

    /// The deleted slots.
    #[inline]
    pub(super) fn deleted(self) -> Slots {
        Slots(self.0 & (self.0 << 6) & HIGH)
    }

    /// The full slots.
    #[inline]
    pub(super) fn full(self) -> Slots {
        Slots(!self.0 & HIGH)
    }

    /// The byte of slot `index` (0 to 7).
    #[inline]
    pub(super) fn get(self, index: usize) -> u8 {
        (self.0 >> (8 * index)) as u8
    }
}

/// A set of slots: the high bit of a byte for each. Iterates over their indices, lowest first.
#[derive(Clone, Copy)]
pub(super) struct Slots(u64);

impl Slots {
    /// How many.
    #[inline]
    pub(super) fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    #[inline]
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The first one; 8 when there is none.
    #[inline]
    pub(super) fn first(self) -> usize {
        self.0.trailing_zeros() as usize / 8
    }
}

impl Iterator for Slots {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.is_empty() {
            return None;
        }
        let index = self.first();
        self.0 &= self.0 - 1;
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_at_once_answer_as_byte_by_byte() {
        let mut state = 1u64;
        for _ in 0..20_000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            // Every byte is one of the three kinds, and full ones are like each other often.
            let bytes = state.to_be_bytes().map(|byte| match byte & 7 {
                0 => EMPTY,
                1 => DELETED,
                _ => byte >> 5,
            });
            let ctrl = Ctrl(u64::from_le_bytes(bytes));
            let select = |wanted: &dyn Fn(u8) -> bool| (0..8).filter(|&i| wanted(bytes[i])).collect::<Vec<_>>();
            let byte = (state >> 20) as u8 & 7;
            let named: Vec<_> = ctrl.matching(byte).collect();
            let equal = select(&|b| b == byte);
            assert_eq!(named.first(), equal.first(), "{bytes:02x?} {byte}");
            assert!(equal.iter().all(|index| named.contains(index)), "{bytes:02x?} {byte}");
            assert!(named.iter().all(|&index| bytes[index] < EMPTY), "{bytes:02x?} {byte}");
            assert_eq!(ctrl.empty().collect::<Vec<_>>(), select(&|b| b == EMPTY), "{bytes:02x?}");
            assert_eq!(ctrl.deleted().collect::<Vec<_>>(), select(&|b| b == DELETED), "{bytes:02x?}");
            assert_eq!(ctrl.free().collect::<Vec<_>>(), select(&|b| b >= EMPTY), "{bytes:02x?}");
            assert_eq!(ctrl.full().collect::<Vec<_>>(), select(&|b| b < EMPTY), "{bytes:02x?}");
            assert_eq!(ctrl.full().len() + ctrl.empty().len() + ctrl.deleted().len(), 8, "{bytes:02x?}");
            assert!((0..8).all(|index| ctrl.get(index) == bytes[index]));
        }
    }
}
