//! The real Go runtime: finding the user's `go`, building the program that works a map inside it, and talking to it.
//!
//! The program's source is in `program/`, and in this binary. It is built once for each toolchain and shape of entry, into
//! a cache folder, and driven over a pipe: the operations are made here, so that the runtime's map and a model of it get
//! the same ones.

mod causes;
mod session;
mod subject;
mod toolchain;

pub use session::{Collections, Greeting, Kind, Memory, Op, Recorded, Session};
pub(super) use subject::ENGINE;
pub use toolchain::{GolangError, Toolchain, find};

/// A shape of entry that the program can be built for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Key and elem as recordings name them: `str/u64`.
    pub name: &'static str,
    /// The build tag that chooses it.
    tag: &'static str,
    /// The entry of the command line that it equals, if there is one.
    pub entry: Option<&'static str>,
}

macro_rules! shapes {
    ($($name:literal, $tag:literal, $entry:expr;)*) => {
        /// Every shape.
        pub const SHAPES: &[Shape] = &[$(Shape { name: $name, tag: $tag, entry: $entry }),*];

        /// The program's files, by name.
        const SOURCES: &[(&str, &str)] = &[
            $((concat!("shape_", $tag, ".go"), include_str!(concat!("program/shape_", $tag, ".go"))),)*
            ("go.mod", include_str!("program/go.mod")),
            ("batch.go", include_str!("program/batch.go")),
            ("collections.go", include_str!("program/collections.go")),
            ("inspect.go", include_str!("program/inspect.go")),
            ("main.go", include_str!("program/main.go")),
            ("shape_values.go", include_str!("program/shape_values.go")),
            ("sync_subject.go", include_str!("program/sync_subject.go")),
            ("syncmap.go", include_str!("program/syncmap.go")),
            ("synctrie.go", include_str!("program/synctrie.go")),
            ("subject.go", include_str!("program/subject.go")),
            ("ticks_amd64.s", include_str!("program/ticks_amd64.s")),
            ("ticks_arm64.s", include_str!("program/ticks_arm64.s")),
            ("ticks_asm.go", include_str!("program/ticks_asm.go")),
            ("ticks_other.go", include_str!("program/ticks_other.go")),
        ];
    };
}

shapes! {
    "u64/u64", "u64_u64", Some("u64/u64");
    "u64/b64", "u64_b64", Some("u64/64");
    "u64/b256", "u64_b256", Some("u64/256");
    "str/u64", "str_u64", Some("string(24)/u64");
    "str/b256", "str_b256", Some("string(24)/256");
    "u32/u8", "u32_u8", None;
    "u16/none", "u16_none", None;
    "mid/ptr", "mid_ptr", None;
    "ptr/u64", "ptr_u64", None;
    "big/u64", "big_u64", None;
    "u64/big", "u64_big", None;
}

/// The shape that equals an entry of the command line.
pub fn shape_of_entry(entry: &str) -> Option<Shape> {
    SHAPES.iter().copied().find(|shape| shape.entry == Some(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_program_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/engines/go/program");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .expect("the program's folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        let mut embedded: Vec<String> = SOURCES.iter().map(|(name, _)| (*name).to_owned()).collect();
        there.sort();
        embedded.sort();
        assert_eq!(embedded, there);
    }

    #[test]
    fn recordings_of_every_shape_can_be_played() {
        for shape in SHAPES {
            assert!(crate::replay::shape(shape.name).is_some(), "{}", shape.name);
        }
        assert_eq!(SHAPES.len(), crate::replay::SHAPES.len());
    }

    #[test]
    fn each_shape_says_its_own_name_and_tag() {
        for shape in SHAPES {
            let file = format!("shape_{}.go", shape.tag);
            let (_, source) = SOURCES.iter().find(|(name, _)| *name == file).expect("a file a shape");
            assert!(source.starts_with(&format!("//go:build {}\n", shape.tag)), "{file}");
            assert!(source.contains(&format!("const shapeName = \"{}\"", shape.name)), "{file}");
        }
    }
}
