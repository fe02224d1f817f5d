//! The toolchains that a user names: a flag for each engine.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::engines::ENGINES;
use crate::run::Subjects;

/// Paths for each engine, in the order of [`ENGINES`].
pub(super) struct Toolchains(Vec<Vec<PathBuf>>);

impl Toolchains {
    /// The subjects with those of the toolchains named, and of those on the PATH whose kinds of map are meant.
    pub fn found(&self, subjects: &Subjects, is_meant: impl Fn(&str) -> bool) -> anyhow::Result<Subjects> {
        let mut subjects = subjects.clone();
        for (engine, paths) in ENGINES.iter().zip(&self.0) {
            if !paths.is_empty() || engine.kinds.iter().any(|kind| is_meant(kind)) {
                subjects = subjects.with_toolchains(engine, paths).map_err(anyhow::Error::msg)?;
            }
        }
        Ok(subjects)
    }

    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Vec::is_empty)
    }
}

impl clap::Args for Toolchains {
    fn augment_args(command: Command) -> Command {
        let path = || Arg::new("").value_name("PATH").action(ArgAction::Append).value_parser(value_parser!(PathBuf));
        command.args(ENGINES.iter().map(|engine| path().id(engine.flag).long(engine.flag).help(engine.help)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Toolchains::augment_args(command)
    }
}

impl clap::FromArgMatches for Toolchains {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Toolchains, clap::Error> {
        let paths = |flag| matches.get_many::<PathBuf>(flag).into_iter().flatten().cloned().collect();
        Ok(Toolchains(ENGINES.iter().map(|engine| paths(engine.flag)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Toolchains::from_arg_matches(matches)?;
        Ok(())
    }
}
