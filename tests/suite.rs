//! All tests that need neither a process nor an allocator of their own, in one program: each program links the whole library.
//!
//! `cargo test --test suite gate::` runs those of one file.

mod cli_process;
mod common;
mod go_recorder;

mod ab;
mod bad_input;
mod baseline;
mod census_of_go;
mod ci;
mod cli;
mod consumers;
mod convert;
mod describe;
mod diff;
mod diff_stacks;
mod findings;
mod gate;
mod go_fakes;
mod go_releases;
mod go_runtime;
mod html;
mod html_browser;
mod inputs;
mod inspect;
mod instructions;
mod interrupt;
mod kills;
mod kinds;
mod layout_verb;
mod losses;
mod outside;
mod own_map;
mod record_fields;
mod recording;
mod replay;
mod report_files;
mod report_text;
mod responses;
mod runner;
mod small_maps;
mod threads;
mod timeline;
mod verify;
