use dashmap::DashMap;
use foldhash::fast::FixedState;

type Map = DashMap<u64, u64, FixedState>;

like_yours::program!(
    DashMap::with_capacity_and_hasher_and_shard_amount(0, FixedState::default(), 64),
    |map: &mut Map, key: u64, value: u64| map.insert(key, value).is_some(),
    |map: &mut Map, key: u64| map.remove(&key).is_some(),
    |map: &Map, key: u64| map.get(&key).is_some()
);
