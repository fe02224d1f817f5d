//! Where programs built with a toolchain are kept: a folder that nobody else may write to.
//!
//! What lies there is executed. So the folder must be the user's own and writable by nobody else, and so must a program; and
//! its bytes must be those that were put there, by the digest beside it. One that is anything else is built anew.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::text;

/// What writing to a file takes of its mode, for the group and for everybody.
const OTHERS_WRITE: u32 = 0o022;

/// The folder, found to be private.
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// `mapscope` in the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`), made where it is missing.
    ///
    /// # Errors
    /// In words: where it can't be made, or is not private, and what to do.
    pub fn open() -> Result<Cache, String> {
        let set = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
        let cache = set.or_else(|| Some(std::env::home_dir()?.join(".cache")).filter(|folder| folder.is_absolute()));
        let cache = cache.ok_or("there is no folder to keep it in: set HOME or XDG_CACHE_HOME")?;
        Cache::at(cache.join("mapscope"))
    }

    fn at(folder: PathBuf) -> Result<Cache, String> {
        let at = |error: io::Error| format!("{}: {error}", text::path(&folder));
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(at)?;
        let found = fs::metadata(&folder).map_err(at)?;
        if !is_private(&found) {
            return Err(format!(
                "{}: what is kept there is executed, and others may write to it (owner {}, mode {:03o}): make it yours \
                 alone (chmod 700), or name another folder with XDG_CACHE_HOME",
                text::path(&folder),
                found.uid(),
                found.mode() & 0o777
            ));
        }
        Ok(Cache { folder })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The program of this name, if it is there as it was put there.
    pub fn get(&self, name: &str) -> Option<PathBuf> {
        let program = self.folder.join(name);
        let found = fs::symlink_metadata(&program).ok()?;
        let kept = fs::read_to_string(self.digest_of(name)).ok()?;
        let is_ours = found.is_file() && is_private(&found) && found.mode() & 0o100 != 0;
        (is_ours && digest(&program).is_ok_and(|digest| digest == kept.trim_end())).then_some(program)
    }

    /// Whether a program is one of these, and as it was put there.
    pub fn has(&self, program: &Path) -> bool {
        let name = program.file_name().and_then(|name| name.to_str());
        name.and_then(|name| self.get(name)).is_some_and(|found| found == program)
    }

    /// Moves a program that was built in this folder to its name.
    ///
    /// # Errors
    /// The system's.
    pub fn put(&self, name: &str, built: &Path) -> io::Result<PathBuf> {
        let program = self.folder.join(name);
        // Whatever the user's mask lets a compiler make.
        fs::set_permissions(built, Permissions::from_mode(0o700))?;
        let digest_file = tempfile::Builder::new().tempfile_in(&self.folder)?;
        fs::write(digest_file.path(), digest(built)? + "\n")?;
        // Whoever builds the same at the same time puts a program there that does the same: between the two renames the
        // digest may be another's, and the program is then built once more.
        fs::rename(built, &program)?;
        digest_file.persist(self.digest_of(name)).map_err(|error| error.error)?;
        Ok(program)
    }

    fn digest_of(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.blake3"))
    }
}

fn is_private(found: &Metadata) -> bool {
    // SAFETY: only returns a number.
    let user = unsafe { libc::geteuid() };
    found.uid() == user && found.mode() & OTHERS_WRITE == 0
}

fn digest(file: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs::File::open(file)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
    }

    #[test]
    fn only_what_was_put_there_is_executed() {
        let home = tempfile::tempdir().expect("a folder");
        let cache = Cache::at(home.path().join("a/mapscope")).expect("a private folder");
        assert_eq!(fs::metadata(cache.folder()).expect("it is there").mode() & 0o777, 0o700);
        assert_eq!(cache.get("go"), None);
        let put = || {
            let built = cache.folder().join("built");
            fs::write(&built, "#!/bin/sh\n").expect("written");
            set_mode(&built, 0o775);
            cache.put("go", &built).expect("put")
        };
        let program = put();
        assert_eq!(cache.get("go"), Some(program.clone()));
        assert!(cache.has(&program) && !cache.has(Path::new("/bin/go")) && !cache.has(Path::new("/")));
        let spoils: [fn(&Path); 6] = [
            |program| fs::write(program, "#!/bin/sh\nevil\n").expect("written"),
            |program| fs::write(program, "").expect("cut"),
            |program| set_mode(program, 0o757),
            |program| set_mode(program, 0o655),
            |program| {
                let elsewhere = program.with_extension("elsewhere");
                fs::rename(program, &elsewhere).expect("moved");
                std::os::unix::fs::symlink(&elsewhere, program).expect("linked");
            },
            |program| fs::remove_file(program.with_extension("blake3")).expect("removed"),
        ];
        for (number, spoil) in spoils.into_iter().enumerate() {
            spoil(&program);
            assert_eq!(cache.get("go"), None, "{number}");
            assert_eq!(cache.get("go").or_else(|| Some(put())), Some(program.clone()));
            assert_eq!(cache.get("go"), Some(program.clone()), "{number}");
        }
    }

    #[test]
    fn a_folder_that_others_write_to_is_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let folder = home.path().join("mapscope");
        fs::create_dir(&folder).expect("made");
        for mode in [0o777, 0o770, 0o1777] {
            set_mode(&folder, mode);
            let why = Cache::at(folder.clone()).err().expect("refused");
            assert!(why.contains("others may write to it") && why.contains("chmod 700"), "{why}");
        }
        set_mode(&folder, 0o755);
        assert!(Cache::at(folder).is_ok());
    }
}
