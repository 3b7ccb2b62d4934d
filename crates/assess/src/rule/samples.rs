//! Running the samples of controls.

use super::{Control, Policy, Sample};
use crate::device::Device;
use crate::engine::{Verdict, data_point, judge};

/// A sample that did not come out as it says.
#[derive(Debug, Clone)]
pub struct SampleFailure {
    /// Number of the control.
    pub control: u32,
    /// Where the sample stands in its file.
    pub line: usize,
    /// Column of the sample.
    pub column: usize,
    /// What was expected and what came out.
    pub message: String,
}

/// Runs every sample of a control; the failures, in order.
#[must_use]
pub fn run(control: &Control) -> Vec<SampleFailure> {
    control.samples.iter().filter_map(|sample| failure(control, sample)).collect()
}

fn failure(control: &Control, sample: &Sample) -> Option<SampleFailure> {
    let fail = |message: String| {
        Some(SampleFailure { control: control.cid, line: sample.line, column: sample.column, message })
    };
    let verdict = match verdict(control, sample) {
        Ok(verdict) => verdict,
        Err(message) => return fail(message),
    };
    if verdict.status == sample.expect {
        return None;
    }
    let found = if verdict.actual.is_empty() {
        String::new()
    } else {
        format!("; found {}", verdict.actual.join(", "))
    };
    let reason = verdict.reason.map(|r| format!("; {r}")).unwrap_or_default();
    let (wanted, got, expected) = (sample.expect, verdict.status, verdict.expected);
    fail(format!(
        "control {} is {got} on a sample that must be {wanted}: expected {expected}{found}{reason}",
        control.cid
    ))
}

/// The verdict on a sample.
///
/// # Errors
/// A message when the sample's text cannot be read.
pub(crate) fn verdict(control: &Control, sample: &Sample) -> Result<Verdict, String> {
    let device = Device::sample(control.family, &sample.outputs, sample.version.as_deref())
        .map_err(|e| e.to_string())?;
    Ok(judge(control, &data_point(&device, control), &Policy::default()))
}
