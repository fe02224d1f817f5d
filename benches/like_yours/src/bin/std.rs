use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

type Map = HashMap<u64, u64, BuildHasherDefault<DefaultHasher>>;

like_yours::program!(
    Map::default(),
    |map: &mut Map, key: u64, value: u64| map.insert(key, value).is_some(),
    |map: &mut Map, key: u64| map.remove(&key).is_some(),
    |map: &Map, key: u64| map.get(&key).is_some()
);
