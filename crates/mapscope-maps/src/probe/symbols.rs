//! Addresses to names: what a recording's stacks are called in a report.

use std::collections::HashMap;
use std::ffi::c_void;
use std::rc::Rc;

/// The paths of what watches, which is the harness's and never the map's: everything in this folder, and the allocator.
const PROBES: [&str; 2] = ["mapscope::probe::", "counting_alloc::"];

/// What a program calls to reach its allocator, and nobody wants to see at every leaf.
const ALLOCATOR: [&str; 9] = [
    "__rust_",
    "__rustc::__rust_",
    "__rustc[",
    "alloc::alloc::",
    "<alloc::alloc::Global",
    "<std::alloc::System",
    "hashbrown::alloc::",
    "hashbrown::raw::alloc::",
    "<hashbrown::alloc::",
];

/// One frame of a stack; a function inlined into another is a frame of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Frame {
    /// Demangled name, without hash and crate disambiguators: `hashbrown::raw::RawTable<T,A>::reserve_rehash`. The
    /// address in hexadecimal where no name is known.
    pub function: String,
    /// Source file, where known, without the part that differs from machine to machine: `crates/mapscope-maps/src/maps/btree.rs`,
    /// `hashbrown-0.17.1/src/raw.rs`, `library/alloc/src/raw_vec/mod.rs`.
    pub file: Option<String>,
    /// Line, from 1, where known.
    pub line: Option<u32>,
}

/// Whether names can be found: the file of this program is still the one that runs, not removed or built anew.
pub fn available() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let running = if cfg!(target_os = "linux") { std::fs::metadata("/proc/self/exe").ok() } else { return true };
    let found = std::env::current_exe().and_then(std::fs::metadata).ok();
    running.zip(found).is_some_and(|(a, b)| (a.dev(), a.ino()) == (b.dev(), b.ino()))
}

/// Names addresses of this process, each once.
#[derive(Debug, Default)]
pub struct Symbols {
    known: HashMap<usize, Rc<[Frame]>>,
}

impl Symbols {
    /// Knows nothing yet.
    pub fn new() -> Symbols {
        Symbols::default()
    }

    /// The frames at one return address, innermost first: the function, preceded by those inlined into it. Never empty.
    ///
    /// The call is the instruction before the return address, so that is what is looked up.
    pub fn frames(&mut self, return_address: usize) -> Rc<[Frame]> {
        let frames = self.known.entry(return_address).or_insert_with(|| resolve(return_address));
        Rc::clone(frames)
    }

    /// A stack as a report shows it, from return addresses leaf first to frames root first.
    ///
    /// It starts below the innermost function defined under the path `harness`; where there is none, at the thread's
    /// start. Left out are all frames of [`probe`](super) and of the counting allocator, and at the leaf those of
    /// the allocator.
    ///
    /// ```
    /// # use mapscope_maps::probe::{stacks::Recording, symbols::Symbols};
    /// # let recording = Recording::default();
    /// let mut symbols = Symbols::new();
    /// for stack in &recording.allocs {
    ///     let frames = symbols.stack(&stack.frames, "mapscope::run::");
    ///     println!("{} bytes by {:?}", stack.alloc_bytes, frames.last());
    /// }
    /// ```
    pub fn stack(&mut self, return_addresses: &[usize], harness: &str) -> Vec<Frame> {
        let mut frames = Vec::new();
        for &address in return_addresses {
            frames.extend_from_slice(&self.frames(address));
        }
        trim(frames, harness)
    }
}

/// Leaf first to root first, without what isn't the map's.
fn trim(mut frames: Vec<Frame>, harness: &str) -> Vec<Frame> {
    frames.retain(|frame| !is_probe(&frame.function));
    if let Some(innermost) = frames.iter().position(|frame| is_defined_in(harness, &frame.function)) {
        frames.truncate(innermost);
    }
    let leaf = frames.iter().position(|frame| !is_allocator(&frame.function)).unwrap_or(0);
    frames.drain(..leaf);
    frames.reverse();
    frames
}

/// Whether a function belongs to the module at `path`: defined there, a method of a type from there, or an
/// implementation of a trait from there. A function that merely has a type from there among its parameters does not.
pub fn is_defined_in(path: &str, function: &str) -> bool {
    let Some(implementation) = function.strip_prefix('<') else { return function.starts_with(path) };
    let implementation = implementation.trim_start_matches('&');
    implementation.starts_with(path) || trait_of(implementation).is_some_and(|of| of.starts_with(path))
}

/// `Trait>::method` of `Type as Trait>::method`, the generics of `Type` skipped.
fn trait_of(implementation: &str) -> Option<&str> {
    let mut depth = 0;
    for (at, byte) in implementation.bytes().enumerate() {
        match byte {
            b'<' | b'(' | b'[' => depth += 1,
            // The arrow of a function type closes nothing.
            b'>' if implementation[..at].ends_with('-') => {}
            b'>' | b')' | b']' if depth == 0 => return None,
            b'>' | b')' | b']' => depth -= 1,
            b' ' if depth == 0 => {
                if let Some(path) = implementation[at..].strip_prefix(" as ") {
                    return Some(path);
                }
            }
            _ => {}
        }
    }
    None
}

fn is_probe(function: &str) -> bool {
    PROBES.iter().any(|path| is_defined_in(path, function))
}

fn is_allocator(function: &str) -> bool {
    ALLOCATOR.iter().any(|prefix| function.starts_with(prefix))
}

