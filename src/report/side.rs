//! Small tables beside the figures: where time goes, what callers wait, and the highest rates that keep a limit.

use super::group::Group;

/// Such a table; of each workload it has the rows that it can.
pub(super) struct Side {
    /// What it is about, in a few words.
    pub title: &'static str,
    /// The name of the map first.
    pub headings: &'static [&'static str],
    /// What it needs to be read: sentences, some of a column alone.
    pub legend: &'static [(Option<usize>, &'static str)],
    /// Columns in the order in which a narrow terminal drops them.
    pub dropped: &'static [usize],
    /// One that says something only where its rows differ. Where there is no room for it, rows that are alike in all columns
    /// before it are told by the first of them.
    pub differs: Option<usize>,
    /// Texts under the headings.
    pub rows: fn(&Group<'_>) -> Vec<Vec<String>>,
    /// Whether a terminal shows so many rows of it; files have them all.
    pub on_terminal: fn(usize) -> bool,
}

/// What a row has not.
pub(super) const ABSENT: &str = "-";

impl Side {
    /// The legend of a table that shows these columns.
    pub fn legend(&self, shown: impl Fn(usize) -> bool) -> String {
        let of = self.legend.iter().filter(|(column, _)| column.is_none_or(&shown));
        of.map(|(_, sentence)| *sentence).collect::<Vec<_>>().join(" ")
    }

    /// The same of all columns that have anything in them.
    pub fn whole_legend<'r>(&self, rows: impl Iterator<Item = &'r Vec<String>> + Clone) -> String {
        self.legend(|column| rows.clone().any(|row| row[column] != ABSENT))
    }

    /// The groups that it has rows of.
    pub fn of<'g, 'a>(&self, groups: &'g [Group<'a>]) -> Vec<(&'g Group<'a>, Vec<Vec<String>>)> {
        groups.iter().map(|group| (group, (self.rows)(group))).filter(|(_, rows)| !rows.is_empty()).collect()
    }
}

/// Halfway between the middle two where their number is even.
pub(super) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let above = *values.get(values.len() / 2)?;
    let below = values[(values.len() - 1) / 2];
    Some((below + above) / 2.0)
}
