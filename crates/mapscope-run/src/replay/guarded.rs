//! A model that may panic, and is not asked again then.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::player::{Play, PlayError, Row, Told};
use crate::maps::Info;
use crate::maps::anatomy::{Anatomy, Part};

/// A model whose panics are errors of the row that made them.
///
/// The first one takes the process's panic hook over: it keeps what a guarded model says, and passes everything else on to
/// the hook that was there. Of a map that has panicked not even dropping is safe: its memory is left alone.
pub struct Guarded {
    model: ManuallyDrop<Box<dyn Play>>,
    said: Option<String>,
}

thread_local! {
    static PLAYING: Cell<bool> = const { Cell::new(false) };
    /// What the last panic of a model said, and where.
    static SAID: Cell<Option<String>> = const { Cell::new(None) };
}

impl Guarded {
    /// Guards a model.
    pub fn new(model: Box<dyn Play>) -> Guarded {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let others = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                if !PLAYING.get() {
                    return others(info);
                }
                let said = info.payload_as_str().unwrap_or("without a word");
                let place = info.location().map(|place| format!(" (at {place})")).unwrap_or_default();
                SAID.set(Some(format!("{said}{place}")));
            }));
        });
        Guarded { model: ManuallyDrop::new(model), said: None }
    }
}

impl Play for Guarded {
    fn info(&self) -> &Info {
        self.model.info()
    }

    fn play(&mut self, row: Row, figures: &mut [u64]) -> Result<(), PlayError> {
        if let Some(said) = &self.said {
            return Err(PlayError::Panicked(said.clone()));
        }
        PLAYING.set(true);
        let played = panic::catch_unwind(AssertUnwindSafe(|| self.model.play(row, figures)));
        PLAYING.set(false);
        played.unwrap_or_else(|_| {
            let said =
                format!("{} panicked in this operation: {}", self.info().term.name, SAID.take().unwrap_or_default());
            self.said = Some(said.clone());
            Err(PlayError::Panicked(said))
        })
    }

    fn told(&self) -> Told {
        self.model.told()
    }

    fn anatomy(&self, part: Part<'_, u64>) -> Option<Anatomy> {
        // What has panicked is not looked at either.
        if self.said.is_none() { self.model.anatomy(part) } else { None }
    }

    fn check_invariants(&self) {
        self.model.check_invariants();
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if self.said.is_none() {
            // SAFETY: it is dropped here and nowhere else, and this is the last use of it.
            unsafe { ManuallyDrop::drop(&mut self.model) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::player::Action;
    use super::*;
    use crate::maps::{Family, go::GoClassic};

    struct Failing;

    impl Play for Failing {
        fn info(&self) -> &Info {
            const { &GoClassic::INFO }
        }
        fn play(&mut self, row: Row, _: &mut [u64]) -> Result<(), PlayError> {
            assert!(row.key != 3, "three of {}", row.key);
            Ok(())
        }
        fn check_invariants(&self) {}
    }

    impl Drop for Failing {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    #[test]
    fn a_panic_is_told_and_the_model_left_alone() {
        let mut model = Guarded::new(Box::new(Failing));
        let row = |key| Row { key, ..Row::new(Action::Get) };
        assert_eq!(model.play(row(2), &mut []), Ok(()));
        let panicked = model.play(row(3), &mut []).expect_err("a panic");
        assert!(
            panicked.to_string().contains(
                "go-classic panicked in this operation: three of 3 (at crates/mapscope-run/src/replay/guarded.rs:"
            ),
            "{panicked}"
        );
        assert_eq!(model.play(row(2), &mut []), Err(panicked));
    }

    #[test]
    #[should_panic = "dropped"]
    fn a_model_that_did_not_panic_is_dropped() {
        drop(Guarded::new(Box::new(Failing)));
    }
}
