//! The `mapscope` program: the counting allocator and the command line.

use std::alloc::System;
use std::process::ExitCode;

use mapscope::probe::alloc::Counting;
use mapscope::run::Subjects;

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

fn main() -> ExitCode {
    mapscope::cmd::main(&Subjects::builtin())
}
