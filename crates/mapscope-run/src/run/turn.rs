//! One turn of `mapscope ab`: a program times one cell, run by run as another program asks, and several of them by turns.
//!
//! ```text
//! asks      {"protocol":5,"said":{...}}\n        10\n     10\n     end
//! answers                                  \n        \n       \n   {"protocol":5,"said":{...}}
//! ```
//!
//! First what is to be timed, then how many runs come next, as often as one likes; an empty line says that it is ready for more.
//! Where the asking ends, it answers. Both may be of any version from the first that has turns on. So what is asked is in the
//! words of the command line, and what is answered are plain numbers; neither has anything in it that a version may arrange
//! anew. [`PROTOCOL`] is for the day when that must change.

use std::io::{self, BufRead as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::fresh::Code;
use super::subjects::Subjects;
use super::{limits, memory, passes, runner};
use crate::plan::{CellSpec, Flags, plan};
use crate::subject::Opening;
use crate::text;
use crate::workload::{Inputs, Workload};

/// The first argument that makes this program take a turn.
pub const TURN_VERB: &str = "__turn";

/// The version of what is asked and answered.
const PROTOCOL: u32 = 5;

/// The exit code of a panic.
const PANICKED: i32 = 101;

/// How long it may take to get ready, or for some runs, and how much longer for each operation.
const TIME_MIN: Duration = Duration::from_secs(60);
const TIME_PER_OP: Duration = Duration::from_micros(100);

/// What is asked: a cell of the plan that these flags make.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// As for `mapscope run`.
    pub flags: Flags,
    /// Index into the plan's cells.
    pub cell: usize,
}

/// What is answered: runs without a clock between operations, after one that warmed up. Of none there are no blocks.
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
    /// Why the code that ran lies where the system's cache has it; `None` where it has pages of the process's own.
    pub in_cache: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Spoken<T> {
    protocol: u32,
    said: T,
}

