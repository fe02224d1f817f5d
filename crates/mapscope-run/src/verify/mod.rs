//! Verification: fresh recordings of the real Go runtime, played on the models of its maps, operation by operation.
//!
//! A [`Scenario`] makes random work; the runtime does it and reports what each operation allocated and the map's header
//! after it; the model does it with the same hashes and must report the same.

mod scenario;

pub use scenario::Scenario;

use std::{fmt, io};

use crate::engines::go::{self, GolangError, Op, Recorded, Session, Toolchain, Types};
use crate::replay::{
    self, ALLOCATED, Action, Comparison, Differing, Guarded, Play, PlayError, Row, Setup, Shapes, model_of,
    player_of_shape,
};
use crate::workload::{Entries, Scramble};

/// How much to compare.
#[derive(Debug, Clone, Copy)]
pub struct Amount {
    /// Operations in all, shared out over shapes and hints.
    pub ops: u64,
    /// Seeds the work; the runtime's hashes are random whatever it says.
    pub seed: u64,
}

/// What one shape of entry came to.
#[derive(Debug, Clone, Default)]
pub struct Compared {
    /// The layout: `classic`, `swiss`, `syncmap`.
    pub layout: String,
    /// The shape: `u64/u64`.
    pub shape: &'static str,
    /// What the model is a model of: `Go 1.27`.
    pub model: String,
    /// Operations compared, the building of each map included.
    pub operations: u64,
    /// Operations in which the model differed.
    pub differences: u64,
    /// The first one, with its recording.
    pub first: Option<Difference>,
}

/// An operation in which a model did something else than the runtime.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Which operation of its recording, the building being the first.
    pub operation: u64,
    /// What differed.
    pub fault: Fault,
    /// The recording up to there, as `mapscope replay --check` reads it.
    pub recording: String,
}

/// What a model did that the runtime did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It came to another figure: the column, what the runtime said, and what the model gave.
    Differing(Differing),
    /// It could not follow: what comes after in this recording is not compared.
    Lost(PlayError),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Fault::Differing(Differing { column, expected, got }) => {
                write!(f, "{column} is {expected} in the runtime, {got} in the model")
            }
            Fault::Lost(error) => write!(f, "{error}; what follows was not compared"),
        }
    }
}

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The program could not be built.
    #[error(transparent)]
    Golang(#[from] GolangError),
    /// The conversation with it broke.
    #[error("the program built with go{version}: {source}")]
    Pipe {
        /// The toolchain's version.
        version: String,
        /// What happened.
        source: io::Error,
    },
    /// This runtime's maps have other headers than the ones known.
    #[error(
        "go{version}: the header of its maps is not where it is in the versions known (Go 1.0 to 1.23, and 1.24 to \
         1.27), so its state and hashes can't be read: nothing was compared"
    )]
    Unreadable {
        /// The toolchain's version.
        version: String,
    },
    /// No model has its layout.
    #[error("go{version}: there is no model of the layout {layout}")]
    NoModel {
        /// The toolchain's version.
        version: String,
        /// The layout.
        layout: String,
    },
}

/// The hints that each shape is tried with.
const HINTS: [u64; 6] = [0, 0, 5, 9, 200, 5000];

/// The most different keys of a recording.
const KEYS: u32 = 20_000;

/// The most operations of a recording, which is kept until it is compared.
const RECORDING_OPS_MAX: u64 = 100_000;

/// How many operations the runtime does at a time.
const BATCH_OPS: usize = 1000;

/// The layout of one kind of map of a toolchain.
///
/// # Errors
/// When the runtime can't be asked.
pub fn layout(toolchain: &Toolchain, map: &str) -> Result<String, VerifyError> {
    let program = toolchain.program(go::SHAPES[0])?;
    let session = Session::start(&program, map);
    let session = session.map_err(|source| VerifyError::Pipe { version: toolchain.version.clone(), source })?;
    match &*session.greeting().layout {
        "unknown" => Err(VerifyError::Unreadable { version: toolchain.version.clone() }),
        layout => Ok(layout.to_owned()),
    }
}

/// A shape of entry to compare.
#[derive(Debug, Clone)]
pub struct Shape {
    /// What the model's shapes have it as, and recordings.
    pub name: &'static str,
    /// What the program is built with.
    pub types: Types,
    /// The largest key identity.
    pub key_max: u64,
}

/// Compares one kind of map of a toolchain (`map`, `syncmap`) in every shape, and tells `done` of each, whose type is not a
/// parameter: whoever calls this would compile the models once more.
///
/// # Errors
/// When nothing can be compared; a difference is no error.
pub fn verify(
    toolchain: &Toolchain,
    map: &str,
    amount: Amount,
    done: &mut dyn FnMut(&Compared),
) -> Result<(), VerifyError> {
    let key_max = |name| replay::shape(name).map_or(0, |shape| shape.key_max);
    let shape = |&shape: &go::Shape| Shape { name: shape.name, types: shape.into(), key_max: key_max(shape.name) };
    let shapes: Vec<Shape> = go::SHAPES.iter().map(shape).collect();
    verify_shapes::<Shapes>(toolchain, map, &shapes, amount, done)
}

