//! Starts a program under Valgrind's tool callgrind, which counts what it executes, such that the counts repeat.
//!
//! Nothing may differ from one run to the next that moves a block or a frame: addresses decide which cache lines collide, and
//! how a copy is aligned. Valgrind itself lays programs out without chance. So the environment is empty but for where
//! libraries are, the arguments are as long in each run, and the caches that are simulated are not the machine's.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::passes::MEASURED;

/// Paths of programs are made as long as the next multiple of this.
const PATH_BYTES: usize = 512;

/// Where it is.
#[derive(Debug, Clone)]
pub(super) struct Valgrind(PathBuf);

impl Valgrind {
    /// The one on the PATH.
    pub fn find() -> Option<Valgrind> {
        let path = std::env::var_os("PATH")?;
        let runs = |path: &PathBuf| {
            path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
        };
        std::env::split_paths(&path).map(|folder| folder.join("valgrind")).find(runs).map(Valgrind)
    }

    /// What starts `program`; what was counted lies in `file` when it has ended.
    pub fn command(&self, program: &Path, file: &Path) -> Command {
        let mut command = Command::new(&self.0);
        let kept = ["LD_LIBRARY_PATH", "VALGRIND_LIB"].into_iter();
        command.env_clear().envs(kept.filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.args(["--command-line-only=yes", "--quiet", "--tool=callgrind", "--demangle=no"]);
        command.args(["--compress-strings=no", "--compress-pos=no", "--collect-atstart=no"]);
        command.args(MEASURED.map(|pattern| format!("--toggle-collect={pattern}")));
        command.args(["--cache-sim=yes", "--branch-sim=yes"]);
        command.args(["--I1=32768,8,64", "--D1=32768,8,64", "--LL=8388608,16,64"]);
        let mut out = OsString::from("--callgrind-out-file=");
        // A percent sign has a meaning of its own there.
        let parts: Vec<&[u8]> = file.as_os_str().as_bytes().split(|&byte| byte == b'%').collect();
        out.push(OsString::from_vec(parts.join(&b"%%"[..])));
        command.arg(out).arg(padded(program));
        command
    }
}

/// The same absolute path, as long as others.
fn padded(path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    let slashes = bytes.len().next_multiple_of(PATH_BYTES) - bytes.len();
    let mut padded = vec![b'/'; if path.is_absolute() { slashes } else { 0 }];
    padded.extend(bytes);
    OsString::from_vec(padded).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_any_length_are_as_long_and_name_the_same_file() {
        let (short, long) = (Path::new("/proc/self/exe"), std::env::current_exe().unwrap());
        assert_eq!(padded(short).as_os_str().len(), padded(&long).as_os_str().len());
        assert_eq!(padded(&long).canonicalize().unwrap(), padded(short).canonicalize().unwrap());
        assert_eq!(padded(Path::new("relative")), Path::new("relative"));
    }
}
