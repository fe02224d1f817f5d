//! The models that recordings can be played on, among all maps that ship.

use super::player::player;
use super::{Play, Setup};
use crate::maps::{self, Family, FamilyVisitor, Info};

/// A player for the model whose recordings have this layout; `None`, too, when those of the setup's release have another.
pub fn player_of_layout(layout: &str, setup: &Setup) -> Option<Box<dyn Play>> {
    let mut search = Search { layout, setup: Some(setup), model: None, player: None };
    maps::each(&mut search);
    search.player
}

/// The model whose recordings have this layout.
pub fn model_of(layout: &str) -> Option<Info> {
    let mut search = Search { layout, setup: None, model: None, player: None };
    maps::each(&mut search);
    search.model
}

/// Finds the model of a layout among the maps that ship.
struct Search<'a> {
    layout: &'a str,
    setup: Option<&'a Setup<'a>>,
    model: Option<Info>,
    player: Option<Box<dyn Play>>,
}

impl FamilyVisitor for Search<'_> {
    fn visit<F: Family>(&mut self) {
        if let Some(newest) = Info::release_of_layout(self.layout, |release| F::info_at(release)) {
            self.model = Some(F::info_at(newest));
            let has_it = |setup: &&Setup| F::info_at(setup.release).layout == Some(self.layout);
            self.player = self.setup.filter(has_it).and_then(player::<F>);
        }
    }
}
