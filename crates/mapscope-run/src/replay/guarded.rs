//! A model that may panic, and is not asked again then.

use std::mem::ManuallyDrop;

use super::player::{Play, PlayError, Row, Told};
use crate::maps::Info;
use crate::maps::anatomy::{Anatomy, Part};
use crate::workload::caught;

/// A model whose panics are errors of the row that made them.
///
/// Of a map that has panicked not even dropping is safe: its memory is left alone.
pub struct Guarded {
    model: ManuallyDrop<Box<dyn Play>>,
    said: Option<String>,
}

impl Guarded {
    /// Guards a model.
    pub fn new(model: Box<dyn Play>) -> Guarded {
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
        let model = &mut self.model;
        caught(|| model.play(row, figures)).unwrap_or_else(|panic| {
            let said = format!("{} panicked in this operation: {panic}", self.info().term.name);
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
