//! What serde does with the real maps, for these.

use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

#[cfg(feature = "hashbrown")]
use super::hashbrown;
use super::standard;
use super::standard::btree_map::BTreeMap;

/// Room for no more entries than what is read has, which may say anything, and than a mebibyte holds: as serde does.
fn room(said: Option<usize>, entry_bytes: usize) -> usize {
    const BYTES_MAX: usize = 1 << 20;
    said.unwrap_or(0).min(BYTES_MAX.checked_div(entry_bytes).unwrap_or(0))
}

/// The same, as hashbrown does.
#[cfg(feature = "hashbrown")]
fn few(said: Option<usize>, _: usize) -> usize {
    const ENTRIES_MAX: usize = 4096;
    said.unwrap_or(0).min(ENTRIES_MAX)
}

struct OfMap<T>(PhantomData<T>);

struct OfSet<T>(PhantomData<T>);

/// Of hash maps and hash sets of a module.
macro_rules! hashed {
    ($maps:ident, $room:ident) => {
        impl<K: Serialize, V: Serialize, S> Serialize for $maps::hash_map::HashMap<K, V, S> {
            fn serialize<W: Serializer>(&self, serializer: W) -> Result<W::Ok, W::Error> {
                serializer.collect_map(self)
            }
        }

        impl<T: Serialize, S> Serialize for $maps::hash_set::HashSet<T, S> {
            fn serialize<W: Serializer>(&self, serializer: W) -> Result<W::Ok, W::Error> {
                serializer.collect_seq(self)
            }
        }

        impl<'de, K, V, S> Deserialize<'de> for $maps::hash_map::HashMap<K, V, S>
        where
            K: Deserialize<'de> + Eq + Hash,
            V: Deserialize<'de>,
            S: BuildHasher + Default,
        {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map(OfMap::<Self>(PhantomData))
            }
        }

        impl<'de, T: Deserialize<'de> + Eq + Hash, S: BuildHasher + Default> Deserialize<'de>
            for $maps::hash_set::HashSet<T, S>
        {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_seq(OfSet::<Self>(PhantomData))
            }
        }

        impl<'de, K, V, S> Visitor<'de> for OfMap<$maps::hash_map::HashMap<K, V, S>>
        where
            K: Deserialize<'de> + Eq + Hash,
            V: Deserialize<'de>,
            S: BuildHasher + Default,
        {
            type Value = $maps::hash_map::HashMap<K, V, S>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut map = $maps::hash_map::HashMap::with_capacity_and_hasher(
                    $room(entries.size_hint(), size_of::<(K, V)>()),
                    S::default(),
                );
                while let Some((key, value)) = entries.next_entry()? {
                    map.insert(key, value);
                }
                Ok(map)
            }
        }

        impl<'de, T: Deserialize<'de> + Eq + Hash, S: BuildHasher + Default> Visitor<'de>
            for OfSet<$maps::hash_set::HashSet<T, S>>
        {
            type Value = $maps::hash_set::HashSet<T, S>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self::Value, A::Error> {
                let mut set = $maps::hash_set::HashSet::with_capacity_and_hasher(
                    $room(values.size_hint(), size_of::<T>()),
                    S::default(),
                );
                while let Some(value) = values.next_element()? {
                    set.insert(value);
                }
                Ok(set)
            }
        }
    };
}

hashed!(standard, room);
#[cfg(feature = "hashbrown")]
hashed!(hashbrown, few);

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
