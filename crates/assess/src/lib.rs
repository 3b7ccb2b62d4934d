//! Configuration assessment: what a device printed, judged by rules that anyone can read, with the lines that show it.
//!
//! ```
//! use assess::{Assessment, Device, Library, Policy, ReadOptions, Status};
//!
//! let log = b"R1#show running-config\nversion 15.2\nhostname R1\nno aaa new-model\nline vty 0 4\n transport input telnet\nend\nR1#\n";
//! let device = Device::read(log, &ReadOptions::default())?;
//! let assessment = Assessment::of(&device, &Library::builtin(), &Policy::default());
//! let ssh_only = assessment.results.iter().find(|v| v.title.contains("SSH only")).expect("a shipped control");
//! assert_eq!(ssh_only.status, Status::Failed);
//! assert_eq!(ssh_only.evidence[0].text, " transport input telnet");
//! # Ok::<(), assess::InputError>(())
//! ```
//!
//! The way of one upload: bytes become numbered lines ([`Text`]), lines become outputs of commands, outputs become
//! trees of statements ([`Tree`]); rules ([`Control`]) put questions to the trees ([`collect`]), and policies judge the
//! answers ([`judge`]). Everything is linear in the input, and nothing here reads files or the network, except
//! [`linux::collect`], which reads the machine it runs on.
//!
//! # For a platform
//!
//! - [`Device::read`] takes an upload and says which commands it holds, what the device is called, which version it has, and
//!   whether it contradicts the declared technology. [`TECHNOLOGIES`] is the list of those that may be declared.
//! - [`collect`] gives one [`DataPoint`] for every control of the family, whatever policies there are. It holds evidence,
//!   no secret and no expectation. Store its JSON form: versions to come read it.
//! - [`judge`] makes a [`Verdict`] of a stored data point, a control and a [`Policy`]. A changed expectation needs no upload.
//! - [`Device::texts`] gives the outputs to keep, and [`Device::assemble`] puts outputs of several uploads together, so that
//!   a second upload replaces only the commands it holds. Texts hold secrets: [`mask_text`] is what may be shown.
//! - [`difference`] says what changed in meaning between two uploads, and which verdicts with it.
//!
//! ```
//! use assess::{Assessment, DataPoint, Device, Library, Policy, ReadOptions, Status, collect, difference, judge};
//!
//! let options = ReadOptions { technology: Some("Cisco IOS 15.x".to_owned()), ..ReadOptions::default() };
//! let (old, new) = ("ip ssh version 2\nline vty 0 4\n exec-timeout 15 0\nend\n", "line vty 0 4\n exec-timeout 15 0\nend\n");
//! let read = |text: &str| Device::read(format!("hostname R1\n{text}").as_bytes(), &options);
//! let device = read(old)?;
//! assert_eq!(device.contradiction(), None);
//!
//! // At the upload: everything is collected once.
//! let library = Library::builtin();
//! let points = collect(&device, library.of(device.family()));
//! let stored = serde_json::to_string(&points)?;
//!
//! // Later: judged by what a policy expects by then.
//! let points: Vec<DataPoint> = serde_json::from_str(&stored)?;
//! let control = library.get(901002).expect("a shipped control");
//! let point = points.iter().find(|point| point.control == control.cid).expect("its data point");
//! assert_eq!(judge(control, point, &Policy::default()).status, Status::Failed);
//! let lenient = Policy::read("policy: lenient\nset: { 901002: { max: 1800 } }\n").expect("a policy");
//! assert_eq!(judge(control, point, &lenient).status, Status::Passed);
//!
//! // The next upload.
//! let next = read(new)?;
//! let of = |device: &Device| Assessment::of(device, &library, &Policy::default());
//! let found = difference((&device, &of(&device)), (&next, &of(&next)));
//! assert_eq!(found.changes[0].path, ["ip ssh version 2"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod bench;
pub mod cli;
mod device;
mod diff;
mod engine;
mod error;
mod family;
pub mod invariants;
mod library;
pub mod linux;
mod log;
mod mask;
pub mod report;
mod rule;
mod select;
mod text;
mod tree;
pub mod version;

pub use device::{Device, ReadOptions};
pub use diff::{Change, ChangeKind, Difference, difference};
pub use engine::{
    DataPoint, Group, Instance, Labelled, Line, Observation, State, Status, Verdict, collect, data_point,
    judge,
};
pub use error::InputError;
pub use family::{Command, Family, TECHNOLOGIES, Technology, technology};
pub use library::{FileError, Library};
pub use log::Layout;
pub use mask::{MASK, line as mask_line, text as mask_text};
pub use rule::samples::{SampleFailure, run as run_samples};
pub use rule::{Control, Param, Policy, RuleError, SCHEMA, Sample, Value, read_rules};
pub use select::{Pattern, PatternError};
pub use text::{Limits, LineUse, Text};
pub use tree::{NodeId, ROOT, Shape, Tree, Words};

/// A router's terminal log, to try things on. It holds mistakes on purpose.
pub const SAMPLE_LOG: &str = include_str!("../samples/router.log");

/// All verdicts on one device.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Assessment {
    /// Slug of the family, or the declared technology's name.
    pub technology: String,
    /// Version, where it is known.
    pub version: Option<String>,
    /// Name, where it is known.
    pub hostname: Option<String>,
    /// Commands found in the upload.
    pub commands: Vec<String>,
    /// Why nothing can be trusted, when that is so.
    pub contradiction: Option<String>,
    /// One per control, by number.
    pub results: Vec<Verdict>,
}

impl Assessment {
    /// Assesses a device by the controls of a library that belong to a policy.
    #[must_use]
    pub fn of(device: &Device, library: &Library, policy: &Policy) -> Self {
        let controls = library.of(device.family()).into_iter().filter(|c| policy.includes(c));
        let results = controls.map(|c| judge(c, &data_point(device, c), policy)).collect();
        let declared = device.technology().map(|t| t.name.to_owned());
        Self {
            technology: declared.unwrap_or_else(|| device.family().slug().to_owned()),
            version: device.version().map(str::to_owned),
            hostname: device.hostname().map(str::to_owned),
            commands: device.commands().map(|(typed, _)| typed.to_owned()).collect(),
            contradiction: device.contradiction().map(str::to_owned),
            results,
        }
    }

    /// How many verdicts have a status.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.results.iter().filter(|v| v.status == status).count()
    }
}
