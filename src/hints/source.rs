//! The Go program that reads sources: built with the toolchain that builds them, asked in JSON.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Bounds, Edit, Files, Finding, HintsError};
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
    gomodcache: PathBuf,
    go111module: String,
}

/// Sources as the go command sees them from a folder.
#[derive(Debug)]
pub struct Source {
    /// The toolchain's version: `1.27.3`.
    pub version: String,
    /// The folder of the module, or of the workspace. `None` outside of any.
    pub root: Option<PathBuf>,
    /// Whether packages can't be named by a folder outside of any.
    needs_module: bool,
    goroot: PathBuf,
    modcache: PathBuf,
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
struct Changed {
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
        let folder = real(folder)?;
        let env = Env::of(&asked, &folder)?;
        // GOTOOLCHAIN and go.mod may name another than the one asked.
        let toolchain = Toolchain::at(&env.goroot)?;
        let version = env.goversion.split_whitespace().find_map(|word| word.strip_prefix("go")).unwrap_or_default();
        if !["1.24", "1.25", "1.26", "1.27"].iter().any(|known| toolchain.is_of(&format!("Go {known}"))) {
            return Err(HintsError::Version { version: version.to_owned() });
        }
        let program = toolchain.build("hints", PROGRAM)?;
        in_words(&toolchain.path)?;
        Ok(Source {
            version: version.to_owned(),
            root: env.root(),
            needs_module: env.go111module != "off",
            goroot: env.goroot,
            modcache: env.gomodcache,
            folder,
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
        let asked: Vec<Result<(PathBuf, Place), &str>> = places.iter().map(|place| self.asked(place)).collect();
        let mut patterns: Vec<&Path> = asked.iter().flatten().map(|(package, _)| &**package).collect();
        patterns.sort();
        patterns.dedup();
        let known: Vec<&Place> = asked.iter().flatten().map(|(_, place)| place).collect();
        let request = json!({ "go": self.go, "folder": self.folder, "patterns": patterns, "places": known });
        let outcomes = if known.is_empty() { Vec::new() } else { self.ask::<Outcomes>(&request)?.places };
        let mut outcomes = outcomes.into_iter();
        let none = |why: &str| Outcome { finding: None, why: Some(why.to_owned()) };
        let all = asked.iter().map(|asked| match asked {
            Ok(_) => outcomes.next().unwrap_or_else(|| none(NOT_ASKED)),
            Err(why) => none(why),
        });
        Ok(all.collect())
    }

    /// The package of a place, as the go command takes it: a folder, or a name where it is Go's own; and the place with its
    /// folder as the go command names it, whichever link the recorded program was built by. Refused, in words, where the go
    /// command would take the folder for a pattern of many, or looks for it from outside of any module.
    fn asked(&self, place: &Place) -> Result<(PathBuf, Place), &'static str> {
        let (folder, name) = place.file.parent().zip(place.file.file_name()).ok_or(NOT_ASKED)?;
        let mut folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        for named in [&self.goroot, &self.modcache] {
            let below = named.canonicalize().ok().and_then(|real| Some(folder.strip_prefix(real).ok()?.to_owned()));
            folder = below.map_or(folder, |below| named.join(below));
        }
        let package = folder.strip_prefix(self.goroot.join("src")).unwrap_or(&folder);
        let is_pattern = ["", "all", "cmd", "std", "tool", "work"].map(Some).contains(&package.to_str());
        if is_pattern || package.to_str().is_none_or(|text| text.contains("...")) {
            return Err(NOT_ASKED);
        }
        if self.needs_module && self.root.is_none() && package.is_absolute() {
            return Err("the folder that it was recorded in is in no module: record it in its module's folder");
        }
        Ok((package.to_owned(), Place { file: folder.join(name), ..place.clone() }))
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
        // Of files that it could not look at; the others are in its answer.
        for line in String::from_utf8_lossy(&output.stderr).lines() {
            let _ = writeln!(io::stderr(), "{}", text::message(line));
        }
        sent.transpose().map_err(|error| at(error.to_string()))?;
        serde_json::from_slice(&output.stdout).map_err(|error| at(error.to_string()))
    }
}

impl Files for Source {
    fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    fn bounds(&self) -> Result<Bounds, HintsError> {
        let root = self.root.as_ref().unwrap_or(&self.folder);
        let foreign = [(&*self.goroot, "Go's own"), (&*self.modcache, "in the module cache")];
        Bounds::new(root, foreign).map_err(|error| HintsError::At { path: root.clone(), what: error.to_string() })
    }

