// indexmap's maps, used as by a program that names them by `use` alone; what comes of it as text.

use std::hash::Hash;
use std::ops::Bound;

type Fixed = std::hash::BuildHasherDefault<std::hash::DefaultHasher>;
type Map = IndexMap<String, u32, Fixed>;
type Set = IndexSet<u32, Fixed>;

static HASHED: std::sync::Mutex<Map> = std::sync::Mutex::new(IndexMap::with_hasher(Fixed::new()));
static BY_MACRO: std::sync::Mutex<Map> = std::sync::Mutex::new(indexmap_with_default!());
const NONE: Set = IndexSet::with_hasher(Fixed::new());

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Holder {
    by_name: Map,
    numbers: Set,
}

fn word(number: u32) -> String {
    format!("word {number}")
}

/// Sought among strings by its text.
#[derive(Hash)]
struct Word<'a>(&'a str);

impl Equivalent<String> for Word<'_> {
    fn equivalent(&self, key: &String) -> bool {
        self.0 == key
    }
}

fn is_thread_safe<T: Send + Sync + Unpin>(_: &T) {}

fn covariant<'a>(map: IndexMap<&'static str, &'static str>) -> IndexMap<&'a str, &'a str> {
    map
}

/// Needs no more of keys than the real one does.
fn put<'a, K, V>(entry: map::Entry<'a, K, V>, value: V) -> &'a mut V {
    match entry {
        map::Entry::Occupied(there) => there.into_mut(),
        map::Entry::Vacant(none) => none.insert(value),
    }
}

/// As above.
fn by_position<K, V, S>(map: &mut IndexMap<K, V, S>) -> (Option<(K, V)>, Option<(K, V)>) {
    map.reserve(1);
    map.truncate(100);
    (map.pop(), map.shift_remove_index(0))
}

