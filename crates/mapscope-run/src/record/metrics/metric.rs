//! A metric, and where its value comes from.

use std::fmt;

use serde::Serialize;

use super::{Column, Rank};
use crate::probe::quantity::{Better, Class};
use crate::record::Cell;

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// The CSV header and the JSON key; the unit comes last in it.
    pub name: &'static str,
    /// `count`, `bytes`, `ns`, `ratio`, `percent`, `bits`, `bytes/write`, ...
    pub unit: &'static str,
    /// Exact or statistical.
    pub class: Class,
    /// Which way is better.
    pub better: Better,
    /// What follows when it gets worse.
    pub rank: Rank,
    /// What it says, with its formula; one or two sentences.
    pub summary: &'static str,
    /// Where its value comes from.
    pub formula: Formula,
    /// Who shows it.
    pub shown: Shown,
    /// How a table shows it; `None` where it doesn't.
    pub column: Option<Column>,
    each: fn(&Cell) -> Vec<f64>,
    settling: fn(&Cell) -> Vec<f64>,
}

/// Where a metric's value comes from; `None` where a cell can't have it.
#[derive(Debug, Clone, Copy)]
pub enum Formula {
    /// The integer of the metric's name in [`Count::quantities`](crate::record::Count::quantities).
    Counted,
    /// The same in cells that declare the quantity to be what the metric says; others mean something else by the name.
    Declared,
    /// An integer that the record has elsewhere, or a sum of such. As a part of quotients it may be below 0.
    Integer(fn(&Cell) -> Option<i128>),
    /// `scale * of / per`, both integers.
    Quotient {
        /// The numerator.
        of: &'static Metric,
        /// The denominator.
        per: &'static Metric,
        /// 100 for percentages.
        scale: u32,
    },
    /// What takes more than two integers; finite.
    Real(fn(&Cell) -> Option<f64>),
}

/// Who shows a metric; each shows all that those below it show, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// Nobody: it is a part of others.
    Nowhere,
    /// The tables, on the terminal and in Markdown.
    InTables,
    /// The page, too.
    InReports,
    /// Every format, the gate and `list`.
    Everywhere,
}

impl Metric {
    /// A metric that is shown everywhere but in tables, and that no repetition alone has. Its rank is the one of such a class
    /// and direction: an exact one that has a direction is a cost.
    pub const fn new(
        name: &'static str,
        unit: &'static str,
        class: Class,
        better: Better,
        summary: &'static str,
        formula: Formula,
    ) -> Metric {
        let (shown, column, rank) = (Shown::Everywhere, None, Rank::of(class, better));
        let none: fn(&Cell) -> Vec<f64> = |_| Vec::new();
        let (each, settling) = (none, none);
        Metric { name, unit, class, better, rank, summary, formula, shown, column, each, settling }
    }

    /// The same, of which `each` gives what each repetition has.
    pub const fn repeated(mut self, each: fn(&Cell) -> Vec<f64>) -> Metric {
        self.each = each;
        self
    }

    /// The same of all repetitions together, of which `settling` gives what it was after more and more of them.
    pub const fn settling(mut self, settling: fn(&Cell) -> Vec<f64>) -> Metric {
        self.settling = settling;
        self
    }

    /// The same at another rank.
    pub const fn rank(mut self, rank: Rank) -> Metric {
        self.rank = rank;
        self
    }

    /// A time of which neither way is better describes how the time went.
    pub(super) const fn better(mut self, better: Better) -> Metric {
        self.better = better;
        if let (Rank::Time, Better::Neither) = (self.rank, better) {
            self.rank = Rank::Description;
        }
        self
    }

    pub(super) const fn shown(mut self, shown: Shown) -> Metric {
        self.shown = shown;
        self
    }

    pub(super) const fn column(mut self, column: Column) -> Metric {
        self.column = Some(column);
        self
    }

    /// Its value in a cell; `None` where the cell can't have it.
    ///
    /// Asking one cell for many metrics is cheap: the histograms behind the percentiles are decoded once.
    pub fn value(&self, cell: &Cell) -> Option<Number> {
        match self.formula {
            Formula::Counted | Formula::Declared | Formula::Integer(_) => {
                self.integer(cell)?.try_into().ok().map(Number::Int)
            }
            Formula::Quotient { of, per, scale } => {
                let (of, per) = (of.integer(cell)?.checked_mul(scale.into())?, per.integer(cell)?);
                (per > 0).then(|| Number::Real(of as f64 / per as f64))
            }
            Formula::Real(value) => value(cell).map(Number::Real),
        }
    }

    /// The value of a metric that is an integer, as a part of others.
    pub(super) fn integer(&self, cell: &Cell) -> Option<i128> {
        match self.formula {
            Formula::Counted => cell.count.as_ref()?.quantities.get(self.name).map(i128::from),
            Formula::Declared => {
                let count = cell.count.as_ref()?;
                let meant = (self.name, self.unit, self.class, self.better);
                let declared = count.declared.iter().any(|quantity| quantity.meaning() == meant);
                count.quantities.get(self.name).filter(|_| declared).map(i128::from)
            }
            Formula::Integer(value) => value(cell),
            Formula::Quotient { .. } | Formula::Real(_) => None,
        }
    }

    /// Whether the value is a [`Number::Int`] wherever there is one, a [`Number::Real`] otherwise: a column's type.
    pub const fn whole(&self) -> bool {
        matches!(self.formula, Formula::Counted | Formula::Declared | Formula::Integer(_))
    }

    /// Whether it is an integer that the count pass recorded.
    pub const fn counted(&self) -> bool {
        matches!(self.formula, Formula::Counted | Formula::Declared)
    }

    /// Whether it comes from the time pass.
    pub const fn timed(&self) -> bool {
        matches!(self.class, Class::Statistical) && !self.counted()
    }

    /// The same of each repetition alone, in their order; nothing where the record doesn't have it of each.
    ///
    /// The value is never beyond the smallest and the largest of them, but it need not be one of them: `ns_per_op` is their
    /// median, `gc_cycles` their mean, and a percentile is that of all operations of all repetitions.
    pub fn repetitions(&self, cell: &Cell) -> Vec<f64> {
        (self.each)(cell)
    }

    /// What it was after more and more repetitions, the value itself last; nothing for one that isn't of all of them together.
    pub fn settled(&self, cell: &Cell) -> Vec<f64> {
        (self.settling)(cell)
    }

    /// The smallest and the largest of [`Metric::repetitions`], where there are any.
    pub fn range(&self, cell: &Cell) -> Option<(f64, f64)> {
        bounds(&self.repetitions(cell))
    }

    /// The same, or the smallest and the largest of [`Metric::settled`].
    pub fn scatter(&self, cell: &Cell) -> Option<(f64, f64)> {
        self.range(cell).or_else(|| bounds(&self.settled(cell)))
    }
}

fn bounds(values: &[f64]) -> Option<(f64, f64)> {
    let bound = |of: fn(f64, f64) -> f64| values.iter().copied().reduce(of);
    bound(f64::min).zip(bound(f64::max))
}

/// A metric's value: an integer as counted, or a quotient never rounded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Number {
    /// Counted.
    Int(u64),
    /// Derived; finite.
    Real(f64),
}

impl Number {
    /// The value as a float, for arithmetic and for display; exact up to 2^53.
    pub fn as_f64(self) -> f64 {
        match self {
            Number::Int(n) => n as f64,
            Number::Real(x) => x,
        }
    }
}

/// The shortest decimal form that reads back as the same number.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Int(n) => write!(f, "{n}"),
            Number::Real(x) => write!(f, "{x}"),
        }
    }
}
