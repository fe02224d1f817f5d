//! Iterators that change a map or a set while they run.

/// `ExtractIf` and `Splice` over those of the module `real`, with the parameters of the map, what is in it, what chooses
/// entries, and where of such an entry the key is.
macro_rules! iterators {
    ([$K:ident $(, $V:ident)?], $item:ty, FnMut($($of:tt)*) -> bool, |$entry:ident| $key:expr) => {
        /// Entries that are taken out.
        #[must_use = "iterators are lazy and do nothing unless consumed"]
        pub struct ExtractIf<'a, $K $(, $V)?, F> {
            taken: real::ExtractIf<'a, $K $(, $V)?, F>,
            each: Option<Each<$K>>,
        }

        impl<$K $(, $V)?, F: FnMut($($of)*) -> bool> Iterator for ExtractIf<'_, $K $(, $V)?, F> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<$item> {
                let $entry = self.taken.next()?;
                if let Some(each) = &self.each {
                    each.gone($key);
                }
                Some($entry)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.taken.size_hint()
            }
        }

        impl<$K $(, $V)?, F: FnMut($($of)*) -> bool> FusedIterator for ExtractIf<'_, $K $(, $V)?, F> {}

        impl<$K: fmt::Debug $(, $V: fmt::Debug)?, F> fmt::Debug for ExtractIf<'_, $K $(, $V)?, F> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.taken.fmt(f)
            }
        }

        /// Entries that are taken out; in the end, others are put in their place.
        pub struct Splice<'a, I: Iterator<Item = $item>, $K: Hash + Eq $(, $V)?, S: BuildHasher> {
            taken: real::Splice<'a, Puts<I, $K>, $K $(, $V)?, S>,
        }

        impl<I: Iterator<Item = $item>, $K: Hash + Eq $(, $V)?, S: BuildHasher> Iterator
            for Splice<'_, I, $K $(, $V)?, S>
        {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                self.taken.next()
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.taken.size_hint()
            }
        }

        impl<I: Iterator<Item = $item>, $K: Hash + Eq $(, $V)?, S: BuildHasher> DoubleEndedIterator
            for Splice<'_, I, $K $(, $V)?, S>
        {
            fn next_back(&mut self) -> Option<$item> {
                self.taken.next_back()
            }
        }

        impl<I: Iterator<Item = $item>, $K: Hash + Eq $(, $V)?, S: BuildHasher> ExactSizeIterator
            for Splice<'_, I, $K $(, $V)?, S>
        {
            fn len(&self) -> usize {
                self.taken.len()
            }
        }

        impl<I: Iterator<Item = $item>, $K: Hash + Eq $(, $V)?, S: BuildHasher> FusedIterator
            for Splice<'_, I, $K $(, $V)?, S>
        {
        }

        impl<I, $K, $($V,)? S> fmt::Debug for Splice<'_, I, $K $(, $V)?, S>
        where
            I: fmt::Debug + Iterator<Item = $item>,
            $K: fmt::Debug + Hash + Eq,
            $($V: fmt::Debug,)?
            S: BuildHasher,
        {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.taken.fmt(f)
            }
        }

        /// What is put, counted one by one.
        pub(super) struct Puts<I, $K> {
            puts: I,
            each: Option<Each<$K>>,
        }

        impl<$K $(, $V)?, I: Iterator<Item = $item>> Iterator for Puts<I, $K> {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                let $entry = self.puts.next()?;
                if let Some(each) = &self.each {
                    each.put($key);
                }
                Some($entry)
            }
        }

        impl<I: fmt::Debug, $K> fmt::Debug for Puts<I, $K> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.puts.fmt(f)
            }
        }
    };
}
