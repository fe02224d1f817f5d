//! One turn of `mapscope ab`: a program times one cell once, as another program asks.
//!
//! Both may be of any version from the first that has turns on. So what is asked is in the words of the command line, and
//! what is answered are plain numbers; neither has anything in it that a version may arrange anew. [`PROTOCOL`] is for the day
//! when that must change.

use std::io::{self, Read as _, Write as _};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fresh::Fresh;
use super::subjects::Subjects;
use super::{limits, memory, passes, runner};
use crate::plan::{CellSpec, Flags, plan};
use crate::subject::Opening;
use crate::text;
use crate::workload::{Inputs, Workload};

/// The first argument that makes this program take a turn.
pub const TURN_VERB: &str = "__turn";

/// The version of what is asked and answered.
const PROTOCOL: u32 = 2;

/// The exit code of a panic.
const PANICKED: i32 = 101;

/// How long a turn may take, and how much longer for each operation.
const TIME_MIN: Duration = Duration::from_secs(60);
const TIME_PER_OP: Duration = Duration::from_micros(100);

/// What is asked: a cell of the plan that these flags make.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// As for `mapscope run`.
    pub flags: Flags,
    /// Index into the plan's cells.
    pub cell: usize,
    /// How many runs are timed, of which each block's least is answered; one at least.
    pub repetitions: NonZeroU32,
}

/// What is answered: runs without a clock between operations, after one that warmed up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// The cell's identity in words.
    pub cell: String,
    /// Operations that were timed.
    pub ops: u64,
    /// Of each block of [`BLOCK_OPS`](crate::record::BLOCK_OPS) of them the least of all runs, by the processor's own
    /// counter, which both programs read.
    pub block_ticks: Vec<u64>,
    /// What the shortest run took, its set-up included, in nanoseconds.
    pub run_ns: u64,
    /// How many of these a nanosecond has, about.
    pub ticks_per_ns: f64,
}

#[derive(Serialize, Deserialize)]
struct Spoken<T> {
    protocol: u32,
    said: T,
}

