//! A model that may panic, and is not asked again then.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::player::{Play, PlayError, Row};
use crate::maps::Info;

/// A model whose panics are errors of the row that made them.
///
/// Of a map that has panicked not even dropping is safe: its memory is left alone.
pub struct Guarded {
    model: ManuallyDrop<Box<dyn Play>>,
    said: Option<String>,
}

thread_local!(static PLAYING: Cell<bool> = const { Cell::new(false) });

impl Guarded {
    /// Guards a model.
    pub fn new(model: Box<dyn Play>) -> Guarded {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let others = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                if !PLAYING.get() {
                    others(info);
                }
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
        played.unwrap_or_else(|cause| {
            let said = cause.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("without a word").to_owned();
            self.said = Some(said.clone());
            Err(PlayError::Panicked(said))
        })
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
        let panicked = PlayError::Panicked("three of 3".into());
        assert_eq!(model.play(row(3), &mut []), Err(panicked.clone()));
        assert_eq!(model.play(row(2), &mut []), Err(panicked));
    }
}
