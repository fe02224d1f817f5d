//! The unwind tables of what is loaded into this process, in its memory.

use framehop::Module;

/// Calls `each` with the program, and with each library, that has an index of its tables.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn each_module(mut each: impl FnMut(Module<&'static [u8]>)) {
    let mut each: &mut dyn FnMut(Module<&'static [u8]>) = &mut each;
    // SAFETY: `elf::visit` is called before this returns, with what `each` is.
    unsafe { libc::dl_iterate_phdr(Some(elf::visit), (&raw mut each).cast()) };
}

/// Where it isn't known, nothing is.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn each_module(_: impl FnMut(Module<&'static [u8]>)) {}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod elf {
    use std::ffi::{c_int, c_void};
    use std::ops::Range;

    use framehop::{ExplicitModuleSectionInfo, Module};

    /// How linkers write where the table lies: four bytes, counted from themselves.
    const PCREL_SDATA4: u8 = 0x1b;

    pub unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _: usize, each: *mut c_void) -> c_int {
        // SAFETY: the loader gives a description that is valid during the call, and what it was given for `each`.
        let (info, each) = unsafe { (&*info, &mut *each.cast::<&mut dyn FnMut(Module<&'static [u8]>)>()) };
        // SAFETY: so many headers are there.
        let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()) };
        if let Some(module) = module(info.dlpi_addr, headers) {
            each(module);
        }
        0
    }

    /// What is loaded at `base` with these headers.
    fn module(base: u64, headers: &[libc::Elf64_Phdr]) -> Option<Module<&'static [u8]>> {
        let range = |header: &libc::Elf64_Phdr| header.p_vaddr..header.p_vaddr + header.p_memsz;
        let loaded = || headers.iter().filter(|header| header.p_type == libc::PT_LOAD).map(range);
        let bytes = |range: &Range<u64>| {
            let start = base.wrapping_add(range.start) as *const u8;
            // SAFETY: the loader has mapped it, and nobody writes it. It stays: code on a stack is not unloaded.
            unsafe { std::slice::from_raw_parts(start, (range.end - range.start) as usize) }
        };
        let index = range(headers.iter().find(|header| header.p_type == libc::PT_GNU_EH_FRAME)?);
        // Its version, how the table's place is written, how the index is, and that place.
        let [1, PCREL_SDATA4, _, _, place @ ..] = bytes(&index).first_chunk::<8>()? else { return None };
        let table = (index.start + 4).checked_add_signed(i32::from_ne_bytes(*place).into())?;
        // How long it is nobody says: it ends where what it is loaded with does, or before.
        let table = table..loaded().find(|loaded| loaded.contains(&table))?.end;
        let (start, end) = (loaded().map(|range| range.start).min()?, loaded().map(|range| range.end).max()?);
        let sections = ExplicitModuleSectionInfo {
            eh_frame: Some(bytes(&table)),
            eh_frame_svma: Some(table),
            eh_frame_hdr: Some(bytes(&index)),
            eh_frame_hdr_svma: Some(index),
            ..ExplicitModuleSectionInfo::default()
        };
        Some(Module::new(String::new(), base.wrapping_add(start)..base.wrapping_add(end), base, sections))
    }
}
