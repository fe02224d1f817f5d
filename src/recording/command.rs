//! Starting a command whose programs record their maps.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use super::go::is_go;
use super::java;
use super::relay::Relay;
use super::{Manifest, Patched, RecordingError, Sample};
use crate::engines::go;
use crate::hints::workspace_of;
use crate::text;

/// A command to record.
#[derive(Debug)]
pub struct Recorder<'a> {
    /// The go command or installation to build with; else the one that the command itself is, or the one on the PATH.
    pub go: Option<&'a Path>,
    /// Which maps are recorded, unless that is changed while it runs.
    pub sample: Sample,
    /// Whether lookups and iterations are counted.
    pub lookups: bool,
    /// The places whose maps' operations are written down, FILE:LINE.
    pub trace: &'a [String],
    /// The command and its arguments, at least the command.
    pub command: &'a [OsString],
}

/// How a command has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code, or 128 and the signal that ended it.
    pub code: u8,
    /// Why no program that it built is recorded, where it could build all the same.
    pub unpatched: Option<RecordingError>,
}

impl Recorder<'_> {
    /// Whether the command is cargo, which builds Rust.
    pub fn is_cargo(&self) -> bool {
        Path::new(&self.command[0]).file_name().is_some_and(|name| name == "cargo")
    }

    /// Whether the command is a JVM.
    pub fn is_java(&self) -> bool {
        java::is_java(&self.command[0])
    }

    /// Whether the command is one that builds a program and runs none.
    pub fn only_builds(&self) -> bool {
        let words: Vec<_> = self.command.iter().map(|word| word.to_str().unwrap_or("")).collect();
        let [_, rest @ ..] = &words[..] else { return false };
        if self.is_cargo() {
            let mut rest = rest.iter().skip_while(|word| word.starts_with(['+', '-']));
            return match rest.next() {
                Some(&("build" | "b" | "check" | "c" | "install")) => true,
                Some(&("test" | "t" | "bench")) => rest.any(|&word| word == "--no-run"),
                _ => false,
            };
        }
        if !is_go(&self.command[0]) {
            return rest.first() == Some(&"build");
        }
        let rest = match rest {
            ["-C" | "--C", _, rest @ ..] => rest,
            [flag, rest @ ..] if flag.starts_with('-') => rest,
            rest => rest,
        };
        match rest {
            ["build" | "install", ..] => true,
            ["test", flags @ ..] => flags.iter().any(|flag| ["-c", "--c"].contains(flag)),
            _ => false,
        }
    }

    /// Runs the command, in the folder that this process is in, with its input and output. What is recorded goes to
    /// `out`, an empty folder.
    ///
    /// # Errors
    /// Where nothing could be recorded, or the command could not be started: then nothing has run.
    ///
    /// Ctrl-C and what else asks a process to end are the command's while this runs.
    pub fn run(&self, out: &Path) -> Result<Ended, RecordingError> {
        // Before there is anything to leave behind.
        let relay = Relay::new();
        let out = fs::canonicalize(out).map_err(|error| RecordingError::at(out, error))?;
        check_room(&out)?;
        let here = here().map_err(|error| RecordingError::at(".", error))?;
        let builds = is_go(&self.command[0]);
        if builds {
            check_arguments(self.command)?;
        }
        if self.sample == Sample::OFF && self.is_java() {
            let what = "what a JVM records can't be switched on later: give --sample all or 1/N";
            return Err(RecordingError::at(&self.command[0], what));
        }
        let go = self.go_command(builds)?;
        let patched = match go.as_deref().map(|go| Patched::new(go, &folder_of(self.command, builds, &here))) {
            None if builds => {
                let what = "there is no such command: install Go (go.dev/dl), or name it with --go PATH";
                return Err(RecordingError::at(&self.command[0], what));
            }
            // A program that was built before needs no toolchain, and a script may find another one.
            Some(Err(error)) if !builds && self.go.is_none() => Err(Some(error)),
            Some(patched) => Ok(patched?),
            None => Err(None),
        };
        let known = patched.as_ref().ok();
        let java_options = match java::options(std::env::var_os(java::OPTIONS)) {
            // Who builds Go or Rust has no use for a word from each JVM.
            _ if builds || self.is_cargo() => None,
            // What an agent records can't be changed later.
            _ if self.sample == Sample::OFF => None,
            // Nor has a program that starts none for an agent that can't be kept.
            Err(error) if self.is_java() => return Err(error),
            options => options.ok(),
        };
        let command = self.command.iter().map(|word| text::path(Path::new(word)));
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        let manifest = Manifest {
            schema: Manifest::SCHEMA,
            command: command.collect(),
            workspace: workspace_of(&here),
            folder: here,
            go: known.map(|patched| patched.version.clone()),
            goroot: known.map(|patched| patched.goroot.clone()),
            sample: self.sample.in_file().into(),
            lookups: self.lookups,
            trace: self.trace.to_vec(),
            started_unix_ms: started,
        };
        manifest.write(&out)?;
        let code = self.start(&relay, &out, go.as_deref(), known, java_options.as_deref()).inspect_err(|_| {
            let _ = fs::remove_file(out.join(Manifest::FILE_NAME));
        })?;
        Ok(Ended { code, unpatched: patched.err().flatten() })
    }

    fn go_command(&self, builds: bool) -> Result<Option<PathBuf>, RecordingError> {
        if self.is_cargo() && self.go.is_none() {
            return Ok(None);
        }
        let named = match self.go {
            Some(path) => vec![path.to_owned()],
            // A name without a folder is looked up on the PATH, as the system will.
            None if builds && Path::new(&self.command[0]).components().count() > 1 => vec![(&self.command[0]).into()],
            None if builds && self.command[0] != "go" => return Ok(Some((&self.command[0]).into())),
            None => Vec::new(),
        };
        match go::find(&named) {
            Ok(found) => Ok(found.into_iter().next().map(|toolchain| toolchain.path)),
            // One on the PATH that is broken ends nothing for who runs a program.
            Err(_) if named.is_empty() && !builds => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn start(
        &self,
        relay: &Relay,
        out: &Path,
        go: Option<&Path>,
        patched: Option<&Patched>,
        java_options: Option<&OsStr>,
    ) -> Result<u8, RecordingError> {
        let (name, arguments) = (&self.command[0], &self.command[1..]);
        let program = match go.filter(|_| self.go.is_some() && is_go(name)) {
            Some(go) => go.as_os_str(),
            None => name,
        };
        let mut command = Command::new(program);
        command.args(arguments);
        let mut setting = OsString::from(format!("{}:{}:", 1 + u32::from(self.lookups), self.sample.in_file()));
        setting.push(out);
        command.env("MAPSCOPE_RECORD", setting);
        match self.trace {
            [] => command.env_remove("MAPSCOPE_TRACE"),
            places => command.env("MAPSCOPE_TRACE", places.join("\n")),
        };
        if let Some(patched) = patched {
            command.env("GOFLAGS", &patched.flags);
        }
        if let Some(options) = java_options {
            command.env(java::OPTIONS, options);
        }
        if let Some(folder) = go.and_then(Path::parent).filter(|_| self.go.is_some()) {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path));
            if let Ok(path) = std::env::join_paths(folders) {
                command.env("PATH", path);
            }
        }
        let code = match relay.run(&mut command).map_err(|error| RecordingError::at(name, error))? {
            Ok(status) => status.code().or(status.signal().map(|signal| 128 + signal)),
            Err(early) => Some(128 + early),
        };
        Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
    }
}

