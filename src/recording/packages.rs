//! Only the places of some packages.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::{Place, Table};
use crate::text;

/// Patterns of packages: `net/http`, `net/*`, and, as the go command has it, `net/http/...` for it and all below.
#[derive(Debug, Clone)]
pub struct Packages {
    patterns: Vec<String>,
    set: GlobSet,
}

/// How many packages are named where none matches.
const NAMED_MAX: usize = 12;
/// The longest pattern; what one compiles to depends on its length.
const PATTERN_BYTES_MAX: usize = 1000;

impl Packages {
    /// Those that match one of the patterns.
    ///
    /// # Errors
    /// Where one is no pattern.
    pub fn new(patterns: &[String]) -> Result<Packages, String> {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            let wrong = |why: String| format!("`{}` {why}", text::shown(pattern));
            if pattern.is_empty() || pattern.len() > PATTERN_BYTES_MAX {
                return Err(wrong(format!("is no package: give 1 to {PATTERN_BYTES_MAX} bytes, as net/http or net/*")));
            }
            let below = pattern.strip_suffix("/...").map(|of| [of.to_owned(), format!("{of}/*")]);
            for pattern in below.into_iter().flatten().chain([pattern.clone()]) {
                let glob = GlobBuilder::new(&text::pattern(&pattern)).build();
                set.add(glob.map_err(|error| wrong(format!("is not a pattern of packages: {}", error.kind())))?);
            }
        }
        let set = set.build().map_err(|error| error.to_string())?;
        Ok(Packages { patterns: patterns.to_vec(), set })
    }

    /// As they were given.
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Leaves the places of these packages in a table.
    ///
    /// # Errors
    /// Where none is there: which are.
    pub(super) fn keep(&self, table: &mut Table) -> Result<(), String> {
        let of = |place: &Place| package(place).to_owned();
        if !table.rows.iter().any(|row| self.set.is_match(of(&row.place))) {
            let there: BTreeSet<_> = table.rows.iter().map(|row| of(&row.place)).collect();
            let there: Vec<_> = there.into_iter().take(NAMED_MAX).collect();
            let patterns = self.patterns.join(", ");
            return Err(format!(
                "no place is in a package {}; some are in {}",
                text::shown(&patterns),
                there.join(", ")
            ));
        }
        table.keep(|place| self.set.is_match(of(place)));
        Ok(())
    }
}

/// The package of a place: that of its function in Go, `net/http`; the folder of its file elsewhere, `com/example` or `src`.
fn package(place: &Place) -> &str {
    let file = place.at.rsplit_once(':').map_or(&*place.at, |(file, _)| file);
    if file.ends_with(".go") || place.function == place.at {
        let from = place.function.rfind('/').map_or(0, |slash| slash + 1);
        return place.function[from..].find('.').map_or(&*place.function, |dot| &place.function[..from + dot]);
    }
    file.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(function: &str, at: &str) -> Place {
        Place { function: function.to_owned(), at: at.to_owned() }
    }

    fn matching(patterns: &[&str], package: &str) -> bool {
        let patterns: Vec<_> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        Packages::new(&patterns).expect("patterns").set.is_match(package)
    }

    #[test]
    fn a_package_is_that_of_the_function_in_go_and_a_folder_elsewhere() {
        for (function, at, expected) in [
            ("net/http.(*Transport).dial", "net/http/transport.go:1", "net/http"),
            ("main.main.func1", "cmd/a/main.go:7", "main"),
            ("example.com/a/b.F[...]", "b/b.go:7", "example.com/a/b"),
            ("com.example.Cache.get", "com/example/Cache.java:7", "com/example"),
            ("", "src/main.rs:9", "src"),
            ("", "main.rs:9", "."),
            ("unknown", "unknown", "unknown"),
        ] {
            assert_eq!(package(&place(function, at)), expected);
        }
    }

    #[test]
    fn a_pattern_is_a_package_or_more() {
        assert!(matching(&["net/http"], "net/http") && !matching(&["net/http"], "net/http/internal"));
        assert!(matching(&["net/http/..."], "net/http") && matching(&["net/http/..."], "net/http/internal"));
        assert!(!matching(&["net/http/..."], "net/httptest"));
        assert!(matching(&["a", "*/http"], "net/http") && matching(&["go/{ast,token}"], "go/ast"));
        assert!(matching(&["F[...]"], "F[...]"), "brackets are themselves");
        for wrong in [String::new(), "a".repeat(1001)] {
            assert!(Packages::new(&[wrong]).is_err());
        }
    }
}
