//! The progress bar: cells done, what runs, time left.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::event::{Event, Sink};

/// A bar on standard error, when that is a terminal and a bar is wanted; otherwise nothing.
///
/// It tells how many cells are done. Its length and the time left go by tasks (passes, and repetitions of time passes),
/// because every cell's first comes before any cell's last. Repetitions that may not be needed are left out until they
/// come. Who draws it says again and again what runs: there is no thread
/// for it.
pub(super) struct Progress {
    bar: ProgressBar,
    /// By cell.
    tasks_left: Vec<u64>,
}

impl Progress {
    /// A bar for cells of so many tasks each, of which so many come in any case.
    pub fn new(tasks_left: Vec<u64>, certain: u64, wanted: bool) -> Progress {
        let bar = ProgressBar::new(certain);
        let terminal = std::io::stderr().is_terminal();
        bar.set_draw_target(if wanted && terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        });
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {prefix} cells, {eta} left  {wide_msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        let progress = Progress { bar, tasks_left };
        progress.count_cells();
        progress
    }

    /// A task of a cell is done, or won't be run. With it come others, and it may not have been counted.
    fn task_done(&mut self, cell: usize, brings: u32, is_counted: bool) {
        self.tasks_left[cell] -= 1;
        self.bar.inc_length(brings.into());
        self.bar.inc(is_counted.into());
        self.count_cells();
    }

    fn count_cells(&self) {
        self.bar.set_prefix(cells_done(&self.tasks_left));
    }
}

impl Sink for Progress {
    fn hear(&mut self, event: Event<'_>) {
        match event {
            Event::Doing(what) => self.bar.set_message(what.to_owned()),
            Event::Ended(task, _) => self.task_done(task.cell, task.brings(), true),
            Event::Dropped(task) => self.task_done(task.cell, 0, task.is_certain()),
        }
    }
}

/// Cells done, of how many.
fn cells_done(tasks_left: &[u64]) -> String {
    format!("{}/{}", tasks_left.iter().filter(|left| **left == 0).count(), tasks_left.len())
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_done_with_its_last_task() {
        let mut progress = Progress::new(vec![2, 2], 4, false);
        let done: Vec<String> = [0, 1, 1, 0]
            .into_iter()
            .map(|cell| {
                progress.task_done(cell, 0, true);
                cells_done(&progress.tasks_left)
            })
            .collect();
        assert_eq!(done, ["0/2", "0/2", "1/2", "2/2"]);
    }

    #[test]
    fn what_may_not_be_needed_counts_when_it_comes() {
        let mut progress = Progress::new(vec![3], 1, false);
        let seen: Vec<_> = [(0, true), (1, true), (0, false)]
            .into_iter()
            .map(|(brings, is_counted)| {
                progress.task_done(0, brings, is_counted);
                (progress.bar.position(), progress.bar.length())
            })
            .collect();
        assert_eq!((seen, progress.tasks_left[0]), (vec![(1, Some(1)), (2, Some(2)), (2, Some(2))], 0));
    }
}
