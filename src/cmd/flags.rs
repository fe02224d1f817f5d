//! The flags of the axes, from their rows.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use mapscope_trace::read::{Columns, FORMATS, find};

use crate::plan::axes::{AXES, Absent, Axis, Takes};
use crate::plan::{Flags, Reading, Requests, UnknownName};

/// One flag an axis, each for a list.
#[derive(Debug, Clone)]
pub(super) struct Lists(pub Flags);

impl Args for Lists {
    fn augment_args(command: Command) -> Command {
        let list = |axis: &'static Axis| {
            let value = match axis.takes {
                Takes::Files => axis.one.map_or("FILE", |(_, value)| value),
                Takes::Text | Takes::Numbers(_) => "LIST",
            };
            in_lists(flag(axis).help(axis.help)).value_name(value)
        };
        let pair = Arg::new("pair").long("pair").help("Axes whose lists go together, not crossed, as ops,hint");
        command.args(AXES.iter().map(list)).arg(in_lists(pair).value_name("LIST"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Lists {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Lists, Error> {
        let mut lists = Lists(Flags::default());
        lists.update_from_arg_matches(matches)?;
        Ok(lists)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for axis in &AXES {
            self.0.give(axis.key, given(matches, axis.key));
        }
        self.0.give("pair", given(matches, "pair"));
        Ok(())
    }
}

/// The same for a verb that works on one cell: one value each, of the axes that such a verb has. Its map and its trace are
/// flags of its own.
#[derive(Clone)]
pub(super) struct OneCell(pub Flags);

impl OneCell {
    pub(super) const HEADING: &str = "Workload";
}

impl Args for OneCell {
    fn augment_args(command: Command) -> Command {
        let one = |axis: &'static Axis| {
            let (help, value) = axis.one?;
            let one = flag(axis).help(help).help_heading(OneCell::HEADING).value_name(value);
            // A trace brings it.
            let brought = axis.absent == Absent::NeededWithoutTrace;
            Some(if brought { one.conflicts_with("trace") } else { one })
        };
        command.args(AXES.iter().filter_map(one))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for OneCell {
    fn from_arg_matches(matches: &ArgMatches) -> Result<OneCell, Error> {
        let mut cell = OneCell(Flags::default());
        cell.update_from_arg_matches(matches)?;
        Ok(cell)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for axis in AXES.iter().filter(|axis| axis.one.is_some()) {
            self.0.give(axis.key, given(matches, axis.key));
        }
        Ok(())
    }
}

/// How a trace is read, for a verb that takes one trace and no cell.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct HowRead {
    /// The format of the trace (`mapscope list traces`) [default: the one that its content shows]
    #[arg(long, value_name = "NAME", value_parser = trace_format)]
    trace_format: Option<String>,
    /// What columns of the trace mean, as key=lbn,op=op; by number where there is no header
    #[arg(long, value_name = "COLUMNS", value_parser = columns)]
    columns: Option<String>,
    /// What is done with keys where the trace says only these: insert, get-or-insert [default: insert]
    #[arg(long, value_name = "OP", value_parser = trace_op)]
    trace_op: Option<Requests>,
}

impl HowRead {
    pub(super) fn reading(&self) -> Reading {
        Reading {
            format: self.trace_format.clone(),
            columns: self.columns.clone().unwrap_or_default(),
            requests: self.trace_op.unwrap_or_default(),
            stamps: false,
        }
    }
}

fn trace_format(name: &str) -> Result<String, String> {
    let unknown = || UnknownName::new("trace format", name, FORMATS.iter().map(|format| format.name)).to_string();
    find(name).map(|format| format.name.to_owned()).ok_or_else(unknown)
}

fn columns(text: &str) -> Result<String, String> {
    text.parse::<Columns>().map(|_| text.to_owned())
}

fn trace_op(name: &str) -> Result<Requests, String> {
    let named = Requests::ALL.into_iter().find(|requests| requests.name() == name);
    let all = Requests::ALL.iter().map(|requests| requests.name());
    named.ok_or_else(|| UnknownName::new("operation of traces", name, all).to_string())
}

fn flag(axis: &'static Axis) -> Arg {
    let name = axis.flag.trim_start_matches('-');
    Arg::new(axis.key).long(name).allow_negative_numbers(matches!(axis.takes, Takes::Numbers(_)))
}

fn in_lists(flag: Arg) -> Arg {
    flag.help_heading("Lists that replace the profile's").action(ArgAction::Append)
}

fn given(matches: &ArgMatches, key: &str) -> impl Iterator<Item = String> {
    matches.get_many::<String>(key).into_iter().flatten().cloned()
}
