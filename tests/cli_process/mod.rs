//! Runs the binary in a folder of its own, and looks at what it leaves behind.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A profile for cells that are given beside it, with time for their passes.
pub const PATIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/patient.toml");

/// A fresh folder that the binary runs in.
pub struct Place {
    folder: TempDir,
}

/// What a run of the binary showed.
pub struct Outcome {
    /// Exit code.
    pub code: Option<i32>,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
    /// Files and folders that were not there before, relative to the folder.
    pub left: Vec<PathBuf>,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs `mapscope ARGS`.
    pub fn run(&self, args: &[&str]) -> Outcome {
        self.run_command(Command::new(env!("CARGO_BIN_EXE_mapscope")).args(args))
    }

    /// Runs any command, here.
    pub fn run_command(&self, command: &mut Command) -> Outcome {
        let before = listing(self.path());
        let output = command.current_dir(self.path()).stdin(Stdio::null()).output().expect("the binary starts");
        Outcome {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
            left: listing(self.path()).difference(&before).cloned().collect(),
        }
    }
}

/// Makes a script that runs. Another process writes it: what a test starts holds, until it has begun, whatever the tests
/// beside it have open, and no file runs that somebody has open for writing.
pub fn script(path: &Path, text: &str) {
    let mut sh = Command::new("sh");
    let sh = sh.args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).arg(path).stdin(Stdio::piped());
    let mut sh = sh.spawn().expect("sh starts");
    sh.stdin.take().expect("piped").write_all(text.as_bytes()).expect("it reads");
    assert!(sh.wait().expect("it ends").success(), "{}", path.display());
}

pub fn listing(root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("an entry").path();
            found.insert(path.strip_prefix(root).expect("it is below the root").to_owned());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}
