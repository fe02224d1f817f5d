//! The macros of indexmap, for these maps.

/// A map of these entries, with the default of this kind of hasher.
#[macro_export]
#[doc(hidden)]
macro_rules! __indexmap_with_default {
    () => { const {
        $crate::indexmap::IndexMap::with_hasher(::core::hash::BuildHasherDefault::new())
    }};
    ($H:ty $(;)?) => { const {
        $crate::indexmap::IndexMap::with_hasher(::core::hash::BuildHasherDefault::<$H>::new())
    }};
    ($H:ty; $($key:expr => $value:expr),+ $(,)?) => {{
        let mut map = $crate::indexmap::IndexMap::with_capacity_and_hasher(
            const { <[()]>::len(&[$({ stringify!($key); }),*]) },
            ::core::hash::BuildHasherDefault::<$H>::new(),
        );
        $(
            map.insert($key, $value);
        )+
        map
    }};
}

/// A map of these entries.
#[macro_export]
#[doc(hidden)]
macro_rules! __indexmap {
    () => { $crate::indexmap::IndexMap::new() };
    ($($key:expr => $value:expr),+ $(,)?) => {{
        let mut map = $crate::indexmap::IndexMap::with_capacity(
            const { <[()]>::len(&[$({ stringify!($key); }),*]) },
        );
        $(
            map.insert($key, $value);
        )+
        map
    }};
}

/// A set of these values, with the default of this kind of hasher.
#[macro_export]
#[doc(hidden)]
macro_rules! __indexset_with_default {
    () => { const {
        $crate::indexmap::IndexSet::with_hasher(::core::hash::BuildHasherDefault::new())
    }};
    ($H:ty $(;)?) => { const {
        $crate::indexmap::IndexSet::with_hasher(::core::hash::BuildHasherDefault::<$H>::new())
    }};
    ($H:ty; $($value:expr),+ $(,)?) => {{
        let mut set = $crate::indexmap::IndexSet::with_capacity_and_hasher(
            const { <[()]>::len(&[$({ stringify!($value); }),*]) },
            ::core::hash::BuildHasherDefault::<$H>::new(),
        );
        $(
            set.insert($value);
        )+
        set
    }};
}

/// A set of these values.
#[macro_export]
#[doc(hidden)]
macro_rules! __indexset {
    () => { $crate::indexmap::IndexSet::new() };
    ($($value:expr),+ $(,)?) => {{
        let mut set = $crate::indexmap::IndexSet::with_capacity(
            const { <[()]>::len(&[$({ stringify!($value); }),*]) },
        );
        $(
            set.insert($value);
        )+
        set
    }};
}

pub use crate::{
    __indexmap as indexmap, __indexmap_with_default as indexmap_with_default, __indexset as indexset,
    __indexset_with_default as indexset_with_default,
};
