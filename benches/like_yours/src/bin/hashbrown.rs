use foldhash::fast::FixedState;
use hashbrown::HashMap;

type Map = HashMap<u64, u64, FixedState>;

like_yours::program!(
    Map::default(),
    |map: &mut Map, key: u64, value: u64| map.insert(key, value).is_some(),
    |map: &mut Map, key: u64| map.remove(&key).is_some(),
    |map: &Map, key: u64| map.get(&key).is_some()
);
