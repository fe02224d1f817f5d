//! Has a JVM that runs load the agent, by the means that HotSpot has for that: a file that asks it to listen, SIGQUIT, and
//! a socket.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::agent;
use crate::recording::{Manifest, Process, RecordingError, Sample};
use crate::text;

/// A JVM that runs.
#[derive(Debug)]
pub struct Attached {
    /// Its number.
    pub pid: u32,
    /// Which maps are recorded: some.
    pub sample: Sample,
    /// Whether lookups and iterations are counted.
    pub lookups: bool,
}

impl Attached {
    /// Has it record the maps that it makes from now on, into an empty folder, for as long as it runs.
    ///
    /// # Errors
    /// Where there is no such JVM, or it does not let itself be recorded.
    pub fn begin(&self, out: &Path) -> Result<(), RecordingError> {
        let at = |what: String| RecordingError::at(format!("process {}", self.pid), what);
        let out = fs::canonicalize(out).map_err(|error| RecordingError::at(out, error))?;
        let jvm = Jvm::new(self.pid).map_err(at)?;
        let agent = agent()?;
        let [agent, folder] = [&agent, &out].map(|path| path.to_str().filter(|path| !path.contains('\0')));
        let (Some(agent), Some(folder)) = (agent, folder) else {
            return Err(at("the paths of the agent and the recording have to be UTF-8".to_owned()));
        };
        let command = fs::read(jvm.proc("cmdline")).unwrap_or_default();
        let command = command.split(|&byte| byte == 0).filter(|word| !word.is_empty());
        let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        let manifest = Manifest {
            schema: Manifest::SCHEMA,
            command: command.map(|word| text::clean(&String::from_utf8_lossy(word)).into_owned()).collect(),
            folder: fs::read_link(jvm.proc("cwd")).unwrap_or_default(),
            sample: self.sample.in_file().into(),
            lookups: self.lookups,
            started_unix_ms: started,
            ..Manifest::default()
        };
        let level = 1 + u32::from(self.lookups);
        jvm.load(agent, &format!("{level}:{}:{folder}", self.sample.in_file())).map_err(at)?;
        if Process::read_all(&out)?.is_empty() {
            let why = "it loaded the agent and records nothing: it has said why on its standard error";
            return Err(at(why.to_owned()));
        }
        manifest.write(&out)
    }
}

/// A process that has HotSpot in it, and has not been told to keep to itself.
struct Jvm {
    pid: u32,
    /// Its number where it lives, which may be a container.
    own: u32,
}

impl Jvm {
    fn new(pid: u32) -> Result<Jvm, String> {
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let status = fs::read_to_string(proc.join("status")).map_err(|_| "there is no such process".to_owned())?;
        let mapped = fs::read_to_string(proc.join("maps")).map_err(|error| format!("can't be looked at: {error}"))?;
        if !mapped.lines().any(|line| line.ends_with("/libjvm.so")) {
            return Err("is no JVM: give the number of the java process itself".to_owned());
        }
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let caught = field("SigCgt:").and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or(0);
        if caught & 1 << (libc::SIGQUIT - 1) == 0 {
            return Err("its JVM takes no SIGQUIT (-Xrs), by which it is attached to: start it under record".to_owned());
        }
        let words = ["cmdline", "environ"].map(|file| fs::read(proc.join(file)).unwrap_or_default());
        const FORBIDS: &[u8] = b"-XX:+DisableAttachMechanism";
        if words.iter().any(|words| words.windows(FORBIDS.len()).any(|word| word == FORBIDS)) {
            return Err("its JVM forbids attaching (-XX:+DisableAttachMechanism): start it under record".to_owned());
        }
        let own = field("NSpid:").and_then(|numbers| numbers.split_whitespace().last()?.parse().ok());
        Ok(Jvm { pid, own: own.unwrap_or(pid) })
    }

    fn proc(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{path}", self.pid))
    }

    fn load(&self, agent: &str, setting: &str) -> Result<(), String> {
        let mut socket = self.connect()?;
        let failed = |error: std::io::Error| format!("its JVM ended the conversation: {error}");
        let request =
            ["1", "load", "instrument", "false", &format!("{agent}={setting}")].map(|word| format!("{word}\0"));
        socket.write_all(request.concat().as_bytes()).map_err(failed)?;
        const ANSWER_TIME: Duration = Duration::from_secs(60);
        const ANSWER_BYTES_MAX: u64 = 64 << 10;
        socket.set_read_timeout(Some(ANSWER_TIME)).map_err(failed)?;
        let mut answer = String::new();
        socket.take(ANSWER_BYTES_MAX).read_to_string(&mut answer).map_err(failed)?;
        let (code, rest) = answer.split_once('\n').unwrap_or((&answer, ""));
        let returned = rest.trim().trim_start_matches("return code: ");
        match (code, returned) {
            ("0", "0") => Ok(()),
            _ => Err(format!("its JVM refuses the agent: {}", text::clean(rest.trim()))),
        }
    }

    fn connect(&self) -> Result<UnixStream, String> {
        const TRIES: u32 = 100;
        const BETWEEN: Duration = Duration::from_millis(100);
        let path = self.proc(&format!("root/tmp/.java_pid{}", self.own));
        if !path.exists() {
            let asks = self.proc(&format!("cwd/.attach_pid{}", self.own));
            let there = self.proc(&format!("root/tmp/.attach_pid{}", self.own));
            // One that is there already will do, and is not written to: somebody may have put a link there.
            let create = |path: PathBuf| match OpenOptions::new().write(true).create_new(true).open(&path) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
                _ => Ok(path),
            };
            let made = create(asks).or_else(|_| create(there));
            let made = made.map_err(|error| format!("can't be asked to listen: {error}"))?;
            // SAFETY: it only sends a signal, to a process that catches it.
            unsafe { libc::kill(self.pid as libc::pid_t, libc::SIGQUIT) };
            let mut left = TRIES;
            while !path.exists() && left > 0 {
                thread::sleep(BETWEEN);
                left -= 1;
            }
            let _ = fs::remove_file(made);
        }
        // Everybody may make files in that folder.
        let (of_socket, of_jvm) = (fs::symlink_metadata(&path), fs::metadata(self.proc("")));
        if let (Ok(of_socket), Ok(of_jvm)) = (of_socket, of_jvm)
            && ![of_jvm.uid(), 0].contains(&of_socket.uid())
        {
            return Err(format!("{}: is not its own: remove it", text::path(&path)));
        }
        UnixStream::connect(&path).map_err(|error| format!("does not listen: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_jvm_is_not_sent_a_signal() {
        assert!(Jvm::new(std::process::id()).is_err_and(|why| why.starts_with("is no JVM")));
        assert!(Jvm::new(u32::MAX).is_err_and(|why| why == "there is no such process"));
    }
}
