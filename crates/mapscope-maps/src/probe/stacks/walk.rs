//! Call stacks, by the unwind tables of the program and its libraries.
//!
//! Compilers write down for every instruction where the caller's registers lie (`.eh_frame`, for panics and debuggers), and
//! the linker an index of it, both of which are in memory with the code. So no function needs a frame pointer, which would
//! cost each map a register. Where no tables are known, as on macOS, whose own are not read, frame pointers are followed.
//!
//! A walk reads nothing but the tables, and the stack between the current frame and the stack's end.

use std::cell::Cell;

pub(in crate::probe) use self::native::{Registers, Walker};

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

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod native {
    use framehop::{CacheNative, MustNotAllocateDuringUnwind, UnwindRegsNative, Unwinder as _, UnwinderNative};

    use super::super::loaded;
    use super::{FRAMES_MAX, Stack};

    /// What walks stacks of this process.
    pub(in crate::probe) struct Walker {
        unwinder: UnwinderNative<&'static [u8], MustNotAllocateDuringUnwind>,
        cache: CacheNative<MustNotAllocateDuringUnwind>,
    }

    impl Walker {
        /// Knows the code that is loaded now, which must stay so: no library is unloaded while it walks. Of code that comes
        /// later, frame pointers are followed.
        pub fn new() -> Walker {
            let mut unwinder = UnwinderNative::new();
            loaded::modules().into_iter().for_each(|module| unwinder.add_module(module));
            Walker { unwinder, cache: CacheNative::new_in() }
        }

        /// The call stack above some registers. Neither allocates nor locks, and takes some 16 KiB of stack.
        ///
        /// # Safety
        ///
        /// From the stack pointer to `end` memory is mapped, as it is to the end of that stack.
        pub unsafe fn walk(&mut self, from: Registers, end: usize) -> Stack {
            const WORD: u64 = size_of::<usize>() as u64;
            let (lowest, end) = (from.stack as u64, end as u64);
            let mut read = |at: u64| {
                let inside = at >= lowest && at.is_multiple_of(WORD) && at.saturating_add(WORD) <= end;
                // SAFETY: aligned, and within what the caller says is mapped.
                inside.then(|| unsafe { (at as *const u64).read() }).ok_or(())
            };
            let mut frames = self.unwinder.iter_frames(from.instruction as u64, from.all(), &mut self.cache, &mut read);
            let mut stack = Stack::EMPTY;
            // The first is the instruction itself.
            let _ = frames.next();
            // What can't be unwound is the end, too.
            while let Ok(Some(frame)) = frames.next() {
                if stack.len == FRAMES_MAX {
                    stack.truncated = true;
                    break;
                }
                stack.frames[stack.len] = frame.address() as usize;
                stack.len += 1;
            }
            stack
        }
    }

    /// Where a thread is, and what of its registers leads to the callers.
    #[derive(Clone, Copy)]
    pub(in crate::probe) struct Registers {
        pub instruction: usize,
        pub stack: usize,
        pub frame: usize,
        /// The return address, where a register has it.
        #[cfg(target_arch = "aarch64")]
        pub link: usize,
    }

    #[cfg(target_arch = "x86_64")]
    impl Registers {
        /// Those of the function that this is inlined into.
        #[inline(always)]
        pub fn here() -> Registers {
            let (instruction, stack, frame): (usize, usize, usize);
            // SAFETY: copies three registers, to some that are none of them.
            unsafe {
                std::arch::asm!("lea rax, [rip]", "mov rcx, rsp", "mov rdx, rbp",
                    out("rax") instruction, out("rcx") stack, out("rdx") frame, options(nomem, nostack, preserves_flags))
            };
            Registers { instruction, stack, frame }
        }

        fn all(self) -> UnwindRegsNative {
            UnwindRegsNative::new(self.instruction as u64, self.stack as u64, self.frame as u64)
        }
    }

    #[cfg(target_arch = "aarch64")]
    impl Registers {
        /// Those of the function that this is inlined into.
        #[inline(always)]
        pub fn here() -> Registers {
            let (instruction, stack, frame, link): (usize, usize, usize, usize);
            // SAFETY: copies four registers, to some that are none of them.
            unsafe {
                std::arch::asm!("adr x9, .", "mov x10, sp", "mov x11, x29", "mov x12, x30",
                    out("x9") instruction, out("x10") stack, out("x11") frame, out("x12") link,
                    options(nomem, nostack, preserves_flags))
            };
            Registers { instruction, stack, frame, link }
        }

        fn all(self) -> UnwindRegsNative {
            UnwindRegsNative::new(self.link as u64, self.stack as u64, self.frame as u64)
        }
    }
}

/// Where nobody knows how stacks are walked, they are empty.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod native {
    use super::Stack;

    pub(in crate::probe) struct Walker;

    impl Walker {
        pub fn new() -> Walker {
            Walker
        }

        /// # Safety
        ///
        /// None is asked for.
        pub unsafe fn walk(&mut self, _: Registers, _: usize) -> Stack {
            Stack::EMPTY
        }
    }

    #[derive(Clone, Copy)]
    pub(in crate::probe) struct Registers;

    impl Registers {
        pub fn here() -> Registers {
            Registers
        }
    }
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
    fn walked(end: usize) -> Stack {
        // SAFETY: `end` is at most that of this stack.
        unsafe { Walker::new().walk(Registers::here(), end) }
    }

    #[inline(never)]
    fn deep(depth: usize) -> Stack {
        let stack = if depth == 0 { walked(stack_end()) } else { deep(depth - 1) };
        std::hint::black_box(stack)
    }

    #[test]
    fn each_call_is_a_frame() {
        let (shallow, deeper) = (deep(3), deep(13));
        assert!(!shallow.truncated);
        assert_eq!(deeper.frames().len(), shallow.frames().len() + 10);
        // The ten frames more are all calls of `deep` by itself, from one place.
        assert!(deeper.frames()[2..14].iter().all(|&frame| frame == deeper.frames()[2]));
    }

    #[test]
    fn the_c_library_hides_no_caller() {
        extern "C" fn compare(_: *const std::ffi::c_void, _: *const std::ffi::c_void) -> i32 {
            let names = walked(stack_end()).frames().iter().any(|&frame| {
                crate::probe::symbols::Symbols::new()
                    .frames(frame)
                    .iter()
                    .any(|frame| frame.function.contains("hides_no_caller"))
            });
            SEEN.set(names);
            0
        }
        thread_local!(static SEEN: Cell<bool> = const { Cell::new(false) });
        let mut two = [1u64, 2];
        // SAFETY: sorts the two words by what compares none.
        unsafe { libc::qsort(two.as_mut_ptr().cast(), 2, 8, Some(compare)) };
        assert!(SEEN.get());
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
        assert_eq!(walked(&raw const local as usize - 1_000_000).frames(), &[] as &[usize]);
    }
}
