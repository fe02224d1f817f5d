//! Entries of maps that are read under a guard.

/// Unties an entry from the guard under which it was found: the address of an entry must outlive it.
///
/// # Safety
/// The entry is in `map`, and stays where it is until `map` is changed through `&mut`: no method that takes `&self` moves
/// or frees an entry that is in the map, and nothing else has the map.
#[inline]
pub(super) unsafe fn untie<'m, M, K, V>(_: &'m M, (key, value): (&K, &V)) -> (&'m K, &'m V) {
    // SAFETY: the caller's promise. While the borrow of `map` lasts nobody can have it as `&mut`.
    unsafe { (&*std::ptr::from_ref(key), &*std::ptr::from_ref(value)) }
}
