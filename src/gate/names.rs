//! The names in a policy: patterns of them, and the nearest to one that is none.

use std::fmt;

use globset::{GlobBuilder, GlobMatcher};
use toml::Spanned;

use crate::record::metrics::{Formula, Metric};
use crate::text::{self, shown};

/// The longest glob; one compiles to something of a size that depends on its length, and is refused by a panic when it is
/// too large.
const GLOB_BYTES_MAX: usize = 1000;

/// The pattern, or the byte offset of what is wrong with it and what that is.
pub(super) fn glob(pattern: &Spanned<String>) -> Result<GlobMatcher, (usize, String)> {
    let (text, bytes) = (shown(pattern.get_ref()), pattern.get_ref().len());
    if bytes > GLOB_BYTES_MAX {
        return Err((pattern.span().start, format!("`{text}` is too long: a glob has at most {GLOB_BYTES_MAX} bytes")));
    }
    match GlobBuilder::new(&text::pattern(pattern.get_ref())).build() {
        Ok(glob) => Ok(glob.compile_matcher()),
        Err(error) => Err((pattern.span().start, format!("`{text}` is not a glob: {}", error.kind()))),
    }
}

/// That of a key which may be left out for all that there are.
pub(super) fn glob_or_all(
    pattern: Option<&Spanned<String>>,
    key: &str,
    all: &str,
) -> Result<GlobMatcher, (usize, String)> {
    match pattern {
        Some(empty) if empty.get_ref().is_empty() => {
            Err((empty.span().start, format!("`{key}` is empty: leave it out for all {all}")))
        }
        Some(pattern) => glob(pattern),
        None => glob(&Spanned::new(0..0, "*".to_owned())),
    }
}

/// Adds the nearest valid key to serde's message of an unknown one, which lists them all in backticks.
pub(super) fn with_nearest(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match (message.strip_prefix("unknown field"), quoted.next()) {
        (Some(_), Some(key)) => {
            let hint = nearest(key, quoted.clone());
            format!("unknown key `{}`{hint}: expected {}", shown(key), Alternatives(quoted.collect()))
        }
        _ => message.to_owned(),
    }
}

/// What is added to the message that no metric has this name: the nearest, and which there are. Where all are declared, as those
/// of recordings, the registry has none of them.
pub(super) fn instead(name: &str, judged: &[Metric]) -> String {
    let names = || judged.iter().map(|metric| metric.name);
    let there_are = match judged.iter().all(|metric| matches!(metric.formula, Formula::Declared)) {
        true => format!("expected {}", Alternatives(names().collect())),
        false => "`mapscope list metrics` shows them all".to_owned(),
    };
    format!("{}; {there_are}", nearest(name, names()))
}

/// Longer words are meant to be nothing that there is; comparing takes time and memory as the product of the lengths.
const NEAREST_BYTES_MAX: usize = 100;

/// `a, b or c`.
pub(super) struct Alternatives<'a>(pub Vec<&'a str>);

impl fmt::Display for Alternatives<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.split_last() {
            Some((last, [])) => f.write_str(last),
            Some((last, others)) => write!(f, "{} or {last}", others.join(", ")),
            None => Ok(()),
        }
    }
}

/// ` (did you mean `x`?)`, or nothing when nothing is near.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    let distance = |candidate: &str| strsim::damerau_levenshtein(word, candidate);
    let best = candidates.filter(|_| word.len() <= NEAREST_BYTES_MAX).min_by_key(|candidate| distance(candidate));
    best.filter(|best| distance(best) <= 1 + word.len() / 3)
        .map(|best| format!(" (did you mean `{best}`?)"))
        .unwrap_or_default()
}
