//! Hash sets over real ones, which are the same but for how a value is sought.

/// `HashSet` over the one of the module `real` beside it, with what it takes for a `Q` to be sought among `T`.
macro_rules! hash_set {
    (where $($sought:tt)*) => {
        use std::any::type_name;
        use std::fmt;
        use std::hash::{BuildHasher, Hash};
        use std::iter::FusedIterator;
        use std::ops::{BitAnd, BitOr, BitXor, Sub};

        use super::real::{self, TryReserveError};
        use crate::recorder::{Key, Layout, Operation, Record, Recorded, Row, Since, Size, is_text, short, traced};

        pub use real::hash_set::{Drain, IntoIter, Iter};

        pub use super::of_two_sets::{Difference, Intersection, SymmetricDifference, Union};

        type Real<T, S> = real::HashSet<T, S>;

        /// The real one, which writes down what becomes of it.
        pub struct HashSet<T, S = real::DefaultHashBuilder> {
            set: Real<T, S>,
            record: Record,
        }

        impl<T, S> Recorded for HashSet<T, S> {
            const LAYOUT: Layout = Layout::table::<T, ()>();

            fn name() -> String {
                let hasher = match type_name::<S>() {
                    default if default == type_name::<real::DefaultHashBuilder>() => String::new(),
                    other => format!(", {}", short(other)),
                };
                format!("{}HashSet<{}{hasher}>", real::PATH, short(type_name::<T>()))
            }

            fn keys_are_text() -> bool {
                is_text::<T>()
            }
        }

        /// A row, and what the set was before an operation.
        type Before = Option<(&'static Row, Size)>;

        impl<T, S> HashSet<T, S> {
            #[inline]
            fn row(&self) -> Option<&'static Row> {
                self.record.row::<Self>()
            }

            #[inline]
            fn size(&self) -> Size {
                Size { len: self.set.len(), capacity: self.set.capacity(), since: Since::NEVER }
            }

            #[inline]
            fn before(&self) -> Before {
                self.row().map(|row| (row, self.size().begun()))
            }

            /// The same of one that makes room, full or not.
            #[inline]
            fn before_room(&self) -> Before {
                self.row().map(|row| (row, Size { since: Since::now(), ..self.size() }))
            }

            #[inline]
            fn put(&self, before: Before, key: Option<Key>) {
                if let Some((row, before)) = before {
                    row.trace(Operation::Put, key);
                    row.put(&Self::LAYOUT, before, self.size());
                }
            }

            #[inline]
            fn reserved(&self, before: Before) {
                if let Some((row, before)) = before {
                    row.reserved(&Self::LAYOUT, before, self.size());
                }
            }

            #[inline]
            fn removed(&self, before: Before, key: Option<Key>) {
                if let Some((row, before)) = before {
                    row.trace(Operation::Remove, key);
                    row.removed((before.len - self.set.len()) as u64);
                }
            }

            /// A key of an operation, if the map is traced.
            #[inline]
            fn key<Q: Hash + ?Sized>(&self, key: &Q) -> Option<Key> {
                self.row().and_then(|row| traced::<Self, Q>(row, key))
            }

            #[inline]
            fn looked_up<Q: Hash + ?Sized>(&self, value: &Q) {
                if let Some(row) = self.row() {
                    row.looked_up(|| traced::<Self, Q>(row, value));
                }
            }

            #[inline]
            fn iterated(&self) {
                if let Some(row) = self.row() {
                    row.iterated(self.set.len());
                }
            }

            /// One with this room, for which its maker asked.
            #[track_caller]
            fn with_room(set: Real<T, S>, hint: usize) -> HashSet<T, S> {
                let made = HashSet { set, record: Record::new::<Self>(hint) };
                made.reserved(made.row().map(|row| (row, Size { len: 0, capacity: 0, since: Since::NEVER })));
                made
            }
        }

        impl<T> HashSet<T> {
            /// An empty set.
            #[track_caller]
            #[inline]
            pub fn new() -> HashSet<T, real::DefaultHashBuilder> {
                HashSet { set: Real::new(), record: Record::new::<Self>(0) }
            }

            /// An empty set with room for so many.
            #[track_caller]
            #[inline]
            pub fn with_capacity(capacity: usize) -> HashSet<T, real::DefaultHashBuilder> {
                HashSet::with_room(Real::with_capacity(capacity), capacity)
            }
        }

        impl<T, S> HashSet<T, S> {
            /// An empty set with this hasher.
            #[track_caller]
            #[inline]
            pub const fn with_hasher(hasher: S) -> HashSet<T, S> {
                HashSet { set: Real::with_hasher(hasher), record: Record::later() }
            }

            /// An empty set with this hasher, and room for so many.
            #[track_caller]
            #[inline]
            pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> HashSet<T, S> {
                HashSet::with_room(Real::with_capacity_and_hasher(capacity, hasher), capacity)
            }

            /// How many there is room for.
            #[inline]
            pub fn capacity(&self) -> usize {
                self.set.capacity()
            }

            /// All of them.
            #[inline]
            pub fn iter(&self) -> Iter<'_, T> {
                self.iterated();
                self.set.iter()
            }

            /// How many there are.
            #[inline]
            pub fn len(&self) -> usize {
                self.set.len()
            }

            /// Whether there are none.
            #[inline]
            pub fn is_empty(&self) -> bool {
                self.set.is_empty()
            }

            /// Takes all of them out.
            #[inline]
            pub fn drain(&mut self) -> Drain<'_, T> {
                self.iterated();
                if let Some(row) = self.row() {
                    row.cleared(self.set.len());
                }
                self.set.drain()
            }

            /// Takes those out for which this is true.
            #[inline]
            pub fn extract_if<F: FnMut(&T) -> bool>(&mut self, pred: F) -> ExtractIf<'_, T, F> {
                self.iterated();
                let row = self.row();
                ExtractIf { values: self.set.extract_if(pred), row }
            }

            /// Keeps only those for which this is true.
            #[inline]
            pub fn retain<F: FnMut(&T) -> bool>(&mut self, f: F) {
                self.iterated();
                let before = self.before();
                self.set.retain(f);
                if let Some((row, before)) = before {
                    row.removed_untraced((before.len - self.set.len()) as u64);
                }
            }

            /// Removes all of them.
            #[inline]
            pub fn clear(&mut self) {
                if let Some(row) = self.row() {
                    row.cleared(self.set.len());
                }
                self.set.clear();
            }

            /// The hasher.
            #[inline]
            pub fn hasher(&self) -> &S {
                self.set.hasher()
            }
        }

        impl<T: Eq + Hash, S: BuildHasher> HashSet<T, S> {
            /// Makes room for so many more.
            #[inline]
            pub fn reserve(&mut self, additional: usize) {
                let before = self.before_room();
                self.set.reserve(additional);
                self.reserved(before);
            }

            /// Makes room for so many more, if there is memory.
            ///
            /// # Errors
            /// There is none.
            #[inline]
            pub fn try_reserve(&mut self, additional: usize) -> Result<(), TryReserveError> {
                let before = self.before_room();
                let outcome = self.set.try_reserve(additional);
                self.reserved(before);
                outcome
            }

            /// Gives room back that nothing needs.
            #[inline]
            pub fn shrink_to_fit(&mut self) {
                self.shrink_to(0);
            }

            /// Gives room back beyond what is needed, and beyond this many.
            #[inline]
            pub fn shrink_to(&mut self, min_capacity: usize) {
                if let Some(row) = self.row() {
                    row.shrunk(&Self::LAYOUT, min_capacity.max(self.set.len()));
                }
                self.set.shrink_to(min_capacity);
            }

            /// Those that the other one lacks.
            #[inline]
            pub fn difference<'a>(&'a self, other: &'a HashSet<T, S>) -> Difference<'a, T, S> {
                Difference { iter: self.iter(), other }
            }

            /// Those that only one of both has.
            #[inline]
            pub fn symmetric_difference<'a>(&'a self, other: &'a HashSet<T, S>) -> SymmetricDifference<'a, T, S> {
                SymmetricDifference { iter: self.difference(other).chain(other.difference(self)) }
            }

            /// Those that both have.
            #[inline]
            pub fn intersection<'a>(&'a self, other: &'a HashSet<T, S>) -> Intersection<'a, T, S> {
                // As the real one does.
                let (few, many) = if self.len() <= other.len() { (self, other) } else { (other, self) };
                Intersection { iter: few.iter(), other: many }
            }

            /// Whether a value is there.
            #[inline]
            pub fn contains<Q>(&self, value: &Q) -> bool
            where
                $($sought)*
            {
                self.looked_up(value);
                self.set.contains(value)
            }

            /// A value as the set has it.
            #[inline]
            pub fn get<Q>(&self, value: &Q) -> Option<&T>
            where
                $($sought)*
            {
                self.looked_up(value);
                self.set.get(value)
            }

            /// Whether both have none in common.
            pub fn is_disjoint(&self, other: &HashSet<T, S>) -> bool {
                self.intersection(other).next().is_none()
            }

            /// Whether the other one has all of these.
            pub fn is_subset(&self, other: &HashSet<T, S>) -> bool {
                self.len() <= other.len() && self.iter().all(|value| other.contains(value))
            }

            /// Whether all of the other's are here.
            #[inline]
            pub fn is_superset(&self, other: &HashSet<T, S>) -> bool {
                other.is_subset(self)
            }

            /// Puts a value; whether it was not there.
            #[inline]
            pub fn insert(&mut self, value: T) -> bool {
                let (before, key) = (self.before(), self.key(&value));
                let is_new = self.set.insert(value);
                self.put(before, key);
                is_new
            }

            /// Puts a value in place of the one that equals it.
            #[inline]
            pub fn replace(&mut self, value: T) -> Option<T> {
                let (before, key) = (self.before(), self.key(&value));
                let old = self.set.replace(value);
                self.put(before, key);
                old
            }

            /// Takes a value out; whether it was there.
            #[inline]
            pub fn remove<Q>(&mut self, value: &Q) -> bool
            where
                $($sought)*
            {
                self.take(value).is_some()
            }

            /// Takes a value out.
            #[inline]
            pub fn take<Q>(&mut self, value: &Q) -> Option<T>
            where
                $($sought)*
            {
                let (before, key) = (self.before(), self.key(value));
                let taken = self.set.take(value);
                self.removed(before, key);
                taken
            }
        }

        impl<T: Clone, S: Clone> Clone for HashSet<T, S> {
            #[track_caller]
            #[inline]
            fn clone(&self) -> Self {
                // Of a set that is not of the sample, it is not known how large its table is.
                let Some(source) = self.row() else { return HashSet { set: self.set.clone(), record: Record::none() } };
                let copy = HashSet { set: self.set.clone(), record: Record::new::<Self>(0) };
                if let Some(row) = copy.row() {
                    row.begins_as(source, copy.set.len());
                }
                copy
            }

            #[track_caller]
            fn clone_from(&mut self, source: &Self) {
                self.set.clone_from(&source.set);
                match (self.row(), source.row()) {
                    (Some(row), Some(of)) => row.becomes(of, self.set.len()),
                    // Of one that is not of the sample, it is not known how large its table is.
                    _ => self.record = Record::none(),
                }
            }
        }

        impl<T: Eq + Hash, S: BuildHasher> PartialEq for HashSet<T, S> {
            fn eq(&self, other: &HashSet<T, S>) -> bool {
                self.len() == other.len() && self.iter().all(|value| other.contains(value))
            }
        }

        impl<T: Eq + Hash, S: BuildHasher> Eq for HashSet<T, S> {}

        impl<T: fmt::Debug, S> fmt::Debug for HashSet<T, S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_set().entries(self.iter()).finish()
            }
        }

        impl<T, S: Default> Default for HashSet<T, S> {
            #[track_caller]
            #[inline]
            fn default() -> HashSet<T, S> {
                HashSet { set: Real::default(), record: Record::new::<Self>(0) }
            }
        }

        impl<'a, T, S> IntoIterator for &'a HashSet<T, S> {
            type Item = &'a T;
            type IntoIter = Iter<'a, T>;

            #[inline]
            fn into_iter(self) -> Iter<'a, T> {
                self.iter()
            }
        }

        impl<T, S> IntoIterator for HashSet<T, S> {
            type Item = T;
            type IntoIter = IntoIter<T>;

            #[inline]
            fn into_iter(self) -> IntoIter<T> {
                self.iterated();
                self.set.into_iter()
            }
        }

        impl<T: Eq + Hash, S: BuildHasher + Default> FromIterator<T> for HashSet<T, S> {
            #[track_caller]
            fn from_iter<I: IntoIterator<Item = T>>(iter: I) -> HashSet<T, S> {
                let mut set = HashSet::default();
                set.extend(iter);
                set
            }
        }

        impl<T: Eq + Hash, S: BuildHasher> Extend<T> for HashSet<T, S> {
            fn extend<I: IntoIterator<Item = T>>(&mut self, iter: I) {
                let iter = iter.into_iter();
                // As the real one does.
                let at_least = iter.size_hint().0;
                self.reserve(if self.is_empty() { at_least } else { at_least.div_ceil(2) });
                iter.for_each(|value| {
                    self.insert(value);
                });
            }
        }

        impl<'a, T: 'a + Eq + Hash + Copy, S: BuildHasher> Extend<&'a T> for HashSet<T, S> {
            fn extend<I: IntoIterator<Item = &'a T>>(&mut self, iter: I) {
                self.extend(iter.into_iter().copied());
            }
        }

        impl<T: Eq + Hash, const N: usize> From<[T; N]> for HashSet<T, real::DefaultHashBuilder> {
            #[track_caller]
            fn from(values: [T; N]) -> Self {
                HashSet::from_iter(values)
            }
        }

        operators!(BitAnd bitand intersection, BitOr bitor union, BitXor bitxor symmetric_difference, Sub sub difference);

        /// Values that are taken out of a set.
        #[must_use = "iterators are lazy and do nothing unless consumed"]
        pub struct ExtractIf<'a, T, F> {
            values: real::hash_set::ExtractIf<'a, T, F>,
            row: Option<&'static Row>,
        }

        impl<T, F: FnMut(&T) -> bool> Iterator for ExtractIf<'_, T, F> {
            type Item = T;

            #[inline]
            fn next(&mut self) -> Option<T> {
                let value = self.values.next()?;
                if let Some(row) = self.row {
                    row.removed_untraced(1);
                }
                Some(value)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.values.size_hint()
            }
        }

        impl<T, F: FnMut(&T) -> bool> FusedIterator for ExtractIf<'_, T, F> {}

        impl<T: fmt::Debug, F> fmt::Debug for ExtractIf<'_, T, F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct("ExtractIf").finish_non_exhaustive()
            }
        }
    };
}

/// Sets of two, each a new set.
macro_rules! operators {
    ($($operator:ident $function:ident $of:ident),*) => {$(
        impl<T: Eq + Hash + Clone, S: BuildHasher + Default> $operator<&HashSet<T, S>> for &HashSet<T, S> {
            type Output = HashSet<T, S>;

            #[track_caller]
            fn $function(self, other: &HashSet<T, S>) -> HashSet<T, S> {
                HashSet::from_iter(self.$of(other).cloned())
            }
        }
    )*};
}
