//! The Go program that reads sources: built with the toolchain that builds them, asked in JSON.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Edit, Finding, HintsError};
use crate::engines::go::{self, Toolchain};
use crate::text;

/// Nothing of it depends on a package outside of Go's own.
const PROGRAM: &[(&str, &str)] = &[
    ("go.mod", include_str!("go/program/go.mod")),
    ("main.go", include_str!("go/program/main.go")),
    ("load.go", include_str!("go/program/load.go")),
    ("find.go", include_str!("go/program/find.go")),
    ("loop.go", include_str!("go/program/loop.go")),
    ("expr.go", include_str!("go/program/expr.go")),
    ("sizes.go", include_str!("go/program/sizes.go")),
    ("fix.go", include_str!("go/program/fix.go")),
];

/// What `go env` says.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Env {
    goroot: PathBuf,
    goversion: String,
    gomod: PathBuf,
    gowork: PathBuf,
}

/// Sources as the go command sees them from a folder.
#[derive(Debug)]
pub struct Source {
    /// The toolchain's version: `1.27.3`.
    pub version: String,
    /// The folder of the module, or of the workspace. `None` outside of any.
    pub root: Option<PathBuf>,
    goroot: PathBuf,
    folder: PathBuf,
    go: PathBuf,
    program: PathBuf,
}

/// A line that makes maps, by a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, from the root.
    pub file: PathBuf,
    /// The line.
    pub line: u32,
    /// The type of the maps, as the runtime writes it.
    #[serde(rename = "type")]
    pub ty: String,
}

/// What there is at a place: a hint, or why there is none. Both where only a number can be written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Outcome {
    /// The hint.
    pub finding: Option<Finding>,
    /// Why there is none.
    pub why: Option<String>,
}

/// What the sources of packages come to.
#[derive(Debug, Deserialize)]
pub struct Linted {
    /// Every map that could have a hint, by file and line.
    pub findings: Vec<Finding>,
    /// How many packages were read.
    pub packages: u64,
    /// Maps that could have a hint, whose sizes depend on type parameters.
    pub generic: u64,
}

/// A file, before and after hints are put in.
#[derive(Debug, Deserialize)]
#[allow(missing_docs, reason = "what it is")]
pub struct Fixed {
    pub file: PathBuf,
    pub before: String,
    pub after: String,
}

#[derive(Deserialize)]
struct Outcomes {
    places: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Files {
    fixed: Vec<Fixed>,
}

impl Source {
    /// What the go command given, or the one on the PATH, sees from a folder.
    ///
    /// # Errors
    /// Where there is none, or one whose maps are not known.
    pub fn new(go: Option<&Path>, folder: &Path) -> Result<Source, HintsError> {
        let named: Vec<PathBuf> = go.map(Path::to_owned).into_iter().collect();
        let asked = go::find(&named)?.into_iter().next().ok_or(HintsError::NoGo)?.path;
        let env = Env::of(&asked, folder)?;
        // GOTOOLCHAIN and go.mod may name another than the one asked.
        let toolchain = Toolchain::at(&env.goroot)?;
        let version = env.goversion.split_whitespace().find_map(|word| word.strip_prefix("go")).unwrap_or_default();
        if !["1.24", "1.25", "1.26", "1.27"].iter().any(|known| toolchain.is_of(&format!("Go {known}"))) {
            return Err(HintsError::Version { version: version.to_owned() });
        }
        let program = toolchain.build("hints", PROGRAM)?;
        let in_module =
            |file: &Path| file.parent().filter(|_| file.is_absolute() && !file.starts_with("/dev")).map(Path::to_owned);
        Ok(Source {
            version: version.to_owned(),
            root: in_module(&env.gowork).or_else(|| in_module(&env.gomod)),
            goroot: env.goroot,
            folder: folder.to_owned(),
            go: toolchain.path,
            program,
        })
    }

    /// Every map of these packages that could have a hint.
    ///
    /// # Errors
    /// Where they can't be read, or don't compile.
    pub fn lint(&self, packages: &[String]) -> Result<Linted, HintsError> {
        self.ask(&json!({ "go": self.go, "folder": self.folder, "patterns": packages }))
    }

    /// What there is at each of these places.
    ///
    /// # Errors
    /// Where the go command can't be asked.
    pub fn places(&self, places: &[Place]) -> Result<Vec<Outcome>, HintsError> {
        let mut patterns: Vec<PathBuf> = places.iter().filter_map(|place| self.package(&place.file)).collect();
        patterns.sort();
        patterns.dedup();
        if patterns.is_empty() {
            return Ok(Vec::new());
        }
        let asked = json!({ "go": self.go, "folder": self.folder, "patterns": patterns, "places": places });
        self.ask::<Outcomes>(&asked).map(|answer| answer.places)
    }

    /// The package of a file, as the go command takes it: a folder, or a name where it is Go's own.
    fn package(&self, file: &Path) -> Option<PathBuf> {
        let folder = file.parent()?;
        Some(folder.strip_prefix(self.goroot.join("src")).unwrap_or(folder).to_owned())
    }

    /// The files of these findings with their hints. Nothing is written.
    ///
    /// # Errors
    /// Where a file is no longer what it was.
    pub fn fix<'a>(&self, findings: impl IntoIterator<Item = &'a Finding>) -> Result<Vec<Fixed>, HintsError> {
        let mut files: BTreeMap<&Path, Vec<&Edit>> = BTreeMap::new();
        for finding in findings {
            files.entry(&finding.file).or_default().push(&finding.edit);
        }
        // A line may be that of several types of map.
        files.values_mut().for_each(|edits| {
            edits.sort();
            edits.dedup();
        });
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let changes: Vec<_> = files.iter().map(|(file, edits)| json!({ "file": file, "edits": edits })).collect();
        self.ask::<Files>(&json!({ "fix": changes })).map(|answer| answer.fixed)
    }

    fn ask<T: DeserializeOwned>(&self, request: &serde_json::Value) -> Result<T, HintsError> {
        let at = |what: String| HintsError::At { path: self.program.clone(), what };
        let mut command = Command::new(&self.program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut started = command.spawn().map_err(|error| at(error.to_string()))?;
        // It reads all of its input before it writes.
        let sent = started.stdin.take().map(|mut input| input.write_all(request.to_string().as_bytes()));
        let output = started.wait_with_output().map_err(|error| at(error.to_string()))?;
        if !output.status.success() {
            return Err(HintsError::Source { what: text::one_line(&String::from_utf8_lossy(&output.stderr)) });
        }
        sent.transpose().map_err(|error| at(error.to_string()))?;
        serde_json::from_slice(&output.stdout).map_err(|error| at(error.to_string()))
    }
}

impl Env {
    fn of(go: &Path, folder: &Path) -> Result<Env, HintsError> {
        let failed =
            |what: String| HintsError::At { path: folder.to_owned(), what: format!("`go env` failed: {what}") };
        let mut command = Command::new(go);
        command.args(["env", "-json", "GOROOT", "GOVERSION", "GOMOD", "GOWORK"]);
        let output = command.current_dir(folder).stdin(Stdio::null()).output();
        let output = output.map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(text::one_line(&String::from_utf8_lossy(&output.stderr))));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
    }
}
