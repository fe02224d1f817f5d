//! Which compiler builds the program: recordings say so.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_RECORD").is_none() {
        return;
    }
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = Command::new(rustc).arg("--version").output();
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    // rustc 1.95.0 (59807616e 2026-04-14)
    let version = said.split(' ').nth(1).unwrap_or_default();
    println!("cargo::rustc-env=MAPSCOPE_RUSTC={version}");
}
