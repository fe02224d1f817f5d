//! The progress bar: cells done, what runs, time left.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error, when that is a terminal and a bar is wanted; otherwise nothing.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub fn new(passes: u64, wanted: bool) -> Progress {
        let bar = ProgressBar::new(passes);
        let terminal = std::io::stderr().is_terminal();
        bar.set_draw_target(if wanted && terminal {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        });
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} passes, {eta} left  {wide_msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Progress(bar)
    }

    pub fn says(&self, what: String) {
        self.0.set_message(what);
    }

    pub fn done(&self, passes: u64) {
        self.0.inc(passes);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
