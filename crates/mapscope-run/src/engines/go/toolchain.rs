//! The user's Go toolchains, and the programs built with them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::Types;
use crate::engines::cache::Cache;
use crate::text;

/// A `go` command on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// The command.
    pub path: PathBuf,
    /// What it calls itself, without the `go`: `1.27.3`.
    pub version: String,
}

/// Why the real runtime can't be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GolangError {
    /// A path given is no `go` command.
    #[error(
        "{}: not a usable go command ({what}); give the path of `go` itself or of a Go installation",
        text::path(path)
    )]
    NoGo {
        /// The path.
        path: PathBuf,
        /// What happened.
        what: String,
    },
    /// Two of one version, which no name could tell apart.
    #[error("{} and {} are both go{version}: leave one of them out", text::path(first), text::path(second))]
    Twice {
        /// The version.
        version: String,
        /// The one given first.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// The program can't be built.
    #[error("go{version} can't build a program of mapscope's: {what}")]
    Build {
        /// The toolchain's version.
        version: String,
        /// What it said.
        what: String,
    },
}

/// The toolchains at the paths given; without any, the `go` on the PATH, if there is one.
///
/// # Errors
/// A path that is no `go` command, a `go` on the PATH that can't say its version, or two of one version. Finding none on the
/// PATH is no error.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Toolchain>, GolangError> {
    if paths.is_empty() {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&folders).map(|folder| folder.join(GO)).find(|path| path.is_file());
        return on_path.map(|path| Toolchain::at(&path)).into_iter().collect();
    }
    let mut found: Vec<Toolchain> = Vec::new();
    for path in paths {
        let toolchain = Toolchain::at(path)?;
        match found.iter().find(|known| known.version == toolchain.version) {
            None => found.push(toolchain),
            Some(known) if known.path == toolchain.path => {}
            Some(known) => {
                let (first, second) = (known.path.clone(), toolchain.path);
                return Err(GolangError::Twice { version: toolchain.version, first, second });
            }
        }
    }
    Ok(found)
}

/// The oldest Go whose compiler takes the program.
const OLDEST: [u32; 2] = [1, 21];

const GO: &str = if cfg!(windows) { "go.exe" } else { "go" };

impl Toolchain {
    /// The toolchain whose `go` command, or whose installation folder, is at `path`.
    pub fn at(path: &Path) -> Result<Toolchain, GolangError> {
        let no_go = |what: String| GolangError::NoGo { path: path.to_owned(), what };
        let command = [path.join("bin").join(GO), path.join(GO)].into_iter().find(|inside| inside.is_file());
        let command = std::path::absolute(command.unwrap_or_else(|| path.to_owned()));
        let command = command.map_err(|error| no_go(error.to_string()))?;
        let output = go(&command).args(["env", "GOVERSION"]).output().map_err(|error| no_go(error.to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        match version_in(&said).filter(|_| output.status.success()) {
            Some(version) => Ok(Toolchain { path: command, version: version.to_owned() }),
            None => Err(no_go(format!("`go env GOVERSION` said {}", text::quoted(said.trim())))),
        }
    }

    fn is_old(&self) -> bool {
        let mut numbers = self.version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
        [numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)] < OLDEST
    }

    /// Whether it is a release of a version as models name it: `Go 1.27`.
    pub fn is_of(&self, version: &str) -> bool {
        let minor = version.strip_prefix("Go ");
        let rest = minor.and_then(|minor| self.version.strip_prefix(minor));
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// The program for these types of keys and values, built unless it has been before.
    ///
    /// # Errors
    /// What the toolchain said when it could not build.
    pub fn program(&self, types: impl Into<Types>) -> Result<PathBuf, GolangError> {
        let types = types.into();
        self.build(&types.name, &types.sources().collect::<Vec<_>>())
    }

    /// The program of this name and these sources (files by name, one of them `go.mod`), built unless it has been before.
    ///
    /// # Errors
    /// What the toolchain said when it could not build.
    pub fn build(&self, name: &str, sources: &[(&str, &str)]) -> Result<PathBuf, GolangError> {
        let failed = |what: String| GolangError::Build { version: self.version.clone(), what };
        let io_failed = |error: io::Error| failed(error.to_string());
        if self.is_old() {
            let [major, minor] = OLDEST;
            return Err(failed(format!("it needs Go {major}.{minor} or newer")));
        }
        let cache = Cache::open().map_err(failed)?;
        let name = format!("go{}-{name}-{}", self.version, self.digest(sources));
        if let Some(program) = cache.get(&name) {
            return Ok(program);
        }
        let folder = tempfile::tempdir_in(cache.folder()).map_err(io_failed)?;
        for (name, content) in sources {
            fs::write(folder.path().join(name), content).map_err(io_failed)?;
        }
        let built = folder.path().join("built");
        let mut build = go(&self.path);
        build.current_dir(folder.path()).args(["build", "-trimpath", "-o"]).arg(&built).arg(".");
        if ["HOME", "XDG_CACHE_HOME", "GOCACHE"].iter().all(|name| std::env::var_os(name).is_none()) {
            build.env("GOCACHE", cache.folder().join("go-build"));
        }
        let output = build.output().map_err(io_failed)?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        cache.put(&name, &built).map_err(io_failed)
    }

    /// Tells programs apart that were built from other sources or by another installation of one version.
    fn digest(&self, sources: &[(&str, &str)]) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.path.as_os_str().as_encoded_bytes());
        for (name, content) in sources {
            hasher.update(name.as_bytes()).update(&[0]).update(content.as_bytes()).update(&[0]);
        }
        hasher.finalize().to_hex()[..12].to_owned()
    }
}