/// Reads what is asked from standard input, and answers on standard output.
pub fn turn_main(subjects: &Subjects) -> ExitCode {
    super::child::end_with_parent();
    let mut text = String::new();
    let heard = io::stdin().read_to_string(&mut text).map_err(|error| format!("what is asked can't be read: {error}"));
    let said: Result<Turn, String> = heard.and_then(|_| hear(&text)).and_then(|asked| take(&asked, subjects));
    let spoken = serde_json::to_vec(&Spoken { protocol: PROTOCOL, said });
    match spoken.map_err(io::Error::other).and_then(|bytes| io::stdout().write_all(&bytes)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn hear(text: &str) -> Result<Asked, String> {
    let own_use = |_| format!("`{TURN_VERB}` is for mapscope's own use");
    let heard: Spoken<serde_json::Value> = serde_json::from_str(text).map_err(own_use)?;
    if heard.protocol != PROTOCOL {
        return Err(format!(
            "it takes turns by version {PROTOCOL} of their protocol, and is asked in version {}: build both programs with \
             one mapscope",
            heard.protocol
        ));
    }
    serde_json::from_value(heard.said).map_err(|error| format!("what is asked can't be read: {error}"))
}

fn take(asked: &Asked, subjects: &Subjects) -> Result<Turn, String> {
    let plan = plan(&[], &asked.flags, &subjects.catalog()).map_err(|error| error.to_string())?;
    let cell = plan.cells.get(asked.cell).ok_or("it has no such cell")?;
    let subject = subjects.find(cell.map.name).ok_or("it has no such map")?;
    if cell.crew.is_some() || !subject.info().exact || !subject.repeats(None) {
        return Err(
            "its operations don't do the same work each time, so no two times of one can be compared".to_owned()
        );
    }
    if !runner::is_compiled_in(cell.entry) {
        return Err(format!("the entry {} is not compiled in, which turns need", cell.entry));
    }
    memory::limit(limits::memory_limit_bytes());
    let workload = Workload::open_from(&cell.workload, &mut Inputs::default()).map_err(|error| error.to_string())?;
    let mut session =
        subject.open(Opening { cell, workload: &workload, prepared: None }).map_err(|failure| failure.why)?;
    let hint = cell.hint.entries(workload.ops());
    let blocks = passes::blocks(&mut *session, &workload, hint, asked.repetitions).map_err(|failure| failure.why)?;
    Ok(Turn {
        cell: name(cell, &workload),
        ops: blocks.ops,
        block_ticks: blocks.ticks,
        run_ns: blocks.shortest.as_nanos() as u64,
        ticks_per_ns: blocks.ticks_per_ns,
    })
}

fn name(cell: &CellSpec, workload: &Workload) -> String {
    cell.id(workload.keys_label(), workload.mix_label(), workload.ops()).to_string()
}

/// Why a program took no turn, in words, without its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoTurn {
    /// It takes none at all.
    Program(String),
    /// None of this cell.
    Cell(String),
}

/// Has a program take a turn, each run of which has so many operations.
///
/// # Errors
///
/// It took none.
pub fn take_turn(program: &Path, asked: &Asked, ops: u64) -> Result<Turn, NoTurn> {
    let said = ask(program, asked, ops)?;
    said.map_err(|why| NoTurn::Cell(text::one_line(&why)))
}

fn ask(program: &Path, asked: &Asked, ops: u64) -> Result<Result<Turn, String>, NoTurn> {
    let mut text = serde_json::to_vec(&Spoken { protocol: PROTOCOL, said: asked })
        .map_err(|error| NoTurn::Cell(error.to_string()))?;
    // How long a map's name is is no reason for another heap.
    text.resize(text.len().next_multiple_of(4096), b'\n');
    let copy = Fresh::of(program).map_err(|error| NoTurn::Program(format!("can't be read: {error}")))?;
    let mut child = start(copy.path()).map_err(|error| NoTurn::Program(format!("can't be started: {error}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // One that is no mapscope may not read it; what it answers says so.
        let _ = stdin.write_all(&text);
    }
    let all_ops = ops.saturating_mul(asked.repetitions.get().into());
    let limit = TIME_MIN + Duration::from_nanos((TIME_PER_OP.as_nanos() as u64).saturating_mul(all_ops));
    let (stdout, stderr) = heard_of(child, limit)?;
    let answer = serde_json::from_slice::<Spoken<serde_json::Value>>(&stdout);
    let last_words =
        || stderr.lines().next().map_or(String::new(), |line| format!(" (it says: {})", text::one_line(line)));
    let no_turns = || {
        let this = env!("CARGO_PKG_VERSION");
        NoTurn::Program(format!("takes no turns: build it with mapscope {this} or newer{}", last_words()))
    };
    let answer = answer.map_err(|_| no_turns())?;
    if answer.protocol != PROTOCOL {
        return Err(NoTurn::Program(format!(
            "takes turns by version {} of their protocol, and this mapscope by version {PROTOCOL}: build both with one",
            answer.protocol
        )));
    }
    serde_json::from_value(answer.said).map_err(|_| no_turns())
}

/// Its name is the same for all, so that the stack of each begins at one place.
fn start(program: &Path) -> io::Result<Child> {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(program);
    command.arg0("mapscope").arg(TURN_VERB).env_remove("RUST_BACKTRACE");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// What a process wrote before it ended; it is ended when it takes longer than that.
fn heard_of(child: Child, limit: Duration) -> Result<(Vec<u8>, String), NoTurn> {
    let pid = child.id();
    let (tell, ended) = mpsc::channel();
    std::thread::spawn(move || tell.send(child.wait_with_output()));
    let output = match ended.recv_timeout(limit) {
        Ok(output) => output.map_err(|error| NoTurn::Cell(format!("can't be read: {error}")))?,
        Err(_) => {
            // SAFETY: only sends a signal. The process has not been waited for: that is told first.
            unsafe { libc::kill(pid.cast_signed(), libc::SIGKILL) };
            let _ = ended.recv();
            return Err(NoTurn::Cell(format!("still running after {} s", limit.as_secs())));
        }
    };
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    // One that knows of no turns ends with the code for bad input; else it is the map that ended it.
    if output.stdout.is_empty() && output.status.code().is_none_or(|code| code == PANICKED) {
        let words = stderr.lines().next_back().map_or(String::new(), |line| format!(": {}", text::one_line(line)));
        return Err(NoTurn::Cell(format!("its process ended with {}{words}", output.status)));
    }
    Ok((output.stdout, stderr))
}

/// Where this very program is, also when its file was removed or built anew since it was started.
///
/// # Errors
///
/// Where the system doesn't say.
pub fn this_program() -> io::Result<PathBuf> {
    super::process::program()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(flags: &[(&str, &str)]) -> Asked {
        let mut given = Flags::default();
        flags.iter().for_each(|(key, value)| given.give(key, [(*value).to_owned()]));
        Asked { flags: given, cell: 0, repetitions: NonZeroU32::MIN }
    }

    fn spoken(protocol: u32) -> String {
        serde_json::to_string(&Spoken { protocol, said: asked(&[("map", "std"), ("ops", "1000")]) }).unwrap()
    }

    #[test]
    fn what_is_asked_is_heard_and_another_version_is_refused_in_words() {
        let heard = hear(&spoken(PROTOCOL)).unwrap();
        assert_eq!((heard.flags.given("map"), heard.cell), (&["std".to_owned()][..], 0));
        let newer = hear(&spoken(9)).unwrap_err();
        assert!(newer.contains("by version 2") && newer.contains("in version 9"), "{newer}");
        // What it asks in that version, nobody here knows.
        assert_eq!(hear("{\"protocol\": 9, \"said\": 1}").unwrap_err(), newer);
        assert_eq!(hear("").unwrap_err(), "`__turn` is for mapscope's own use");
    }

    #[test]
    fn a_turn_has_a_time_for_each_block_and_says_of_what() {
        let once = asked(&[("map", "btree"), ("ops", "1000"), ("mix", "fill")]);
        for asked in [once.clone(), Asked { repetitions: NonZeroU32::new(5).unwrap(), ..once }] {
            let turn = take(&asked, &Subjects::builtin()).unwrap();
            assert_eq!((turn.cell.as_str(), turn.ops), ("btree uniform fill u64/u64 ops=1000 seed=1", 1000));
            assert_eq!(turn.block_ticks.len(), 1000_usize.div_ceil(crate::record::BLOCK_OPS));
            assert!(turn.ticks_per_ns > 0.0 && turn.run_ns > 0);
        }
    }

    #[test]
    fn what_can_t_be_compared_is_refused_in_words() {
        let refused = |flags: &[(&str, &str)]| take(&asked(flags), &Subjects::builtin()).unwrap_err();
        for flags in [[("map", "dashmap"), ("threads", "2")], [("map", "scc"), ("ops", "100")]] {
            assert!(refused(&flags).contains("don't do the same work each time"), "{flags:?}");
        }
        assert!(refused(&[("map", "std"), ("entry", "24/200")]).contains("entry 24/200 is not compiled in"));
        assert!(refused(&[("map", "no-such-map")]).contains("no-such-map"));
        let beyond = Asked { cell: 7, ..asked(&[("map", "std")]) };
        assert_eq!(take(&beyond, &Subjects::builtin()).unwrap_err(), "it has no such cell");
    }

    #[test]
    fn a_program_that_takes_no_turns_is_told_so() {
        let told = |program: &str| match take_turn(Path::new(program), &asked(&[]), 0).unwrap_err() {
            NoTurn::Program(why) => why,
            NoTurn::Cell(why) => panic!("{why}"),
        };
        for program in ["/bin/false", "/bin/true"] {
            assert!(told(program).starts_with("takes no turns: build it with mapscope"), "{program}");
        }
        assert!(told("/no/such/program").starts_with("can't be read: "));
    }
}
