//! What the system has loaded into a process, and where. The same code lies at other addresses in each process: an address
//! means something to another process of this program once it is known how far behind the beginning of what it lies.

use std::ffi::CStr;

use serde::{Deserialize, Serialize};

/// The program and the libraries that one process has loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Modules {
    /// Where each begins, and its name: that of the program is empty on Linux. By address.
    loaded: Vec<(usize, Vec<u8>)>,
}

impl Modules {
    /// Those of this process. None on systems where stacks have no frames either.
    pub fn loaded() -> Modules {
        let mut loaded = loaded();
        loaded.sort();
        Modules { loaded }
    }

    /// Where code that lies at `address` in a process with these modules lies in one with `others`; `None` where that has
    /// not loaded it.
    pub fn translate(&self, address: usize, others: &Modules) -> Option<usize> {
        let before = self.loaded.partition_point(|&(begin, _)| begin <= address);
        let (begin, name) = &self.loaded[before.checked_sub(1)?];
        let (other_begin, _) = others.loaded.iter().find(|(_, other)| other == name)?;
        other_begin.checked_add(address - begin)
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn loaded() -> Vec<(usize, Vec<u8>)> {
    let mut loaded: Vec<(usize, Vec<u8>)> = Vec::new();
    each_loaded(&mut |module| {
        // The program comes first, called otherwise on other systems and by how it was started.
        let is_named = !loaded.is_empty() && !module.dlpi_name.is_null();
        // SAFETY: a string that ends with a null, and lives as long as this call.
        let name = is_named.then(|| unsafe { CStr::from_ptr(module.dlpi_name) });
        loaded.push((module.dlpi_addr as usize, name.unwrap_or_default().to_bytes().to_vec()));
    });
    loaded
}

/// Calls `each` with what the loader says of the program and of each library. It must not unwind.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn each_loaded(mut each: &mut dyn FnMut(&libc::dl_phdr_info)) {
    unsafe extern "C" fn visit(module: *mut libc::dl_phdr_info, _: usize, each: *mut libc::c_void) -> i32 {
        // SAFETY: the loader gives what lives as long as this call, and hands on what it was given below.
        unsafe { (*each.cast::<&mut dyn FnMut(&libc::dl_phdr_info)>())(&*module) };
        0
    }
    // SAFETY: `visit` has the signature asked for, and is called before this returns.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut each).cast()) };
}

#[cfg(target_os = "macos")]
fn loaded() -> Vec<(usize, Vec<u8>)> {
    unsafe extern "C" {
        fn _dyld_image_count() -> u32;
        fn _dyld_get_image_header(index: u32) -> *const libc::c_void;
        fn _dyld_get_image_name(index: u32) -> *const libc::c_char;
    }
    // SAFETY: only reads a number.
    let images = 0..unsafe { _dyld_image_count() };
    let image = |index| {
        // SAFETY: of an index out of range, which one unloaded meanwhile leaves, both give null.
        let (header, name) = unsafe { (_dyld_get_image_header(index), _dyld_get_image_name(index)) };
        // SAFETY: a string that ends with a null, where it is not null itself.
        (!name.is_null()).then(|| (header.addr(), unsafe { CStr::from_ptr(name) }.to_bytes().to_vec()))
    };
    images.filter_map(image).collect()
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
fn loaded() -> Vec<(usize, Vec<u8>)> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(loaded: &[(usize, &str)]) -> Modules {
        Modules { loaded: loaded.iter().map(|&(begin, name)| (begin, name.as_bytes().to_vec())).collect() }
    }

    #[test]
    fn code_lies_as_far_behind_the_beginning_of_its_module_in_every_process() {
        let one = modules(&[(0x1000, ""), (0x9000, "libc"), (0xf000, "libm")]);
        let other = modules(&[(0x5000, ""), (0x7000, "libc")]);
        assert_eq!(one.translate(0x1234, &other), Some(0x5234));
        assert_eq!(one.translate(0x9000, &other), Some(0x7000));
        assert_eq!(one.translate(0xf001, &other), None, "not loaded there");
        assert_eq!(one.translate(0xfff, &other), None, "before all");
        assert_eq!(other.translate(0x7001, &one), Some(0x9001));
    }

    #[test]
    fn this_process_has_its_own_code_and_the_system_s() {
        let own = Modules::loaded();
        for code in [modules as *const () as usize, libc::getpid as *const () as usize] {
            assert_eq!(own.translate(code, &own), Some(code));
        }
        assert!(own.loaded.len() > 1, "{own:?}");
    }
}
