//! The versions of the crates that maps are made of, as they are compiled into this very program.
//!
//! A `Cargo.lock` would name them, but cargo doesn't tell a dependency which one is in force: mapscope's own is not, in a
//! user's program. So the crates are asked themselves. A function marked `#[track_caller]` learns which source file it is
//! called from, also when generic code calls what a program has handed to it; and cargo compiles a crate of a registry from
//! `registry/src/INDEX/NAME-VERSION`, one from a git repository from `git/checkouts/REPOSITORY/REVISION`. A hasher calls
//! nothing that it is given: for those the program's debug info names the file, where it has any.
//!
//! A path that says neither, as of a crate in a folder of one's own, leaves the version unknown.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::hash_map::DefaultHasher;
use std::ffi::c_void;
use std::hash::{BuildHasher, Hash, Hasher};
use std::panic::Location;

use crossbeam_epoch::Owned;
use crossbeam_skiplist::SkipMap;

/// Stands in for the version of a crate of which nothing shows it.
const UNKNOWN: &str = "(version unknown)";

/// A map's version with the names of crates in braces replaced by their versions: `hashbrown {hashbrown}`. What else is in
/// braces stays.
pub(super) fn filled(version: &str) -> String {
    let mut parts = version.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}').and_then(|(name, rest)| Some((of(name)?, rest))) {
            Some((version, rest)) => filled.extend([&version, rest]),
            None => filled.extend(["{", part]),
        }
    }
    filled
}

/// The version of a crate that maps here are made of, `None` for another crate; `hashbrown@0.14` is the one below griddle
/// and dashmap: cargo links one 0.14 into a program.
fn of(name: &str) -> Option<String> {
    let file = match name {
        "hashbrown" => caller(|| hashbrown::HashMap::with_hasher(Spy).insert(Spy, Spy)),
        "hashbrown@0.14" => caller(|| hashbrown_0_14::HashMap::with_hasher(Spy).insert(Spy, Spy)),
        "indexmap" => caller(|| indexmap::IndexMap::with_hasher(Spy).insert(Spy, Spy)),
        "griddle" => caller(|| griddle::HashMap::with_hasher(Spy).insert(Spy, Spy)),
        "dashmap" => caller(|| dashmap::DashMap::with_capacity_and_hasher_and_shard_amount(0, Spy, 2).insert(Spy, Spy)),
        "imbl" => caller(|| {
            imbl::GenericHashMap::<_, _, _, imbl::shared_ptr::DefaultSharedPtr>::with_hasher(Spy).insert(Spy, Spy)
        }),
        "papaya" => caller(|| papaya::HashMap::with_hasher(Spy).pin().insert(Spy, Spy).is_some()),
        "flurry" => caller(|| flurry::HashMap::with_hasher(Spy).pin().insert(Spy, Spy).is_some()),
        "scc" => caller(|| scc::HashMap::with_hasher(Spy).insert_sync(Spy, Spy)),
        "crossbeam-skiplist" => caller(|| {
            let list = SkipMap::new();
            list.insert(Spy, Spy);
            list.insert(Spy, Spy).remove()
        }),
        "crossbeam-epoch" => caller(|| Owned::new(Spy).clone()),
        "ahash" => caller(|| ahash::RandomState::with_seeds(0, 0, 0, 0).hash_one(Spy)),
        "foldhash" => debugged(<foldhash::quality::FoldHasher<'static> as Hasher>::write_u64 as *const c_void, name),
        "rustc-hash" => debugged(<rustc_hash::FxHasher as Hasher>::write_u64 as *const c_void, name),
        _ => return None,
    };
    let version = file.and_then(|file| version_in(&file, name.split('@').next().unwrap_or(name)));
    Some(version.unwrap_or_else(|| UNKNOWN.to_owned()))
}

thread_local! {
    static CALLER: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };
}

/// Given to a crate as key, value and hasher; notes from where it is called first.
#[derive(Debug, Default)]
struct Spy;

impl Spy {
    #[track_caller]
    fn note() {
        CALLER.set(CALLER.get().or(Some(Location::caller())));
    }
}

/// The file that first called a [`Spy`].
fn caller<T>(work: impl FnOnce() -> T) -> Option<String> {
    CALLER.take();
    work();
    CALLER.take().map(|location| location.file().to_owned())
}

/// A file of the crate that the code at an address comes from, by debug info.
fn debugged(code: *const c_void, name: &str) -> Option<String> {
    let mut file = None;
    // What is inlined there comes from files of its own.
    // An address is taken for one that a call returns to, and the byte before it looked up.
    backtrace::resolve(code.wrapping_byte_add(1).cast_mut(), |symbol| {
        let path = symbol.filename().and_then(|path| path.to_str()).filter(|path| version_in(path, name).is_some());
        file = file.take().or(path.map(str::to_owned));
    });
    file
}

