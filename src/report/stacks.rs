//! Call stacks as the stack formats want them: what weighs them, and names that can be read.

use std::collections::BTreeMap;

use crate::record::{Frame, Profile};

/// What a set of call stacks weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Bytes allocated.
    Alloc,
    /// Bytes of the entries moved.
    Copy,
    /// CPU samples.
    Cpu,
}

impl Weight {
    pub(super) const ALL: [Weight; 3] = [Weight::Alloc, Weight::Copy, Weight::Cpu];

    /// The file's name without its extension.
    pub(super) const fn file(self) -> &'static str {
        match self {
            Weight::Alloc => "alloc",
            Weight::Copy => "copy",
            Weight::Cpu => "cpu",
        }
    }

    /// The unit of the weight.
    pub(super) const fn unit(self) -> &'static str {
        match self {
            Weight::Alloc => "bytes allocated",
            Weight::Copy => "bytes copied",
            Weight::Cpu => "samples",
        }
    }

    /// Every stack of the profile, root first, with its weight; none of weight 0.
    pub(super) fn stacks(self, profile: &Profile) -> impl Iterator<Item = (&[u32], u64)> {
        let stacks: Vec<(&[u32], u64)> = match self {
            Weight::Alloc => profile.alloc.iter().map(|s| (s.stack.as_slice(), s.alloc_bytes)).collect(),
            Weight::Copy => profile.copy.iter().map(|s| (s.stack.as_slice(), s.moved_bytes)).collect(),
            Weight::Cpu => profile.cpu.iter().map(|s| (s.stack.as_slice(), s.samples)).collect(),
        };
        stacks.into_iter().filter(|(_, weight)| *weight > 0)
    }
}

/// The name of a frame in a folded stack: readable, and free of the `;` that separates frames.
pub(super) fn name(profile: &Profile, frame: u32) -> String {
    let function = profile.frames.get(frame as usize).map_or("[unknown]", |frame: &Frame| &frame.function);
    readable(function).replace(';', ":").replace(['\n', '\r'], " ")
}

/// Stacks of frame names with their weights, equal ones added up, in the order of their names.
pub(super) fn named(profile: &Profile, weight: Weight) -> BTreeMap<Vec<String>, u64> {
    let mut named = BTreeMap::<_, u64>::new();
    for (stack, weight) in weight.stacks(profile) {
        let names = stack.iter().map(|&frame| name(profile, frame)).collect();
        let sum = named.entry(names).or_default();
        *sum = sum.saturating_add(weight);
    }
    named
}

/// Stacks as lines `root;...;leaf WEIGHT`.
pub(super) fn fold(stacks: &BTreeMap<Vec<String>, u64>) -> Vec<String> {
    stacks.iter().map(|(names, weight)| format!("{} {weight}", names.join(";"))).collect()
}

/// A demangled name without what says little: generic arguments by the last segment of their path, and a trait's
/// function by its type alone. `<a::Map<u64, b::c::State> as d::Trait<u64>>::get` becomes `a::Map<u64, State>::get`.
fn readable(function: &str) -> String {
    let (own_type, function) = match function.strip_prefix('<').and_then(split_qualified_self) {
        Some((own_type, rest)) => (short_arguments(own_type), rest),
        None => (String::new(), function),
    };
    own_type + &short_arguments(function)
}

/// Splits `Type as Trait>::function`, the leading `<` gone, into `Type` and `::function`.
fn split_qualified_self(qualified: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    let mut type_end = None;
    for (at, c) in qualified.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if qualified[..at].ends_with('-') => {}
            '>' if depth == 0 => return Some((&qualified[..type_end.unwrap_or(at)], &qualified[at + 1..])),
            '>' => depth -= 1,
            ' ' if depth == 0 && qualified[at..].starts_with(" as ") => type_end = type_end.or(Some(at)),
            _ => {}
        }
    }
    None
}

/// Cuts every path inside `<...>` to its last segment.
fn short_arguments(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut depth = 0_usize;
    let mut segment = 0;
    let mut chars = path.chars().peekable();
    while let Some(c) = chars.next() {
        if c == ':' && chars.peek() == Some(&':') && depth > 0 && out.len() > segment {
            chars.next();
            out.truncate(segment);
            continue;
        }
        match c {
            '<' => depth += 1,
            '>' if !out.ends_with('-') => depth = depth.saturating_sub(1),
            _ => {}
        }
        out.push(c);
        if !(c.is_alphanumeric() || c == '_') {
            segment = out.len();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_the_path_of_the_function_and_little_else() {
        for (function, expected) in [
            ("std::rt::lang_start::<()>", "std::rt::lang_start::<()>"),
            ("a::Map<u64, b::c::State>::get", "a::Map<u64, State>::get"),
            ("a::b::Map::<(u64, c::D<e::F>)>::get", "a::b::Map::<(u64, D<F>)>::get"),
            ("<a::Map<b::K> as c::Trait<d::E>>::get", "a::Map<K>::get"),
            ("<a::Map<b::K>>::get::{closure#0}", "a::Map<K>::get::{closure#0}"),
            ("<fn() -> a::B as c::Trait>::call", "fn() -> a::B::call"),
            ("<unfinished", "<unfinished"),
            ("a::each::<fn(b::C) -> d::E>::call", "a::each::<fn(C) -> E>::call"),
            ("main", "main"),
            ("", ""),
        ] {
            assert_eq!(readable(function), expected);
        }
    }

    #[test]
    fn a_folded_name_never_holds_the_separator() {
        let frame = Frame { function: "a::f::<[u8; 64]>".into(), file: None, line: None };
        let profile = Profile { frames: vec![frame], ..Profile::default() };
        assert_eq!(name(&profile, 0), "a::f::<[u8: 64]>");
        assert_eq!(name(&profile, 7), "[unknown]");
    }
}
