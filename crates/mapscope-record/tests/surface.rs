//! One text, compiled against the maps of the standard library and against those of this crate: whatever it does with them
//! compiles, and comes to the same.

#![allow(clippy::all, reason = "the text uses whatever there is, in whichever way")]

mod real {
    use std::collections::{BTreeMap, HashMap, HashSet, btree_map, hash_map, hash_set};

    include!("surface/all.rs");
}

mod recorded {
    use mapscope_record::{BTreeMap, HashMap, HashSet, btree_map, hash_map, hash_set};

    include!("surface/all.rs");
}

#[cfg(feature = "hashbrown")]
mod real_hashbrown {
    use hashbrown::{Equivalent, HashMap, HashSet, hash_map, hash_set};

    include!("surface/hashbrown.rs");
}

#[cfg(feature = "hashbrown")]
mod recorded_hashbrown {
    use mapscope_record::hashbrown::{Equivalent, HashMap, HashSet, hash_map, hash_set};

    include!("surface/hashbrown.rs");
}

#[cfg(feature = "indexmap")]
mod real_indexmap {
    use indexmap::map::{MutableEntryKey as _, MutableKeys as _};
    use indexmap::set::MutableValues as _;
    use indexmap::{Equivalent, GetDisjointMutError, IndexMap, IndexSet, map, set};
    use indexmap::{indexmap, indexmap_with_default, indexset, indexset_with_default};

    include!("surface/indexmap.rs");
}

#[cfg(feature = "indexmap")]
mod recorded_indexmap {
    use mapscope_record::indexmap::map::{MutableEntryKey as _, MutableKeys as _};
    use mapscope_record::indexmap::set::MutableValues as _;
    use mapscope_record::indexmap::{Equivalent, GetDisjointMutError, IndexMap, IndexSet, map, set};
    use mapscope_record::indexmap::{indexmap, indexmap_with_default, indexset, indexset_with_default};

    include!("surface/indexmap.rs");
}

/// The methods that are stable in Rust 1.95, from its documentation; of both kinds of entries those of `Entry`,
/// `OccupiedEntry` and `VacantEntry` together.
const METHODS: [&str; 71] = [
    // HashMap
    "new",
    "with_capacity",
    "with_hasher",
    "with_capacity_and_hasher",
    "capacity",
    "keys",
    "into_keys",
    "values",
    "values_mut",
    "into_values",
    "iter",
    "iter_mut",
    "len",
    "is_empty",
    "drain",
    "extract_if",
    "retain",
    "clear",
    "hasher",
    "reserve",
    "try_reserve",
    "shrink_to_fit",
    "shrink_to",
    "entry",
    "get",
    "get_key_value",
    "get_disjoint_mut",
    "get_disjoint_unchecked_mut",
    "contains_key",
    "get_mut",
    "insert",
    "remove",
    "remove_entry",
    // HashSet
    "difference",
    "symmetric_difference",
    "intersection",
    "union",
    "contains",
    "is_disjoint",
    "is_subset",
    "is_superset",
    "replace",
    "take",
    // BTreeMap
    "first_key_value",
    "first_entry",
    "pop_first",
    "last_key_value",
    "last_entry",
    "pop_last",
    "append",
    "range",
    "range_mut",
    "split_off",
    // Entries
    "key",
    "into_mut",
    "into_key",
    "insert_entry",
    "or_insert",
    "or_insert_with",
    "or_insert_with_key",
    "and_modify",
    "or_default",
    // Traits
    "clone",
    "clone_from",
    "cmp",
    "partial_cmp",
    "hash",
    "extend",
    "from",
    "into_iter",
    "default",
];

