//! Names of functions, short enough for a frame of a flame graph and still true.
//!
//! `CRATE::Type::method`, or `CRATE::module::function`, generics elided. A type without a crate is mapscope's own, so
//! that the models, which are what one looks at, don't all begin alike. Two functions look the same only where crate,
//! type (or module) and method have the same names.
//!
//! | recorded | shown |
//! |---|---|
//! | `hashbrown::raw::RawTable<T,A>::reserve_rehash` | `hashbrown::RawTable::reserve_rehash` |
//! | `mapscope::maps::go::classic::write::<impl mapscope::maps::go::classic::GoClassicMap<K,V>>::put` | `GoClassicMap::put` |
//! | `<hashbrown::raw::Iter<T> as core::iter::traits::iterator::Iterator>::next` | `hashbrown::Iter::next` |
//! | `mapscope::maps::btree::<impl mapscope::maps::Map<K,V> for alloc::a::BTreeMap<K,V>>::get` | `<alloc::BTreeMap as Map>::get` |
//! | `core::ptr::mut_ptr::<impl *mut T>::write` | `core::<*mut T>::write` |
//! | `mapscope::maps::go::heap::alloc_zeroed` | `mapscope::heap::alloc_zeroed` |
//!
//! A trait's method is shown as the type's own where the trait is of the type's crate or of the standard library, which
//! knows no other crate's types. Otherwise the trait is shown too: the code may well be that of the trait's crate.

use std::borrow::Cow;

/// The crates of the standard library.
const STANDARD: [&str; 3] = ["core", "alloc", "std"];

/// Longer names, which no compiler makes, are not taken apart: types nest, and so do the functions here.
const LENGTH_MAX: usize = 4096;

/// A demangled function as [the module](self) says. What is no Rust path (`__memcpy_avx_unaligned_erms`) stays so.
pub(in crate::report) fn short_name(function: &str) -> Cow<'_, str> {
    match split_path(function) {
        Some(path) if path.len() > 1 && function.len() <= LENGTH_MAX => Cow::Owned(shorten(&path)),
        _ => Cow::Borrowed(function),
    }
}

/// Whether it is an operation of the core library that stands for a few instructions: reading through a pointer, a SIMD
/// intrinsic, integer arithmetic, checking a precondition.
///
/// `ptr::copy` and `ptr::copy_nonoverlapping` are not, because who copies is the question, nor is `drop_in_place`,
/// because any amount of work can be behind it.
pub(super) fn is_elementary(function: &str) -> bool {
    const MODULES: [&str; 6] = ["ptr", "intrinsics", "core_arch", "ub_checks", "num", "mem"];
    const KEPT: [&str; 3] = ["copy", "copy_nonoverlapping", "drop_in_place"];
    let path = split_path(function).unwrap_or_default();
    let bare: Vec<_> = path.iter().map(|segment| without_arguments(segment)).collect();
    match bare.as_slice() {
        ["core", "ptr", name] => !KEPT.contains(name),
        ["core", module, _, ..] => MODULES.contains(module),
        _ => path.first().is_some_and(|first| is_integer(first)),
    }
}

/// Whether a segment is `<usize>` or another integer's.
fn is_integer(segment: &str) -> bool {
    let name = segment.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or_default();
    let bits = name.strip_prefix(['u', 'i']).unwrap_or_default();
    matches!(bits, "8" | "16" | "32" | "64" | "128" | "size")
}

/// The segments between the `::` outside all brackets; none where brackets don't match.
fn split_path(path: &str) -> Option<Vec<&str>> {
    let mut segments = Vec::new();
    let (mut depth, mut start, mut previous) = (0_usize, 0, ' ');
    for (at, c) in path.char_indices() {
        match c {
            '<' | '(' | '[' | '{' => depth += 1,
            '>' if previous == '-' => {}
            '>' | ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            ':' if previous == ':' && depth == 0 && at > start => {
                segments.push(&path[start..at - 1]);
                start = at + 1;
            }
            _ => {}
        }
        previous = c;
    }
    segments.push(&path[start..]);
    (depth == 0 && segments.iter().all(|segment| !segment.is_empty())).then_some(segments)
}

