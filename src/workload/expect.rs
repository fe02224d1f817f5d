//! The expected end state, worked out without any map under test.

/// What a workload leaves behind, and how its measured operations answer, whatever the map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expected {
    /// Live entries at the end.
    pub entries: u64,
    /// The wrapping sum of [`entry_checksum`] over the live entries.
    pub checksum: u64,
    /// Measured puts of a key that was not there.
    pub inserts: u64,
    /// Measured puts of a key that was there.
    pub overwrites: u64,
    /// Measured removes, hit or miss.
    pub removes: u64,
    /// Measured removes that found their key.
    pub remove_hits: u64,
    /// Measured lookups, hit or miss.
    pub gets: u64,
    /// Measured lookups that found their key.
    pub get_hits: u64,
    /// Sum of [`Op::value_bytes`](super::Op::value_bytes), at least 8 each, over the measured puts; 0 where lengths don't vary.
    pub put_value_bytes: u64,
    /// The same over the live entries.
    pub live_value_bytes: u64,
}

/// What one live entry adds to the checksum, from its key's identity and its value's seed.
pub fn entry_checksum(key: u64, value: u64) -> u64 {
    let _ = (key, value);
    todo!()
}
