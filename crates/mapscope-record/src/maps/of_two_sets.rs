//! Iterators over two sets: each value that is sought in the other one is a lookup there.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::iter::{Chain, FusedIterator};

use super::hash_set::HashSet;
use super::real::{self, hash_set::Iter};

/// Those of one set that another one has.
#[must_use = "this returns the intersection as an iterator, without modifying either input set"]
pub struct Intersection<'a, T, S> {
    pub(super) iter: Iter<'a, T>,
    pub(super) other: &'a HashSet<T, S>,
}

/// Those of one set that another one lacks.
#[must_use = "this returns the difference as an iterator, without modifying either input set"]
pub struct Difference<'a, T, S> {
    pub(super) iter: Iter<'a, T>,
    pub(super) other: &'a HashSet<T, S>,
}

/// Those that only one of two sets has.
#[must_use = "this returns the difference as an iterator, without modifying either input set"]
pub struct SymmetricDifference<'a, T, S> {
    pub(super) iter: Chain<Difference<'a, T, S>, Difference<'a, T, S>>,
}

/// Those that either of two sets has.
#[must_use = "this returns the union as an iterator, without modifying either input set"]
pub struct Union<'a, T, S> {
    pub(super) iter: Chain<Iter<'a, T>, Difference<'a, T, S>>,
}

impl<'a, T: Eq + Hash, S: BuildHasher> Iterator for Intersection<'a, T, S> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        self.iter.find(|value| self.other.contains(*value))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.iter.size_hint().1)
    }
}

impl<'a, T: Eq + Hash, S: BuildHasher> Iterator for Difference<'a, T, S> {
    type Item = &'a T;

    #[inline]
    fn next(&mut self) -> Option<&'a T> {
        self.iter.find(|value| !self.other.contains(*value))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let (least, most) = self.iter.size_hint();
        (real::difference_at_least(least, self.other.len()), most)
    }
}

impl<T, S> Clone for Intersection<'_, T, S> {
    fn clone(&self) -> Self {
        Intersection { iter: self.iter.clone(), ..*self }
    }
}

impl<T, S> Clone for Difference<'_, T, S> {
    fn clone(&self) -> Self {
        Difference { iter: self.iter.clone(), ..*self }
    }
}

/// What the iterators over two chained ones have of these.
macro_rules! chained {
    ($($name:ident),*) => {$(
        impl<'a, T: Eq + Hash, S: BuildHasher> Iterator for $name<'a, T, S> {
            type Item = &'a T;

            #[inline]
            fn next(&mut self) -> Option<&'a T> {
                self.iter.next()
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.iter.size_hint()
            }
        }

        impl<T, S> Clone for $name<'_, T, S> {
            fn clone(&self) -> Self {
                $name { iter: self.iter.clone() }
            }
        }
    )*};
}

chained!(SymmetricDifference, Union);

/// What all iterators over two sets have.
macro_rules! of_two {
    ($($name:ident),*) => {$(
        impl<T: Eq + Hash, S: BuildHasher> FusedIterator for $name<'_, T, S> {}

        impl<T: fmt::Debug + Eq + Hash, S: BuildHasher> fmt::Debug for $name<'_, T, S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    )*};
}

of_two!(Intersection, Difference, SymmetricDifference, Union);
