//! Which line of the user's makes a map.

use std::ffi::c_void;
use std::panic::Location;
use std::path::Path;

use super::file::File;

/// Where this crate's sources begin.
const OURS: &str = {
    let (file, end) = (file!(), "recorder/place.rs".len());
    file.split_at(file.len() - end).0
};

/// What stands for a place in the file, and whether it is that of the caller. It is the address of what the compiler wrote
/// down of the caller; where that is the standard library, as when `collect` makes the map, it is the return address of the
/// first function that is not.
pub(super) fn address(file: &File, place: &'static Location<'static>) -> (u64, bool) {
    let here = (&raw const *place).addr() as u64;
    if file.has_functions(here, || if is_on_the_way(place.file()) { String::new() } else { line(place) }) {
        return (here, true);
    }
    let mut found = None;
    backtrace::trace(|frame| {
        let address = frame.ip().addr() as u64;
        if file.has_functions(address, || functions(frame.ip())) {
            found = Some(address);
        }
        found.is_none()
    });
    (found.unwrap_or_else(|| unused(file, place)), false)
}

/// What stands for the caller, be it the standard library.
pub(super) fn unused(file: &File, place: &'static Location<'static>) -> u64 {
    // Nothing else has an odd address in what is no code.
    let here = (&raw const *place).addr() as u64 + 1;
    file.has_functions(here, || line(place));
    here
}

fn line(place: &Location<'_>) -> String {
    format!("\t{}:{}\n", place.file(), place.line())
}

/// The functions that this return address belongs to, from the first that is the user's on: none where none is.
fn functions(address: *mut c_void) -> String {
    let mut lines = String::new();
    // The instruction is the one before.
    backtrace::resolve(address.wrapping_byte_sub(1), |symbol| {
        let name = symbol.name().map(|name| format!("{name:#}")).unwrap_or_default();
        let file = symbol.filename().and_then(Path::to_str);
        // Line tables alone name functions without their paths.
        let is_way = match file {
            Some(file) => is_on_the_way(file) || file.contains("/backtrace-0."),
            None => is_of_a_library(&name),
        };
        if !lines.is_empty() || !is_way {
            let line = symbol.lineno().unwrap_or(0);
            lines += &format!("{name}\t{}:{line}\n", file.unwrap_or_default());
        }
    });
    lines
}

/// Whether a source is the standard library's or this crate's.
fn is_on_the_way(file: &str) -> bool {
    let is_std = file.starts_with("/rustc/") || file.contains("/rustlib/src/rust/library/");
    // Where this crate is the whole workspace, the beginning is `src/`, which is anybody's.
    is_std || OURS != "src/" && file.contains(OURS)
}

/// Whether a function is the standard library's, this crate's, or C's, by its name.
fn is_of_a_library(function: &str) -> bool {
    const LIBRARIES: [&str; 5] = ["std::", "core::", "alloc::", "mapscope_record::", "backtrace::"];
    // `<T as core::convert::Into<U>>::into` belongs to whom its type does, and parameters belong to nobody.
    let owner = function.strip_prefix('<').map(|of| of.split(" as ").next().unwrap_or(of)).unwrap_or(function);
    let owner =
        owner.trim_start_matches(['&', '<', '[', '(', '*']).trim_start_matches("mut ").trim_start_matches("dyn ");
    !owner.contains("::") || LIBRARIES.iter().any(|library| owner.starts_with(library))
}

#[cfg(test)]
mod tests {
    use super::is_of_a_library;

    #[test]
    fn a_function_belongs_to_whom_its_type_does() {
        for library in [
            "core::iter::traits::iterator::Iterator::collect",
            "<core::option::Option<T> as core::default::Default>::default",
            "<T as core::convert::Into<U>>::into",
            "<&mut I as core::iter::traits::iterator::Iterator>::next",
            "alloc::vec::Vec<T>::resize_with",
            "<mapscope_record::maps::hash_map::HashMap<K,V,S> as core::clone::Clone>::clone",
            "__libc_start_main",
            "",
        ] {
            assert!(is_of_a_library(library), "{library}");
        }
        for own in ["app::main", "<app::Config as core::default::Default>::default", "app::main::{{closure}}"] {
            assert!(!is_of_a_library(own), "{own}");
        }
    }
}
