//! Call stacks as the stack formats want them: what weighs them, and names that can be read.

use std::borrow::Cow;
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
pub(super) fn fold<'a>(stacks: impl IntoIterator<Item = (&'a [String], u64)>) -> Vec<String> {
    stacks.into_iter().map(|(names, weight)| format!("{} {weight}", names.join(";"))).collect()
}

/// A demangled name with the paths of its generic arguments cut to their last segment:
/// `a::Map<u64, b::c::State>::get` becomes `a::Map<u64, State>::get`. The path of the function itself stays whole.
pub(super) fn readable(function: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(function.len());
    let mut depth = 0_usize;
    let mut segment = 0;
    let mut chars = function.chars().peekable();
    // `<a::Map as b::Trait>::get` begins with the path of its type, not with an argument.
    let own_depth = usize::from(function.starts_with('<'));
    while let Some(c) = chars.next() {
        if c == ':' && chars.peek() == Some(&':') && depth > own_depth && out.len() > segment {
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
    if out.len() == function.len() { Cow::Borrowed(function) } else { Cow::Owned(out) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_arguments_lose_their_paths_and_functions_keep_them() {
        for (function, expected) in [
            ("std::rt::lang_start::<()>", "std::rt::lang_start::<()>"),
            ("a::Map<u64, b::c::State>::get", "a::Map<u64, State>::get"),
            ("a::b::Map::<(u64, c::D<e::F>)>::get", "a::b::Map::<(u64, D<F>)>::get"),
            ("<a::Map<b::K> as c::Trait<d::E>>::get", "<a::Map<K> as c::Trait<E>>::get"),
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
