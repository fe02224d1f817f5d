//! The tests of maps and of what they are fed, in one program: each test can see what it allocates ([`heap`]).
//!
//! `cargo test --test maps go_swiss::` runs those of one file.

mod cli_process;
mod common;
mod go_map;
mod go_recorder;
mod heap;
mod masked;

mod census;
mod every_map;
mod go_classic;
mod go_entries;
mod go_oracle;
mod go_swiss;
mod go_syncmap;
mod layout;
mod models;
mod probes;
mod slot_reuse;
mod workload;
