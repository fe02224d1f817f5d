//! The inputs of a run: each trace and each file of keys is read once, however many workloads, processes and passes use
//! it. All of them read the [private copy](super::copy) that was made then.

use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::copy::{Copy, Seal};
use super::input::fault;
use super::{WorkloadError, keys, trace};
use crate::intake;
use crate::plan::{Reading, TraceSpec};

/// What has been read so far.
#[derive(Debug, Default)]
pub struct Inputs {
    taken: Vec<Taken>,
    handed_over: bool,
}

/// An input that has been read.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    pub about: About,
    pub copy: Copy,
}

/// What is known of an input beside its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct About {
    /// As it was given.
    pub path: PathBuf,
    /// How it was to be read.
    pub reading: Reading,
    /// `NAME@DIGEST` of what was read, and how it was to be read where that was said.
    pub fingerprint: String,
    /// What it was read as, in words, where it doesn't say everything itself.
    pub told: Option<String>,
    pub content: Content,
}

/// What an input is read for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Content {
    Keys,
    Trace(trace::About),
}

impl About {
    fn is(&self, purpose: Purpose<'_>) -> bool {
        match (self.content, purpose) {
            (Content::Keys, Purpose::Keys) => true,
            (Content::Trace(_), Purpose::Trace(reading)) => self.reading == *reading,
            _ => false,
        }
    }
}

/// What an input is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose<'a> {
    Keys,
    Trace(&'a Reading),
}

/// An input for another process, which inherits its descriptor and takes it over by [`Inputs::handed_over`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HandOver {
    descriptor: RawFd,
    seal: Seal,
    about: About,
}

impl HandOver {
    /// The descriptor that the other process needs under the same number. It is open as long as the workload is that
    /// it comes from, and otherwise closed in programs that are started.
    pub fn descriptor(&self) -> RawFd {
        self.descriptor
    }
}

impl Inputs {
    /// The one that this process was started with. To be called once for each that was handed over.
    ///
    /// # Errors
    ///
    /// A descriptor that is not open.
    pub fn handed_over(from: &HandOver) -> Result<Inputs, WorkloadError> {
        let HandOver { descriptor, seal, about } = from;
        let copy = Copy::taken_over(*descriptor, *seal)
            .map_err(|error| fault(&about.path, None, format!("its private copy was not handed on: {error}")))?;
        Ok(Inputs { taken: vec![Taken { about: about.clone(), copy }], handed_over: true })
    }

    /// Whether another process has read and checked them.
    pub(super) fn are_handed_over(&self) -> bool {
        self.handed_over
    }

    /// The input at `path`, read now if it has not been.
    pub(super) fn take(&mut self, path: &Path, purpose: Purpose<'_>) -> Result<Taken, WorkloadError> {
        let one = intake::canonical(path);
        let mut known = self.taken.iter().filter(|taken| intake::canonical(&taken.about.path) == one);
        if let Some(taken) = known.clone().find(|taken| taken.about.is(purpose)) {
            return Ok(taken.clone());
        }
        if known.next().is_some() && intake::is_descriptor(path) {
            let what = "was read already, for a trace or for keys, and comes only once: save it to a file";
            return Err(fault(path, None, what.to_owned()));
        }
        let taken = match purpose {
            Purpose::Keys => keys::take_file(path)?,
            Purpose::Trace(reading) => trace::take(&TraceSpec { path: path.to_owned(), reading: reading.clone() })?,
        };
        self.taken.push(taken.clone());
        Ok(taken)
    }
}

impl Taken {
    pub(super) fn hand_over(&self) -> HandOver {
        HandOver { descriptor: self.copy.descriptor(), seal: self.copy.seal(), about: self.about.clone() }
    }
}
