//! The user's Go, patched: finding the toolchain that will really build, and having a copy of its maps written with hooks.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::RecordingError;
use super::scratch::Scratch;
use crate::engines::go::Toolchain;
use crate::text;

/// The program that patches; what it puts beside the user's maps is in the two texts.
const PROGRAM: &[(&str, &str)] = &[
    ("go.mod", include_str!("go/program/go.mod")),
    ("main.go", include_str!("go/program/main.go")),
    ("sync.go", include_str!("go/program/sync.go")),
    ("maps.go.txt", include_str!("go/program/maps.go.txt")),
    ("bytes.go.txt", include_str!("go/program/bytes.go.txt")),
    ("tries.go.txt", include_str!("go/program/tries.go.txt")),
    ("sync.go.txt", include_str!("go/program/sync.go.txt")),
    ("places.go.txt", include_str!("go/program/places.go.txt")),
    ("runtime.go.txt", include_str!("go/program/runtime.go.txt")),
];

/// What `go env` says.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Env {
    goroot: PathBuf,
    goversion: String,
    goos: String,
    goarch: String,
    goflags: String,
    #[serde(default)]
    goexperiment: String,
}

/// What `-overlay` takes: files, and what stands in their place.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Overlay {
    replace: BTreeMap<PathBuf, PathBuf>,
}

/// A toolchain whose maps are patched, for as long as this lives.
#[derive(Debug)]
pub struct Patched {
    /// The version: `1.27.3`.
    pub version: String,
    /// Its GOROOT, in which nothing is changed.
    pub goroot: PathBuf,
    /// GOFLAGS for the go command: the user's own, and those that have it take the patched files.
    pub flags: String,
    _folder: Scratch,
}

impl Patched {
    /// The toolchain that this go command builds with in this folder (GOTOOLCHAIN and go.mod may name another than its own).
    ///
    /// # Errors
    /// Where there is none, or where its maps can't be recorded.
    pub fn new(go: &Path, folder: &Path) -> Result<Patched, RecordingError> {
        let env = Env::of(go, folder)?;
        let version = env.goversion.split_whitespace().find_map(|word| word.strip_prefix("go")).unwrap_or_default();
        let version = version.to_owned();
        let refused = |why: String| RecordingError::Refused { version: version.clone(), why };
        env.check().map_err(refused)?;
        let toolchain = Toolchain::at(&env.goroot)?;
        let program = toolchain.build("recorder", PROGRAM)?;
        let patched = Scratch::new().map_err(|error| RecordingError::at(std::env::temp_dir(), error))?;
        let output = Command::new(&program).arg(&env.goroot).arg(patched.path()).stdin(Stdio::null()).output();
        let output = output.map_err(|error| RecordingError::at(&program, error))?;
        if !output.status.success() {
            let why = text::one_line(&String::from_utf8_lossy(&output.stderr));
            return Err(refused(format!("{why}; mapscope records Go 1.24 to 1.27")));
        }
        let (flags, own) = split(&env.goflags);
        let overlay = patched.path().join("overlay.json");
        if let Some(own) = own {
            merge(&overlay, &folder.join(own), folder)?;
        }
        let quoted = quote(&format!("-overlay={}", text_of(&overlay)?))
            .ok_or_else(|| RecordingError::at(&overlay, "has both kinds of quotes: name another folder with TMPDIR"))?;
        // A result that `go test` has kept is of a program that did not run.
        let flags = [&*flags, &quoted, "-count=1"].join(" ").trim_start().to_owned();
        Ok(Patched { version, goroot: env.goroot, flags, _folder: patched })
    }
}

impl Env {
    fn of(go: &Path, folder: &Path) -> Result<Env, RecordingError> {
        let failed = |what: String| RecordingError::Env { go: go.to_owned(), what };
        let mut command = Command::new(go);
        command.args(["env", "-json", "GOROOT", "GOVERSION", "GOOS", "GOARCH", "GOFLAGS", "GOEXPERIMENT"]);
        let output = command.current_dir(folder).stdin(Stdio::null()).output();
        let output = output.map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(text::one_line(&String::from_utf8_lossy(&output.stderr))));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
    }

    /// Why it can't be recorded, as far as that can be known without a look at its sources.
    fn check(&self) -> Result<(), String> {
        if self.goos != "linux" || !["amd64", "arm64"].contains(&&*self.goarch) {
            return Err(format!(
                "it builds for {}/{}, and mapscope records linux/amd64 and linux/arm64: unset GOOS and GOARCH",
                self.goos, self.goarch
            ));
        }
        let classic = |experiments: &str| experiments.split(',').any(|experiment| experiment == "noswissmap");
        if classic(&self.goexperiment) {
            return Err("it builds with the maps of Go 1.23, as GOEXPERIMENT=noswissmap has it: unset that".to_owned());
        }
        // What the toolchain itself was built with is part of its version.
        if self.goversion.split_whitespace().filter_map(|word| word.strip_prefix("X:")).any(classic) {
            return Err(
                "it builds with the maps of Go 1.23, because it was built with GOEXPERIMENT=noswissmap itself: \
                        take another toolchain"
                    .to_owned(),
            );
        }
        Ok(())
    }
}

