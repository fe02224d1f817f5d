use ahash::RandomState;
use hashbrown::HashMap;

type Map = HashMap<u64, u64, RandomState>;

like_yours::program!(
    Map::with_hasher(RandomState::with_seeds(1, 2, 3, 4)),
    |map: &mut Map, key: u64, value: u64| map.insert(key, value).is_some(),
    |map: &mut Map, key: u64| map.remove(&key).is_some(),
    |map: &Map, key: u64| map.get(&key).is_some()
);