fn shorten(path: &[&str]) -> String {
    let home = path[0];
    if let Some(block) = inside(home, "<") {
        return owner(block, " as ", None) + &tail(&path[1..]);
    }
    if let Some((at, block)) = path.iter().enumerate().find_map(|(at, segment)| Some((at, inside(segment, "<impl ")?)))
    {
        return owner(block, " for ", Some(home)) + &tail(&path[at + 1..]);
    }
    if let Some(at) = path.iter().position(|segment| segment.starts_with(char::is_uppercase)) {
        let own = if home == env!("CARGO_CRATE_NAME") || at == 0 { String::new() } else { format!("{home}::") };
        return own + without_arguments(path[at]) + &tail(&path[at + 1..]);
    }
    // A function, perhaps with closures in it, in the module before it.
    let function = path.iter().rposition(|segment| !segment.starts_with(['{', '<'])).unwrap_or(0);
    home.to_owned() + &tail(&path[function.saturating_sub(1).max(1)..])
}

/// Whose the methods of an `impl` block are: `Type`, or `<Type as Trait>`. `home` is the crate that it stands in, where
/// that is known.
fn owner(block: &str, separator: &str, home: Option<&str>) -> String {
    let (mut of_type, mut of_trait) = (block, None);
    if let Some((left, right)) = split_outside_brackets(block, separator) {
        (of_type, of_trait) = if separator == " as " { (left, Some(right)) } else { (right, Some(left)) };
    }
    let type_crate = crate_of(of_type);
    let trait_crate = of_trait.and_then(crate_of);
    let shown = short_type(of_type);
    let is_of_type = match (home, trait_crate) {
        (Some(home), _) => type_crate == Some(home),
        (None, Some(of_trait)) => type_crate == Some(of_trait) || STANDARD.contains(&of_trait),
        (None, None) => true,
    };
    if is_of_type && type_crate.is_some() {
        return shown;
    }
    let block = match of_trait {
        Some(of_trait) => format!("<{shown} as {}>", short_type(of_trait)),
        None => format!("<{shown}>"),
    };
    // By the rule that lets a crate implement a trait, the block is usually in the trait's.
    match home {
        Some(home) if trait_crate != Some(home) => format!("{home}::{block}"),
        _ => block,
    }
}

/// A type within an `impl`, its path shortened behind any `&`, `*` or `dyn`.
fn short_type(text: &str) -> String {
    for prefix in ["&mut ", "&", "*const ", "*mut ", "dyn "] {
        if let Some(rest) = text.strip_prefix(prefix) {
            return prefix.to_owned() + &short_type(rest);
        }
    }
    match split_path(text) {
        Some(path) if path.len() > 1 => shorten(&path),
        _ if text.starts_with(['[', '(']) => text.to_owned(),
        _ => without_arguments(text).to_owned(),
    }
}

/// The crate of a path, if it is one.
fn crate_of(path: &str) -> Option<&str> {
    let first = *split_path(path).filter(|path| path.len() > 1)?.first()?;
    first.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some(first).filter(|first| !first.contains(' '))
}

/// `::a::b`, arguments elided.
fn tail(path: &[&str]) -> String {
    let shown = path.iter().map(|segment| without_arguments(segment)).filter(|segment| !segment.is_empty());
    shown.map(|segment| format!("::{}", segment.replace("{{", "{").replace("}}", "}"))).collect()
}

/// `Vec` of `Vec<T>`; nothing of a turbofish.
fn without_arguments(segment: &str) -> &str {
    segment.find('<').map_or(segment, |at| &segment[..at])
}

fn inside<'a>(segment: &'a str, opening: &str) -> Option<&'a str> {
    segment.strip_prefix(opening)?.strip_suffix('>')
}

