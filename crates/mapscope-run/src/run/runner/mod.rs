//! Maps of Rust with entries that are not compiled in: a program of one map and one entry, built by the user's `cargo` from
//! the sources that this program carries, kept and checked as those of the engines are. It runs the passes of its cells in this
//! program's place.

mod program;

use std::fs;
use std::io::{self, Read, Write as _};
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
    let about = format!("{rustc}\n{}\n{}", program::manifest("", ""), program::main(map, entry));
    let name = format!("rust-{}-{}", slug(map, entry), digest(sources, &about));
    let prepared = |path| {
        let here = Environment::detect("").rustc;
        Prepared::Program { path, built_by: (rustc != here).then(|| format!("rustc {rustc}")) }
    };
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
        // At once: another mapscope may build of it.
        let whole = || {
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(content.as_bytes())?;
            file.persist(&path).map(drop).map_err(|error| error.error)
        };
        whole().map_err(|error| failed(&path, error))
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
    let path = cargo(&folder, &target, &package)?;
    // Cargo keeps its own, and gives that to whoever builds the same at the same time, or again.
    let copied = tempfile::NamedTempFile::new_in(cache.folder()).and_then(|copy| {
        fs::copy(&path, copy.path())?;
        cache.put(&name, &copy.into_temp_path())
    });
    copied.map(prepared).map_err(|error| failed(&path, error))
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

/// The version of the compiler that builds in a folder: by a toolchain file, another folder may have another.
fn version_of_rustc(folder: &Path) -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut asked = Command::new(rustc);
    let said =
        asked.arg("--version").current_dir(folder).stdin(Stdio::null()).output().map_err(|_| {
            "there is no rustc on the PATH to build a program for it: install Rust (rustup.rs)".to_owned()
        })?;
    let version = String::from_utf8_lossy(&said.stdout);
    let version = version.trim().strip_prefix("rustc ").filter(|_| said.status.success());
    version.map(str::to_owned).ok_or_else(|| format!("`rustc --version` fails: {}", complaint(&said)))
}

/// The compiler that programs are built with, where one of these entries needs one.
pub(super) fn compiler<'a>(mut entries: impl Iterator<Item = &'a str>) -> Option<String> {
    let version = || Cache::open().and_then(|cache| version_of_rustc(cache.folder()));
    entries.any(|entry| !is_compiled_in(entry)).then(|| version().unwrap_or_else(|why| why))
}

/// Whether every map is compiled with an entry.
pub(super) fn is_compiled_in(entry: &str) -> bool {
    ENTRIES.iter().any(|term| term.name == entry)
}

/// What cargo says of what it has made.
#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    executable: Option<PathBuf>,
}

/// Builds the package in a folder; gives the program.
fn cargo(folder: &Path, target: &Path, package: &str) -> Result<PathBuf, String> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(folder).args(["build", "--release", "--color=never", "--message-format=json-render-diagnostics"]);
    // What the user's own settings say of releases is not how maps are measured.
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
    // So given, no other flags count, such as a target's in the user's settings.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "").env("CARGO_TARGET_DIR", target);
    let output = finished(&mut cargo).map_err(|error| format!("cargo can't be run: {error}"))?;
    let messages = output.stdout.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let made = messages.filter_map(|message: Message| message.executable).find(|path| path.ends_with(package));
    made.filter(|_| output.status.success())
        .ok_or_else(|| format!("cargo can't build a program for it: {}", complaint(&output)))
}

/// Runs a command to its end, or ends it and what it has started when the run is interrupted.
fn finished(command: &mut Command) -> io::Result<Output> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.process_group(0).spawn()?;
    let (stdout, stderr) = (whole(child.stdout.take()), whole(child.stderr.take()));
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if interrupt::asked()
            && let Ok(group) = i32::try_from(child.id())
        {
            // SAFETY: only sends a signal. The group is the child's own, and its number is nobody else's until the child is
            // waited for.
            unsafe { libc::kill(-group, libc::SIGKILL) };
            break child.wait()?;
        }
        thread::sleep(BEAT);
    };
    let bytes = |reader: thread::JoinHandle<Vec<u8>>| reader.join().unwrap_or_default();
    Ok(Output { status, stdout: bytes(stdout), stderr: bytes(stderr) })
}

/// How long to wait for the end of a command before looking whether the run was interrupted.
const BEAT: Duration = Duration::from_millis(50);

/// All that comes from a pipe, read beside whatever else is done.
fn whole(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        bytes
    })
}

/// What a command that failed says of it, and how it ended where that is no error.
fn complaint(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.iter().position(|line| line.starts_with("error:") || line.starts_with("error[")) {
        Some(error) => lines[error..].iter().take(6).copied().collect::<Vec<_>>().join(" "),
        None => lines.iter().rev().take(2).rev().fold(output.status.to_string(), |text, line| text + "; " + line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_entry_is_named() {
        let named = |entry| nearest(entry).expect("there are some");
        assert_eq!(
            ["u32/u32", "u64/128", "u64/100", "string(43)/u64"].map(named),
            ["u64/u64", "u64/u64", "u64/u64", "string(24)/u64"]
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
