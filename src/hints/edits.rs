//! What of findings is put into files: one change for each place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{Bounds, Edit, Finding};

/// Changes of files, and what is left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// The changes of each file, in order.
    pub files: BTreeMap<PathBuf, Vec<Edit>>,
    /// Files that stay as they are, by why.
    pub left: BTreeMap<&'static str, BTreeSet<PathBuf>>,
}

impl Edits {
    /// Those of findings within bounds.
    pub fn new<'a>(findings: impl IntoIterator<Item = &'a Finding>, bounds: &Bounds) -> Edits {
        let mut edits = Edits::default();
        let mut places: BTreeMap<(PathBuf, usize, usize), Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            let own = if finding.own { bounds.own(&finding.file) } else { Err("Go's own, or of another module") };
            let own = if finding.is_whole() { own } else { Err("without a number for a hint") };
            match own {
                Ok(file) => places.entry((file, finding.edit.offset, finding.edit.end)).or_default().push(finding),
                Err(why) => edits.leave(why, finding.file.clone()),
            }
        }
        for ((file, ..), findings) in places {
            match one(&findings) {
                Some(edit) => edits.files.entry(file).or_default().push(edit.clone()),
                None => edits.leave("with two hints for one map, which are left out", file),
            }
        }
        edits
    }

    fn leave(&mut self, why: &'static str, file: PathBuf) {
        self.left.entry(why).or_default().insert(file);
    }
}

/// The change of one place. A line may be that of several types of map, and of several numbers: the largest is enough for
/// all.
fn one<'a>(findings: &[&'a Finding]) -> Option<&'a Edit> {
    let first = &findings.first()?.edit;
    if findings.iter().all(|finding| finding.edit == *first) {
        return Some(first);
    }
    let numbered: Option<Vec<_>> = findings.iter().map(|finding| Some((finding.number()?, &finding.edit))).collect();
    numbered?.into_iter().max().map(|(_, edit)| edit)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::json;

    use super::*;

    fn finding(file: &Path, kind: &str, hint: &str, own: bool) -> Finding {
        let finding = json!({
            "file": file, "line": 1, "column": 1, "end_line": 1, "end_column": 2, "kind": kind, "hint": hint,
            "loop": 1, "type": "map[int]int", "own": own, "group_bytes": 136, "group_pointers": false,
            "with": format!("make(map[int]int, {hint})"), "offset": 7, "end": 8, "old": "", "new": format!(", {hint}"),
        });
        serde_json::from_value(finding).expect("a finding")
    }

    #[test]
    fn a_place_has_one_change_and_never_one_without_its_number() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("a.go");
        fs::write(&file, "").expect("written");
        let nowhere = Path::new("");
        let bounds = Bounds::new(folder.path(), [(nowhere, ""), (nowhere, "")]).expect("it is there");
        let of = |findings: &[(&str, &str)], own| {
            let findings: Vec<_> = findings.iter().map(|(kind, hint)| finding(&file, kind, hint, own)).collect();
            let edits = Edits::new(&findings, &bounds);
            let new = edits.files.into_values().flatten().map(|edit| edit.new).collect::<Vec<_>>();
            (new, edits.left.into_keys().collect::<Vec<_>>())
        };
        let none: Vec<&str> = Vec::new();
        assert_eq!(of(&[("copy", "len(x)"), ("copy", "len(x)")], true), (vec![", len(x)".to_owned()], none.clone()));
        assert_eq!(of(&[("constant", "93"), ("constant", "113")], true), (vec![", 113".to_owned()], none));
        let left = |why| (Vec::new(), vec![why]);
        let two = "with two hints for one map, which are left out";
        assert_eq!(of(&[("constant", "93"), ("copy", "len(x)")], true), left(two));
        assert_eq!(of(&[("constant", "HINT")], true), left("without a number for a hint"));
        assert_eq!(of(&[("copy", "len(x)")], false), left("Go's own, or of another module"));
    }
}
