//! Which files hints may be written to: those of the user's own modules, by where they really lie.

use std::path::{Path, PathBuf};

/// A folder, and what in it belongs to others.
#[derive(Debug)]
pub struct Bounds {
    /// The folder, without links.
    pub root: PathBuf,
    /// Folders of others, and whose they are.
    pub(super) foreign: Vec<(PathBuf, &'static str)>,
}

impl Bounds {
    pub(super) fn new(root: &Path, foreign: [(&Path, &'static str); 2]) -> std::io::Result<Bounds> {
        // Nothing lies in a folder that is not there.
        let real = |(folder, whose): (&Path, _)| Some((folder.canonicalize().ok()?, whose));
        Ok(Bounds { root: root.canonicalize()?, foreign: foreign.into_iter().filter_map(real).collect() })
    }

    /// Where a file really lies.
    ///
    /// # Errors
    /// Why it must stay as it is.
    pub fn own(&self, file: &Path) -> Result<PathBuf, &'static str> {
        let real = file.canonicalize().map_err(|_| "can't be read")?;
        if let Some((_, whose)) = self.foreign.iter().find(|(folder, _)| real.starts_with(folder)) {
            return Err(whose);
        }
        let below = real.strip_prefix(&self.root).map_err(|_| "not below the folder of the module")?;
        let named = file.strip_prefix(&self.root).unwrap_or(below);
        if [below, named].into_iter().flat_map(Path::components).any(|part| part.as_os_str() == "vendor") {
            return Err("vendored");
        }
        if real.to_str().is_none() {
            return Err("of a name that is not UTF-8");
        }
        Ok(real)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    #[cfg(unix)]
    fn only_files_that_really_lie_in_the_module_are_its_own() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |path: &str| folder.path().join(path);
        for file in ["m/a.go", "m/vendor/x/a.go", "m/go/a.go", "m/mod/x/a.go", "m/deps/a.go", "other/a.go"] {
            fs::create_dir_all(at(file).parent().expect("a folder")).expect("made");
            fs::write(at(file), "").expect("written");
        }
        symlink(at("other/a.go"), at("m/file.go")).expect("linked");
        symlink(at("other"), at("m/folder")).expect("linked");
        symlink(at("m/deps"), at("m/vendor/linked")).expect("linked");
        symlink(at("m"), at("entered")).expect("linked");
        let bounds = Bounds::new(&at("entered"), [(&at("m/go"), "Go's own"), (&at("m/mod"), "in the cache")]);
        let bounds = bounds.expect("it is there");
        let real = folder.path().canonicalize().expect("it is there").join("m");
        assert_eq!(bounds.root, real);
        assert_eq!(
            [at("m/a.go"), at("entered/a.go")].map(|file| bounds.own(&file)),
            [(); 2].map(|()| Ok(real.join("a.go")))
        );
        for (file, why) in [
            ("m/vendor/x/a.go", "vendored"),
            ("m/go/a.go", "Go's own"),
            ("m/mod/x/a.go", "in the cache"),
            ("other/a.go", "not below the folder of the module"),
            ("m/../other/a.go", "not below the folder of the module"),
            ("m/file.go", "not below the folder of the module"),
            ("m/folder/a.go", "not below the folder of the module"),
            ("m/none.go", "can't be read"),
        ] {
            assert_eq!(bounds.own(&at(file)), Err(why), "{file}");
        }
        assert_eq!(bounds.own(&real.join("vendor/linked/a.go")), Err("vendored"));
    }

    #[test]
    fn a_root_below_a_folder_called_vendor_is_a_root_like_any() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("vendor/m");
        fs::create_dir_all(&root).expect("made");
        fs::write(root.join("a.go"), "").expect("written");
        let nowhere = Path::new("");
        let bounds = Bounds::new(&root, [(nowhere, ""), (nowhere, "")]).expect("it is there");
        assert!(bounds.own(&root.join("a.go")).is_ok());
    }
}
