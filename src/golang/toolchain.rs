//! The user's Go toolchains, and the programs built with them.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::{SOURCES, Shape};

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
    #[error("{path}: not a usable go command ({what}); give the path of `go` itself or of a Go installation")]
    NoGo {
        /// The path.
        path: PathBuf,
        /// What happened.
        what: String,
    },
    /// The program can't be built.
    #[error("go{version} can't build the program that works its maps: {what}")]
    Build {
        /// The toolchain's version.
        version: String,
        /// What it said.
        what: String,
    },
    /// The program does not answer as expected.
    #[error("the program built with go{version}: {what}")]
    Talk {
        /// The toolchain's version.
        version: String,
        /// What happened.
        what: String,
    },
}

/// The toolchains at the paths given; without any, the `go` on the PATH, if there is one.
///
/// # Errors
/// A path that is no `go` command. Finding none on the PATH is no error.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Toolchain>, GolangError> {
    let mut found: Vec<Toolchain> = Vec::new();
    let add = |found: &mut Vec<Toolchain>, toolchain: Toolchain| {
        if !found.iter().any(|known| known.version == toolchain.version) {
            found.push(toolchain);
        }
    };
    if paths.is_empty() {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&folders).map(|folder| folder.join(GO)).find(|path| path.is_file());
        // One that can't say its version is as good as none.
        if let Some(Ok(toolchain)) = on_path.map(|path| Toolchain::at(&path)) {
            add(&mut found, toolchain);
        }
    }
    for path in paths {
        add(&mut found, Toolchain::at(path)?);
    }
    Ok(found)
}

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
        match said.trim().strip_prefix("go") {
            Some(version) if output.status.success() && !version.is_empty() => {
                // Experimental builds say `1.27.3 X:...`.
                let version = version.split_whitespace().next().unwrap_or(version).to_owned();
                Ok(Toolchain { path: command, version })
            }
            _ => Err(no_go(format!("`go env GOVERSION` said {:?}", said.trim()))),
        }
    }

    /// Whether it is a release of a version as models name it: `Go 1.27`.
    pub fn is_of(&self, version: &str) -> bool {
        let minor = version.strip_prefix("Go ");
        let rest = minor.and_then(|minor| self.version.strip_prefix(minor));
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// The program for a shape, built unless it has been before.
    ///
    /// # Errors
    /// What the toolchain said when it could not build.
    pub fn program(&self, shape: Shape) -> Result<PathBuf, GolangError> {
        let failed = |what: String| GolangError::Build { version: self.version.clone(), what };
        let io_failed = |error: io::Error| failed(error.to_string());
        let cache = cache_folder();
        let program = cache.join(format!("go{}-{}-{}", self.version, shape.tag, self.digest()));
        if program.is_file() {
            return Ok(program);
        }
        fs::create_dir_all(&cache).map_err(|error| failed(format!("{}: {error}", cache.display())))?;
        let sources = tempfile::tempdir_in(&cache).map_err(io_failed)?;
        for (name, content) in SOURCES {
            fs::write(sources.path().join(name), content).map_err(io_failed)?;
        }
        let built = sources.path().join("built");
        let mut build = go(&self.path);
        build.current_dir(sources.path()).args(["build", "-trimpath", "-tags", shape.tag, "-o"]).arg(&built).arg(".");
        if std::env::var_os("HOME").is_none() && std::env::var_os("GOCACHE").is_none() {
            build.env("GOCACHE", cache.join("go-build"));
        }
        let output = build.output().map_err(io_failed)?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        // Whoever builds the same at the same time puts the same there.
        fs::rename(&built, &program).map_err(io_failed)?;
        Ok(program)
    }

    /// Tells programs apart that were built from other sources or by another installation of one version.
    fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.path.as_os_str().as_encoded_bytes());
        for (name, content) in SOURCES {
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
        ("GOTOOLCHAIN", "local"),
        ("GOFLAGS", ""),
        ("GOWORK", "off"),
        ("GO111MODULE", "on"),
        ("GOPROXY", "off"),
        ("CGO_ENABLED", "0"),
    ] {
        go.env(name, value);
    }
    for name in ["GOROOT", "GOOS", "GOARCH", "GOEXPERIMENT", "GODEBUG"] {
        go.env_remove(name);
    }
    go
}

/// Where built programs are kept: `mapscope` in the user's cache folder, or in that for temporary files.
fn cache_folder() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !OsStr::is_empty(value)).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache"))).unwrap_or_else(std::env::temp_dir);
    cache.join("mapscope")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_of_its_version_and_no_longer_one() {
        let is_of = |release: &str, version| Toolchain { path: "go".into(), version: release.into() }.is_of(version);
        assert!(is_of("1.27.3", "Go 1.27") && is_of("1.27", "Go 1.27") && is_of("1.27rc1", "Go 1.27"));
        assert!(!is_of("1.2.3", "Go 1.27") && !is_of("1.27.3", "Go 1.2") && !is_of("1.27.3", "1.27"));
    }
}
