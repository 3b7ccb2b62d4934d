//! `redoubt assess FILE ...`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{FAILED, OK, UNTOLD, UNUSABLE, add_rules, read, read_text};
use crate::report::{Assessed, Format};
use crate::{Assessment, Device, Library, Limits, Policy, ReadOptions, Status};

/// Assesses what devices printed.
#[derive(Debug, Clone, clap::Args)]
pub struct AssessArgs {
    /// Terminal logs, configurations or host facts; `-` reads standard input
    #[arg(required_unless_present = "this_host")]
    pub files: Vec<PathBuf>,
    /// The technology or family of the devices, such as "Fabric 8" or cisco-ios; told from the text when absent
    #[arg(long, value_name = "NAME")]
    pub technology: Option<String>,
    /// How to write the result
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Rule files or folders of them, beside the controls that ship
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// A policy file: which controls count and what they expect
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Only this control; may be repeated
    #[arg(long, value_name = "CID")]
    pub control: Vec<u32>,
    /// Only controls of this criticality (1 to 5) and above
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub minimum_criticality: Option<u8>,
    /// Sets a parameter of a control; may be repeated
    #[arg(long, value_name = "CID.NAME=VALUE")]
    pub set: Vec<String>,
    /// An earlier upload of the same device, to show what changed
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// Assess the Linux machine this runs on
    #[arg(long)]
    pub this_host: bool,
    /// Take configurations as whole even when they seem to be cut off
    #[arg(long)]
    pub trust_whole: bool,
    /// Controls that could not be told do not change the exit status
    #[arg(long)]
    pub allow_errors: bool,
    /// Most MiB read of one file
    #[arg(long, value_name = "MIB", default_value_t = 16)]
    pub max_size: usize,
}

/// Runs `redoubt assess`.
///
/// # Errors
/// When the report cannot be written.
pub fn assess(args: &AssessArgs, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let mut library = Library::builtin();
    if !add_rules(&mut library, &args.rules, err)? {
        return Ok(UNUSABLE);
    }
    let policy = match policy(args, &library) {
        Ok(policy) => policy,
        Err(messages) => {
            messages.iter().try_for_each(|m| writeln!(err, "{m}"))?;
            return Ok(UNUSABLE);
        }
    };
    let mut all = Vec::new();
    let mut unusable = false;
    let inputs = args.files.iter().map(|f| (f.display().to_string(), upload(f, args)));
    let host = args.this_host.then(|| ("this host".to_owned(), this_host()));
    for (file, device) in inputs.chain(host) {
        match device.and_then(|d| assessed(&file, &d, args, &library, &policy)) {
            Ok(one) => all.push(one),
            Err(message) => {
                unusable = true;
                writeln!(err, "{file}: {message}")?;
            }
        }
    }
    if !all.is_empty() {
        crate::report::write(&all, args.format, out)?;
    }
    Ok(if unusable { UNUSABLE } else { status(&all, args.allow_errors) })
}

fn assessed(
    file: &str,
    device: &Device,
    args: &AssessArgs,
    library: &Library,
    policy: &Policy,
) -> Result<Assessed, String> {
    let assessment = Assessment::of(device, library, policy);
    let difference = match &args.against {
        None => None,
        Some(earlier) => {
            let old = upload(earlier, args).map_err(|e| format!("{}: {e}", earlier.display()))?;
            if old.family() != device.family() {
                return Err(format!(
                    "{} is a {} device, this is a {}",
                    earlier.display(),
                    old.family(),
                    device.family()
                ));
            }
            let before = Assessment::of(&old, library, policy);
            Some(crate::difference((&old, &before), (device, &assessment)))
        }
    };
    Ok(Assessed { file: file.to_owned(), assessment, difference })
}

fn upload(path: &Path, args: &AssessArgs) -> Result<Device, String> {
    let limits = Limits { bytes: args.max_size.saturating_mul(1 << 20) };
    let bytes = read(path, limits.bytes as u64).map_err(|e| e.to_string())?;
    let size =
        std::fs::metadata(path).map_or(bytes.len(), |m| usize::try_from(m.len()).unwrap_or(usize::MAX));
    if bytes.len() > limits.bytes && size > limits.bytes {
        return Err(crate::InputError::TooLarge { size, limit: limits.bytes }.to_string());
    }
    let options = ReadOptions { technology: args.technology.clone(), limits, trust_whole: args.trust_whole };
    Device::read(&bytes, &options).map_err(|e| e.to_string())
}

fn this_host() -> Result<Device, String> {
    let facts = crate::linux::collect(Path::new("/"));
    Device::read(
        facts.to_text().as_bytes(),
        &ReadOptions { technology: Some("linux".to_owned()), ..ReadOptions::default() },
    )
    .map_err(|e| e.to_string())
}

fn policy(args: &AssessArgs, library: &Library) -> Result<Policy, Vec<String>> {
    let mut policy = match &args.policy {
        None => Policy::default(),
        Some(path) => {
            let text = read_text(path).map_err(|m| vec![m])?;
            let at =
                |e: &crate::RuleError| format!("{}:{}:{}: {}", path.display(), e.line, e.column, e.message);
            Policy::read(&text).map_err(|errors| errors.iter().map(at).collect::<Vec<_>>())?
        }
    };
    policy.only(args.control.iter().copied());
    if let Some(level) = args.minimum_criticality {
        policy.at_least(level);
    }
    for text in &args.set {
        policy.set_text(text).map_err(|m| vec![m])?;
    }
    policy.check(&library.all())?;
    Ok(policy)
}

fn status(all: &[Assessed], allow_errors: bool) -> u8 {
    let any = |status| all.iter().any(|one| one.assessment.count(status) > 0);
    match () {
        () if any(Status::Failed) => FAILED,
        () if any(Status::Error) && !allow_errors => UNTOLD,
        () => OK,
    }
}
