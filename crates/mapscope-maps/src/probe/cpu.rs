//! A sampling profiler: where a thread is, at a given frequency.
//!
//! The timer runs on the monotonic clock, because timers on processor time fire at most once a scheduler tick, and it
//! signals the sampled thread alone. The signal handler notes the interrupted instruction and walks the stack above it; it
//! reads nothing but unwind tables and its own thread's stack, of which it takes 16 KiB, and writes nothing but what was made
//! before, so it can neither allocate, lock nor fault. Unlike the pprof crate it keeps every sample's own addresses, so that
//! functions inlined into one another stay apart.

use std::cell::UnsafeCell;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::stacks::walk::{Registers, Walker, stack_end};

/// Why a signal comes that a timer sends.
const SI_TIMER: i32 = -2;

/// Room for samples, in words: their frames and one word for each sample's length. Untouched pages cost nothing.
const BUFFER_WORDS: usize = 8 << 20;

/// The samples of one thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    /// Addresses of each sample, leaf first, as [`Symbols::stack`](super::symbols::Symbols::stack) takes them.
    pub stacks: Vec<Vec<usize>>,
    /// Samples lost because the buffer was full.
    pub dropped: u64,
}

struct Buffer {
    gathered: UnsafeCell<Option<Gathered>>,
    len: AtomicUsize,
    dropped: AtomicU64,
    busy: AtomicBool,
}

/// What the signal handler has to itself.
struct Gathered {
    words: Vec<usize>,
    walker: Walker,
}

// SAFETY: `gathered` is used by the signal handler alone, its words in `len..`, while the timer runs and `busy` is held; it
// is read and replaced only by the thread that holds `busy`, with the timer stopped.
unsafe impl Sync for Buffer {}

static BUFFER: Buffer = Buffer {
    gathered: UnsafeCell::new(None),
    len: AtomicUsize::new(0),
    dropped: AtomicU64::new(0),
    busy: AtomicBool::new(false),
};

/// Runs `f` while sampling this thread `frequency_hz` times a second.
///
/// An error where a thread is being sampled already; of the kind [`io::ErrorKind::Unsupported`] where the system has no
/// such timer (it is Linux's).
pub fn sample<T>(frequency_hz: u32, f: impl FnOnce() -> T) -> io::Result<(T, Samples)> {
    if BUFFER.busy.swap(true, Relaxed) {
        return Err(io::Error::other("a sampling is under way in this process"));
    }
    let _release = Release;
    stack_end(); // asked for here, so that the handler finds it known
    // SAFETY: `busy` is held and the timer is not running.
    unsafe {
        *BUFFER.gathered.get() = Some(Gathered { words: Vec::with_capacity(BUFFER_WORDS), walker: Walker::new() });
    }
    BUFFER.len.store(0, Relaxed);
    BUFFER.dropped.store(0, Relaxed);
    let timer = Timer::start(frequency_hz)?;
    let value = f();
    drop(timer);
    Ok((value, collect()))
}

struct Release;

impl Drop for Release {
    fn drop(&mut self) {
        // SAFETY: `busy` is still held and the timer was stopped before.
        unsafe { *BUFFER.gathered.get() = None };
        BUFFER.busy.store(false, Relaxed);
    }
}

fn collect() -> Samples {
    let mut stacks = Vec::new();
    // SAFETY: the timer was stopped; the handler has written the words below `len`.
    let mut words = unsafe {
        let gathered = (*BUFFER.gathered.get()).as_ref();
        gathered.map_or(&[][..], |all| std::slice::from_raw_parts(all.words.as_ptr(), BUFFER.len.load(Relaxed)))
    };
    while let Some((&frames, rest)) = words.split_first() {
        let (stack, rest) = rest.split_at(frames);
        stacks.push(stack.to_vec());
        words = rest;
    }
    Samples { stacks, dropped: BUFFER.dropped.load(Relaxed) }
}

/// The timer, running until it is dropped.
#[cfg(target_os = "linux")]
struct Timer {
    timer: libc::timer_t,
    previous: libc::sigaction,
}

#[cfg(target_os = "linux")]
impl Timer {
    fn start(frequency_hz: u32) -> io::Result<Timer> {
        let interval_ns = 1_000_000_000 / i64::from(frequency_hz.clamp(1, 10_000));
        let every = libc::timespec { tv_sec: interval_ns / 1_000_000_000, tv_nsec: interval_ns % 1_000_000_000 };
        let interval = libc::itimerspec { it_interval: every, it_value: every };
        // SAFETY: all zeroes is a valid value of each structure, every pointer is to one of them, `on_signal` has the
        // signature that SA_SIGINFO asks for, and the timer is used only where it was created.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            let mut previous: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_signal as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
            let mut event: libc::sigevent = std::mem::zeroed();
            event.sigev_notify = libc::SIGEV_THREAD_ID;
            event.sigev_signo = libc::SIGPROF;
            event.sigev_notify_thread_id = libc::gettid();
            let mut timer: libc::timer_t = std::ptr::null_mut();
            if libc::timer_create(libc::CLOCK_MONOTONIC, &mut event, &mut timer) != 0 {
                return Err(io::Error::last_os_error());
            }
            libc::sigaction(libc::SIGPROF, &action, &mut previous);
            let timer = Timer { timer, previous };
            match libc::timer_settime(timer.timer, 0, &interval, std::ptr::null_mut()) {
                0 => Ok(timer),
                _ => Err(io::Error::last_os_error()),
            }
        }
    }
}

