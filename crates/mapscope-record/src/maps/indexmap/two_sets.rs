//! Iterators over two sets, from both ends: each value that is sought in the other one is a lookup there.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::iter::{Chain, FusedIterator};

use super::set::{IndexSet, Iter};

/// Those of one set that another one lacks.
pub struct Difference<'a, T, S> {
    pub(super) iter: Iter<'a, T>,
    pub(super) other: &'a IndexSet<T, S>,
}

/// Those of one set that another one has.
pub struct Intersection<'a, T, S> {
    pub(super) iter: Iter<'a, T>,
    pub(super) other: &'a IndexSet<T, S>,
}

/// Those that only one of two sets has.
pub struct SymmetricDifference<'a, T, S1, S2> {
    pub(super) iter: Chain<Difference<'a, T, S2>, Difference<'a, T, S1>>,
}

/// Those that either of two sets has.
pub struct Union<'a, T, S> {
    pub(super) iter: Chain<Iter<'a, T>, Difference<'a, T, S>>,
}

/// Those of the one that are, or are not, in the other.
macro_rules! sought {
    ($($name:ident $is_there:literal),*) => {$(
        impl<'a, T: Eq + Hash, S: BuildHasher> Iterator for $name<'a, T, S> {
            type Item = &'a T;

            fn next(&mut self) -> Option<&'a T> {
                self.iter.find(|value| self.other.contains(*value) == $is_there)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                (0, self.iter.size_hint().1)
            }
        }

        impl<T: Eq + Hash, S: BuildHasher> DoubleEndedIterator for $name<'_, T, S> {
            fn next_back(&mut self) -> Option<Self::Item> {
                self.iter.rfind(|value| self.other.contains(*value) == $is_there)
            }
        }

        impl<T, S> Clone for $name<'_, T, S> {
            fn clone(&self) -> Self {
                $name { iter: self.iter.clone(), ..*self }
            }
        }

        of_two!($name S);
    )*};
}

/// Those of two iterators, one after the other.
macro_rules! chained {
    ($($name:ident $($S:ident)+),*) => {$(
        impl<'a, T: Eq + Hash, $($S: BuildHasher),+> Iterator for $name<'a, T, $($S),+> {
            type Item = &'a T;

            fn next(&mut self) -> Option<&'a T> {
                self.iter.next()
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.iter.size_hint()
            }
        }

        impl<T: Eq + Hash, $($S: BuildHasher),+> DoubleEndedIterator for $name<'_, T, $($S),+> {
            fn next_back(&mut self) -> Option<Self::Item> {
                self.iter.next_back()
            }
        }

        impl<T, $($S),+> Clone for $name<'_, T, $($S),+> {
            fn clone(&self) -> Self {
                $name { iter: self.iter.clone() }
            }
        }

        of_two!($name $($S)+);
    )*};
}

/// What all of them have.
macro_rules! of_two {
    ($name:ident $($S:ident)+) => {
        impl<T: Eq + Hash, $($S: BuildHasher),+> FusedIterator for $name<'_, T, $($S),+> {}

        impl<T: fmt::Debug + Eq + Hash, $($S: BuildHasher),+> fmt::Debug for $name<'_, T, $($S),+> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        }
    };
}

sought!(Difference false, Intersection true);
chained!(SymmetricDifference S1 S2, Union S);
