//! Bakes into the binary what a record's environment must name: the compiler, its target and its options. What versions of crates are
//! linked, the program finds out itself (`src/maps/linked.rs`).

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .map(|out| String::from_utf8_lossy(&out.stdout).trim().trim_start_matches("rustc ").to_owned())
        .unwrap_or_default();
    println!("cargo::rustc-env=MAPSCOPE_RUSTC={version}");
    let variable = |name| std::env::var(name).unwrap_or_default();
    println!("cargo::rustc-env=MAPSCOPE_TARGET={}", variable("TARGET"));
    println!("cargo::rerun-if-env-changed=CARGO_ENCODED_RUSTFLAGS");
    let [profile, level, flags] = ["PROFILE", "OPT_LEVEL", "CARGO_ENCODED_RUSTFLAGS"].map(variable);
    let flags = flags.replace('\x1f', " ");
    println!("cargo::rustc-env=MAPSCOPE_BUILD={profile}, opt-level {level}, rustflags \"{flags}\"");
}