/// GOFLAGS without an overlay, and the overlay.
fn split(flags: &str) -> (String, Option<String>) {
    let (mut kept, mut overlay) = (Vec::new(), None);
    for flag in words(flags) {
        match flag.trim_start_matches('-').strip_prefix("overlay=") {
            Some(path) if flag.starts_with('-') => overlay = Some(path.to_owned()),
            _ => kept.push(quote(&flag).unwrap_or(flag)),
        }
    }
    (kept.join(" "), overlay.filter(|path| !path.is_empty()))
}

/// The words of GOFLAGS, as the go command reads them: separated by blanks, whole words in quotes of either kind.
fn words(flags: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), flags.trim_start());
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '\'' | '"' => rest[1..].split_once(first).unwrap_or((&rest[1..], "")),
            _ => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// A word of GOFLAGS. `None` where no quotes hold it.
fn quote(word: &str) -> Option<String> {
    let quotes = |quote: char| (!word.contains(quote)).then(|| format!("{quote}{word}{quote}"));
    match word.contains(|c: char| c.is_whitespace() || "'\"".contains(c)) {
        false => Some(word.to_owned()),
        true => quotes('\'').or_else(|| quotes('"')),
    }
}

/// Adds the user's own overlay to ours; in theirs, paths begin at the folder in which the go command is started.
fn merge(ours: &Path, own: &Path, folder: &Path) -> Result<(), RecordingError> {
    let read = |path: &Path| -> Result<Overlay, RecordingError> {
        let bytes = fs::read(path).map_err(|error| RecordingError::at(path, error))?;
        serde_json::from_slice(&bytes).map_err(|error| RecordingError::at(path, format!("is no overlay: {error}")))
    };
    let mut overlay = read(ours)?;
    for (file, by) in read(own)?.replace {
        // An empty path stands for no file.
        let by = if by.as_os_str().is_empty() { by } else { folder.join(by) };
        let file = folder.join(file);
        if overlay.replace.contains_key(&file) {
            let what = format!("replaces {}, which is where maps are recorded: leave it out", text::path(&file));
            return Err(RecordingError::at(own, what));
        }
        overlay.replace.insert(file, by);
    }
    let json = serde_json::to_vec(&overlay).map_err(|error| RecordingError::at(ours, error))?;
    fs::write(ours, json).map_err(|error| RecordingError::at(ours, error))
}

fn text_of(path: &Path) -> Result<&str, RecordingError> {
    path.to_str().ok_or_else(|| RecordingError::at(path, "is no UTF-8: name another folder with TMPDIR"))
}

/// Whether a command is a go command: `go`, `go1.27.3`, at any path.
pub(super) fn is_go(command: &OsStr) -> bool {
    let name = Path::new(command).file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.strip_prefix("go").is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goflags_are_read_and_written_as_the_go_command_does() {
        assert_eq!(words(" -v  '-ldflags=-X a=b' \"-tags=a b\""), ["-v", "-ldflags=-X a=b", "-tags=a b"]);
        assert_eq!(split("-v '-overlay=a b.json' '-tags=a b'"), ("-v '-tags=a b'".into(), Some("a b.json".into())));
        assert_eq!(split("--overlay=x"), (String::new(), Some("x".into())));
        assert_eq!(quote("it's"), Some("\"it's\"".into()));
        assert_eq!(quote("it's \"so\""), None);
    }

    #[test]
    fn a_go_command_is_known_by_its_name() {
        assert!(["go", "/usr/bin/go", "go1.27.3"].map(|name| is_go(OsStr::new(name))).iter().all(|&is| is));
        assert!(!["gofmt", "gopls", "./go/prog", ""].map(|name| is_go(OsStr::new(name))).iter().any(|&is| is));
    }
}