/// The folder that this process is in, by the name that the go command gives to the files below it: PWD, where that is one.
fn here() -> io::Result<PathBuf> {
    let here = std::env::current_dir()?;
    let named = std::env::var_os("PWD").map(PathBuf::from).filter(|path| path.is_absolute());
    Ok(named.filter(|path| fs::canonicalize(path).is_ok_and(|path| path == here)).unwrap_or(here))
}

/// The folder in which a go command works: `go -C FOLDER`.
fn folder_of(command: &[OsString], builds: bool, here: &Path) -> PathBuf {
    let words: Vec<_> = command.iter().skip(1).filter(|_| builds).map(|word| word.to_str().unwrap_or("")).collect();
    // Only the first flag can be it, before the verb or after it.
    let changed = words.iter().enumerate().take(2).find_map(|(at, word)| {
        let flag = word.strip_prefix('-')?.trim_start_matches('-');
        if flag == "C" { words.get(at + 1).copied() } else { flag.strip_prefix("C=") }
    });
    changed.map_or_else(|| here.to_owned(), |path| here.join(path))
}

/// What in the arguments of a go command would leave the hooks out.
fn check_arguments(command: &[OsString]) -> Result<(), RecordingError> {
    for word in command.iter().skip(1).filter_map(|word| word.to_str()) {
        let flag = word.trim_start_matches('-');
        if word.starts_with('-') && (flag == "overlay" || flag.starts_with("overlay=")) {
            let what = "-overlay among its arguments takes the place of the one that records: put it into GOFLAGS, where \
                        both work";
            return Err(RecordingError::at(&command[0], what));
        }
        if word == "--" || word == "-args" || word == "--args" {
            break;
        }
    }
    Ok(())
}

