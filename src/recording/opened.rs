//! A recording as it is given on the command line.

use std::path::{Path, PathBuf};

use super::{Manifest, Packages, Process, Recorded, RecordingError, Sort, Table};

/// A recording, read and added up.
pub struct Recording {
    /// Where it lies.
    pub path: PathBuf,
    /// What was recorded, where that is known.
    pub manifest: Option<Manifest>,
    /// Its processes, at least one.
    pub processes: Vec<Process>,
    /// Their maps.
    pub table: Table,
    /// The packages whose places are shown, where not all are.
    pub packages: Option<Packages>,
}

impl Recording {
    /// Whether that is a recording by its looks: a folder that `mapscope record` made, or the file of a process.
    pub fn is_at(path: &Path) -> bool {
        path.join(Manifest::FILE_NAME).is_file() || path.extension().is_some_and(|name| name == "maps")
    }

    /// A folder, or the file of one process.
    ///
    /// # Errors
    /// Where that is no recording, a damaged one, or one without a process.
    pub fn read(path: &Path, sort: Sort) -> Result<Recording, RecordingError> {
        let (manifest, processes) = match path.is_dir() {
            true => (Some(Manifest::read(path)?), Process::read_all(path)?),
            false => {
                let folder = path.parent().filter(|folder| folder.join(Manifest::FILE_NAME).is_file());
                (folder.map(Manifest::read).transpose()?, vec![Process::read(path)?])
            }
        };
        if processes.is_empty() {
            return Err(RecordingError::at(path, "no process has recorded its maps there"));
        }
        let table = Table::new(&processes, manifest.as_ref(), sort);
        Ok(Recording { path: path.to_owned(), manifest, processes, table, packages: None })
    }

    /// Leaves the places of these packages.
    ///
    /// # Errors
    /// Where none is in one of them.
    pub fn keep(&mut self, packages: &Packages) -> Result<(), RecordingError> {
        packages.keep(&mut self.table).map_err(|what| RecordingError::at(&self.path, what))?;
        self.packages = Some(packages.clone());
        Ok(())
    }

    /// All of it, for a screen of the usual width.
    pub fn shown(&self) -> Recorded<'_> {
        let Recording { manifest, processes, table, packages, .. } = self;
        Recorded {
            manifest: manifest.as_ref(),
            processes,
            table,
            packages: packages.as_ref(),
            hints: None,
            root: None,
            rows_max: usize::MAX,
            width: 80,
        }
    }
}
