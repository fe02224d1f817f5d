//! What serde does with the real maps, for these.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

#[cfg(feature = "indexmap")]
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
#[cfg(feature = "indexmap")]
use serde::de::{Error, IntoDeserializer};
use serde::ser::{Serialize, Serializer};

#[cfg(feature = "hashbrown")]
use super::hashbrown;
#[cfg(feature = "indexmap")]
use super::indexmap;
use super::standard;
use super::standard::btree_map::BTreeMap;

/// Room for no more entries than what is read has, which may say anything, and than a mebibyte holds: as serde does.
fn room<E>(said: Option<usize>) -> usize {
    const BYTES_MAX: usize = 1 << 20;
    said.unwrap_or(0).min(BYTES_MAX.checked_div(size_of::<E>()).unwrap_or(0))
}

/// The same, as hashbrown does.
#[cfg(feature = "hashbrown")]
#[allow(clippy::extra_unused_type_parameters, reason = "the others ask how large an entry is")]
fn few<E>(said: Option<usize>) -> usize {
    const ENTRIES_MAX: usize = 4096;
    said.unwrap_or(0).min(ENTRIES_MAX)
}

/// The same, as indexmap does, whose entries have their hashes.
#[cfg(feature = "indexmap")]
fn with_hash<E>(said: Option<usize>) -> usize {
    room::<(usize, E)>(said)
}

struct OfMap<T>(PhantomData<T>);

struct OfSet<T>(PhantomData<T>);

/// Of hash maps and hash sets: of `K`, `V`, `T` and `S`.
macro_rules! hashed {
    ($map:ty, $set:ty, $set_name:literal, $room:ident) => {
        impl<K: Serialize, V: Serialize, S> Serialize for $map {
            fn serialize<W: Serializer>(&self, serializer: W) -> Result<W::Ok, W::Error> {
                serializer.collect_map(self)
            }
        }

        impl<T: Serialize, S> Serialize for $set {
            fn serialize<W: Serializer>(&self, serializer: W) -> Result<W::Ok, W::Error> {
                serializer.collect_seq(self)
            }
        }

        impl<'de, K, V, S> Deserialize<'de> for $map
        where
            K: Deserialize<'de> + Eq + Hash,
            V: Deserialize<'de>,
            S: BuildHasher + Default,
        {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map(OfMap::<Self>(PhantomData))
            }
        }

        impl<'de, T: Deserialize<'de> + Eq + Hash, S: BuildHasher + Default> Deserialize<'de> for $set {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_seq(OfSet::<Self>(PhantomData))
            }
        }

        impl<'de, K, V, S> Visitor<'de> for OfMap<$map>
        where
            K: Deserialize<'de> + Eq + Hash,
            V: Deserialize<'de>,
            S: BuildHasher + Default,
        {
            type Value = $map;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut map = <$map>::with_capacity_and_hasher($room::<(K, V)>(entries.size_hint()), S::default());
                while let Some((key, value)) = entries.next_entry()? {
                    map.insert(key, value);
                }
                Ok(map)
            }
        }

        impl<'de, T: Deserialize<'de> + Eq + Hash, S: BuildHasher + Default> Visitor<'de> for OfSet<$set> {
            type Value = $set;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($set_name)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
                let mut set = <$set>::with_capacity_and_hasher($room::<T>(values.size_hint()), S::default());
                while let Some(value) = values.next_element()? {
                    set.insert(value);
                }
                Ok(set)
            }
        }
    };
}

hashed!(standard::hash_map::HashMap<K, V, S>, standard::hash_set::HashSet<T, S>, "a sequence", room);
#[cfg(feature = "hashbrown")]
hashed!(hashbrown::HashMap<K, V, S>, hashbrown::HashSet<T, S>, "a sequence", few);
#[cfg(feature = "indexmap")]
hashed!(indexmap::IndexMap<K, V, S>, indexmap::IndexSet<T, S>, "a set", with_hash);

impl<K: Serialize, V: Serialize> Serialize for BTreeMap<K, V> {
    fn serialize<W: Serializer>(&self, serializer: W) -> Result<W::Ok, W::Error> {
        serializer.collect_map(self)
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for BTreeMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfMap::<Self>(PhantomData))
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for OfMap<BTreeMap<K, V>> {
    type Value = BTreeMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry()? {
            map.insert(key, value);
        }
        Ok(map)
    }
}

/// Maps of indexmap as sequences of their entries, which keep their order in every format.
#[cfg(feature = "indexmap")]
pub mod serde_seq {
    use super::{
        BuildHasher, Deserialize, Deserializer, Hash, PhantomData, SeqAccess, Serialize, Serializer, Visitor, fmt,
        indexmap::IndexMap, with_hash,
    };

    /// Writes a map as a sequence.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<K: Serialize, V: Serialize, S, T: Serializer>(
        map: &IndexMap<K, V, S>,
        serializer: T,
    ) -> Result<T::Ok, T::Error> {
        serializer.collect_seq(map)
    }

    /// Reads a map that was written as a sequence.
    ///
    /// # Errors
    /// The deserializer's.
    pub fn deserialize<'de, D, K, V, S>(deserializer: D) -> Result<IndexMap<K, V, S>, D::Error>
    where
        D: Deserializer<'de>,
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
        S: Default + BuildHasher,
    {
        deserializer.deserialize_seq(InOrder(PhantomData))
    }

    struct InOrder<K, V, S>(PhantomData<IndexMap<K, V, S>>);

    impl<'de, K, V, S> Visitor<'de> for InOrder<K, V, S>
    where
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
        S: Default + BuildHasher,
    {
        type Value = IndexMap<K, V, S>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a sequenced map")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let room = with_hash::<(K, V)>(entries.size_hint());
            let mut map = IndexMap::with_capacity_and_hasher(room, S::default());
            while let Some((key, value)) = entries.next_element()? {
                map.insert(key, value);
            }
            Ok(map)
        }
    }
}

#[cfg(feature = "indexmap")]
impl<'de, K, V, S, E: Error> IntoDeserializer<'de, E> for indexmap::IndexMap<K, V, S>
where
    K: IntoDeserializer<'de, E> + Eq + Hash,
    V: IntoDeserializer<'de, E>,
    S: BuildHasher,
{
    type Deserializer = MapDeserializer<'de, <Self as IntoIterator>::IntoIter, E>;

    fn into_deserializer(self) -> Self::Deserializer {
        MapDeserializer::new(self.into_iter())
    }
}

#[cfg(feature = "indexmap")]
impl<'de, T, S, E: Error> IntoDeserializer<'de, E> for indexmap::IndexSet<T, S>
where
    T: IntoDeserializer<'de, E> + Eq + Hash,
    S: BuildHasher,
{
    type Deserializer = SeqDeserializer<<Self as IntoIterator>::IntoIter, E>;

    fn into_deserializer(self) -> Self::Deserializer {
        SeqDeserializer::new(self.into_iter())
    }
}
