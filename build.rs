//! How the command is linked, and the sources that it carries.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// What maps are compiled from, and the list of what versions of other crates.
const CARRIED: [&str; 4] =
    ["crates/counting-alloc", "crates/mapscope-maps", "crates/mapscope-run", "crates/mapscope-trace"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Only stacks need symbols, which are two thirds smaller so.
    let is = |key: &str, value: &str| env::var(key).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-bins=-Wl,--compress-debug-sections=zlib,-O2");
    }
    carry();
}

/// Writes `sources.rs`: the files that a program of one map is built from (`run::runner` of mapscope-run), by path.
fn carry() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo says where this is");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo says where to")).join("sources.rs");
    if !Path::new(&root).join("crates").exists() {
        // Packed without them: no program can be built then, and a run says so.
        return fs::write(out, "&[]").expect("written");
    }
    let mut files = Vec::new();
    CARRIED.iter().for_each(|folder| walk(Path::new(&root), Path::new(folder), &mut files));
    walk(Path::new(&root), Path::new("profiles"), &mut files);
    if Path::new(&root).join("Cargo.lock").exists() {
        files.push("Cargo.lock".to_owned());
    }
    files.sort();
    let mut list = String::from("&[\n");
    for file in &files {
        let _ = writeln!(list, "({file:?}, include_str!({:?})),", format!("{root}/{file}"));
    }
    // The workspace without this crate.
    println!("cargo::rerun-if-changed=Cargo.toml");
    let manifest = fs::read_to_string(format!("{root}/Cargo.toml")).expect("a manifest");
    let (workspace, _) = manifest.split_once("\n[package]\n").expect("the workspace comes first");
    let members = workspace.replace("default-members = [\".\", \"crates/*\"]", "");
    let _ = writeln!(list, "(\"Cargo.toml\", {members:?}),\n]");
    fs::write(out, list).expect("written");
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<String>) {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(root.join(folder)).expect("a folder of ours").flatten() {
        let path = folder.join(entry.file_name());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(root, &path, files),
            Ok(kind) if kind.is_file() => files.push(path.to_str().expect("a plain name").to_owned()),
            _ => {}
        }
    }
}