fn resolve(return_address: usize) -> Rc<[Frame]> {
    let mut frames = Vec::new();
    // `resolve` takes a return address as such: it looks one byte below.
    backtrace::resolve(std::ptr::without_provenance_mut::<c_void>(return_address), |symbol| {
        if let Some(name) = symbol.name() {
            frames.push(Frame {
                // The alternate form leaves out hashes and crate disambiguators. Programs know our crates by the name of
                // the one that they depend on.
                function: format!("{name:#}")
                    .replace("mapscope_maps::", "mapscope::")
                    .replace("mapscope_run::", "mapscope::"),
                file: symbol.filename().map(|path| portable_path(&path.to_string_lossy()).to_owned()),
                line: symbol.lineno(),
            });
        }
    });
    if frames.is_empty() {
        frames.push(Frame { function: format!("{return_address:#x}"), file: None, line: None });
    }
    frames.into()
}

/// Cuts off where a checkout, cargo's registry or the compiler's sources lie.
fn portable_path(path: &str) -> &str {
    let package = env!("CARGO_MANIFEST_DIR");
    let checkout = package.strip_suffix("/crates/mapscope-maps").unwrap_or(package);
    if let Some(own) = path.strip_prefix(checkout) {
        return own.trim_start_matches('/');
    }
    // A program of one map, in the user's cache.
    if let Some((_digest, in_cache)) = path.split_once("/mapscope/rust-").and_then(|(_, rest)| rest.split_once('/')) {
        return in_cache.strip_prefix("sources/").unwrap_or(in_cache);
    }
    if let Some((_, in_registry)) = path.split_once("/registry/src/") {
        return in_registry.split_once('/').map_or(in_registry, |(_index, file)| file);
    }
    if let Some(in_compiler) = path.strip_prefix("/rustc/") {
        return in_compiler.split_once('/').map_or(in_compiler, |(_commit, file)| file);
    }
    // The standard library's own dependencies.
    path.strip_prefix("/rust/deps/").unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(frames: &[Frame]) -> Vec<&str> {
        frames.iter().map(|frame| frame.function.as_str()).collect()
    }

    fn stack(functions: &[&str]) -> Vec<Frame> {
        functions.iter().map(|name| Frame { function: (*name).to_owned(), file: None, line: None }).collect()
    }

    #[test]
    fn own_frames_are_told_by_where_they_are_defined() {
        assert!(module_path!().replace("mapscope_maps::", "mapscope::").starts_with(PROBES[0]));
        for own in [
            "mapscope::probe::stacks::copied",
            "<counting_alloc::Counting<A> as core::alloc::global::GlobalAlloc>::alloc",
            "<mapscope::run::Moves<fn(&u8) -> (u8, [u8; 2])> as mapscope::probe::event::Probe>::emit",
        ] {
            assert!(is_probe(own), "{own}");
        }
        for other in [
            "mapscope::maps::go::classic::Classic<u64,mapscope::probe::event::Off>::insert",
            "<mapscope::maps::Std<mapscope::probe::event::Off> as mapscope::maps::Map<u64, u64>>::insert",
            "<T as mapscope::maps::Of<mapscope::probe::event::Off>>::insert",
            "core::ops::function::FnOnce::call_once",
        ] {
            assert!(!is_probe(other), "{other}");
        }
    }

    #[test]
    fn trimming_keeps_what_lies_between_the_harness_and_the_allocator() {
        let frames = stack(&[
            "mapscope::probe::stacks::walk::walk",
            "<counting_alloc::Counting<A> as core::alloc::global::GlobalAlloc>::alloc",
            "__rustc::__rust_alloc",
            "alloc::alloc::alloc",
            "alloc::raw_vec::finish_grow",
            "mapscope::maps::insert",
            "counting_alloc::scope::measure",
            "mapscope::run::operations",
            "mapscope::run::operations::{{closure}}",
            "main",
        ]);
        let shown = trim(frames.clone(), "mapscope::run::");
        assert_eq!(names(&shown), ["mapscope::maps::insert", "alloc::raw_vec::finish_grow"]);
        assert_eq!(names(&trim(frames, "no such function"))[0], "main");
    }

    #[test]
    fn an_address_gets_the_name_file_and_line_of_its_function() {
        #[inline(never)]
        fn a_named_function() -> usize {
            std::hint::black_box(line!() as usize)
        }
        // One past the first instruction, as a return address is past its call.
        let frames = Symbols::new().frames(a_named_function as *const () as usize + 1);
        let function = frames.last().unwrap();
        assert!(function.function.ends_with("::a_named_function"), "{function:?}");
        assert_eq!(function.file.as_deref(), Some("crates/mapscope-maps/src/probe/symbols.rs"));
        assert_eq!(function.line, Some(a_named_function() as u32 - 1));
    }

    #[test]
    fn an_address_without_a_name_is_shown_itself() {
        let frames = Symbols::new().frames(0x10);
        assert_eq!(names(&frames), ["0x10"]);
    }

    #[test]
    fn paths_lose_what_differs_between_machines() {
        for (path, portable) in [
            ("/home/a/.cargo/registry/src/registry-19/hashbrown-0.17.1/src/raw.rs", "hashbrown-0.17.1/src/raw.rs"),
            ("/rustc/59807616/library/alloc/src/vec/mod.rs", "library/alloc/src/vec/mod.rs"),
            ("/rust/deps/hashbrown-0.16.1/src/map.rs", "hashbrown-0.16.1/src/map.rs"),
            (concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs"), "crates/mapscope-maps/src/lib.rs"),
            ("/home/a/.cache/mapscope/rust-1a2b/std_u64_8/src/main.rs", "std_u64_8/src/main.rs"),
            ("/home/a/.cache/mapscope/rust-1a2b/sources/crates/x/src/lib.rs", "crates/x/src/lib.rs"),
            ("src/lib.rs", "src/lib.rs"),
        ] {
            assert_eq!(portable_path(path), portable);
        }
    }
}