/// Programs write to memory that is a file here, which must have its room on the disk before they do: a full disk would end
/// them. Some file systems can't promise that.
fn check_room(out: &Path) -> Result<(), RecordingError> {
    let path = out.join(".room");
    let failed = |error: std::io::Error| RecordingError::at(out, format!("can't write there: {error}"));
    let file = File::create(&path).map_err(failed)?;
    // SAFETY: it only changes the file's length.
    let error = (unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, 8 << 20) } != 0).then(std::io::Error::last_os_error);
    fs::remove_file(&path).map_err(failed)?;
    match error {
        None => Ok(()),
        Some(error) => {
            let what = format!("its file system can't set 8 MiB aside ({error}): name another folder with --out");
            Err(RecordingError::at(out, what))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &str) -> Vec<OsString> {
        words.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn the_folder_is_the_one_in_which_go_works() {
        let folder = |words: &str| folder_of(&command(words), true, Path::new("/a")).display().to_string();
        assert_eq!(folder("go test ./..."), "/a");
        assert_eq!(folder("go -C b test"), "/a/b");
        assert_eq!(folder("go test -C=/c ."), "/c");
        assert_eq!(folder("go run . x -C b"), "/a");
    }

    #[test]
    fn an_overlay_among_the_arguments_is_refused_and_the_program_s_own_are_not() {
        assert!(check_arguments(&command("go build -overlay=x.json .")).is_err());
        assert!(check_arguments(&command("go test --overlay x.json .")).is_err());
        assert!(check_arguments(&command("go test . -args -overlay x")).is_ok());
    }

    #[test]
    fn a_command_that_builds_is_known_by_its_words() {
        let only_builds = |words: &str| {
            Recorder { go: None, sample: Sample::ALL, lookups: true, trace: &[], command: &command(words) }
                .only_builds()
        };
        for words in [
            "go build .",
            "go -C a build",
            "go -C=a install ./...",
            "/usr/bin/go1.27.3 test -c .",
            "make build",
            "cargo +nightly build --release",
            "cargo test --no-run",
        ] {
            assert!(only_builds(words), "{words}");
        }
        for words in
            ["go", "go run build", "go test .", "sh -c build", "./build", "false", "cargo run build", "cargo test"]
        {
            assert!(!only_builds(words), "{words}");
        }
    }
}
