//! The compared parser, in a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// Says its version; with a file, how long it took to read it. Starting Python and importing do not count.
const SCRIPT: &str = "\
import sys, time, importlib.metadata
from ciscoconfparse2 import CiscoConfParse
print(importlib.metadata.version('ciscoconfparse2'))
for name in sys.argv[1:]:
    begin = time.perf_counter()
    CiscoConfParse(name, syntax='ios')
    print(time.perf_counter() - begin)
";

/// A Python that has the parser.
pub(super) struct Parser {
    program: PathBuf,
    pub(super) version: String,
}

impl Parser {
    pub(super) fn new(program: &Path) -> Result<Self> {
        let mut parser = Self { program: program.to_owned(), version: String::new() };
        let said = parser.run(&[])?;
        parser.version = said.lines().next().unwrap_or_default().to_owned();
        Ok(parser)
    }

    /// How long it takes to read a file; the faster of two runs.
    pub(super) fn seconds(&self, file: &Path) -> Result<f64> {
        let said = self.run(&[file, file])?;
        let times = said.lines().skip(1).filter_map(|line| line.parse::<f64>().ok());
        times.reduce(f64::min).ok_or_else(|| self.failed(format!("it said {said:?}")))
    }

    fn run(&self, files: &[&Path]) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.args(["-c", SCRIPT]).args(files).stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().map_err(|error| self.failed(error.to_string()))?;
        if !output.status.success() {
            return Err(
                self.failed("it has no package ciscoconfparse2 (pip install ciscoconfparse2)".to_owned())
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn failed(&self, problem: String) -> Error {
        Error::Program { program: self.program.display().to_string(), problem }
    }
}
