//! What a counted integer is: its name, what it counts, and which way it gets better.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The longest name and the longest unit.
const NAME_BYTES_MAX: usize = 64;
const SUMMARY_BYTES_MAX: usize = 512;

/// A named integer that a subject counts beyond the registry's (`record::metrics`), as it declares it.
///
/// ```
/// # use mapscope_maps as mapscope;
/// use mapscope::probe::quantity::{Better, Quantity};
///
/// const SHIFTS: Quantity = Quantity::exact("linear.shifts", "count", Better::Lower, "Entries shifted back by removes.");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantity {
    /// `SUBJECT.NAME`: words of lower-case letters and digits, joined by one `-` in SUBJECT and by one `_` in NAME; the unit
    /// comes last in it. The dot keeps it apart from the registry's names, which have none. That each part has a joint of
    /// its own keeps two names apart in formats that have but one.
    pub name: Cow<'static, str>,
    /// `count`, `bytes`, `ns`, ...
    pub unit: Cow<'static, str>,
    /// Exact or statistical.
    pub class: Class,
    /// Which way is better.
    pub better: Better,
    /// What it says; one or two sentences.
    pub summary: Cow<'static, str>,
}

impl Quantity {
    /// One that repeats bit for bit.
    pub const fn exact(name: &'static str, unit: &'static str, better: Better, summary: &'static str) -> Quantity {
        let (name, unit, summary) = (Cow::Borrowed(name), Cow::Borrowed(unit), Cow::Borrowed(summary));
        Quantity { name, unit, class: Class::Exact, better, summary }
    }

    /// What is wrong with how it is declared; `None` where nothing is.
    pub fn flaw(&self) -> Option<String> {
        let Quantity { name, unit, summary, .. } = self;
        let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let words = |text: &str, joint| text.split(joint).all(|word| !word.is_empty() && word.chars().all(letter));
        let named = name.split_once('.').is_some_and(|(subject, own)| words(subject, '-') && words(own, '_'));
        if !named || name.len() > NAME_BYTES_MAX {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(NAME_BYTES_MAX).collect();
            return Some(format!(
                "the quantity `{shown}` is not called SUBJECT.NAME, in lower-case letters and digits, words joined by `-` in \
                 SUBJECT and by `_` in NAME, {NAME_BYTES_MAX} bytes at most"
            ));
        }
        if unit.is_empty()
            || unit.len() > NAME_BYTES_MAX
            || !unit.chars().all(|c| letter(c) || matches!(c, '-' | '_' | '/'))
        {
            return Some(format!("the quantity {name} has no unit as `bytes` and `count/op` are"));
        }
        let told = !summary.is_empty() && summary.len() <= SUMMARY_BYTES_MAX && !summary.contains(char::is_control);
        (!told).then(|| format!("the quantity {name} has no summary of one line and at most {SUMMARY_BYTES_MAX} bytes"))
    }

    /// What its figures are: only those of two that agree in it can be held against each other.
    pub fn meaning(&self) -> (&str, &str, Class, Better) {
        (&self.name, &self.unit, self.class, self.better)
    }

    /// The same, of what differs from run to run.
    pub const fn statistical(mut self) -> Quantity {
        self.class = Class::Statistical;
        self
    }
}

/// Whether a figure repeats bit for bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// It does.
    Exact,
    /// It is a time, or depends on one.
    Statistical,
}

impl Class {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Class::Exact => "exact",
            Class::Statistical => "statistical",
        }
    }
}

/// Which way a figure gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// Smaller is better.
    Lower,
    /// Larger is better.
    Higher,
    /// An exact one describes the workload: any change means that the two runs did different work. A statistical one
    /// describes how the time went or was measured, and is not compared.
    Neither,
}

impl Better {
    /// `lower` or `higher`, as reports say it; `None` for a figure without a direction.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Better::Lower => Some("lower"),
            Better::Higher => Some("higher"),
            Better::Neither => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_subject_and_texts_have_one_line() {
        let flaw = |name, unit, summary| Quantity::exact(name, unit, Better::Lower, summary).flaw();
        assert_eq!(flaw("rocksdb.compaction_write_bytes", "bytes", "Written by compactions."), None);
        assert_eq!(flaw("go-swiss.splits", "count", "Tables split."), None);
        let ambiguous = ["a.b-c", "a_b.c", "a.b__c", "a--b.c", "a.b_", "a-.b", "a._b"];
        for name in ["alloc_bytes", "a.b.c", ".b", "a.", "A.b", "a.b c", "a.\n"].into_iter().chain(ambiguous) {
            let text = flaw(name, "bytes", "Bytes.").expect(name);
            assert!(text.contains("is not called SUBJECT.NAME") && !text.contains('\n'), "{text}");
        }
        for unit in ["", "B s", "MiB", "\n"] {
            assert!(flaw("a.b", unit, "Bytes.").expect(unit).contains("no unit"));
        }
        for summary in ["", "Two\nlines."] {
            assert!(flaw("a.b", "count/op", summary).expect(summary).contains("no summary"));
        }
    }
}
