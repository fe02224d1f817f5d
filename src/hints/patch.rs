//! Changes of files as a unified patch, which `git apply` and `patch -p1` read.

use std::path::{Component, Path, PathBuf};

use diffy::create_patch;

use super::Fixed;

/// The changes of the files below a root, named from there, and the files that a patch can't name.
pub fn patch<'a>(fixed: &'a [Fixed], root: &Path) -> (String, Vec<&'a PathBuf>) {
    let (mut text, mut elsewhere) = (String::new(), Vec::new());
    for Fixed { file, before, after } in fixed {
        let Some(below) = file.strip_prefix(root).ok().and_then(plain) else {
            elsewhere.push(file);
            continue;
        };
        let diff = create_patch(before, after).to_string();
        // Names of its own come first, and it would put quotes around some of ours.
        let hunks = diff.splitn(3, '\n').nth(2).unwrap_or_default();
        // Such a name ends at a tab; without one, at its first blank.
        let tab = if below.contains(' ') { "\t" } else { "" };
        text += &format!("--- a/{below}{tab}\n+++ b/{below}{tab}\n{hunks}");
    }
    (text, elsewhere)
}

/// A path that needs no quotes in a patch.
fn plain(path: &Path) -> Option<&str> {
    let is_below = path.components().all(|part| matches!(part, Component::Normal(_)));
    path.to_str().filter(|text| is_below && !text.contains(|c: char| c.is_control() || "\"\\".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_files_from_the_root() {
        let fixed = |file: &str| Fixed { file: file.into(), before: "a\nb".into(), after: "a\nc".into() };
        let fixed = [fixed("/m/x/y.go"), fixed("/n/z.go")];
        let (text, elsewhere) = patch(&fixed, Path::new("/m"));
        let expected = "--- a/x/y.go\n+++ b/x/y.go\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n";
        assert_eq!((&*text, elsewhere), (expected, vec![&PathBuf::from("/n/z.go")]));
    }

    #[test]
    fn a_name_with_a_blank_ends_at_a_tab() {
        let fixed = [Fixed { file: "/m/x y.go".into(), before: "a\n".into(), after: "b\n".into() }];
        let (text, _) = patch(&fixed, Path::new("/m"));
        assert!(text.starts_with("--- a/x y.go\t\n+++ b/x y.go\t\n@@"), "{text}");
    }
}
