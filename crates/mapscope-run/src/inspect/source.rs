//! Where the operations come from.

use super::InspectError;
use crate::replay::{Action, PlayError, Recording, Row};
use crate::workload::{Op, Stream, Workload, WorkloadError};

/// How many operations of a workload are made at a time.
const BATCH_OPS: usize = 256;

/// Operations in order.
pub struct Source {
    from: From,
    /// Read already, and to be handed out first.
    waiting: Option<Row>,
}

enum From {
    Recording(Box<Recording>),
    Workload { stream: Stream, hashed: bool, batch: Vec<Op>, next: usize },
}

impl Source {
    /// A recording or any other trace. What a value is made of is the key's identity, as in `replay`.
    pub fn recording(recording: Recording) -> Source {
        Source { from: From::Recording(Box::new(recording)), waiting: None }
    }

    /// A workload from the first operation of its set-up on. What a value is made of is the operation's number, as in
    /// `run`.
    ///
    /// # Errors
    ///
    /// Those of [`Workload::stream`].
    pub fn workload(workload: &Workload) -> Result<Source, WorkloadError> {
        let (stream, hashed) = (workload.stream()?, workload.hashed());
        Ok(Source { from: From::Workload { stream, hashed, batch: Vec::new(), next: 0 }, waiting: None })
    }

    /// Reads over the row that makes the map, which a plain trace may lack.
    pub(super) fn begin(&mut self) -> Result<(), WorkloadError> {
        if let From::Recording(recording) = &mut self.from {
            match recording.next(&mut [])? {
                Some(row) if row.action == Action::New => {}
                Some(_) if recording.about().layout.is_some() => {
                    return Err(recording.fault_here(PlayError::Misplaced.to_string()));
                }
                Some(row) => self.waiting = Some(row),
                None => {
                    let what = "holds no operations; expected at least the row `new`";
                    return Err(recording.fault(what.to_owned()));
                }
            }
        }
        Ok(())
    }

    /// The next row.
    pub(super) fn next(&mut self) -> Result<Option<Row>, WorkloadError> {
        if let Some(row) = self.waiting.take() {
            return Ok(Some(row));
        }
        match &mut self.from {
            From::Recording(recording) => recording.next(&mut []),
            From::Workload { stream, hashed, batch, next } => {
                if *next == batch.len() {
                    stream.next_batch(batch, BATCH_OPS)?;
                    *next = 0;
                }
                let row = batch.get(*next).map(|op| Row::of(op, *hashed));
                *next += 1;
                Ok(row)
            }
        }
    }

    /// The error of a row that could not be played.
    pub(super) fn blame(&self, error: PlayError, operation: u64) -> InspectError {
        match &self.from {
            From::Recording(recording) => recording.fault_here(error.to_string()).into(),
            From::Workload { .. } => InspectError::Play(operation, error),
        }
    }
}
