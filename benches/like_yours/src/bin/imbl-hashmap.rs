use foldhash::fast::FixedState;
use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;

type Map = GenericHashMap<u64, u64, FixedState, DefaultSharedPtr>;

like_yours::program!(
    Map::with_hasher(FixedState::default()),
    |map: &mut Map, key: u64, value: u64| map.insert(key, value).is_some(),
    |map: &mut Map, key: u64| map.remove(&key).is_some(),
    |map: &Map, key: u64| map.get(&key).is_some()
);
