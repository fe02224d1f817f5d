//! [`HashSet`] of the standard library, recorded.

use std::borrow::Borrow;

hash_set!(where T: Borrow<Q>, Q: Eq + Hash + ?Sized);

impl<T: Eq + Hash, S: BuildHasher> HashSet<T, S> {
    /// Those that either has.
    #[inline]
    pub fn union<'a>(&'a self, other: &'a HashSet<T, S>) -> Union<'a, T, S> {
        let (many, few) = if self.len() >= other.len() { (self, other) } else { (other, self) };
        Union { iter: many.iter().chain(few.difference(many)) }
    }
}
