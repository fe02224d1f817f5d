//! Call stacks by frame pointers.
//!
//! A frame record is two words: the caller's frame pointer, then the return address. Records lie on the thread's stack,
//! each above the one before, so the walk reads nothing but the stack between the current frame and the stack's end,
//! and always ends, whatever a function compiled without frame pointers left in the register.

use std::cell::Cell;

/// The most frames taken of one stack, from the leaf.
pub(super) const FRAMES_MAX: usize = 256;

thread_local! {
    /// One past this thread's highest stack address; 0 before it was asked for.
    static STACK_END: Cell<usize> = const { Cell::new(0) };
}

/// The return addresses of one call stack, leaf first.
pub(in crate::probe) struct Stack {
    frames: [usize; FRAMES_MAX],
    len: usize,
    /// Whether frames were left out at the root.
    pub truncated: bool,
}

impl Stack {
    const EMPTY: Stack = Stack { frames: [0; FRAMES_MAX], len: 0, truncated: false };

    pub fn frames(&self) -> &[usize] {
        &self.frames[..self.len]
    }
}

/// The call stack of the caller. Neither allocates nor locks.
#[inline(never)]
pub(in crate::probe) fn walk() -> Stack {
    let end = stack_end();
    registers().map_or(Stack::EMPTY, |(frame, lowest)| walk_from(frame, lowest, end))
}

/// The call stack from a frame pointer upwards, reading nothing outside of `lowest..end`, which must be mapped: it lies
/// between a stack pointer and the end of that stack.
pub(in crate::probe) fn walk_from(mut frame: usize, mut lowest: usize, end: usize) -> Stack {
    const WORD: usize = size_of::<usize>();
    let mut stack = Stack::EMPTY;
    while frame >= lowest && frame.is_multiple_of(WORD) && frame.saturating_add(2 * WORD) <= end {
        let record = frame as *const usize;
        // SAFETY: aligned, and within `lowest..end`, which the caller knows to be mapped.
        let (caller, return_address) = unsafe { (record.read(), record.add(1).read()) };
        if return_address == 0 {
            break;
        }
        if stack.len == FRAMES_MAX {
            stack.truncated = true;
            break;
        }
        stack.frames[stack.len] = return_address;
        stack.len += 1;
        lowest = frame + 2 * WORD;
        frame = caller;
    }
    stack
}

/// The frame pointer and the stack pointer; `None` where they aren't known.
#[inline(always)]
fn registers() -> Option<(usize, usize)> {
    #[cfg(target_arch = "x86_64")]
    {
        let (frame, stack): (usize, usize);
        // SAFETY: copies two registers.
        unsafe {
            std::arch::asm!("mov {}, rbp", "mov {}, rsp", out(reg) frame, out(reg) stack, options(nomem, nostack))
        };
        Some((frame, stack))
    }
    #[cfg(target_arch = "aarch64")]
    {
        let (frame, stack): (usize, usize);
        // SAFETY: copies two registers.
        unsafe {
            std::arch::asm!("mov {}, x29", "mov {}, sp", out(reg) frame, out(reg) stack, options(nomem, nostack))
        };
        Some((frame, stack))
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    None
}

/// One past this thread's highest stack address. After its first call in a thread it neither allocates nor locks.
pub(in crate::probe) fn stack_end() -> usize {
    if STACK_END.get() == 0 {
        // 1 for an unknown end: nothing lies below it, so no frame is read.
        STACK_END.set(ask_stack_end().unwrap_or(1));
    }
    STACK_END.get()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn ask_stack_end() -> Option<usize> {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut low, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: `attributes` is initialised by the first call, read by the second only when the first succeeded, and
    // destroyed once.
    let known = unsafe {
        libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) == 0 && {
            let known = libc::pthread_attr_getstack(attributes.as_ptr(), &mut low, &mut size) == 0;
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
            known
        }
    };
    known.then_some(low as usize + size)
}

#[cfg(target_os = "macos")]
fn ask_stack_end() -> Option<usize> {
    // SAFETY: asks about the calling thread.
    Some(unsafe { libc::pthread_get_stackaddr_np(libc::pthread_self()) } as usize)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
fn ask_stack_end() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn deep(depth: usize) -> Stack {
        let stack = if depth == 0 { walk() } else { deep(depth - 1) };
        std::hint::black_box(stack)
    }

    #[test]
    fn each_call_is_a_frame() {
        let (shallow, deeper) = (deep(3), deep(13));
        assert!(!shallow.truncated);
        assert_eq!(deeper.frames().len(), shallow.frames().len() + 10);
        // The ten frames more are all calls of `deep` by itself, from one place.
        assert!(deeper.frames()[1..13].iter().all(|&frame| frame == deeper.frames()[1]));
    }

    #[test]
    fn a_deeper_stack_is_cut_at_the_root_and_says_so() {
        let stack = deep(FRAMES_MAX);
        assert!(stack.truncated);
        assert_eq!(stack.frames().len(), FRAMES_MAX);
    }

    #[test]
    fn the_stack_end_is_above_and_the_walk_stops_there() {
        let local = 0u8;
        assert!(stack_end() > &raw const local as usize);
        let end = STACK_END.replace(&raw const local as usize - 1_000_000);
        assert_eq!(walk().frames(), &[] as &[usize]);
        STACK_END.set(end);
    }
}
