//! The real Go runtime: finding the user's `go`, building the program that works a map inside it, and talking to it.
//!
//! The program's source is in `program/`, and in this binary. The types of its keys and values are a file
//! that is generated for the entry. It is built once for each toolchain and entry, into a cache folder, and driven over a pipe: the operations are made here, so that the runtime's map and a model of it get
//! the same ones.

mod causes;
mod made;
mod session;
mod subject;
mod toolchain;
mod types;

pub use session::{Collections, Greeting, Kind, Memory, Op, Recorded, Session};
pub(super) use subject::ENGINE;
pub use toolchain::{GolangError, Toolchain, find};
pub use types::Types;

use crate::workload::Entry;

/// A shape of entry that recordings have.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Key and elem as recordings name them: `str/u64`.
    pub name: &'static str,
    types: Of,
}

#[derive(Debug, Clone, Copy)]
enum Of {
    /// The types of this entry.
    Entry(&'static str),
    /// Those of a file, which no entry has.
    File(&'static str),
}

/// Every shape.
pub const SHAPES: &[Shape] = &[
    Shape { name: "u64/u64", types: Of::Entry("u64/u64") },
    Shape { name: "u64/b64", types: Of::Entry("u64/64") },
    Shape { name: "u64/b256", types: Of::Entry("u64/256") },
    Shape { name: "str/u64", types: Of::Entry("string(24)/u64") },
    Shape { name: "str/b256", types: Of::Entry("string(24)/256") },
    Shape { name: "u32/u8", types: Of::Entry("u32/u8") },
    Shape { name: "u16/none", types: Of::File(include_str!("program/shapes/u16_none.go")) },
    Shape { name: "mid/ptr", types: Of::File(include_str!("program/shapes/mid_ptr.go")) },
    Shape { name: "ptr/u64", types: Of::File(include_str!("program/shapes/ptr_u64.go")) },
    Shape { name: "big/u64", types: Of::File(include_str!("program/shapes/big_u64.go")) },
    Shape { name: "u64/big", types: Of::File(include_str!("program/shapes/u64_big.go")) },
];

impl From<Shape> for Types {
    fn from(Shape { name, types }: Shape) -> Types {
        match types {
            Of::Entry(entry) => entry.parse::<Entry>().expect("an entry of the grammar").into(),
            Of::File(source) => Types::new(name, source),
        }
    }
}

macro_rules! sources {
    ($($file:literal),*) => {
        /// The program's files, by name; `entry.go` comes with its [`Types`].
        const SOURCES: &[(&str, &str)] = &[$(($file, include_str!(concat!("program/", $file)))),*];
    };
}

sources!(
    "batch.go",
    "collections.go",
    "content.go",
    "go.mod",
    "inspect.go",
    "main.go",
    "subject.go",
    "sync_subject.go",
    "syncmap.go",
    "synctrie.go",
    "ticks_amd64.s",
    "ticks_arm64.s",
    "ticks_asm.go",
    "ticks_other.go"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_program_is_embedded() {
        let files = |folder: &str| -> Vec<String> {
            let folder = format!("{}/src/engines/go/{folder}", env!("CARGO_MANIFEST_DIR"));
            let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
            let mut files: Vec<_> = files.filter(|path| path.is_file()).collect();
            files.sort();
            files.iter().map(|path| path.file_name().expect("a name").to_string_lossy().into_owned()).collect()
        };
        let embedded: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
        assert_eq!(embedded, files("program"));
        assert_eq!(
            SHAPES.iter().filter(|shape| matches!(shape.types, Of::File(_))).count(),
            files("program/shapes").len()
        );
    }

    #[test]
    fn recordings_of_every_shape_can_be_played() {
        for shape in SHAPES {
            assert!(crate::replay::shape(shape.name).is_some(), "{}", shape.name);
        }
        assert_eq!(SHAPES.len(), crate::replay::SHAPES.len());
    }

    #[test]
    fn each_shape_has_types_of_its_own() {
        let types: Vec<Types> = SHAPES.iter().map(|&shape| shape.into()).collect();
        for (index, one) in types.iter().enumerate() {
            assert!(
                one.source.contains("\npackage main\n") || one.source.starts_with("package main\n"),
                "{}",
                one.name
            );
            assert!(types[..index].iter().all(|other| other.source != one.source), "{}", one.name);
        }
    }
}