/// A `go` command that does not depend on the user's settings, and fetches nothing.
fn go(command: &Path) -> Command {
    let mut go = Command::new(command);
    go.stdin(Stdio::null());
    for (name, value) in [
        ("GOENV", "off"),
        ("GOTOOLCHAIN", "local"),
        ("GOFLAGS", ""),
        ("GOWORK", "off"),
        ("GO111MODULE", "on"),
        ("GOPROXY", "off"),
        ("CGO_ENABLED", "0"),
    ] {
        go.env(name, value);
    }
    for name in ["GOROOT", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GOFIPS140", "GODEBUG"] {
        go.env_remove(name);
    }
    go
}

/// The version in what `go env GOVERSION` says: `go1.27.3`, `go1.27.3 X:...` or `devel go1.28-0123abc ...`.
fn version_in(said: &str) -> Option<&str> {
    let versions = said.split_whitespace().filter_map(|word| word.strip_prefix("go"));
    versions.into_iter().find(|version| version.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_releases_experiments_and_development_say() {
        for (said, version) in [
            ("go1.27.3\n", Some("1.27.3")),
            ("go1.27.3 X:noswissmap\n", Some("1.27.3")),
            ("devel go1.28-0123abc Thu Nov 5 10:00:00 2026 +0000\n", Some("1.28-0123abc")),
            ("", None),
            ("gopher 3\n", None),
        ] {
            assert_eq!(version_in(said), version, "{said}");
        }
        let is_old = |version: &str| Toolchain { path: "go".into(), version: version.into() }.is_old();
        assert!(is_old("1.20.14") && is_old("1.4") && !is_old("1.21") && !is_old("1.28-0123abc") && !is_old("2.0"));
    }

    #[test]
    fn a_release_is_of_its_version_and_no_longer_one() {
        let is_of = |release: &str, version| Toolchain { path: "go".into(), version: release.into() }.is_of(version);
        assert!(is_of("1.27.3", "Go 1.27") && is_of("1.27", "Go 1.27") && is_of("1.27rc1", "Go 1.27"));
        assert!(!is_of("1.2.3", "Go 1.27") && !is_of("1.27.3", "Go 1.2") && !is_of("1.27.3", "1.27"));
    }
}
