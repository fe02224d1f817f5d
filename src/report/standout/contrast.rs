//! Who has most of something in a workload, who has least, and whether that can be said.

use std::collections::BTreeMap;

use super::super::figures::Figures;
use super::super::group::Group;
use super::super::number::plain;
use super::Finding;

/// What a row has of something, and between what bounds it would lie: measured again, or at another phase of the doubling of
/// its table.
#[derive(Clone)]
pub(super) struct Figure<'a> {
    pub row: &'a Figures<'a>,
    pub value: f64,
    pub least: f64,
    pub most: f64,
}

impl<'a> Figure<'a> {
    pub fn exact(row: &'a Figures<'a>, value: f64) -> Figure<'a> {
        Figure { row, value, least: value, most: value }
    }

    /// With bounds so much wider that two figures of which one is up to `factor` times the other may be of equal maps.
    pub fn within(self, factor: f64) -> Figure<'a> {
        Figure { least: self.least / factor.sqrt(), most: self.most * factor.sqrt(), ..self }
    }
}

/// Figures of one workload that can be held against each other, in the order of its rows: those with equally many threads
/// (what one more changes is no contrast between maps), and whatever else makes them alike.
pub(super) fn alike<'a, Sort: Ord>(
    group: &'a Group<'a>,
    figure: impl Fn(&'a Figures<'a>) -> Option<(Sort, Figure<'a>)>,
) -> impl Iterator<Item = Vec<Figure<'a>>> {
    let mut sorts: BTreeMap<_, Vec<Figure<'a>>> = BTreeMap::new();
    for row in group.rows.iter().filter(|row| !row.failed()) {
        if let Some((sort, figure)) = figure(row).filter(|(_, figure)| figure.value.is_finite()) {
            sorts.entry((row.cell.id.crew(), sort)).or_default().push(figure);
        }
    }
    sorts.into_values()
}

/// Contrasts smaller than this are no news.
pub(super) const RATIO_MIN: f64 = 1.2;
/// Exact figures read the same when they differ by less.
pub(super) const READS_ALIKE: f64 = 1.005;

/// Those who have most, those who have least, and the others.
pub(super) struct Contrast<'a> {
    pub highs: Vec<Figure<'a>>,
    pub lows: Vec<Figure<'a>>,
    others: Vec<Figure<'a>>,
    /// How often the highest figure's lower bound has the lowest one's upper bound in it.
    certain: f64,
    values: Vec<(String, f64)>,
}

impl<'a> Contrast<'a> {
    /// `None` where it isn't certain, or where the lowest figure is below `least`, too small to divide by. Figures that differ
    /// by no more than the factor `tie` are a tie.
    pub fn of(figures: Vec<Figure<'a>>, least: f64, tie: f64) -> Option<Contrast<'a>> {
        let by_value = |a: &&Figure<'_>, b: &&Figure<'_>| a.value.total_cmp(&b.value);
        let (high, low) = (figures.iter().max_by(by_value)?.clone(), figures.iter().min_by(by_value)?.clone());
        let certain = high.least / low.most;
        (low.value >= least && certain >= RATIO_MIN && high.value > low.value * tie * tie).then_some(())?;
        let values = figures.iter().map(|figure| (figure.row.label.clone(), figure.value)).collect();
        let (highs, others): (Vec<_>, Vec<_>) =
            figures.into_iter().partition(|figure| figure.value * tie >= high.value);
        let (lows, others) = others.into_iter().partition(|figure| figure.value <= low.value * tie);
        Some(Contrast { highs, lows, others, certain, values })
    }

    /// How often the lowest figure goes into the highest one.
    pub fn ratio(&self) -> f64 {
        let values = |figures: &[Figure<'_>]| figures.iter().map(|figure| figure.value).collect::<Vec<_>>();
        let high = values(&self.highs).into_iter().fold(0.0, f64::max);
        high / values(&self.lows).into_iter().fold(f64::INFINITY, f64::min)
    }

    /// `4.01 times std's 1.15`, `up to 4.3 times the 15 to 16 ns of std and hashbrown (indexmap: 18 ns)`.
    pub fn against(&self, show: impl Fn(&[Figure<'a>]) -> String) -> String {
        let up_to =
            |figures: &[Figure<'a>]| figures.iter().any(|figure| show(std::slice::from_ref(figure)) != show(figures));
        let up_to = if up_to(&self.highs) || up_to(&self.lows) { "up to " } else { "" };
        let lows = match &self.lows[..] {
            [low] => format!("{}'s {}", low.row.label, show(&self.lows)),
            several => format!("the {} of {}", show(several), names(several)),
        };
        let other = |figure: &Figure<'a>| format!("{}: {}", figure.row.label, show(std::slice::from_ref(figure)));
        let others = match &self.others[..] {
            few @ ([_] | [_, _]) => format!(" ({})", few.iter().map(other).collect::<Vec<_>>().join(", ")),
            _ => String::new(),
        };
        format!("{up_to}{} times {lows}{others}", plain(self.ratio()))
    }

    /// `one` for a single map, `several` for more.
    pub fn verb(&self, [one, several]: [&'static str; 2]) -> &'static str {
        if self.highs.len() == 1 { one } else { several }
    }

    /// What is found, and how certain that is.
    pub fn finding(self, text: String, subject: &'static str) -> Finding {
        let (ratio, score) = (Some(self.ratio()), self.certain);
        Finding { ratio, values: self.values, ..Finding::new(text, subject, score) }
    }
}

/// `btree`, `std and hashbrown`, `std, hashbrown and 5 more`.
pub(super) fn names(figures: &[Figure<'_>]) -> String {
    let labels: Vec<&str> = figures.iter().map(|figure| &*figure.row.label).collect();
    match &labels[..] {
        [one] => (*one).to_owned(),
        few @ ([_, _] | [_, _, _]) => format!("{} and {}", few[..few.len() - 1].join(", "), few[few.len() - 1]),
        many => format!("{}, {} and {} more", many[0], many[1], many.len() - 2),
    }
}

/// `15 ns`, `15 to 16 ns`: the least and the most of the figures, if they don't read the same.
pub(super) fn span(show: impl Fn(f64) -> String) -> impl Fn(&[Figure<'_>]) -> String {
    move |figures| {
        let values = || figures.iter().map(|figure| figure.value);
        let (least, most) = (show(values().fold(f64::INFINITY, f64::min)), show(values().fold(0.0, f64::max)));
        if least == most {
            return most;
        }
        let unit = |text: &str| text.split_once(' ').map(|(_, unit)| format!(" {unit}")).unwrap_or_default();
        let least = least.strip_suffix(&*unit(&most)).unwrap_or(&least);
        format!("{least} to {most}")
    }
}
