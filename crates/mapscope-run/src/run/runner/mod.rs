//! Maps of Rust with entries that are not compiled in: a program of one map and one entry, built by the user's `cargo` from
//! the sources that this program carries, kept and checked as those of the engines are. It runs the passes of its cells in this
//! program's place.

mod program;

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use serde::Deserialize;

use crate::engines::Cache;
use crate::intake::interrupt;
use crate::maps::{self, Named};
use crate::record::Environment;
use crate::record::Status;
use crate::subject::{Failure, Prepared, Sources};
use crate::text;
use crate::workload::{ENTRIES, Entry};

/// The program for a map that ships, called so, with an entry.
///
/// # Errors
/// Why there is none, and the nearest entry that is compiled in.
pub(super) fn program(map: &str, entry: &str, sources: Sources) -> Result<Prepared, Failure> {
    let unavailable = |why: &dyn std::fmt::Display| {
        let nearest = nearest(entry).map(|nearest| format!("; the nearest that is compiled in: {nearest}"));
        Failure::new(
            Status::Unavailable,
            format!("the entry {entry} is not compiled in, and {why}{}", nearest.unwrap_or_default()),
        )
    };
    let Some(named) = maps::named().find(|named| named.name == map).filter(|_| !sources.is_empty()) else {
        return Err(unavailable(&"a program can be built only for maps that ship"));
    };
    let Ok(entry) = entry.parse() else { return Err(unavailable(&"it is none")) };
    built(named, entry, sources).map_err(|why| unavailable(&why))
}

/// The entry compiled in whose sizes are nearest.
fn nearest(entry: &str) -> Option<&'static str> {
    let bytes = |entry: &str| {
        let Entry { key, value } = entry.parse().ok()?;
        let (key, value) = (key.shape(), value.shape());
        Some([key.bytes, key.heap_bytes, value.bytes, value.heap_bytes])
    };
    let wanted = bytes(entry)?;
    let away = |of: &str| bytes(of).map(|of| of.into_iter().zip(wanted).map(|(a, b)| a.abs_diff(b)).sum::<u64>());
    ENTRIES.iter().map(|entry| entry.name).min_by_key(|name| away(name))
}

fn built(map: Named, entry: Entry, sources: Sources) -> Result<Prepared, String> {
    let cache = Cache::open()?;
    let rustc = version_of_rustc(cache.folder())?;
    let about = format!("{rustc}\n{FRAME_POINTERS}\n{}\n{}", program::manifest("", ""), program::main(map, entry));
    let name = format!("rust-{}-{}", slug(map, entry), digest(sources, &about));
    let prepared = |path| {
        let here = Environment::detect("").rustc;
        Prepared::Program { path, built_by: (rustc != here).then(|| format!("rustc {rustc}")) }
    };
    if let Some(path) = cache.get(&name) {
        return Ok(prepared(path));
    }
    // Whoever builds at the same time writes to the same files.
    let _alone = locked(&cache.folder().join("rust.lock"))?;
    if let Some(path) = cache.get(&name) {
        return Ok(prepared(path));
    }
    let home = cache.folder().join(format!("rust-{}", digest(sources, "")));
    let failed = |path: &Path, error: std::io::Error| format!("{}: {error}", text::path(path));
    let write = |path: PathBuf, content: &str| {
        // What cargo has built of a file holds until that is written.
        if fs::read(&path).is_ok_and(|found| found == content.as_bytes()) {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, content)).map_err(|error| failed(&path, error))
    };
    for (path, content) in sources {
        write(home.join("sources").join(path), content)?;
    }
    let package = format!("mapscope-runner-{}", name.rsplit('-').next().unwrap_or_default());
    let folder = home.join(slug(map, entry));
    let source = |name: &str| sources.iter().find(|(path, _)| *path == name).map_or("", |(_, content)| content);
    write(folder.join("Cargo.toml"), &program::manifest(&package, "../sources"))?;
    write(folder.join("src/main.rs"), &program::main(map, entry))?;
    if !folder.join("Cargo.lock").exists() {
        write(folder.join("Cargo.lock"), source("Cargo.lock"))?;
    }
    // Other versions of mapscope use most of it, too.
    let target = cache.folder().join("rust-target");
    let path = cargo(&folder, &home.join("sources"), &target, &package)?;
    cache.put(&name, &path).map(prepared).map_err(|error| failed(&path, error))
}

const INTERRUPTED: &str = "interrupted";

/// How often a wait looks whether it was interrupted.
const BEAT: Duration = Duration::from_millis(20);

/// Holds a lock for as long as the file that this gives is open.
fn locked(path: &Path) -> Result<File, String> {
    let failed = |error: io::Error| format!("{}: {error}", text::path(path));
    let file = File::create(path).map_err(failed)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) if interrupt::asked() => return Err(INTERRUPTED.to_owned()),
            Err(TryLockError::WouldBlock) => thread::sleep(BEAT),
        }
    }
}