#[allow(deprecated)]
pub fn index_map() -> Vec<String> {
    let mut said = Vec::new();
    let mut say = |what: &dyn std::fmt::Debug| said.push(format!("{what:?}"));
    say(&(IndexMap::<u8, u8>::new().capacity(), IndexMap::<u8, u8>::with_capacity(10).capacity()));
    say(&covariant(IndexMap::from([("a", "b")])));
    let mut map: Map = IndexMap::with_capacity_and_hasher(3, Fixed::new());
    is_thread_safe(&map);
    let _: &Fixed = map.hasher();
    for number in 0..100 {
        say(&map.insert(word(number % 70), number));
        say(&(map.len(), map.capacity(), map.is_empty()));
    }
    say(&(map.insert_full(word(3), 3), map.insert_full(word(99), 3)));
    say(&(map.get("word 3"), map.get(&word(999)), map.get_key_value("word 4"), map.contains_key("word 5")));
    say(&(map.get(&Word("word 3")), map.get_full("word 6"), map.get_index_of("word 7")));
    say(&map.get_mut("word 4"));
    say(&map.get_key_value_mut("word 4"));
    say(&map.get_full_mut("word 4"));
    say(&map.get_disjoint_mut(["word 6", "word 7", "none"]));
    say(&map.get_disjoint_indices_mut([0, 2]));
    say(&map.get_disjoint_indices_mut([0, 0]));
    say(&map.get_disjoint_indices_mut([0, 1000]).map_err(|error: GetDisjointMutError| error.to_string()));
    say(&(map["word 6"], map[3], &map[1..3], &map[..2], &map[70..], &map[1..=2], &map[..=1], map[..].len()));
    say(&&map[(Bound::Included(1), Bound::Excluded(3))]);
    map["word 6"] += 1;
    map[3] += 1;
    map[1..3][0] += 1;
    say(&(map.swap_remove("word 6"), map.swap_remove_entry("word 7"), map.swap_remove_full("word 8")));
    say(&(map.shift_remove("word 9"), map.shift_remove_entry("word 10"), map.shift_remove_full("word 11")));
    say(&(map.remove("word 12"), map.remove_entry("word 13"), map.remove("none")));
    say(&(map.swap_remove_index(3), map.shift_remove_index(3), map.swap_remove_index(1000)));
    say(&(map.pop(), map.pop_if(|_, value| *value > 1000), map.pop_if(|_, _| true)));
    map.move_index(3, 9);
    map.swap_indices(3, 5);
    say(&(map.replace_index(3, word(500)), map.replace_index(3, word(500)), map.replace_index(4, word(500))));
    say(&(map.insert_before(3, word(501), 1), map.insert_before(3, word(501), 2), map.insert_before(9, word(501), 3)));
    say(&(map.shift_insert(3, word(502), 1), map.shift_insert(4, word(502), 2)));
    say(&map);
    map.reserve(200);
    say(&(map.capacity(), map.try_reserve(1), map.try_reserve(usize::MAX).map_err(|error| error.to_string())));
    map.reserve_exact(700);
    say(&(map.capacity(), map.try_reserve_exact(1), map.try_reserve_exact(usize::MAX).is_err()));
    map.shrink_to(300);
    say(&map.capacity());
    map.shrink_to_fit();
    say(&map.capacity());
    say(&put(map.entry(word(1)), 1));
    say(&put(map.entry(word(1000)), 1));
    *map.entry(word(201)).or_insert(7) += 1;
    *map.entry(word(201)).or_insert_with(|| 8) += 1;
    *map.entry(word(202)).or_insert_with_key(|key| key.len() as u32) += 1;
    *map.entry(word(203)).or_default() += 1;
    map.entry(word(203)).and_modify(|value| *value *= 9).or_insert(1);
    say(map.entry(word(204)).and_modify(|value| *value *= 9).key());
    say(&(map.entry(word(204)).index(), map.entry(word(1)).index()));
    say(&map.entry(word(204)).insert_entry(11).swap_remove_entry());
    say(&map.entry(word(204)).insert_entry(11).shift_remove_entry());
    say(&(map.entry(word(204)).insert_entry(11).swap_remove(), map.entry(word(204)).insert_entry(1).shift_remove()));
    say(&(map.entry(word(204)).insert_entry(11).remove(), map.entry(word(204)).insert_entry(1).remove_entry()));
    say(&(map.entry(word(1)), 1));
    say(&map.entry(word(204)));
    if let map::Entry::Occupied(mut there) = map.entry(word(1)) {
        is_thread_safe(&there);
        say(&(there.key(), there.get(), there.index(), &there));
        *there.get_mut() += 1;
        say(&there.insert(5));
        say(&there.key_mut());
        let mut there = map::IndexedEntry::from(there);
        say(&there.key_mut());
        say(&(there.key(), there.get(), there.index()));
        map::OccupiedEntry::from(there).move_index(5);
    }
    if let map::Entry::Occupied(there) = map.entry(word(1)) {
        there.swap_indices(2);
    }
    if let map::Entry::Vacant(mut none) = map.entry(word(204)) {
        is_thread_safe(&none);
        say(&(none.key(), none.index(), &none));
        none.key_mut().push('!');
        say(&none.into_key());
    }
    if let map::Entry::Vacant(none) = map.entry(word(204)) {
        let (old, there) = none.replace_index(3);
        say(&(old, there.get()));
    }
    if let map::Entry::Vacant(none) = map.entry(word(205)) {
        say(&none.shift_insert(3, 1));
    }
    map.sort_keys();
    if let map::Entry::Vacant(none) = map.entry(word(206)) {
        say(&none.insert_sorted(1));
    }
    if let map::Entry::Vacant(none) = map.entry(word(207)) {
        say(&none.insert_sorted_by(1, |a, _, b, _| a.cmp(b)));
    }
    if let map::Entry::Vacant(none) = map.entry(word(208)) {
        say(&none.insert_sorted_by_key(1, |key, _| key.clone()));
    }
    say(&map.entry(word(208)).key_mut());
    // An entry that is not used again does not keep the map.
    match map.entry(word(3000)) {
        map::Entry::Vacant(_) => say(&map.len()),
        map::Entry::Occupied(_) => unreachable!(),
    }
    say(&(map.insert_sorted(word(209), 1), map.insert_sorted(word(209), 2)));
    say(&map.insert_sorted_by(word(210), 1, |a, _, b, _| a.cmp(b)));
    say(&map.insert_sorted_by_key(word(211), 1, |key, _| key.clone()));
    say(&(map.binary_search_keys(&word(209)), map.binary_search_by(|key, _| key.as_str().cmp("word 210"))));
    say(&(map.binary_search_by_key(&word(211), |key, _| key.clone()), map.is_sorted()));
    say(&(map.is_sorted_by(|a, _, b, _| a < b), map.is_sorted_by_key(|_, value| *value)));
    say(&map.partition_point(|key, _| key.as_str() < "word 210"));
    // By position.
    let mut there = map.get_index_entry(3).unwrap();
    is_thread_safe(&there);
    say(&(there.key(), there.index(), there.get(), &there));
    *there.get_mut() += 1;
    say(&there.insert(3));
    *there.into_mut() += 1;
    say(&(map.first_entry().unwrap().swap_remove(), map.last_entry().unwrap().shift_remove()));
    say(&(map.first_entry().unwrap().swap_remove_entry(), map.last_entry().unwrap().shift_remove_entry()));
    map.first_entry().unwrap().move_index(5);
    map.last_entry().unwrap().swap_indices(5);
    say(&(map.first(), map.last(), map.get_index(4), map.get_index(1000)));
    say(&map.first_mut());
    say(&map.last_mut());
    say(&map.get_index_mut(4));
    say(&(map.get_range(1..3), map.get_range(1..1000)));
    say(&map.get_range_mut(1..3));
    say(&(map.as_slice().first(), map.as_slice().len()));
    map.as_mut_slice()[0] += 1;
    // Growing by way of entries, each kind of them.
    let mut grown: IndexMap<u32, u32, Fixed> = IndexMap::default();
    for number in 0..4000_u32 {
        match number % 4 {
            0 => _ = grown.entry(number).insert_entry(number).insert(1),
            1 => *grown.entry(number).or_default() += 1,
            2 => _ = grown.entry(number).insert_entry(3).swap_remove(),
            _ => _ = grown.shift_remove(&(number / 2)),
        }
        say(&(grown.len(), grown.capacity()));
    }
    // Sorted.
    map.sort_by(|a, _, b, _| b.cmp(a));
    map.sort_by_key(|_, value| *value);
    map.sort_unstable_keys();
    map.sort_unstable_by(|a, _, b, _| b.cmp(a));
    map.sort_unstable_by_key(|key, _| key.clone());
    map.sort_by_cached_key(|_, value| *value);
    map.reverse();
    say(&map);
    say(&map.clone().sorted_by(|a, _, b, _| a.cmp(b)).next());
    say(&map.clone().sorted_unstable_by(|a, _, b, _| b.cmp(a)).next());
    // Keys to be changed.
    say(&map.get_full_mut2("word 1"));
    say(&map.get_index_mut2(0));
    say(&map.iter_mut2().count());
    map.retain2(|key, _| !key.ends_with('7'));
    let (keys, values): (map::Keys<'_, _, _>, map::Values<'_, _, _>) = (map.keys(), map.values());
    say(&(keys.len(), keys[0].clone(), values.clone().count(), keys, values));
    map.values_mut().for_each(|value| *value += 1);
    map.iter_mut().for_each(|(_, value)| *value += 1);
    for (_, value) in &mut map {
        *value += 1;
    }
    for (key, value) in &map {
        say(&(key, value));
    }
    map.retain(|_, value| *value % 3 > 0);
    let taken: Vec<(String, u32)> = map.extract_if(1.., |_, value| *value % 3 > 1).collect();
    say(&(taken, format!("{:?}", map.extract_if(.., |_, _| false))));
    map.extend([(word(300), 1), (word(301), 2)]);
    map.extend(vec![(word(302), 1); 50]);
    let spliced: map::Splice<'_, _, _, _, _> = map.splice(1..4, [(word(400), 1), (word(401), 1), (word(0), 9)]);
    say(&(spliced.len(), spliced.size_hint(), format!("{spliced:?}")));
    say(&spliced.rev().collect::<Vec<_>>());
    say(&(map.len(), map.capacity(), &map));
    let mut copied: IndexMap<u32, u32, Fixed> = IndexMap::default();
    copied.extend(&IndexMap::<u32, u32>::from([(1_u32, 2_u32)]));
    let mut more: IndexMap<u32, u32> = IndexMap::from([(1, 3), (4, 5)]);
    copied.append(&mut more);
    say(&(copied == IndexMap::<u32, u32>::from([(4, 5), (1, 3)]), more.len(), more.capacity(), &copied));
    let mut copy = map.clone();
    say(&(copy == map, copy.capacity(), copied));
    let rest: Map = copy.split_off(3);
    say(&(copy.len(), copy.capacity(), rest.len(), rest.capacity()));
    copy.clone_from(&Map::default());
    say(&(copy != map, &copy, copy.capacity()));
    copy.clone_from(&map);
    say(&(copy == map, copy.capacity()));
    let drained: map::Drain<'_, String, u32> = copy.drain(1..3);
    say(&(drained.len(), drained.as_slice().len()));
    drop(drained);
    copy.truncate(2);
    say(&(copy.len(), copy.drain(..).count()));
    copy.clear();
    say(&(copy.len(), copy.capacity(), by_position(&mut map.clone())));
    say(&(map.clone().into_keys().collect::<Vec<_>>(), map.clone().into_values().collect::<Vec<_>>()));
    let slice: Box<map::Slice<String, u32>> = map.clone().into_boxed_slice();
    say(&(slice.len(), slice.into_keys().next()));
    let again: Map = map.clone().into_iter().collect();
    let entries: map::IntoIter<String, u32> = again.clone().into_iter();
    say(&(again == map, entries.len()));
    let by_macro = indexmap! { "a" => 1, "b" => 2 };
    let with_default = indexmap_with_default! { std::hash::DefaultHasher; "a" => 1 };
    say(&(by_macro.capacity(), by_macro, with_default, IndexMap::<u8, u8>::is_empty(&indexmap! {})));
    HASHED.lock().unwrap().insert(word(1), 1);
    BY_MACRO.lock().unwrap().insert(word(1), 1);
    say(&(HASHED.lock().unwrap(), BY_MACRO.lock().unwrap()));
    let mut holder = Holder::default();
    holder.by_name.insert(word(3), 3);
    holder.numbers.insert(3);
    say(&(holder.clone() == holder, holder));
    // What a map refers to may be gone before it is.
    let mut borrowing = IndexMap::new();
    let text = word(1);
    borrowing.insert(&*text, 1);
    said
}

