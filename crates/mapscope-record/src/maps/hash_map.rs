//! Hash maps over real ones, which are the same but for how a key is sought and for their entries.

/// `HashMap` over the one of the module `real` beside it, with what it takes for a `Q` to be sought among `K`.
macro_rules! hash_map {
    (where $($sought:tt)*) => {
        use std::any::type_name;
        use std::fmt;
        use std::hash::{BuildHasher, Hash};
        use std::iter::FusedIterator;
        use std::ops::Index;

        use super::real::{self, TryReserveError};
        use crate::recorder::{Key, Layout, Operation, Record, Recorded, Row, Since, Size, is_text, short, traced};

        pub use real::hash_map::{
            Drain, IntoIter, IntoKeys, IntoValues, Iter, IterMut, Keys, Values, ValuesMut,
        };

        type Real<K, V, S> = real::HashMap<K, V, S>;

        /// The real one, which writes down what becomes of it.
        pub struct HashMap<K, V, S = real::DefaultHashBuilder> {
            map: Real<K, V, S>,
            record: Record,
        }

        impl<K, V, S> Recorded for HashMap<K, V, S> {
            const LAYOUT: Layout = Layout::table::<K, V>();

            fn name() -> String {
                let hasher = match type_name::<S>() {
                    default if default == type_name::<real::DefaultHashBuilder>() => String::new(),
                    other => format!(", {}", short(other)),
                };
                format!("{}HashMap<{}, {}{hasher}>", real::PATH, short(type_name::<K>()), short(type_name::<V>()))
            }

            fn keys_are_text() -> bool {
                is_text::<K>()
            }
        }

        /// A row, and what the map was before an operation.
        type Before = Option<(&'static Row, Size)>;

        impl<K, V, S> HashMap<K, V, S> {
            #[inline]
            fn row(&self) -> Option<&'static Row> {
                self.record.row::<Self>()
            }

            #[inline]
            fn size(&self) -> Size {
                Size { len: self.map.len(), capacity: self.map.capacity(), since: Since::NEVER }
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
                    row.removed((before.len - self.map.len()) as u64);
                }
            }

            /// A key of an operation, if the map is traced.
            #[inline]
            fn key<Q: Hash + ?Sized>(&self, key: &Q) -> Option<Key> {
                self.row().and_then(|row| traced::<Self, Q>(row, key))
            }

            #[inline]
            fn looked_up<Q: Hash + ?Sized>(&self, key: &Q) {
                if let Some(row) = self.row() {
                    row.looked_up(|| traced::<Self, Q>(row, key));
                }
            }

            #[inline]
            fn iterated(&self) {
                if let Some(row) = self.row() {
                    row.iterated(self.map.len());
                }
            }

            /// One with this room, for which its maker asked.
            #[track_caller]
            fn with_room(map: Real<K, V, S>, hint: usize) -> HashMap<K, V, S> {
                let made = HashMap { map, record: Record::new::<Self>(hint) };
                made.reserved(made.row().map(|row| (row, Size { len: 0, capacity: 0, since: Since::NEVER })));
                made
            }
        }

        impl<K, V> HashMap<K, V> {
            /// An empty map.
            #[track_caller]
            #[inline]
            pub fn new() -> HashMap<K, V, real::DefaultHashBuilder> {
                HashMap { map: Real::new(), record: Record::new::<Self>(0) }
            }

            /// An empty map with room for so many entries.
            #[track_caller]
            #[inline]
            pub fn with_capacity(capacity: usize) -> HashMap<K, V, real::DefaultHashBuilder> {
                HashMap::with_room(Real::with_capacity(capacity), capacity)
            }
        }

        impl<K, V, S> HashMap<K, V, S> {
            /// An empty map with this hasher.
            #[track_caller]
            #[inline]
            pub const fn with_hasher(hash_builder: S) -> HashMap<K, V, S> {
                HashMap { map: Real::with_hasher(hash_builder), record: Record::later() }
            }

            /// An empty map with this hasher, and room for so many entries.
            #[track_caller]
            #[inline]
            pub fn with_capacity_and_hasher(capacity: usize, hasher: S) -> HashMap<K, V, S> {
                HashMap::with_room(Real::with_capacity_and_hasher(capacity, hasher), capacity)
            }

            /// Entries that there is room for.
            #[inline]
            pub fn capacity(&self) -> usize {
                self.map.capacity()
            }

            /// All keys.
            #[inline]
            pub fn keys(&self) -> Keys<'_, K, V> {
                self.iterated();
                self.map.keys()
            }

            /// All keys, without the map.
            #[inline]
            pub fn into_keys(self) -> IntoKeys<K, V> {
                self.iterated();
                self.map.into_keys()
            }

            /// All values.
            #[inline]
            pub fn values(&self) -> Values<'_, K, V> {
                self.iterated();
                self.map.values()
            }

            /// All values, to be changed.
            #[inline]
            pub fn values_mut(&mut self) -> ValuesMut<'_, K, V> {
                self.iterated();
                self.map.values_mut()
            }

            /// All values, without the map.
            #[inline]
            pub fn into_values(self) -> IntoValues<K, V> {
                self.iterated();
                self.map.into_values()
            }

            /// All entries.
            #[inline]
            pub fn iter(&self) -> Iter<'_, K, V> {
                self.iterated();
                self.map.iter()
            }

            /// All entries, their values to be changed.
            #[inline]
            pub fn iter_mut(&mut self) -> IterMut<'_, K, V> {
                self.iterated();
                self.map.iter_mut()
            }

            /// Entries.
            #[inline]
            pub fn len(&self) -> usize {
                self.map.len()
            }

            /// Whether there are none.
            #[inline]
            pub fn is_empty(&self) -> bool {
                self.map.is_empty()
            }

            /// Takes all entries out.
            #[inline]
            pub fn drain(&mut self) -> Drain<'_, K, V> {
                self.iterated();
                if let Some(row) = self.row() {
                    row.cleared(self.map.len());
                }
                self.map.drain()
            }

            /// Takes those entries out for which this is true.
            #[inline]
            pub fn extract_if<F>(&mut self, pred: F) -> ExtractIf<'_, K, V, F>
            where
                F: FnMut(&K, &mut V) -> bool,
            {
                self.iterated();
                let row = self.row();
                ExtractIf { entries: self.map.extract_if(pred), row }
            }

            /// Keeps only those entries for which this is true.
            #[inline]
            pub fn retain<F>(&mut self, f: F)
            where
                F: FnMut(&K, &mut V) -> bool,
            {
                self.iterated();
                let before = self.before();
                self.map.retain(f);
                if let Some((row, before)) = before {
                    row.removed_untraced((before.len - self.map.len()) as u64);
                }
            }

            /// Removes all entries.
            #[inline]
            pub fn clear(&mut self) {
                if let Some(row) = self.row() {
                    row.cleared(self.map.len());
                }
                self.map.clear();
            }

            /// The hasher.
            #[inline]
            pub fn hasher(&self) -> &S {
                self.map.hasher()
            }
        }

        impl<K: Eq + Hash, V, S: BuildHasher> HashMap<K, V, S> {
            /// Makes room for so many more entries.
            #[inline]
            pub fn reserve(&mut self, additional: usize) {
                let before = self.before_room();
                self.map.reserve(additional);
                self.reserved(before);
            }

            /// Makes room for so many more entries, if there is memory.
            ///
            /// # Errors
            /// There is none.
            #[inline]
            pub fn try_reserve(&mut self, additional: usize) -> Result<(), TryReserveError> {
                let before = self.before_room();
                let outcome = self.map.try_reserve(additional);
                self.reserved(before);
                outcome
            }

            /// Gives room back that no entry needs.
            #[inline]
            pub fn shrink_to_fit(&mut self) {
                self.shrink_to(0);
            }

            /// Gives room back that neither an entry needs nor this many.
            #[inline]
            pub fn shrink_to(&mut self, min_capacity: usize) {
                if let Some(row) = self.row() {
                    row.shrunk(&Self::LAYOUT, min_capacity.max(self.map.len()));
                }
                self.map.shrink_to(min_capacity);
            }

            /// A key's value.
            #[inline]
            pub fn get<Q>(&self, k: &Q) -> Option<&V>
            where
                $($sought)*
            {
                self.looked_up(k);
                self.map.get(k)
            }

            /// A key as the map has it, and its value.
            #[inline]
            pub fn get_key_value<Q>(&self, k: &Q) -> Option<(&K, &V)>
            where
                $($sought)*
            {
                self.looked_up(k);
                self.map.get_key_value(k)
            }

            /// Several keys' values, to be changed.
            #[inline]
            #[track_caller]
            pub fn get_disjoint_mut<Q, const N: usize>(&mut self, ks: [&Q; N]) -> [Option<&'_ mut V>; N]
            where
                $($sought)*
            {
                ks.iter().for_each(|k| self.looked_up(*k));
                self.map.get_disjoint_mut(ks)
            }

            /// Several keys' values, to be changed.
            ///
            /// # Safety
            /// No key is there twice.
            #[inline]
            pub unsafe fn get_disjoint_unchecked_mut<Q, const N: usize>(&mut self, ks: [&Q; N]) -> [Option<&'_ mut V>; N]
            where
                $($sought)*
            {
                ks.iter().for_each(|k| self.looked_up(*k));
                // SAFETY: the caller's to promise.
                unsafe { self.map.get_disjoint_unchecked_mut(ks) }
            }

            /// Whether a key is there.
            #[inline]
            pub fn contains_key<Q>(&self, k: &Q) -> bool
            where
                $($sought)*
            {
                self.looked_up(k);
                self.map.contains_key(k)
            }

            /// A key's value, to be changed.
            #[inline]
            pub fn get_mut<Q>(&mut self, k: &Q) -> Option<&mut V>
            where
                $($sought)*
            {
                self.looked_up(k);
                self.map.get_mut(k)
            }

            /// Puts a value; gives the one that was there.
            #[inline]
            pub fn insert(&mut self, k: K, v: V) -> Option<V> {
                let (before, key) = (self.before(), self.key(&k));
                let old = self.map.insert(k, v);
                self.put(before, key);
                old
            }

            /// Takes a key out, for its value.
            #[inline]
            pub fn remove<Q>(&mut self, k: &Q) -> Option<V>
            where
                $($sought)*
            {
                self.remove_entry(k).map(|(_, value)| value)
            }

            /// Takes a key out, with its value.
            #[inline]
            pub fn remove_entry<Q>(&mut self, k: &Q) -> Option<(K, V)>
            where
                $($sought)*
            {
                let (before, key) = (self.before(), self.key(k));
                let entry = self.map.remove_entry(k);
                self.removed(before, key);
                entry
            }
        }

        impl<K: Clone, V: Clone, S: Clone> Clone for HashMap<K, V, S> {
            #[track_caller]
            #[inline]
            fn clone(&self) -> Self {
                // Of a map that is not of the sample, it is not known how large its table is.
                let Some(source) = self.row() else { return HashMap { map: self.map.clone(), record: Record::none() } };
                let copy = HashMap { map: self.map.clone(), record: Record::new::<Self>(0) };
                if let Some(row) = copy.row() {
                    row.begins_as(source, copy.map.len());
                }
                copy
            }

            #[track_caller]
            fn clone_from(&mut self, source: &Self) {
                self.map.clone_from(&source.map);
                match (self.row(), source.row()) {
                    (Some(row), Some(of)) => row.becomes(of, self.map.len()),
                    // Of one that is not of the sample, it is not known how large its table is.
                    _ => self.record = Record::none(),
                }
            }
        }

        impl<K: Eq + Hash, V: PartialEq, S: BuildHasher> PartialEq for HashMap<K, V, S> {
            fn eq(&self, other: &HashMap<K, V, S>) -> bool {
                self.len() == other.len()
                    && self.iter().all(|(key, value)| other.get(key).is_some_and(|there| *value == *there))
            }
        }

        impl<K: Eq + Hash, V: Eq, S: BuildHasher> Eq for HashMap<K, V, S> {}

        impl<K: fmt::Debug, V: fmt::Debug, S> fmt::Debug for HashMap<K, V, S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_map().entries(self.iter()).finish()
            }
        }

        impl<K, V, S: Default> Default for HashMap<K, V, S> {
            #[track_caller]
            #[inline]
            fn default() -> HashMap<K, V, S> {
                HashMap { map: Real::default(), record: Record::new::<Self>(0) }
            }
        }

        impl<K: Eq + Hash, Q, V, S: BuildHasher> Index<&Q> for HashMap<K, V, S>
        where
            $($sought)*
        {
            type Output = V;

            #[track_caller]
            #[inline]
            fn index(&self, key: &Q) -> &V {
                self.get(key).expect("no entry found for key")
            }
        }

        impl<'a, K, V, S> IntoIterator for &'a HashMap<K, V, S> {
            type Item = (&'a K, &'a V);
            type IntoIter = Iter<'a, K, V>;

            #[inline]
            fn into_iter(self) -> Iter<'a, K, V> {
                self.iter()
            }
        }

        impl<'a, K, V, S> IntoIterator for &'a mut HashMap<K, V, S> {
            type Item = (&'a K, &'a mut V);
            type IntoIter = IterMut<'a, K, V>;

            #[inline]
            fn into_iter(self) -> IterMut<'a, K, V> {
                self.iter_mut()
            }
        }

        impl<K, V, S> IntoIterator for HashMap<K, V, S> {
            type Item = (K, V);
            type IntoIter = IntoIter<K, V>;

            #[inline]
            fn into_iter(self) -> IntoIter<K, V> {
                self.iterated();
                self.map.into_iter()
            }
        }

        impl<K: Eq + Hash, V, S: BuildHasher + Default> FromIterator<(K, V)> for HashMap<K, V, S> {
            #[track_caller]
            fn from_iter<T: IntoIterator<Item = (K, V)>>(iter: T) -> HashMap<K, V, S> {
                let mut map = HashMap::default();
                map.extend(iter);
                map
            }
        }

        impl<K: Eq + Hash, V, S: BuildHasher> Extend<(K, V)> for HashMap<K, V, S> {
            fn extend<T: IntoIterator<Item = (K, V)>>(&mut self, iter: T) {
                let iter = iter.into_iter();
                // As the real one does.
                let at_least = iter.size_hint().0;
                self.reserve(if self.is_empty() { at_least } else { at_least.div_ceil(2) });
                iter.for_each(|(key, value)| {
                    self.insert(key, value);
                });
            }
        }

        impl<'a, K: Eq + Hash + Copy, V: Copy, S: BuildHasher> Extend<(&'a K, &'a V)> for HashMap<K, V, S> {
            fn extend<T: IntoIterator<Item = (&'a K, &'a V)>>(&mut self, iter: T) {
                self.extend(iter.into_iter().map(|(key, value)| (*key, *value)));
            }
        }

        impl<K: Eq + Hash, V, const N: usize> From<[(K, V); N]> for HashMap<K, V, real::DefaultHashBuilder> {
            #[track_caller]
            fn from(entries: [(K, V); N]) -> Self {
                HashMap::from_iter(entries)
            }
        }

        /// Entries that are taken out of a map.
        #[must_use = "iterators are lazy and do nothing unless consumed"]
        pub struct ExtractIf<'a, K, V, F> {
            entries: real::hash_map::ExtractIf<'a, K, V, F>,
            row: Option<&'static Row>,
        }

        impl<K, V, F: FnMut(&K, &mut V) -> bool> Iterator for ExtractIf<'_, K, V, F> {
            type Item = (K, V);

            #[inline]
            fn next(&mut self) -> Option<(K, V)> {
                let entry = self.entries.next()?;
                if let Some(row) = self.row {
                    row.removed_untraced(1);
                }
                Some(entry)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.entries.size_hint()
            }
        }

        impl<K, V, F: FnMut(&K, &mut V) -> bool> FusedIterator for ExtractIf<'_, K, V, F> {}

        impl<K: fmt::Debug, V: fmt::Debug, F> fmt::Debug for ExtractIf<'_, K, V, F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct("ExtractIf").finish_non_exhaustive()
            }
        }
    };
}