/// A map and an entry as a file's name.
fn slug(map: Named, entry: Entry) -> String {
    format!("{}-{entry}", map.name).replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

/// Tells programs apart that were built from other sources, in another way or by another compiler.
fn digest(sources: Sources, about: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    let texts = sources.iter().flat_map(|&(path, content)| [path, content]).chain([about]);
    texts.for_each(|text| _ = hasher.update(text.as_bytes()).update(&[0]));
    hasher.finalize().to_hex()[..12].to_owned()
}

/// The compiler, as cargo runs it in the folder of what is built: a toolchain may be of a folder.
fn version_of_rustc(folder: &Path) -> Result<String, String> {
    let none = "there is no rustc on the PATH to build a program for it: install Rust (rustup.rs)";
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("--version").current_dir(folder).stdin(Stdio::null()).output();
    let said = said.map_err(|_| none)?;
    let said = String::from_utf8_lossy(&said.stdout);
    Ok(said.trim().strip_prefix("rustc ").ok_or(none)?.to_owned())
}

/// The compiler that programs are built with, where one of these entries needs one.
pub(super) fn compiler<'a>(mut entries: impl Iterator<Item = &'a str>) -> Option<String> {
    entries
        .any(|entry| !is_compiled_in(entry))
        .then(|| Cache::open().and_then(|cache| version_of_rustc(cache.folder())).unwrap_or_else(|why| why))
}

/// Whether every map is compiled with an entry.
pub(super) fn is_compiled_in(entry: &str) -> bool {
    ENTRIES.iter().any(|term| term.name == entry)
}

const FRAME_POINTERS: &str = "-Cforce-frame-pointers=yes";

/// What cargo says of what it has made.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    executable: Option<PathBuf>,
}

/// Builds the package in a folder; gives the program.
fn cargo(folder: &Path, sources: &Path, target: &Path, package: &str) -> Result<PathBuf, String> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder).stdin(Stdio::null()).args([
        "build",
        "--release",
        "--color=never",
        "--message-format=json-render-diagnostics",
    ]);
    // Stacks are walked by frame pointers. Files are named as in a build of mapscope itself: in frames, and where it is told
    // whose a panic was.
    let sources = sources.to_str().ok_or("the cache's path is not UTF-8: name another folder with XDG_CACHE_HOME")?;
    // In this variable they come before all that the user has set elsewhere, as the profile does.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", format!("{FRAME_POINTERS}\u{1f}--remap-path-prefix={sources}/="));
    for set in ["profile.release.debug='limited'", "profile.release.opt-level=3"] {
        cargo.args(["--config", set]);
    }
    for (name, _) in std::env::vars_os() {
        let begins = |prefix: &&str| name.as_encoded_bytes().starts_with(prefix.as_bytes());
        if ["CARGO_PROFILE_", "CARGO_BUILD_", "CARGO_UNSTABLE_"].iter().any(begins) {
            cargo.env_remove(&name);
        }
    }
    for name in ["RUSTFLAGS", "CARGO_INCREMENTAL", "CARGO_MANIFEST_DIR"] {
        cargo.env_remove(name);
    }
    cargo.env("CARGO_TARGET_DIR", target);
    let output = output(&mut cargo).map_err(|error| format!("cargo can't be run: {error}"))?;
    let messages = output.stdout.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let made = messages.filter_map(|message: Message| message.executable).find(|path| path.ends_with(package));
    made.filter(|_| output.status.success()).ok_or_else(|| {
        let said = String::from_utf8_lossy(&output.stderr);
        let error = said.lines().position(|line| line.starts_with("error"));
        let lines: Vec<_> = said.lines().skip(error.unwrap_or(0)).take(6).map(str::trim).collect();
        format!("cargo can't build a program for it: {}", lines.join(" "))
    })
}

/// What a program says until its end, or until Ctrl-C ends it and all that it has started.
fn output(command: &mut Command) -> io::Result<Output> {
    let (stdout, stderr) = (tempfile::tempfile()?, tempfile::tempfile()?);
    command.stdout(stdout.try_clone()?).stderr(stderr.try_clone()?).process_group(0);
    let mut child = command.spawn()?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if interrupt::asked() {
            if let Ok(group) = i32::try_from(child.id()) {
                // SAFETY: only sends a signal, to the group of a child that has not been waited for.
                unsafe { libc::kill(-group, libc::SIGKILL) };
            }
            child.wait()?;
            return Err(io::Error::other(INTERRUPTED));
        }
        thread::sleep(BEAT);
    };
    let said = |mut file: File| {
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        io::Result::Ok(bytes)
    };
    Ok(Output { status, stdout: said(stdout)?, stderr: said(stderr)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_entry_is_named() {
        let named = |entry| nearest(entry).expect("there are some");
        assert_eq!(
            ["u32/u32", "u64/128", "u64/100", "string(43)/u64"].map(named),
            ["u64/u64", "u64/64", "u64/64", "string(24)/u64"]
        );
        assert_eq!(nearest("nonsense"), None);
        let failure = program("my-map", "u32/u32", &[]).expect_err("no sources");
        assert_eq!(
            failure.why,
            "the entry u32/u32 is not compiled in, and a program can be built only for maps that ship; the nearest that is \
             compiled in: u64/u64"
        );
        assert_eq!(failure.status, Status::Unavailable);
    }

    #[test]
    fn programs_of_other_maps_and_entries_have_other_names() {
        let mut names: Vec<String> = maps::named()
            .flat_map(|map| ["u64/()", "u64/1", "u64/bool"].map(|entry| slug(map, entry.parse().expect("an entry"))))
            .collect();
        names.sort();
        let all = names.len();
        names.dedup();
        assert_eq!((names.len(), all), (all, 78));
    }
}
