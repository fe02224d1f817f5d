//! How the command is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Only stacks need symbols, which are two thirds smaller so.
    let is = |key: &str, value: &str| std::env::var(key).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-bins=-Wl,--compress-debug-sections=zlib");
    }
}