/// Reads what is asked from standard input, and answers on standard output.
pub fn turn_main(subjects: &Subjects) -> ExitCode {
    super::child::end_with_parent();
    // The map may print, on another thread too: of standard output nothing is held meanwhile.
    let (mut asks, mut answers) = (io::stdin().lock(), io::stdout());
    let mut text = String::new();
    let heard = asks.read_line(&mut text).map_err(|error| format!("what is asked can't be read: {error}"));
    let said: Result<Turn, String> = heard.and_then(|_| hear(&text)).and_then(|asked| {
        let next = || {
            answers.write_all(b"\n").and_then(|()| answers.flush()).ok()?;
            text.clear();
            asks.read_line(&mut text).ok()?;
            text.trim_end().parse().ok()
        };
        take(&asked, subjects, next)
    });
    let spoken = serde_json::to_vec(&Spoken { protocol: PROTOCOL, said });
    match spoken.map_err(io::Error::other).and_then(|bytes| answers.write_all(&bytes).and_then(|()| answers.flush())) {
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

/// Times as many runs as are said to come `next`, as long as some do.
fn take(asked: &Asked, subjects: &Subjects, mut next: impl FnMut() -> Option<u32>) -> Result<Turn, String> {
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
    // The run that warms up runs all that the others do.
    let (mut code, mut in_cache) = (Some(Code::watched()), None);
    let next = || {
        if let Some(code) = code.take() {
            in_cache = code.and_then(Code::copy_run).err();
        }
        next()
    };
    let blocks = passes::blocks(&mut *session, &workload, hint, next).map_err(|failure| failure.why)?;
    Ok(Turn {
        cell: name(cell, &workload),
        ops: blocks.ops,
        block_ticks: blocks.ticks,
        run_ns: blocks.shortest.as_nanos() as u64,
        ticks_per_ns: blocks.ticks_per_ns,
        in_cache: in_cache.map(|error| error.to_string()),
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

/// A process that takes a turn. Dropping it ends it.
pub struct Turning {
    child: Child,
    told: Receiver<Told>,
    /// Of a run.
    ops: u64,
    was_ready: bool,
}

/// What a process says.
enum Told {
    Ready,
    /// The first of something else: an answer, or what the map prints.
    Words,
    /// It has ended, or has nothing more to say.
    Ended {
        /// What it wrote from the first byte on that doesn't say it is ready.
        stdout: Vec<u8>,
        stderr: Vec<u8>,
    },
}

impl Turning {
    /// Has a program begin to get ready for a turn, each run of which has so many operations.
    ///
    /// # Errors
    ///
    /// It can't be started.
    pub fn begin(program: &Path, asked: &Asked, ops: u64) -> Result<Turning, NoTurn> {
        let mut text = serde_json::to_vec(&Spoken { protocol: PROTOCOL, said: asked })
            .map_err(|error| NoTurn::Cell(error.to_string()))?;
        // How long a map's name is is no reason for another heap.
        text.resize((text.len() + 1).next_multiple_of(4096) - 1, b' ');
        text.push(b'\n');
        let mut child = start(program).map_err(|error| NoTurn::Program(format!("can't be started: {error}")))?;
        let (tell, told) = mpsc::channel();
        if let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) {
            thread::spawn(move || listen(stdout, stderr, &tell));
        }
        let mut turning = Turning { child, told, ops, was_ready: false };
        turning.tell(&text);
        Ok(turning)
    }

    /// Waits until it is ready for its first run.
    ///
    /// # Errors
    ///
    /// It takes no turn.
    pub fn ready(mut self) -> Result<Turning, NoTurn> {
        self.wait(1)?;
        Ok(self)
    }

    /// Has it do so many runs.
    ///
    /// # Errors
    ///
    /// It didn't.
    pub fn go(&mut self, runs: u32) -> Result<(), NoTurn> {
        self.tell(format!("{runs}\n").as_bytes());
        self.wait(runs)
    }

    /// What its runs came to; of one that wasn't waited for, whether it takes turns at all.
    ///
    /// # Errors
    ///
    /// They came to nothing.
    pub fn end(mut self) -> Result<Turn, NoTurn> {
        // One of another version may read to the end before it says so.
        drop(self.child.stdin.take());
        loop {
            match self.hear(1)? {
                Told::Ready if !self.was_ready => self.was_ready = true,
                Told::Ready => return Err(self.no_turns("")),
                Told::Words => {}
                Told::Ended { stdout, stderr } => return self.answer(&stdout, &stderr),
            }
        }
    }

    fn tell(&mut self, text: &[u8]) {
        if let Some(stdin) = &mut self.child.stdin {
            // One that is no mapscope may not read it; what it says tells.
            let _ = stdin.write_all(text);
        }
    }

    fn wait(&mut self, runs: u32) -> Result<(), NoTurn> {
        loop {
            match self.hear(runs)? {
                Told::Ready => {
                    self.was_ready = true;
                    return Ok(());
                }
                // Nothing more is asked. What it says to its end tells which of both it is.
                Told::Words => drop(self.child.stdin.take()),
                Told::Ended { stdout, stderr } => {
                    return Err(self.answer(&stdout, &stderr).err().unwrap_or_else(|| self.no_turns("")));
                }
            }
        }
    }

    /// What it says next; it is ended when it takes longer than so many runs may.
    fn hear(&mut self, runs: u32) -> Result<Told, NoTurn> {
        let ops = self.ops.saturating_mul(runs.into());
        let limit = TIME_MIN + Duration::from_nanos((TIME_PER_OP.as_nanos() as u64).saturating_mul(ops));
        self.told.recv_timeout(limit).map_err(|_| NoTurn::Cell(format!("still running after {} s", limit.as_secs())))
    }

    fn answer(&mut self, stdout: &[u8], stderr: &[u8]) -> Result<Turn, NoTurn> {
        let status = self.ended().map_err(|error| NoTurn::Cell(format!("can't be waited for: {error}")))?;
        let stderr = String::from_utf8_lossy(stderr);
        // One that knows of no turns ends with the code for bad input; else it is the map that ended it.
        if stdout.is_empty() && (self.was_ready || status.code().is_none_or(|code| code == PANICKED)) {
            let words = stderr.lines().next_back().map_or(String::new(), |line| format!(": {}", text::one_line(line)));
            return Err(NoTurn::Cell(format!("its process ended with {status}{words}")));
        }
        let Ok(spoken) = serde_json::from_slice::<Spoken<serde_json::Value>>(stdout) else {
            self.was_ready |= ends_in_an_answer(stdout);
            return Err(self.no_turns(&stderr));
        };
        if spoken.protocol != PROTOCOL {
            return Err(NoTurn::Program(format!(
                "takes turns by version {} of their protocol, and this mapscope by version {PROTOCOL}: build both with one",
                spoken.protocol
            )));
        }
        let said: Result<Turn, String> = serde_json::from_value(spoken.said).map_err(|_| self.no_turns(&stderr))?;
        said.map_err(|why| NoTurn::Cell(text::one_line(&why)))
    }
}

impl Turning {
    /// How it ended. It has nothing more to say, and is ended where it doesn't end by itself.
    fn ended(&mut self) -> io::Result<ExitStatus> {
        const PATIENCE: Duration = Duration::from_secs(5);
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.child.kill()?;
        self.child.wait()
    }

    fn no_turns(&self, stderr: &str) -> NoTurn {
        if self.was_ready {
            return NoTurn::Cell("its map writes to standard output, where the times are told".to_owned());
        }
        let said = stderr.lines().next().map_or(String::new(), |line| format!(" (it says: {})", text::one_line(line)));
        let this = env!("CARGO_PKG_VERSION");
        NoTurn::Program(format!("takes no turns: build it with mapscope {this} or newer{said}"))
    }
}

impl Drop for Turning {
    fn drop(&mut self) {
        // Of one that has ended both say so, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether there is an answer behind other words.
fn ends_in_an_answer(stdout: &[u8]) -> bool {
    let stdout = String::from_utf8_lossy(stdout);
    let answer = stdout.rfind("{\"protocol\":").map(|at| &stdout[at..]);
    answer.is_some_and(|answer| serde_json::from_str::<Spoken<serde_json::Value>>(answer).is_ok())
}

/// Its name is the same for all. Its path isn't, but where a stack begins is chance, unless the system was told otherwise.
fn start(program: &Path) -> io::Result<Child> {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(program);
    command.arg0("mapscope").arg(TURN_VERB).env_remove("RUST_BACKTRACE");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// Tells what a process says.
fn listen(mut stdout: ChildStdout, mut stderr: ChildStderr, tell: &Sender<Told>) {
    let mut said = Vec::new();
    let stderr = thread::scope(|scope| {
        let stderr = scope.spawn(|| {
            let mut said = Vec::new();
            stderr.read_to_end(&mut said).map(|_| said)
        });
        let mut bytes = [0; 1 << 16];
        while let Ok(read @ 1..) = stdout.read(&mut bytes) {
            let lines =
                if said.is_empty() { bytes[..read].iter().take_while(|&&byte| byte == b'\n').count() } else { 0 };
            // Whoever asked may have left.
            (0..lines).for_each(|_| _ = tell.send(Told::Ready));
            if said.is_empty() && lines < read {
                let _ = tell.send(Told::Words);
            }
            said.extend_from_slice(&bytes[lines..read]);
        }
        stderr.join()
    });
    let stderr = stderr.ok().and_then(Result::ok).unwrap_or_default();
    let _ = tell.send(Told::Ended { stdout: said, stderr });
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
        Asked { flags: given, cell: 0 }
    }

    /// With so many runs asked for, one time after the other.
    fn taken(asked: &Asked, runs: &[u32]) -> Result<Turn, String> {
        let mut runs = runs.iter().copied();
        take(asked, &Subjects::builtin(), || runs.next())
    }

    fn spoken(protocol: u32) -> String {
        serde_json::to_string(&Spoken { protocol, said: asked(&[("map", "std"), ("ops", "1000")]) }).unwrap()
    }

    #[test]
    fn what_is_asked_is_heard_and_another_version_is_refused_in_words() {
        let heard = hear(&spoken(PROTOCOL)).unwrap();
        assert_eq!((heard.flags.given("map"), heard.cell), (&["std".to_owned()][..], 0));
        let newer = hear(&spoken(9)).unwrap_err();
        assert!(newer.contains("by version 5") && newer.contains("in version 9"), "{newer}");
        // What it asks in that version, nobody here knows.
        assert_eq!(hear("{\"protocol\": 9, \"said\": 1}").unwrap_err(), newer);
        assert_eq!(hear("").unwrap_err(), "`__turn` is for mapscope's own use");
    }

    #[test]
    fn a_turn_has_a_time_for_each_block_and_says_of_what() {
        let asked = asked(&[("map", "btree"), ("ops", "1000"), ("mix", "fill")]);
        let none = taken(&asked, &[]).unwrap();
        assert_eq!(
            (none.cell.as_str(), none.block_ticks, none.run_ns),
            ("btree uniform fill u64/u64 ops=1000 seed=1", vec![], 0)
        );
        for runs in [&[1][..], &[5], &[2, 0, 3]] {
            let turn = taken(&asked, runs).unwrap();
            assert_eq!((turn.cell.as_str(), turn.ops), ("btree uniform fill u64/u64 ops=1000 seed=1", 1000));
            assert_eq!(turn.block_ticks.len(), 1000_usize.div_ceil(crate::record::BLOCK_OPS));
            assert!(turn.ticks_per_ns > 0.0 && turn.run_ns > 0);
        }
    }

    #[test]
    fn what_can_t_be_compared_is_refused_in_words() {
        let refused = |flags: &[(&str, &str)]| taken(&asked(flags), &[1]).unwrap_err();
        for flags in [[("map", "dashmap"), ("threads", "2")], [("map", "scc"), ("ops", "100")]] {
            assert!(refused(&flags).contains("don't do the same work each time"), "{flags:?}");
        }
        assert!(refused(&[("map", "std"), ("entry", "24/200")]).contains("entry 24/200 is not compiled in"));
        assert!(refused(&[("map", "no-such-map")]).contains("no-such-map"));
        let beyond = Asked { cell: 7, ..asked(&[("map", "std")]) };
        assert_eq!(taken(&beyond, &[1]).unwrap_err(), "it has no such cell");
    }

    #[test]
    fn a_program_that_takes_no_turns_is_told_so() {
        let told = |program: &str| match Turning::begin(Path::new(program), &asked(&[]), 0).and_then(Turning::end).err()
        {
            Some(NoTurn::Program(why)) => why,
            other => panic!("{other:?}"),
        };
        for program in ["/bin/false", "/bin/true"] {
            assert!(told(program).starts_with("takes no turns: build it with mapscope"), "{program}");
        }
        assert!(told("/no/such/program").starts_with("can't be started: "));
    }
}
