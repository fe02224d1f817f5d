use std::process::ExitCode;

fn main() -> ExitCode {
    mapscope::cmd::main(&mapscope::run::Subjects::builtin())
}