#[allow(deprecated)]
pub fn index_set() -> Vec<String> {
    let mut said = Vec::new();
    let mut say = |what: &dyn std::fmt::Debug| said.push(format!("{what:?}"));
    say(&(IndexSet::<u8>::new().is_empty(), IndexSet::<u8>::with_capacity(10).capacity(), NONE));
    let mut set: Set = IndexSet::with_capacity_and_hasher(3, Fixed::new());
    is_thread_safe(&set);
    let _: &Fixed = set.hasher();
    for number in 0..100 {
        say(&(set.insert(number % 70), set.len(), set.capacity()));
    }
    say(&(set.insert_full(3), set.insert_full(99), set.replace(4), set.replace(98), set.replace_full(5)));
    say(&(set.contains(&4), set.get(&5), set.get(&500), set.get_full(&6), set.get_index_of(&7)));
    say(&(set.swap_remove(&6), set.swap_remove_full(&7), set.shift_remove(&8), set.shift_remove_full(&9)));
    say(&(set.remove(&10), set.take(&11), set.swap_take(&12), set.shift_take(&13), set.take(&1000)));
    say(&(set.swap_remove_index(3), set.shift_remove_index(3), set.pop(), set.pop_if(|value| *value > 1000)));
    set.move_index(3, 9);
    set.swap_indices(3, 5);
    say(&(set.replace_index(3, 500), set.replace_index(3, 500), set.replace_index(4, 500)));
    say(&(set.insert_before(3, 501), set.insert_before(3, 501), set.shift_insert(3, 502), set.shift_insert(4, 502)));
    say(&(set[0], &set[1..3], &set[..2], &set[60..], &set[1..=2], &set[..=1], set[..].len()));
    say(&&set[(Bound::Included(1), Bound::Excluded(3))]);
    say(&(set.first(), set.last(), set.get_index(3), set.get_range(1..3), set.as_slice().len()));
    set.reserve(200);
    say(&(set.capacity(), set.try_reserve(1), set.try_reserve(usize::MAX).is_err()));
    set.reserve_exact(700);
    say(&(set.capacity(), set.try_reserve_exact(1), set.try_reserve_exact(usize::MAX).is_err()));
    set.shrink_to(100);
    set.shrink_to_fit();
    say(&set.capacity());
    let other: IndexSet<u32> = (60..90).collect();
    let difference: set::Difference<'_, u32, std::hash::RandomState> = set.difference(&other);
    say(&(difference.clone().rev().count(), set.symmetric_difference(&other), set.intersection(&other)));
    say(&(set.union(&other), set.union(&other).rev().next(), set.symmetric_difference(&other).rev().next()));
    say(&(set.intersection(&other).size_hint(), set.union(&other).size_hint(), difference));
    say(&(&set & &other, &set | &other, &set ^ &other, &set - &other));
    say(&(set.is_disjoint(&other), set.is_subset(&other), set.is_superset(&(1..3).collect::<IndexSet<_>>())));
    set.sort();
    say(&(set.insert_sorted(1000), set.insert_sorted_by(1001, |a, b| a.cmp(b)), set.insert_sorted_by_key(3, |v| *v)));
    say(&(set.binary_search(&3), set.binary_search_by(|v| v.cmp(&3)), set.binary_search_by_key(&3, |v| *v)));
    say(&(set.is_sorted(), set.is_sorted_by(|a, b| a < b), set.is_sorted_by_key(|v| *v), set.partition_point(|v| *v < 9)));
    set.sort_by(|a, b| b.cmp(a));
    set.sort_by_key(|v| v % 7);
    set.sort_unstable();
    set.sort_unstable_by(|a, b| b.cmp(a));
    set.sort_unstable_by_key(|v| *v);
    set.sort_by_cached_key(|v| v.to_string());
    set.reverse();
    say(&(&set, set.clone().sorted_by(|a, b| a.cmp(b)).next(), set.clone().sorted_unstable_by(|a, b| b.cmp(a)).next()));
    say(&set.get_full_mut2(&3));
    say(&set.get_index_mut2(0));
    set.retain2(|value| *value % 5 > 0);
    set.retain(|value| value % 3 > 0);
    say(&set.extract_if(1.., |value| value % 3 > 1).collect::<Vec<_>>());
    set.extend([1, 2, 3]);
    set.extend(&[4, 5]);
    let spliced: set::Splice<'_, _, _, _> = set.splice(1..3, [700, 701, 1]);
    say(&(spliced.len(), spliced.rev().collect::<Vec<_>>()));
    say(&(&set, set.len(), set.capacity()));
    let mut copy = set.clone();
    say(&(copy == set, copy.capacity(), copy.split_off(3).capacity()));
    copy.append(&mut IndexSet::<u32>::from([1, 7000]));
    copy.clone_from(&set);
    copy.truncate(4);
    say(&(copy.drain(1..).count(), copy.len(), copy.capacity()));
    let (iter, owned): (set::Iter<'_, u32>, set::IntoIter<u32>) = (set.iter(), set.clone().into_iter());
    say(&(iter.len(), owned.len(), IndexSet::<u8>::from([1]) == IndexSet::<u8>::from([1])));
    say(&(set.clone().into_boxed_slice(), indexset! { 1, 2 }, indexset_with_default! { std::hash::DefaultHasher; 1 }));
    for value in set.drain(..) {
        say(&value);
    }
    for value in &set {
        say(value);
    }
    set.clear();
    say(&set);
    said
}
