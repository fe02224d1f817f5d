//! The unwind tables of what is loaded into this process, in its memory.

use framehop::Module;

/// The program, and each library, that has an index of its tables.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn modules() -> Vec<Module<&'static [u8]>> {
    use crate::probe::modules::each_loaded;

    let mut modules = Vec::new();
    each_loaded(&mut |loaded| {
        // SAFETY: so many headers are there.
        let headers = unsafe { std::slice::from_raw_parts(loaded.dlpi_phdr, loaded.dlpi_phnum.into()) };
        modules.extend(elf::module(loaded.dlpi_addr, headers));
    });
    modules
}

/// Where nobody reads them, none.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn modules() -> Vec<Module<&'static [u8]>> {
    Vec::new()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod elf {
    use std::ops::Range;

    use framehop::{ExplicitModuleSectionInfo, Module};

    /// How linkers write where the table lies: four bytes, counted from themselves.
    const PCREL_SDATA4: u8 = 0x1b;

    /// What is loaded at `base` with these headers; `None` where it has no such index, or not among what is only read.
    pub fn module(base: u64, headers: &[libc::Elf64_Phdr]) -> Option<Module<&'static [u8]>> {
        let range = |header: &libc::Elf64_Phdr| header.p_vaddr..header.p_vaddr + header.p_memsz;
        let loaded = || headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
        let read_only = |header: &&libc::Elf64_Phdr| header.p_flags & (libc::PF_R | libc::PF_W) == libc::PF_R;
        // From an address to the end of what is loaded and only read there.
        let from = |address: u64| {
            let end = loaded().filter(read_only).map(range).find(|range| range.contains(&address))?.end;
            Some(address..end)
        };
        let bytes = |range: &Range<u64>| {
            let start = base.wrapping_add(range.start) as *const u8;
            // SAFETY: it is mapped, and nobody writes it. It stays as long as what is loaded does: see `Walker::new`.
            unsafe { std::slice::from_raw_parts(start, (range.end - range.start) as usize) }
        };
        let index = range(headers.iter().find(|header| header.p_type == libc::PT_GNU_EH_FRAME)?);
        let index = index.start..from(index.start)?.end.min(index.end);
        // Its version, how the table's place is written, how the index is, and that place.
        let [1, PCREL_SDATA4, _, _, place @ ..] = bytes(&index).first_chunk::<8>()? else { return None };
        // How long the table is nobody says: it ends where what it is loaded with does, or before.
        let table = from((index.start + 4).checked_add_signed(i32::from_ne_bytes(*place).into())?)?;
        let (start, end) =
            (loaded().map(|header| range(header).start).min()?, loaded().map(|header| range(header).end).max()?);
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
