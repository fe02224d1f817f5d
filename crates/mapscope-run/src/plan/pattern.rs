//! Patterns in lists of names: `go-*` stands for every name that begins so.

use globset::{GlobBuilder, GlobMatcher};

use super::UnknownName;
use crate::text::{self, quoted};

/// The longest pattern; one compiles to something of a size that depends on its length.
const BYTES_MAX: usize = 1000;

/// What makes a text a pattern: no name holds any.
const WILD: [char; 3] = ['*', '?', '{'];

/// The names that a pattern matches, by index; `None` for a text that is none.
pub(super) fn matches(text: &str, what: &'static str, names: &[&'static str]) -> Option<Result<Vec<usize>, String>> {
    text.contains(WILD).then(|| matched(text, what, names))
}

/// Whether an item with a pattern may mean a map of this kind, whose name a version can follow.
pub(super) fn may_match(item: &str, kind: &str) -> bool {
    let name = item.split(['(', '@']).next().unwrap_or_default().trim();
    name.contains(WILD) && compiled(name).is_ok_and(|glob| glob.is_match(kind))
}

fn compiled(pattern: &str) -> Result<GlobMatcher, String> {
    if pattern.len() > BYTES_MAX {
        return Err(format!("{} is too long: a pattern has at most {BYTES_MAX} bytes", quoted(pattern)));
    }
    let glob = GlobBuilder::new(&text::pattern(pattern)).build();
    glob.map(|glob| glob.compile_matcher())
        .map_err(|error| format!("{} is not a pattern: {}", quoted(pattern), error.kind()))
}

fn matched(pattern: &str, what: &'static str, names: &[&'static str]) -> Result<Vec<usize>, String> {
    let glob = compiled(pattern)?;
    let matched: Vec<usize> = (0..names.len()).filter(|&index| glob.is_match(names[index])).collect();
    if matched.is_empty() {
        // What it would be without wildcards, and the names as far as that goes.
        let literal = pattern.replace(WILD, "").replace('}', "");
        let likely =
            |name: &&&str| strsim::damerau_levenshtein(&literal, &name[..name.floor_char_boundary(literal.len())]) <= 1;
        let mut nearest: Vec<&str> = names.iter().filter(likely).copied().collect();
        if nearest.is_empty() || literal.is_empty() {
            nearest = UnknownName::new(what, &literal, names.iter().copied()).nearest.into_iter().collect();
        }
        let nearest = if nearest.is_empty() { ".".to_owned() } else { format!(", nearest: {}.", nearest.join(", ")) };
        return Err(format!("no {what} matches {}{nearest} Valid: {}.", quoted(pattern), names.join(", ")));
    }
    Ok(matched)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["go-classic", "go-swiss", "std", "[16]/u64", "string(24)/u64"];

    fn named(pattern: &str) -> Option<Result<Vec<&'static str>, String>> {
        let names = |indices: Vec<usize>| indices.into_iter().map(|index| NAMES[index]).collect();
        matches(pattern, "map", &NAMES).map(|matched| matched.map(names))
    }

    #[test]
    fn what_matches_is_in_the_registry_s_order() {
        assert_eq!(named("*"), Some(Ok(NAMES.to_vec())));
        assert_eq!(named("*s*s"), Some(Ok(vec!["go-swiss"])));
        assert_eq!(named("{std,go-*}"), Some(Ok(vec!["go-classic", "go-swiss", "std"])));
        assert_eq!(named("s?d"), Some(Ok(vec!["std"])));
        assert_eq!(named("[16]/*"), Some(Ok(vec!["[16]/u64"])), "a bracket is one");
        assert_eq!(named("*/u64"), Some(Ok(vec!["[16]/u64", "string(24)/u64"])));
        for name in ["std", "[16]/u64", "string(24)/u64", ""] {
            assert_eq!(named(name), None, "{name}");
        }
    }

    #[test]
    fn a_pattern_may_mean_a_kind_whose_maps_have_versions() {
        for item in ["*", "go-r*", "go-runtime*", "go-runtim?(gogc=50)", " go-*@1.2*"] {
            assert!(may_match(item, "go-runtime"), "{item}");
        }
        for item in ["hash*", "go-runtime", "{", "std(*)"] {
            assert!(!may_match(item, "go-runtime"), "{item}");
        }
    }

    #[test]
    fn what_matches_nothing_gets_the_nearest() {
        let error = |pattern: &str| named(pattern).expect("a pattern").expect_err(pattern);
        let valid = "Valid: go-classic, go-swiss, std, [16]/u64, string(24)/u64.";
        assert_eq!(error("gp-*"), format!("no map matches \"gp-*\", nearest: go-classic, go-swiss. {valid}"));
        assert_eq!(error("*swis"), format!("no map matches \"*swis\", nearest: go-swiss. {valid}"));
        assert_eq!(error("qqq*"), format!("no map matches \"qqq*\". {valid}"));
        assert_eq!(error("go-clasic?"), format!("no map matches \"go-clasic?\", nearest: go-classic. {valid}"));
        assert!(error("{a").starts_with("no map matches \"{a\""), "an open brace is itself");
        assert!(error(&"*".repeat(1001)).ends_with("is too long: a pattern has at most 1000 bytes"));
    }
}
