//! The models that recordings can be played on, among all maps that ship.

use std::marker::PhantomData;

use super::player::player_among;
use super::{Play, Setup, Shapes};
use crate::maps::{self, Family, FamilyVisitor, Info};
use crate::workload::Entries;

/// A player for the model whose recordings have this layout; `None`, too, when those of the setup's release have another.
pub fn player_of_layout(layout: &str, setup: &Setup) -> Option<Box<dyn Play>> {
    player_of_shape::<Shapes>(layout, setup)
}

/// The same, where the shapes that a setup can name are those of `E`.
pub fn player_of_shape<E: Entries>(layout: &str, setup: &Setup) -> Option<Box<dyn Play>> {
    search::<E>(layout, Some(setup)).player
}

/// The model whose recordings have this layout.
pub fn model_of(layout: &str) -> Option<Info> {
    search::<Shapes>(layout, None).model
}

fn search<'a, E: Entries>(layout: &'a str, setup: Option<&'a Setup<'a>>) -> Search<'a, E> {
    let mut search = Search { layout, setup, model: None, player: None, shapes: PhantomData };
    maps::each(&mut search);
    search
}

/// Finds the model of a layout among the maps that ship.
struct Search<'a, E> {
    layout: &'a str,
    setup: Option<&'a Setup<'a>>,
    model: Option<Info>,
    player: Option<Box<dyn Play>>,
    shapes: PhantomData<E>,
}

impl<E: Entries> FamilyVisitor for Search<'_, E> {
    fn visit<F: Family>(&mut self) {
        if let Some(newest) = Info::release_of_layout(self.layout, |release| F::info_at(release)) {
            self.model = Some(F::info_at(newest));
            let has_it = |setup: &&Setup| F::info_at(setup.release).layout == Some(self.layout);
            self.player = self.setup.filter(has_it).and_then(player_among::<F, E>);
        }
    }
}