    fn is_of(&self, folder: &Path) -> Result<bool, HintsError> {
        let folder = real(folder)?;
        let root = Env::of(&self.go, &folder)?.root();
        let is_below = self.root.is_some() || folder.starts_with(&self.folder);
        Ok(root == self.root && is_below)
    }

    fn fix(&self, files: &BTreeMap<PathBuf, Vec<Edit>>) -> Result<Vec<Fixed>, HintsError> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let changes: Vec<_> = files.iter().map(|(file, edits)| json!({ "file": file, "edits": edits })).collect();
        self.ask::<Changed>(&json!({ "fix": changes })).map(|answer| answer.fixed)
    }
}

impl Env {
    fn of(go: &Path, folder: &Path) -> Result<Env, HintsError> {
        let failed =
            |what: String| HintsError::At { path: folder.to_owned(), what: format!("`go env` failed: {what}") };
        let mut command = Command::new(go);
        command.args(["env", "-json", "GOROOT", "GOVERSION", "GOMOD", "GOWORK", "GOMODCACHE", "GO111MODULE"]);
        // By which it names the folder.
        command.current_dir(folder).env("PWD", folder);
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(text::one_line(&String::from_utf8_lossy(&output.stderr))));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))
    }
    /// The folder of the workspace, or of the module. `None` outside of any.
    fn root(&self) -> Option<PathBuf> {
        let of =
            |file: &Path| file.parent().filter(|_| file.is_absolute() && !file.starts_with("/dev")).map(Path::to_owned);
        of(&self.gowork).or_else(|| of(&self.gomod))
    }
}

/// Why there is no hint.
const NOT_ASKED: &str = "the go command can't be asked for its folder";

/// A folder without links, which can be named to the program.
fn real(folder: &Path) -> Result<PathBuf, HintsError> {
    let real = folder.canonicalize();
    let real = real.map_err(|error| HintsError::At { path: folder.to_owned(), what: error.to_string() })?;
    in_words(&real).map(|()| real)
}

fn in_words(path: &Path) -> Result<(), HintsError> {
    let what = || "its name is not UTF-8, and Go source is read only where it is: give it another name".to_owned();
    path.to_str().map(|_| ()).ok_or_else(|| HintsError::At { path: path.to_owned(), what: what() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_asked_for_by_its_one_package() {
        let nowhere = PathBuf::from("/none");
        let source = Source {
            version: String::new(),
            root: Some(nowhere.clone()),
            needs_module: true,
            goroot: "/none/go".into(),
            modcache: nowhere.clone(),
            folder: nowhere.clone(),
            go: nowhere.clone(),
            program: nowhere,
        };
        let package = |file: &str| {
            let place = Place { file: file.into(), line: 1, ty: String::new() };
            source.asked(&place).map(|(package, _)| package.to_str().map(str::to_owned))
        };
        let is = |package: &str| Ok(Some(package.to_owned()));
        assert_eq!(package("/none/m/x/y.go"), is("/none/m/x"));
        assert_eq!(package("/none/go/src/go/types/y.go"), is("go/types"));
        for file in ["/none/m/.../y.go", "/none/m...x/y.go", "/none/go/src/cmd/y.go", "/none/go/src/y.go", "/"] {
            assert_eq!(package(file), Err(NOT_ASKED), "{file}");
        }
    }
}
