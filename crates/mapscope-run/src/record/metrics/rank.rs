//! What a metric weighs: what follows when it gets worse.

use super::{Better, Class};

/// What a metric is to whoever holds two records against each other. The gate derives from it what a change means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// What the workload asks for, whatever the map: any change means that the two runs did different work.
    Work,
    /// What a user pays: bytes, allocations, moves, probes, memory held. It must not get worse.
    Cost,
    /// The same of what one build executes: another compiler, or the same with other options, makes other code of it. It
    /// must not get worse by more than a change in what lies beside it makes.
    BuildCost,
    /// How things are, which costs nothing by itself: reuse, ages, entropies, occupancy, how often a cause occurred, shares.
    /// That it changed explains a cost, and is no fault.
    Description,
    /// A time as it was observed: the machine's share is in it.
    Time,
    /// A time without what the machine added.
    UndisturbedTime,
    /// The same of the slowest in a hundred operations or fewer: of so few the machine may have disturbed some each time.
    UndisturbedTail,
}

impl Rank {
    /// That of a figure of which nothing else is known: what a map declares is a cost where it has a direction.
    pub(super) const fn of(class: Class, better: Better) -> Rank {
        match (class, better) {
            (Class::Exact, Better::Neither) => Rank::Work,
            (Class::Exact, Better::Lower | Better::Higher) => Rank::Cost,
            (Class::Statistical, Better::Neither) => Rank::Description,
            (Class::Statistical, Better::Lower | Better::Higher) => Rank::Time,
        }
    }

    /// Whether the machine's share is left out.
    pub const fn is_undisturbed(self) -> bool {
        matches!(self, Rank::UndisturbedTime | Rank::UndisturbedTail)
    }

    /// The name in `list`.
    pub const fn name(self) -> &'static str {
        match self {
            Rank::Work => "work",
            Rank::Cost => "cost",
            Rank::BuildCost => "build cost",
            Rank::Description => "description",
            Rank::Time => "time",
            Rank::UndisturbedTime => "undisturbed time",
            Rank::UndisturbedTail => "undisturbed tail",
        }
    }
}
