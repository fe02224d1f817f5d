//! The byte that a bucket keeps of each slot: the top of the entry's hash, or one of five states.

/// The slot is empty, and so is every slot after it in its bucket and the buckets chained to that.
pub(super) const EMPTY_REST: u8 = 0;
/// The slot is empty.
pub(super) const EMPTY_ONE: u8 = 1;
/// The entry has been evacuated to the lower half of the larger table, or to the table of the same size.
pub(super) const EVACUATED_X: u8 = 2;
/// The entry has been evacuated to the upper half of the larger table.
pub(super) const EVACUATED_Y: u8 = 3;
/// The slot was empty when its bucket was evacuated.
pub(super) const EVACUATED_EMPTY: u8 = 4;
/// The smallest byte of a filled slot.
pub(super) const MIN_TOPHASH: u8 = 5;

/// The byte for an entry with this hash.
#[inline]
pub(super) fn tophash(hash: u64) -> u8 {
    let top = (hash >> 56) as u8;
    if top < MIN_TOPHASH { top + MIN_TOPHASH } else { top }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * ONES;

/// The eight bytes of a bucket, searched all at once; the first slot is the lowest byte.
#[derive(Clone, Copy)]
pub(super) struct Tops(pub(super) u64);

impl Tops {
    /// The slots with exactly this byte.
    #[inline]
    pub(super) fn matching(self, top: u8) -> Slots {
        zero_bytes(self.0 ^ (ONES * u64::from(top)))
    }

    /// The empty slots.
    #[inline]
    pub(super) fn empty(self) -> Slots {
        zero_bytes(self.0 & !ONES)
    }

    /// The filled slots.
    #[inline]
    pub(super) fn filled(self) -> Slots {
        // Adding 0x7b to seven bits carries into the eighth from 5 up, and never out of it.
        Slots((((self.0 & !HIGH) + ONES * (0x80 - MIN_TOPHASH as u64)) | self.0) & HIGH)
    }

    /// Whether no chained bucket can hold an entry.
    #[inline]
    pub(super) fn rest_is_empty(self) -> bool {
        (self.0 >> 56) as u8 == EMPTY_REST
    }

    /// Whether the bucket has been evacuated; its first slot tells.
    #[inline]
    pub(super) fn evacuated(self) -> bool {
        matches!(self.0 as u8, EVACUATED_X..=EVACUATED_EMPTY)
    }

    /// The byte of slot `index` (0 to 7).
    #[inline]
    pub(super) fn get(self, index: usize) -> u8 {
        (self.0 >> (8 * index)) as u8
    }
}

/// The high bit of every byte that is zero, and no other.
#[inline]
fn zero_bytes(x: u64) -> Slots {
    Slots(!(((x & !HIGH) + !HIGH) | x) & HIGH)
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
}

impl Iterator for Slots {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let index = self.0.trailing_zeros() as usize / 8;
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
            // Half of the words hold small bytes, where the states are.
            let word = if state >> 63 == 0 { state } else { state & (0x07 * ONES) };
            let bytes = word.to_le_bytes();
            let select = |wanted: &dyn Fn(u8) -> bool| (0..8).filter(|&i| wanted(bytes[i])).collect::<Vec<_>>();
            let top = (state >> 8) as u8;
            assert_eq!(Tops(word).matching(top).collect::<Vec<_>>(), select(&|b| b == top), "{word:016x} {top}");
            assert_eq!(Tops(word).empty().collect::<Vec<_>>(), select(&|b| b <= EMPTY_ONE), "{word:016x}");
            assert_eq!(Tops(word).filled().collect::<Vec<_>>(), select(&|b| b >= MIN_TOPHASH), "{word:016x}");
            assert_eq!(Tops(word).filled().len(), select(&|b| b >= MIN_TOPHASH).len());
        }
    }

    #[test]
    fn small_top_bytes_make_room_for_the_states() {
        assert_eq!(tophash(0), 5);
        assert_eq!(tophash(4 << 56), 9);
        assert_eq!(tophash(5 << 56), 5);
        assert_eq!(tophash(u64::MAX), 255);
    }
}