/// The same in these shapes, whose types `E` has.
///
/// # Errors
/// Those of [`verify()`].
pub fn verify_shapes<E: Entries>(
    toolchain: &Toolchain,
    map: &str,
    shapes: &[Shape],
    amount: Amount,
    mut done: impl FnMut(&Compared),
) -> Result<(), VerifyError> {
    let kinds = (shapes.len() * HINTS.len()) as u64;
    let rounds = amount.ops.div_ceil(kinds * RECORDING_OPS_MAX);
    let recordings = rounds * kinds;
    for (number, shape) in shapes.iter().enumerate() {
        let program = toolchain.program(shape.types.clone())?;
        let mut compared = Compared { shape: shape.name, ..Compared::default() };
        let hints = HINTS.iter().cycle().take(HINTS.len() * rounds as usize);
        for (recording, &hint) in (number as u64 * rounds * HINTS.len() as u64..).zip(hints) {
            // The operations that don't divide evenly go to the first recordings.
            let ops = amount.ops / recordings + u64::from(recording < amount.ops % recordings);
            if ops == 0 {
                continue;
            }
            let seed = Scramble::new(amount.seed).at(recording);
            let one = One { toolchain, map, shape, hint, ops, seed };
            let session = Session::start(&program, map).map_err(|source| one.pipe(source));
            if let Err(error) = session.and_then(|session| one.compare::<E>(session, &mut compared)) {
                // What was found until then counts.
                done(&compared);
                return Err(error);
            }
        }
        done(&compared);
    }
    Ok(())
}

/// One recording.
struct One<'a> {
    toolchain: &'a Toolchain,
    map: &'a str,
    shape: &'a Shape,
    hint: u64,
    ops: u64,
    seed: u64,
}

impl One<'_> {
    fn pipe(&self, source: io::Error) -> VerifyError {
        VerifyError::Pipe { version: self.toolchain.version.clone(), source }
    }

    fn compare<E: Entries>(&self, mut session: Session, compared: &mut Compared) -> Result<(), VerifyError> {
        let greeting = session.greeting().clone();
        let version = || self.toolchain.version.clone();
        compared.layout.clone_from(&greeting.layout);
        let no_model = || VerifyError::NoModel { version: version(), layout: greeting.layout.clone() };
        let info = model_of(&greeting.layout).ok_or_else(no_model)?;
        let release = info.release_for(&self.toolchain.version).map(|nearest| nearest.release);
        compared.model = info.version_at(release);
        let setup = Setup {
            entries: replay::Entries::Shape(self.shape.name),
            hashed: true,
            hint: self.hint as usize,
            load_factor: None,
            release,
            seed: Setup::SEED,
            // Its operations are of our own making.
            memory_bytes: u64::MAX,
        };
        let mut model = Guarded::new(player_of_shape::<E>(&greeting.layout, &setup).ok_or_else(no_model)?);
        let columns = model.info().state;
        if greeting.columns != columns {
            return Err(no_model());
        }
        session.set_collector(-1, 0, 1).map_err(|source| self.pipe(source))?;
        let mut check = Check {
            comparison: Comparison::new(columns),
            figures: vec![0; ALLOCATED + columns.len()],
            said: Vec::new(),
            recording: self.first_lines(&greeting, columns),
            rows: 0,
            compared,
        };
        let built = session.build(self.hint).map_err(|source| self.pipe(source))?;
        let mut follows = check.row(&mut model, Row::new(Action::New), &built);

        let ranges = self.map == "syncmap";
        let keys = self.shape.key_max.min(KEYS.into()).min(self.ops.max(1)) as u32;
        let mut scenario = Scenario::new(self.seed, keys, ranges, greeting.clears);
        let mut left = self.ops.saturating_sub(1);
        while left > 0 && follows {
            let batch: Vec<Op> = (0..left.min(BATCH_OPS as u64)).map(|_| scenario.next_op()).collect();
            left -= batch.len() as u64;
            let recorded = session.record(&batch, true, |op, recorded| {
                for &(key, hash) in &recorded.hashes {
                    let row = Row { key, hash: Some(hash), ..Row::new(Action::Hash) };
                    follows = follows && check.row(&mut model, row, &recorded);
                }
                let row = Row { key: op.key, hash: Some(recorded.hash), value: op.key, ..Row::new(action(op)) };
                follows = follows && check.row(&mut model, row, &recorded);
            });
            recorded.map_err(|source| self.pipe(source))?;
        }
        Ok(())
    }

    /// The first two lines of the recording.
    fn first_lines(&self, greeting: &go::Greeting, columns: &[&str]) -> String {
        let go::Greeting { go, layout, key_bytes, elem_bytes, table_bytes, table_pointers, .. } = greeting;
        let table = if layout == "swiss" { "group" } else { "bucket" };
        let pointers = u8::from(*table_pointers);
        format!(
            "# go={go} layout={layout} type={} hint={} key_size={key_bytes} elem_size={elem_bytes} \
             {table}_size={table_bytes} {table}_pointers={pointers}\nop,key,hash,alloc_bytes,allocs,{}\n",
            self.shape.name,
            self.hint,
            columns.join(","),
        )
    }
}

