//! A process to watch and to kill.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// A running process whose output is read line by line. It is killed when this is dropped.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts a process. Its standard error goes where ours goes.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} can't be started: {error}"));
        let output = child.stdout.take().expect("the output was asked for");
        let (send, lines) = channel();
        std::thread::spawn(move || {
            // A process that is killed may leave half a line, perhaps half a letter: that is not a line.
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            while output.read_until(b'\n', &mut line).is_ok() && line.pop() == Some(b'\n') {
                if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
                line.clear();
            }
        });
        Self { child, lines }
    }

    /// The next line of its output; `None` when it ended or the time is over.
    pub fn line(&self, at_most: Duration) -> Option<String> {
        self.lines.recv_timeout(at_most).ok()
    }

    /// Waits for a line of its output that `wanted` takes, up to a minute.
    pub fn wait_for<R>(&self, mut wanted: impl FnMut(&str) -> Option<R>) -> R {
        let until = Instant::now() + Duration::from_secs(60);
        let mut seen = Vec::new();
        loop {
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => match wanted(&line) {
                    Some(found) => return found,
                    None => seen.push(line),
                },
                Err(RecvTimeoutError::Timeout) => panic!("the process said for a minute only {seen:#?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("the process ended after {seen:#?}"),
            }
        }
    }

    /// Its number in the system.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it (SIGKILL) and gives what it said up to then and was not read yet. Processes that it started itself go
    /// on; those that hold its output are waited for.
    pub fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("the process is killed");
        self.child.wait().expect("the process ends");
        self.lines.iter().collect()
    }

    /// Waits for its end; says whether it succeeded, and gives what it said and was not read yet.
    pub fn finish(mut self) -> (bool, Vec<String>) {
        let lines = self.lines.iter().collect();
        let status = self.child.wait().expect("the process ends");
        (status.success(), lines)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_until_the_process_is_killed() {
        let process =
            Process::start(Command::new("sh").args(["-c", "echo a; echo b; printf half; exec sleep 60"]));
        assert_eq!(process.wait_for(|line| (line == "a").then_some(1)), 1);
        assert_eq!(process.line(Duration::from_secs(60)).as_deref(), Some("b"));
        assert!(process.kill().is_empty());
    }

    #[test]
    fn a_process_that_ends_is_waited_for() {
        let process = Process::start(Command::new("sh").args(["-c", "echo a; exit 3"]));
        assert_eq!(process.finish(), (false, vec!["a".to_owned()]));
    }
}
