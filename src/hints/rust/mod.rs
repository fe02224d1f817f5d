//! The source of Rust programs, read with `syn`: no compiler runs, so types are not known, and every hint is a guess.

mod find;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use super::{Bounds, Edit, Files, Finding, Fixed, HintsError, Kind, Outcome, Place};
use crate::text;
use find::{Found, find};

/// The sources of a cargo workspace.
#[derive(Debug)]
pub struct RustSource {
    root: PathBuf,
}

impl RustSource {
    /// Those of this workspace; sources are named from its folder.
    pub fn new(root: &Path) -> RustSource {
        RustSource { root: root.to_owned() }
    }

    /// What there is at each of these places.
    pub fn places(&self, places: &[Place]) -> Vec<Outcome> {
        places.iter().map(|place| self.place(place)).collect()
    }

    fn place(&self, place: &Place) -> Outcome {
        let file = self.root.join(&place.file);
        let found = read(&file)
            .map_err(|error| format!("{}: {error}", text::path(&file)))
            .and_then(|source| on_a_deep_stack(|| find(&source, place.line, &place.ty)));
        match found {
            Ok(found) => {
                let why = found.why.clone();
                Outcome { finding: Some(finding(found, file, &place.ty)), why }
            }
            Err(why) => Outcome { finding: None, why: Some(why) },
        }
    }
}

/// A source, of whatever file a recording names.
fn read(file: &Path) -> io::Result<String> {
    const BYTES_MAX: u64 = 256 << 10;
    let is_source = file.extension().is_some_and(|name| name == "rs") && fs::metadata(file)?.is_file();
    if !is_source {
        return Err(io::Error::other("it is no source"));
    }
    let mut text = String::new();
    File::open(file)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    match text.len() as u64 > BYTES_MAX {
        true => Err(io::Error::other("it is longer than 256 KiB")),
        false => Ok(text),
    }
}

/// The parser calls itself for whatever nests: what `nests_deep` does not count takes three bytes a level or more.
fn on_a_deep_stack<T: Send>(work: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    const BYTES: usize = 1 << 30;
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(BYTES).spawn_scoped(scope, work);
        let thread = thread.map_err(|error| error.to_string())?;
        thread.join().unwrap_or_else(|_| Err("the parser failed on it".to_owned()))
    })
}

fn finding(found: Found, file: PathBuf, ty: &str) -> Finding {
    let Found { from, to, kind, hint, loop_line, edit, with, .. } = found;
    Finding {
        file,
        line: from.0,
        column: from.1,
        end_line: to.0,
        end_column: to.1,
        kind,
        hint,
        loop_line,
        ty: ty.to_owned(),
        own: true,
        group_bytes: 0,
        group_pointers: false,
        with,
        edit,
    }
}

impl Files for RustSource {
    fn root(&self) -> Option<&Path> {
        Some(&self.root)
    }

    fn bounds(&self) -> Result<Bounds, HintsError> {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo"))).unwrap_or_default();
        let foreign = [(&*home.join("registry"), "fetched by cargo"), (&*home.join("git"), "fetched by cargo")];
        Bounds::new(&self.root, foreign)
            .map_err(|error| HintsError::At { path: self.root.clone(), what: error.to_string() })
    }

    fn is_of(&self, folder: &Path) -> Result<bool, HintsError> {
        let real = |path: &Path| {
            path.canonicalize().map_err(|error| HintsError::At { path: path.to_owned(), what: error.to_string() })
        };
        // What a recording calls the workspace may be anything: cargo says which one the folder is in.
        let Some(root) = workspace_of(folder) else { return Ok(false) };
        Ok(real(&root)? == real(&self.root)?)
    }

    fn fix(&self, files: &BTreeMap<PathBuf, Vec<Edit>>) -> Result<Vec<Fixed>, HintsError> {
        files.iter().map(|(file, edits)| fixed(file, edits)).collect()
    }
}

/// A file with these changes, in order.
fn fixed(file: &Path, edits: &[Edit]) -> Result<Fixed, HintsError> {
    let at = |what: String| HintsError::At { path: file.to_owned(), what };
    let before = fs::read_to_string(file).map_err(|error| at(error.to_string()))?;
    let (mut after, mut from) = (String::new(), 0);
    for Edit { offset, end, old, new } in edits {
        let (Some(kept), Some(there)) = (before.get(from..*offset), before.get(*offset..*end)) else {
            return Err(at("has changed meanwhile: read it again".to_owned()));
        };
        if there != old {
            return Err(at("has changed meanwhile: read it again".to_owned()));
        }
        after += kept;
        after += new;
        from = *end;
    }
    after += &before[from..];
    Ok(Fixed { file: file.to_owned(), before, after })
}

/// The root of the cargo workspace that a folder is in.
pub fn workspace_of(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|folder| folder.join("Cargo.toml").is_file())?;
    let mut cargo = Command::new("cargo");
    cargo.args(["locate-project", "--workspace", "--message-format", "plain"]).current_dir(folder);
    let output = cargo.stdin(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    let manifest = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
    manifest.parent().filter(|root| root.is_absolute()).map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parser calls itself for each of these, so that a long source of them must be refused or read, and end nothing.
    #[test]
    fn what_nests_as_deep_as_a_source_can_ends_no_process() {
        for (before, level, after) in [
            ("fn f() { ", "|| ", "1; }"),
            ("fn f() { ", "|a|", "1; }"),
            ("fn f() { let x: ", "A<", "B; }"),
            ("fn f() { let x: ", "fn()->", "B; }"),
            ("fn f() { let x: ", "&'a ", "B; }"),
            ("fn f() { let x: ", "*const ", "B; }"),
            ("fn f() { ", "return ", "1; }"),
            ("fn f() { ", "a=", "1; }"),
            ("fn f() { ", "if a{}else ", "{} }"),
            ("fn f() { ", "(", "1"),
            ("fn f() { ", "- ", "1; }"),
        ] {
            let levels = (250 << 10) / level.len();
            let source = format!("{before}{}{after}", level.repeat(levels));
            let found = on_a_deep_stack(|| find(&source, 1, "HashMap<u8, u8>"));
            assert!(found.is_err(), "{level}: there is no map in it");
        }
    }
}
