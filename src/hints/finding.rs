//! A map for which a hint can be written.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Group;

/// What is known of the number of entries that a map gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Every round of the loop inserts a key of its own: sure.
    Copy,
    /// Every round writes; keys may repeat, or the loop end early: a guess.
    Each,
    /// Some rounds write: a guess.
    Some,
    /// The number of rounds is a variable, which may be anything: a guess.
    Counted,
    /// A number that a recording suggests: a guess.
    Constant,
}

impl Kind {
    /// Every kind that needs no recording.
    pub const OF_SOURCE: [Kind; 4] = [Kind::Copy, Kind::Each, Kind::Some, Kind::Counted];

    /// Whether the map has at least as many entries as the hint says, as soon as it is filled.
    pub fn is_sure(self) -> bool {
        self == Kind::Copy
    }

    /// `sure` or `guess`.
    pub fn sureness(self) -> &'static str {
        if self.is_sure() { "sure" } else { "guess" }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Copy => "copy",
            Kind::Each => "each",
            Kind::Some => "some",
            Kind::Counted => "counted",
            Kind::Constant => "constant",
        }
    }

    /// What it says of a map, as a sentence without its end.
    pub fn what(self) -> &'static str {
        match self {
            Kind::Copy => "every round of the loop inserts a key of its own",
            Kind::Each => "every round writes; keys may repeat, or the loop ends early",
            Kind::Some => "some rounds of the loop write",
            Kind::Counted => "the number of rounds is a variable, which may be anything",
            Kind::Constant => "the maps recorded were of about this size",
        }
    }
}

/// A map for which a hint can be written. Columns count characters, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "positions")]
pub struct Finding {
    pub file: PathBuf,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    /// What is known of the number of entries.
    pub kind: Kind,
    /// The hint: `len(names)`.
    pub hint: String,
    /// The line of the write that fills the map.
    #[serde(rename = "loop")]
    pub loop_line: u32,
    /// The map's type, as the source has it.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether its package is of a module that is the user's, not one that this needs, or Go itself.
    pub own: bool,
    pub(super) group_bytes: u32,
    pub(super) group_pointers: bool,
    /// What makes the map, with the hint: `make(map[string]bool, len(names))`.
    pub with: String,
    /// The change.
    #[serde(flatten)]
    pub edit: Edit,
}

/// What stands for the bytes of a file between two offsets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs, reason = "offsets and texts")]
pub struct Edit {
    pub offset: usize,
    pub end: usize,
    pub old: String,
    pub new: String,
}

impl Finding {
    /// The map's groups. `None` where their size depends on type parameters.
    pub fn group(&self) -> Option<Group> {
        (self.group_bytes > 0).then_some(Group { bytes: self.group_bytes, has_pointers: self.group_pointers })
    }

    /// Whether it can be written: a place for a number may have none yet.
    pub fn is_whole(&self) -> bool {
        self.kind != Kind::Constant || self.number().is_some()
    }

    /// The number that a recording suggests.
    pub(super) fn number(&self) -> Option<u64> {
        self.hint.parse().ok()
    }

    /// With a number for a hint.
    pub fn with_number(mut self, number: u64) -> Finding {
        const HOLE: &str = "HINT";
        let number = number.to_string();
        // It is the end of each but for a bracket.
        for text in [&mut self.with, &mut self.edit.new, &mut self.hint] {
            if let Some(at) = text.rfind(HOLE) {
                text.replace_range(at..at + HOLE.len(), &number);
            }
        }
        self
    }
}
