//! A mutant through the program: exit codes, what is left, memory.

use std::fs;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::MEMORY_MAX;
use crate::targets::{Target, record};

/// Runs each of the target's commands over the mutant; the exit code of the last one, or what was wrong.
pub fn read(target: &Target, mutant: &[u8]) -> Result<i32, String> {
    let mut last = 0;
    for command in target.commands {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let put = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content);
        put(target.file, mutant).and_then(|()| put("record.json", &record())).map_err(|error| error.to_string())?;
        let before = listing(folder.path());
        let mut process = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        process.args(*command).current_dir(folder.path()).stdin(Stdio::null()).env("TMPDIR", folder.path());
        // SAFETY: `setrlimit` is async-signal-safe, and nothing else happens between fork and exec.
        unsafe {
            process.pre_exec(|| {
                let limit = libc::rlimit { rlim_cur: MEMORY_MAX, rlim_max: MEMORY_MAX };
                libc::setrlimit(libc::RLIMIT_DATA, &limit);
                Ok(())
            });
        }
        let output = process.output().map_err(|error| error.to_string())?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        let told = || format!("{}: {}", command.join(" "), stderr.chars().take(300).collect::<String>());
        let code = output.status.code().ok_or_else(|| format!("signal {:?}: {}", output.status.signal(), told()))?;
        if !matches!(code, 0..=2) || stderr.contains("panicked at") || stderr.contains("memory allocation of") {
            return Err(format!("exit code {code}: {}", told()));
        }
        let left: Vec<PathBuf> = listing(folder.path()).into_iter().filter(|path| !before.contains(path)).collect();
        if code == 2 && output.stdout.is_empty() && !left.is_empty() {
            return Err(format!("exit code 2, and {left:?} is left: {}", told()));
        }
        let hidden = left.iter().find(|path| path.to_string_lossy().contains(".mapscope-"));
        if let Some(hidden) = hidden {
            return Err(format!("exit code {code}, and {} is left: {}", hidden.display(), told()));
        }
        last = code;
    }
    Ok(last)
}

fn listing(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(listing(&path));
        }
        found.push(path);
    }
    found
}