/// What the path of a source file says of the version of a crate.
fn version_in(path: &str, name: &str) -> Option<String> {
    let folders: Vec<&str> = path.split(['/', '\\']).collect();
    folders.windows(4).find_map(|folders| match folders {
        ["registry", "src", _, package] => {
            let version = package.strip_prefix(name)?.strip_prefix('-')?;
            version.starts_with(|first: char| first.is_ascii_digit()).then(|| version.to_owned())
        }
        ["git", "checkouts", _, revision] => Some(format!("git {revision}")),
        _ => None,
    })
}

impl BuildHasher for Spy {
    type Hasher = DefaultHasher;
    #[track_caller]
    fn build_hasher(&self) -> DefaultHasher {
        Spy::note();
        DefaultHasher::new()
    }
    #[track_caller]
    fn hash_one<T: Hash>(&self, _: T) -> u64 {
        Spy::note();
        0
    }
}

impl Hash for Spy {
    #[track_caller]
    fn hash<H: Hasher>(&self, _: &mut H) {
        Spy::note();
    }
}

impl PartialEq for Spy {
    fn eq(&self, _: &Spy) -> bool {
        true
    }
}

impl Eq for Spy {}

impl PartialOrd for Spy {
    fn partial_cmp(&self, other: &Spy) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Spy {
    #[track_caller]
    fn cmp(&self, _: &Spy) -> Ordering {
        Spy::note();
        Ordering::Equal
    }
}

impl Clone for Spy {
    #[track_caller]
    fn clone(&self) -> Spy {
        Spy::note();
        Spy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::{ConcurrentFamily, Family, FamilyVisitor, Info};

    #[test]
    fn every_crate_shows_its_version() {
        let lock = include_str!("../../../../Cargo.lock");
        let locked =
            |name: &str, version: &str| lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n"));
        let names = [
            "hashbrown",
            "hashbrown@0.14",
            "indexmap",
            "griddle",
            "dashmap",
            "imbl",
            "papaya",
            "flurry",
            "scc",
            "crossbeam-skiplist",
            "crossbeam-epoch",
            "ahash",
            "foldhash",
            "rustc-hash",
        ];
        for name in names {
            let version = of(name).expect("a crate of ours");
            assert!(
                locked(name.split('@').next().expect("a name"), &version),
                "{name} {version} is not in the lock file"
            );
        }
        let below = of("hashbrown@0.14").expect("known");
        assert!(below.starts_with("0.14."));
        for name in ["griddle", "dashmap"] {
            let package = lock.split("[[package]]").find(|package| package.contains(&format!("name = \"{name}\"")));
            let on = format!("\"hashbrown {below}\"");
            assert!(package.expect("a package").contains(&on), "{name} is not on hashbrown {below}");
        }
        assert_eq!(
            filled("hashbrown {hashbrown}, {x} {"),
            format!("hashbrown {}, {{x}} {{", of("hashbrown").expect("known"))
        );
    }

    struct Versions(usize);

    impl Versions {
        fn see(&mut self, info: Info) {
            let version = info.version_at(None);
            assert!(!version.is_empty() && !version.contains('{') && !version.contains(UNKNOWN), "{version}");
            self.0 += 1;
        }
    }

    impl FamilyVisitor for Versions {
        fn visit<F: Family>(&mut self) {
            self.see(F::INFO);
        }
        fn visit_concurrent<F: Family + ConcurrentFamily>(&mut self) {
            self.see(F::INFO);
            self.see(F::SHARED_INFO);
        }
        fn visit_shared_only<F: ConcurrentFamily>(&mut self) {
            self.see(F::SHARED_INFO);
        }
    }

    #[test]
    fn every_map_names_crates_that_are_known() {
        let mut versions = Versions(0);
        crate::maps::each(&mut versions);
        assert!(versions.0 > 26, "{}", versions.0);
    }

    #[test]
    fn a_path_says_its_version_or_nothing() {
        let of = |path| version_in(path, "rustc-hash");
        let known = |version: &str| Some(version.to_owned());
        assert_eq!(
            of("/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/rustc-hash-2.1.3/src/lib.rs"),
            known("2.1.3")
        );
        assert_eq!(
            of(r"C:\Users\me\.cargo\registry\src\my.registry-0123456789abcdef\rustc-hash-2.2.0-rc.1+x\src\lib.rs"),
            known("2.2.0-rc.1+x")
        );
        assert_eq!(
            of("/home/me/.cargo/git/checkouts/rustc-hash-0a1b2c3d4e5f6a7b/1a2b3c4/src/lib.rs"),
            known("git 1a2b3c4")
        );
        for path in [
            "src/lib.rs",
            "../rustc-hash/src/lib.rs",
            "/home/me/rustc-hash-2.1.3/src/lib.rs",
            "vendor/rustc-hash/src/lib.rs",
            "/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/rustc-hash-more-1.0.0/src/lib.rs",
            "/root/.cargo/registry/src/index.crates.io-6f17d22bba15001f/hashbrown-0.17.1/src/map.rs",
            "/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/hash/mod.rs",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
    }
}