/// Both sides of the first `separator` outside all brackets.
fn split_outside_brackets<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let (mut depth, mut previous) = (0_usize, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '<' | '(' | '[' | '{' => depth += 1,
            '>' if previous == '-' => {}
            '>' | ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ if depth == 0 && text[at..].starts_with(separator) => {
                return Some((&text[..at], &text[at + separator.len()..]));
            }
            _ => {}
        }
        previous = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_keep_crate_type_and_method() {
        for (recorded, shown) in [
            ("hashbrown::raw::RawTable<T,A>::reserve_rehash", "hashbrown::RawTable::reserve_rehash"),
            (
                "hashbrown::raw::RawTable<T,A>::reserve_rehash::{{closure}}",
                "hashbrown::RawTable::reserve_rehash::{closure}",
            ),
            (
                "<mapscope::maps::go::classic::GoClassicMap<K,V,S,P> as mapscope::maps::Map<K,V>>::insert",
                "GoClassicMap::insert",
            ),
            (
                "mapscope::maps::go::classic::write::<impl mapscope::maps::go::classic::GoClassicMap<K,V,S,P>>::assign",
                "GoClassicMap::assign",
            ),
            (
                "mapscope::maps::btree::<impl mapscope::maps::Map<K,V> for alloc::collections::btree::map::BTreeMap<K,V>>::insert",
                "<alloc::BTreeMap as Map>::insert",
            ),
            ("alloc::collections::btree::map::BTreeMap<K,V,A>::insert", "alloc::BTreeMap::insert"),
            (
                "alloc::collections::btree::node::Handle<alloc::collections::btree::node::NodeRef<alloc::Mut,K>,E>::split",
                "alloc::Handle::split",
            ),
            ("<alloc::vec::drain::Drain<T,A> as core::iter::traits::iterator::Iterator>::next", "alloc::Drain::next"),
            ("<alloc::vec::Vec<T> as indexmap::Equivalent<K>>::eq", "<alloc::Vec as indexmap::Equivalent>::eq"),
            ("<indexmap::map::Iter<K,V> as rayon::Iter>::next", "<indexmap::Iter as rayon::Iter>::next"),
            ("<usize as core::iter::range::Step>::forward_unchecked", "<usize as core::Step>::forward_unchecked"),
            ("core::hash::impls::<impl core::hash::Hash for &T>::hash", "<&T as core::Hash>::hash"),
            (
                "third::<impl core::convert::From<third::X> for alloc::vec::Vec<T>>::from",
                "third::<alloc::Vec as core::From>::from",
            ),
            ("<usize>::unchecked_add", "<usize>::unchecked_add"),
            ("core::ptr::mut_ptr::<impl *mut T>::write", "core::<*mut T>::write"),
            ("core::array::<impl [T; N]>::map", "core::<[T; N]>::map"),
            ("core::core_arch::x86::<impl core::core_arch::simd::Simd<i8,16_usize>>::as_m128i", "core::Simd::as_m128i"),
            ("core::ptr::copy::precondition_check", "core::copy::precondition_check"),
            ("mapscope::maps::go::heap::alloc_zeroed", "mapscope::heap::alloc_zeroed"),
            ("mapscope::maps::go::fill::{{closure}}::{{closure}}", "mapscope::go::fill::{closure}::{closure}"),
            ("mapscope::main", "mapscope::main"),
            ("foldhash::seed::<u64, fn(u8) -> u8>", "foldhash::seed"),
            ("<hashbrown::raw::RawTable<(u64, u64)>>::reserve_rehash::<S>", "hashbrown::RawTable::reserve_rehash"),
            ("core::option::Option::Some", "core::Option::Some"),
            ("<F as core::ops::function::FnOnce<A>>::call_once", "<F as core::FnOnce>::call_once"),
        ] {
            assert_eq!(short_name(recorded), shown, "{recorded}");
        }
    }

    #[test]
    fn what_is_no_path_stays() {
        for name in [
            "__memcpy_avx_unaligned_erms",
            "0x7f00",
            "",
            "a<b",
            "a>::b",
            "::",
            "a::::b",
            "insert (in place, seen by the census)",
        ] {
            assert_eq!(short_name(name), name);
        }
        let nested = |depth| format!("{}a{}::f", "<".repeat(depth), "::b as c::d>".repeat(depth));
        assert_eq!(short_name(&nested(100_000)), nested(100_000));
    }

    #[test]
    fn elementary_operations_are_the_few() {
        for name in [
            "core::ptr::read",
            "core::ptr::copy::precondition_check",
            "core::ptr::mut_ptr::<impl *mut T>::write",
            "core::core_arch::x86::sse2::_mm_movemask_epi8",
            "core::mem::maybe_uninit::MaybeUninit<T>::write",
            "core::num::nonzero::NonZero<T>::new",
            "<usize>::unchecked_add",
        ] {
            assert!(is_elementary(name), "{name}");
        }
        for name in [
            "core::ptr::copy",
            "core::ptr::copy_nonoverlapping",
            "core::ptr::drop_in_place<alloc::vec::drain::Drain<(u64,u64)>>",
            "core::slice::sort::quicksort",
            "alloc::collections::btree::mem::replace",
            "<u64 as core::hash::Hash>::hash",
            "memcpy",
            "core",
        ] {
            assert!(!is_elementary(name), "{name}");
        }
    }
}
