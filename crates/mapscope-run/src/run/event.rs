//! What happens in a run, for every listener.

use super::job::Answered;
use super::task::Task;

/// What happens.
#[derive(Clone, Copy)]
pub(super) enum Event<'a> {
    /// Something takes its time. Said again and again while nothing else happens.
    Doing(&'a str),
    /// A process has ended, and how.
    Ended(&'a Task, &'a Answered),
    /// It won't be run: its cell has failed, or needs no more of them.
    Dropped(&'a Task),
}

/// Who wants to know.
pub(super) trait Sink {
    fn hear(&mut self, event: Event<'_>);
}

/// Several of them.
pub(super) struct Sinks<'a>(pub Vec<&'a mut dyn Sink>);

impl Sinks<'_> {
    pub fn tell(&mut self, event: Event<'_>) {
        self.0.iter_mut().for_each(|sink| sink.hear(event));
    }
}