fn action(op: Op) -> Action {
    match op.kind {
        go::Kind::Put => Action::Insert,
        go::Kind::Remove => Action::Remove,
        go::Kind::Get => Action::Get,
        go::Kind::Clear => Action::Clear,
        go::Kind::Range => Action::Range,
    }
}

/// Holds a model against what the runtime said.
struct Check<'a> {
    comparison: Comparison,
    /// Of the model, and of the runtime.
    figures: Vec<u64>,
    said: Vec<u64>,
    recording: String,
    rows: u64,
    compared: &'a mut Compared,
}

impl Check<'_> {
    /// Whether the model can be asked on.
    fn row(&mut self, model: &mut dyn Play, row: Row, said: &Recorded) -> bool {
        if self.compared.first.is_none() {
            self.recording.push_str(&line(row, said));
        }
        let played = model.play(row, &mut self.figures);
        if row.action == Action::Hash && played.is_ok() {
            return true;
        }
        self.rows += 1;
        self.compared.operations += 1;
        let follows = played.is_ok();
        let fault = match played {
            Err(error) => Some(Fault::Lost(error)),
            Ok(()) => {
                self.said.clear();
                self.said.extend([said.alloc_bytes, said.allocs]);
                self.said.extend(&said.state);
                self.comparison.first(&self.said, &self.figures).map(Fault::Differing)
            }
        };
        if let Some(fault) = fault {
            self.compared.differences += 1;
            if self.compared.first.is_none() {
                let recording = std::mem::take(&mut self.recording);
                self.compared.first = Some(Difference { operation: self.rows, fault, recording });
            }
        }
        follows
    }
}

/// A row of a recording.
fn line(row: Row, said: &Recorded) -> String {
    let mut line = format!("{},", row.action.name());
    if row.action.has_key() {
        line += &format!("{},{:016x}", row.key, row.hash.unwrap_or_default());
    } else {
        line.push(',');
    }
    if row.action == Action::Hash {
        line += &",".repeat(ALLOCATED + said.state.len());
    } else {
        line += &format!(",{},{}", said.alloc_bytes, said.allocs);
        said.state.iter().for_each(|figure| line += &format!(",{figure}"));
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: &[&str] = &["len", "b", "noverflow", "nevacuate", "growing", "same_size"];

    /// A model that allocates nothing and stays as it is.
    struct Still {
        info: crate::maps::Info,
        state: [u64; 6],
    }

    impl Play for Still {
        fn info(&self) -> &crate::maps::Info {
            &self.info
        }
        fn play(&mut self, _: Row, figures: &mut [u64]) -> Result<(), PlayError> {
            figures[..ALLOCATED].fill(0);
            figures[ALLOCATED..].copy_from_slice(&self.state);
            Ok(())
        }
        fn check_invariants(&self) {}
    }

    fn compare(state: [u64; 6], said: Recorded) -> Compared {
        let info = crate::maps::Info { state: STATE, ..<crate::maps::go::GoClassic as crate::maps::Family>::INFO };
        let mut compared = Compared { shape: "u64/u64", ..Compared::default() };
        let mut check = Check {
            comparison: Comparison::new(STATE),
            figures: vec![0; 8],
            said: Vec::new(),
            recording: "first\n".into(),
            rows: 0,
            compared: &mut compared,
        };
        let row = Row { key: 7, hash: Some(0xabc), ..Row::new(Action::Insert) };
        let mut model = Still { info, state };
        let same = Recorded { state: state.to_vec(), ..Recorded::default() };
        assert!(check.row(&mut model, row, &same) && check.row(&mut model, row, &said));
        compared
    }

    #[test]
    fn each_column_that_differs_is_named_with_both_figures() {
        let state = [5, 3, 2, 1, 0, 0];
        let same = Recorded { state: state.to_vec(), ..Recorded::default() };
        assert_eq!((compare(state, same.clone()).differences, compare(state, same.clone()).operations), (0, 2));
        for (at, name) in ["alloc_bytes", "allocs"].iter().chain(STATE).enumerate() {
            let mut said = same.clone();
            match at {
                0 => said.alloc_bytes = 99,
                1 => said.allocs = 99,
                _ => said.state[at - ALLOCATED] = 99,
            }
            let compared = compare(state, said);
            let first = compared.first.expect(name);
            let Fault::Differing(Differing { column, expected, .. }) = first.fault else { panic!("{}", first.fault) };
            assert_eq!((compared.differences, first.operation, column, expected), (1, 2, *name, 99));
            assert_eq!(first.recording.lines().count(), 3, "{}", first.recording);
            assert!(first.recording.ends_with('\n') && first.recording.contains("insert,7,0000000000000abc,"));
        }
    }
}