#[test]
fn the_text_uses_every_method() {
    let text = include_str!("surface/all.rs");
    let is_used = |method: &&&str| [".", "::"].iter().any(|before| text.contains(&format!("{before}{method}(")));
    let unused: Vec<_> = METHODS.iter().filter(|method| !is_used(method)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[cfg(feature = "hashbrown")]
/// The methods that hashbrown has beyond those, but for those of allocators, of raw entries, `into_map`, and
/// deprecated ones.
const OF_HASHBROWN: [&str; 21] = [
    "allocation_size",
    "entry_ref",
    "get_key_value_mut",
    "get_disjoint_key_value_mut",
    "get_disjoint_key_value_unchecked_mut",
    "insert_unique_unchecked",
    "try_insert",
    "get_or_insert",
    "get_or_insert_with",
    // Entries
    "or_insert_entry",
    "or_default_entry",
    "and_replace_entry_with",
    "replace_entry_with",
    "into_entry",
    "replace_key",
    "replace_key_unchecked",
    "insert_with_key",
    "insert_with_key_unchecked",
    "insert_entry_with_key",
    "insert_entry_with_key_unchecked",
    "into_value",
];

#[cfg(feature = "hashbrown")]
#[test]
fn hashbrown_s_maps_do_what_the_real_ones_do() {
    let text = include_str!("surface/hashbrown.rs");
    let unused: Vec<_> = OF_HASHBROWN.iter().filter(|method| !text.contains(&format!(".{method}("))).collect();
    assert!(unused.is_empty(), "{unused:?}");
    for (recorded, real) in [
        (recorded_hashbrown::hash_map(), real_hashbrown::hash_map()),
        (recorded_hashbrown::hash_set(), real_hashbrown::hash_set()),
    ] {
        assert_eq!(recorded.len(), real.len());
        recorded.iter().zip(&real).for_each(|(recorded, real)| assert_eq!(recorded, real));
    }
}

#[cfg(feature = "indexmap")]
/// The methods of indexmap 2.14, but for those of raw entries.
const OF_INDEXMAP: [&str; 124] = [
    "and_modify",
    "append",
    "as_mut_slice",
    "as_slice",
    "binary_search",
    "binary_search_by",
    "binary_search_by_key",
    "binary_search_keys",
    "capacity",
    "clear",
    "contains",
    "contains_key",
    "difference",
    "drain",
    "entry",
    "extract_if",
    "first",
    "first_entry",
    "first_mut",
    "get",
    "get_disjoint_indices_mut",
    "get_disjoint_mut",
    "get_full",
    "get_full_mut",
    "get_full_mut2",
    "get_index",
    "get_index_entry",
    "get_index_mut",
    "get_index_mut2",
    "get_index_of",
    "get_key_value",
    "get_key_value_mut",
    "get_mut",
    "get_range",
    "get_range_mut",
    "hasher",
    "index",
    "insert",
    "insert_before",
    "insert_entry",
    "insert_full",
    "insert_sorted",
    "insert_sorted_by",
    "insert_sorted_by_key",
    "intersection",
    "into_boxed_slice",
    "into_key",
    "into_keys",
    "into_mut",
    "into_values",
    "is_disjoint",
    "is_empty",
    "is_sorted",
    "is_sorted_by",
    "is_sorted_by_key",
    "is_subset",
    "is_superset",
    "iter",
    "iter_mut",
    "iter_mut2",
    "key",
    "key_mut",
    "keys",
    "last",
    "last_entry",
    "last_mut",
    "len",
    "move_index",
    "new",
    "or_default",
    "or_insert",
    "or_insert_with",
    "or_insert_with_key",
    "partition_point",
    "pop",
    "pop_if",
    "remove",
    "remove_entry",
    "replace",
    "replace_full",
    "replace_index",
    "reserve",
    "reserve_exact",
    "retain",
    "retain2",
    "reverse",
    "shift_insert",
    "shift_remove",
    "shift_remove_entry",
    "shift_remove_full",
    "shift_remove_index",
    "shift_take",
    "shrink_to",
    "shrink_to_fit",
    "sort",
    "sort_by",
    "sort_by_cached_key",
    "sort_by_key",
    "sort_keys",
    "sort_unstable",
    "sort_unstable_by",
    "sort_unstable_by_key",
    "sort_unstable_keys",
    "sorted_by",
    "sorted_unstable_by",
    "splice",
    "split_off",
    "swap_indices",
    "swap_remove",
    "swap_remove_entry",
    "swap_remove_full",
    "swap_remove_index",
    "swap_take",
    "symmetric_difference",
    "take",
    "truncate",
    "try_reserve",
    "try_reserve_exact",
    "union",
    "values",
    "values_mut",
    "with_capacity",
    "with_capacity_and_hasher",
    "with_hasher",
];

#[cfg(feature = "indexmap")]
#[test]
fn indexmap_s_maps_do_what_the_real_ones_do() {
    let text = include_str!("surface/indexmap.rs");
    let is_used = |method: &&&str| [".", "::"].iter().any(|before| text.contains(&format!("{before}{method}(")));
    let unused: Vec<_> = OF_INDEXMAP.iter().filter(|method| !is_used(method)).collect();
    assert!(unused.is_empty(), "{unused:?}");
    for (recorded, real) in [
        (recorded_indexmap::index_map(), real_indexmap::index_map()),
        (recorded_indexmap::index_set(), real_indexmap::index_set()),
    ] {
        assert_eq!(recorded.len(), real.len());
        recorded.iter().zip(&real).for_each(|(recorded, real)| assert_eq!(recorded, real));
    }
}

/// All that they say; maps of random seeds say nothing that depends on these.
#[test]
fn what_the_maps_do_is_what_the_real_ones_do() {
    for (recorded, real) in [
        (recorded::hash_map(), real::hash_map()),
        (recorded::hash_set(), real::hash_set()),
        (recorded::btree_map(), real::btree_map()),
    ] {
        assert_eq!(recorded.len(), real.len());
        recorded.iter().zip(&real).for_each(|(recorded, real)| assert_eq!(recorded, real));
    }
}
