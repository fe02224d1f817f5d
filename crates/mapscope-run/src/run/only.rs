//! A program of one map with entries of its own choice, which does nothing but run the passes of its cells in the place of
//! the program that has had it built.

use std::io::{self, Write as _};
use std::process::ExitCode;

use super::child;
use super::job::HIDDEN_VERB;
use super::subjects::{Opened, open_alone, open_hands};
use crate::maps::{ConcurrentFamily, Family, Info};
use crate::subject::{Failure, Opening, Session, Subject};
use crate::workload::Entries;

/// The map.
pub struct Only {
    info: Info,
    open: for<'a> fn(Opening<'a>) -> Opened<'a>,
}

impl Only {
    /// One that one thread uses.
    pub fn alone<F: Family, E: Entries>() -> Only {
        Only { info: F::INFO, open: open_alone::<F, E> }
    }

    /// One that one thread uses as a [`Family`], and more as a [`ConcurrentFamily`].
    pub fn concurrent<F: Family + ConcurrentFamily, E: Entries>() -> Only {
        Only { info: F::INFO, open: open_either::<F, E> }
    }

    /// One that can't be used but as other threads would.
    pub fn shared<F: ConcurrentFamily, E: Entries>() -> Only {
        Only { info: F::SHARED_INFO, open: open_hands::<F, E> }
    }

    /// The program's `main`.
    pub fn main(&self) -> ExitCode {
        if std::env::args_os().nth(1).is_none_or(|verb| verb != HIDDEN_VERB) {
            let _ = writeln!(
                io::stderr(),
                "this program runs cells of {} for mapscope, which starts it",
                self.info.term.name
            );
            return ExitCode::from(2);
        }
        child::main_of_runner(self)
    }
}

impl Subject for Only {
    fn info(&self) -> Info {
        self.info
    }

    fn open<'a>(&'a self, opening: Opening<'a>) -> Result<Box<dyn Session + 'a>, Failure> {
        (self.open)(opening)
    }
}

fn open_either<'a, F: Family + ConcurrentFamily, E: Entries>(opening: Opening<'a>) -> Opened<'a> {
    match opening.cell.crew {
        None => open_alone::<F, E>(opening),
        Some(_) => open_hands::<F, E>(opening),
    }
}
