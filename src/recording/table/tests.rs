use super::*;

#[test]
fn a_percentile_is_the_nearest_rank() {
    let of = |sizes: &[u64], percent| Counts { sizes: sizes.to_vec(), ..Counts::default() }.size_at(percent);
    assert_eq!([50, 99].map(|percent| of(&[1, 1000], percent)), [Some(1), Some(1000)]);
    assert_eq!([50, 99].map(|percent| of(&[1, 2, 3], percent)), [Some(2), Some(3)]);
    assert_eq!(of(&(1..=200).collect::<Vec<_>>(), 99), Some(198));
    assert_eq!(of(&[], 50), None);
}

#[test]
fn files_are_named_by_package_or_from_the_folder_of_the_command() {
    let at = |function: &str, file: &str| {
        let goroot = Some("/home/m/go".into());
        let manifest = Manifest { folder: "/home/m".into(), goroot, ..Manifest::default() };
        let frame = Frame { function: function.into(), file: Some(file.into()), line: Some(7) };
        place_of(Some(&frame), Some(&manifest)).at
    };
    for (function, file, shown) in [
        ("go/printer.(*printer).nodeSize", "/usr/go/src/go/printer/nodes.go", "go/printer/nodes.go:7"),
        ("example.com/m/in.F[...]", "/home/m/in/f.go", "in/f.go:7"),
        ("main.main", "/home/m/cmd/x/main.go", "cmd/x/main.go:7"),
        // As its repository has it, where the end of the path is that of the package, too.
        ("m/in.F", "/home/m/in/f.go", "in/f.go:7"),
        ("main.main", "/home/m/cmd/main/main.go", "cmd/main/main.go:7"),
        ("fmt.F", "/home/m/go/src/fmt/f.go", "fmt/f.go:7"),
        ("main.main", "/elsewhere/main.go", "/elsewhere/main.go:7"),
        ("example.com/n.F", "/cache/example.com/n@v1.2.3/f.go", "/cache/example.com/n@v1.2.3/f.go:7"),
        // Rust's compiler names the files of a workspace from its root, and no functions.
        ("", "src/main.rs", "src/main.rs:7"),
        ("app::f", "/home/m/src/f.rs", "src/f.rs:7"),
        ("", "/home/.cargo/registry/src/index.crates.io-1949/a-1.0.2/src/lib.rs", "a-1.0.2/src/lib.rs:7"),
        ("", "/rustc/59807616e1/library/core/src/option.rs", "core/src/option.rs:7"),
        // Anybody may call a folder so.
        ("", "crates/registry/src/lib.rs", "crates/registry/src/lib.rs:7"),
        ("", "/elsewhere/registry/src/lib.rs", "/elsewhere/registry/src/lib.rs:7"),
        ("main.main", "/elsewhere/registry/src/x/main.go", "/elsewhere/registry/src/x/main.go:7"),
    ] {
        assert_eq!(at(function, file), shown);
    }
}