#[cfg(target_os = "linux")]
impl Drop for Timer {
    fn drop(&mut self) {
        // SAFETY: the timer is live, and what was there is restored. A signal still pending is this thread's, and is
        // delivered before `timer_delete` returns to it.
        unsafe {
            libc::timer_delete(self.timer);
            libc::sigaction(libc::SIGPROF, &self.previous, std::ptr::null_mut());
        }
    }
}

#[cfg(not(target_os = "linux"))]
struct Timer;

#[cfg(not(target_os = "linux"))]
impl Timer {
    fn start(_: u32) -> io::Result<Timer> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

extern "C" fn on_signal(_: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel gives a handler with SA_SIGINFO a valid description.
    if unsafe { (*info).si_code } != SI_TIMER {
        return; // somebody else's, which may be any thread's
    }
    let Some(registers) = registers(context) else { return };
    // SAFETY: the timer runs, and signals one thread, in which the kernel does not run this handler twice at a time; nobody
    // else uses it.
    let Some(Gathered { words, walker }) = (unsafe { &mut *BUFFER.gathered.get() }) else { return };
    // SAFETY: the registers are of this thread, as the end of its stack is.
    let stack = unsafe { walker.walk(registers, stack_end()) };
    let frames = stack.frames();
    let len = BUFFER.len.load(Relaxed);
    let needed = frames.len() + 2;
    if len + needed > BUFFER_WORDS {
        BUFFER.dropped.fetch_add(1, Relaxed);
        return;
    }
    // SAFETY: there is room for BUFFER_WORDS.
    unsafe {
        let words = words.as_mut_ptr().add(len);
        words.write(frames.len() + 1);
        // Symbols are looked up one byte below a return address; the interrupted instruction is meant itself.
        words.add(1).write(registers.instruction + 1);
        words.add(2).copy_from_nonoverlapping(frames.as_ptr(), frames.len());
    }
    BUFFER.len.store(len + needed, Relaxed);
}

/// Where the thread was interrupted; `None` where it isn't known.
fn registers(context: *mut libc::c_void) -> Option<Registers> {
    let context = context.cast::<libc::ucontext_t>();
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    {
        // SAFETY: the kernel gives a handler with SA_SIGINFO a valid context.
        let registers = unsafe { &(*context).uc_mcontext.gregs };
        let register = |index: i32| registers[index as usize] as usize;
        let [instruction, stack, frame] = [libc::REG_RIP, libc::REG_RSP, libc::REG_RBP].map(register);
        Some(Registers { instruction, stack, frame })
    }
    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    {
        // SAFETY: the kernel gives a handler with SA_SIGINFO a valid context.
        let machine = unsafe { &(*context).uc_mcontext };
        let [frame, link] = [machine.regs[29] as usize, machine.regs[30] as usize];
        Some(Registers { instruction: machine.pc as usize, stack: machine.sp as usize, frame, link })
    }
    #[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
    {
        let _ = context;
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::probe::symbols::Symbols;

    /// How long this thread has had a processor.
    fn processor_time() -> Duration {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `time` is a valid `timespec`, which is all that is written.
        assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) }, 0);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    }

    /// Busy for so much of its own time, however many others share the processor: samples are taken only then.
    #[inline(never)]
    fn a_busy_function() -> u64 {
        let end = processor_time() + Duration::from_millis(200);
        let mut sum = 0u64;
        while processor_time() < end {
            for _ in 0..100_000 {
                sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
            }
        }
        sum
    }

    #[test]
    fn a_busy_function_is_seen_on_most_stacks() {
        let (_, samples) = sample(997, a_busy_function).unwrap();
        assert!(samples.stacks.len() > 10, "{} samples", samples.stacks.len());
        assert_eq!(samples.dropped, 0);
        let mut symbols = Symbols::new();
        let mut names_it =
            |&address: &usize| symbols.frames(address).iter().any(|frame| frame.function.contains("a_busy_function"));
        let busy = samples.stacks.iter().filter(|stack| stack.iter().any(&mut names_it));
        // Wherever in it, or in what it calls, a sample is; the timer also runs for an instant before and after it.
        let busy = busy.count();
        assert!(busy + 2 >= samples.stacks.len(), "{busy} of {}", samples.stacks.len());
    }
}
