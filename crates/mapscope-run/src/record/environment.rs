//! The machine and the build that a record comes from.

use std::ffi::CStr;
use std::fs;
use std::mem::MaybeUninit;
use std::thread;

use serde::{Deserialize, Serialize};

/// What a figure may depend on besides the cell: compared by the gate, shown by every report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Processor model.
    pub cpu: String,
    /// Processors available.
    pub cpus: u64,
    /// Operating system and kernel release.
    pub kernel: String,
    /// Page size in bytes.
    pub page_bytes: u64,
    /// The compiler that built mapscope.
    pub rustc: String,
    /// The target triple.
    pub target: String,
    /// The allocator under the counter.
    pub allocator: String,
    /// mapscope's own version.
    pub mapscope: String,
}

impl Environment {
    /// The machine that this runs on and the build that this is, with `allocator` under the counter.
    ///
    /// What the system does not tell is `unknown`, or 0 where it is a number; never a guess.
    pub fn detect(allocator: &str) -> Environment {
        Environment {
            cpu: fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| cpu_model(&text)).unwrap_or_else(unknown),
            cpus: thread::available_parallelism().map_or(0, |n| n.get() as u64),
            kernel: kernel().unwrap_or_else(unknown),
            page_bytes: page_bytes().unwrap_or(0),
            rustc: mapscope_maps::RUSTC.to_owned(),
            target: mapscope_maps::TARGET.to_owned(),
            allocator: allocator.to_owned(),
            mapscope: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Every field, by name, as text.
    pub fn fields(&self) -> [(&'static str, String); 8] {
        // Taken apart by name, so that a new field can't be forgotten here.
        let Environment { cpu, cpus, kernel, page_bytes, rustc, target, allocator, mapscope } = self.clone();
        [
            ("cpu", cpu),
            ("cpus", cpus.to_string()),
            ("kernel", kernel),
            ("page_bytes", page_bytes.to_string()),
            ("rustc", rustc),
            ("target", target),
            ("allocator", allocator),
            ("mapscope", mapscope),
        ]
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// The first processor's name in a `/proc/cpuinfo`. ARM kernels give no name but two numbers that stand for it.
fn cpu_model(cpuinfo: &str) -> Option<String> {
    let field = |name: &str| {
        let value = |line: &str| Some(line.split_once(':').filter(|(key, _)| key.trim() == name)?.1.trim().to_owned());
        cpuinfo.lines().find_map(value).filter(|value| !value.is_empty())
    };
    field("model name")
        .or_else(|| field("cpu"))
        .or_else(|| Some(format!("implementer {} part {}", field("CPU implementer")?, field("CPU part")?)))
}

fn kernel() -> Option<String> {
    let mut name = MaybeUninit::<libc::utsname>::zeroed();
    // SAFETY: `uname` writes only within the struct it is handed.
    let name = unsafe { (libc::uname(name.as_mut_ptr()) == 0).then(|| name.assume_init()) }?;
    // SAFETY: after a `uname` that succeeded, both fields hold a string that ends in NUL.
    let [system, release] = unsafe { [&name.sysname, &name.release].map(|field| CStr::from_ptr(field.as_ptr())) };
    Some(format!("{} {}", system.to_string_lossy(), release.to_string_lossy()))
}

fn page_bytes() -> Option<u64> {
    // SAFETY: `sysconf` reads no memory of ours; it gives -1 for what it doesn't know.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_named_on_x86_power_and_arm() {
        let x86 = "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Some CPU: 2 GHz\nmodel name\t: Other\n";
        assert_eq!(cpu_model(x86).unwrap(), "Some CPU: 2 GHz");
        assert_eq!(cpu_model("processor\t: 0\ncpu\t\t: POWER9\n").unwrap(), "POWER9");
        let arm = "processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0c\n";
        assert_eq!(cpu_model(arm).unwrap(), "implementer 0x41 part 0xd0c");
        assert_eq!(cpu_model("model name\t:\n"), None);
        assert_eq!(cpu_model(""), None);
    }

    #[test]
    fn the_environment_of_this_process_is_complete() {
        let here = Environment::detect("system");
        assert!(here.page_bytes.is_power_of_two(), "{here:?}");
        assert!(here.cpus > 0, "{here:?}");
        assert_eq!(here.kernel.split(' ').count(), 2, "{here:?}");
        assert!(here.rustc.starts_with(|c: char| c.is_ascii_digit()), "{here:?}");
        assert!(here.target.contains('-'), "{here:?}");
        assert_eq!((here.allocator.as_str(), here.mapscope.as_str()), ("system", env!("CARGO_PKG_VERSION")));
    }
}
