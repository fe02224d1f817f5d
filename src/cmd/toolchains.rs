//! The toolchains that a user names: a flag for each engine.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde::{Deserialize, Serialize};

use crate::engines::ENGINES;
use crate::plan::Meant;
use crate::run::Subjects;
use crate::text;

/// Paths for each engine, in the order of [`ENGINES`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Toolchains(Vec<Vec<PathBuf>>);

impl Toolchains {
    /// The subjects with those of the toolchains named, and of those on the PATH whose kinds of map are meant. One on the PATH
    /// that is broken ends nothing for who has not named its maps.
    pub fn found(&self, subjects: &Subjects, meant: impl Fn(&str) -> Option<Meant>) -> anyhow::Result<Subjects> {
        let mut subjects = subjects.clone();
        for (engine, paths) in ENGINES.iter().zip(&self.0) {
            let meant = engine.kinds.iter().filter_map(|kind| meant(kind)).max();
            if paths.is_empty() && meant.is_none() {
                continue;
            }
            subjects = match subjects.clone().with_toolchains(engine, paths) {
                Err(why) if paths.is_empty() && meant == Some(Meant::ByPattern) => {
                    subjects.without_toolchain(engine, &why)
                }
                found => found.map_err(anyhow::Error::msg)?,
            };
        }
        Ok(subjects)
    }
}

impl Toolchains {
    /// As they are named on the command line: `--FLAG PATH`, one after the other.
    pub fn flags(&self) -> String {
        let named =
            ENGINES.iter().zip(&self.0).flat_map(|(engine, paths)| paths.iter().map(|path| (engine.flag, path)));
        named.map(|(flag, path)| format!("--{flag} {}", text::path(path))).collect::<Vec<_>>().join(" ")
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
