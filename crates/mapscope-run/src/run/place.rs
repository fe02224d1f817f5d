//! Where what repetitions leave for each other lies: beside the log, by cell and number.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where a cell's repetitions leave it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::run) struct Place {
    folder: PathBuf,
    cell: usize,
}

impl Place {
    pub fn new(folder: &Path, cell: usize) -> Place {
        Place { folder: folder.to_owned(), cell }
    }

    /// What so many repetitions left.
    pub fn after(&self, repetitions: u32) -> PathBuf {
        self.folder.join(format!("{}{NAMED}{repetitions}", self.cell))
    }
}

/// Between the numbers of cell and repetition.
const NAMED: &str = "-least-";

/// Whether that is the name of such a file.
pub(in crate::run) fn is_least(name: &OsStr) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = name.to_str().and_then(|name| name.split_once(NAMED));
    parts.is_some_and(|(cell, repetitions)| is_number(cell) && is_number(repetitions))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name() {
        let place = Place::new(Path::new("out.partial"), 12);
        assert_eq!(place.after(7), Path::new("out.partial/12-least-7"));
        assert!(is_least(place.after(7).file_name().unwrap()));
        for other in ["least", "12-least-", "-least-7", "12-least-x", "12-learnt", "a12-least-7"] {
            assert!(!is_least(other.as_ref()), "{other}");
        }
    }
}
