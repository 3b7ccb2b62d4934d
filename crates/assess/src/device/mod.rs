//! A device as its upload shows it: outputs by command, version, name, and what became of every line.

mod identity;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::error::InputError;
use crate::family::{self, Family, Technology};
use crate::log::{self, Layout, Section};
use crate::mask;
use crate::text::{Limits, LineUse, Text};
use crate::tree::{NodeId, Parsed, Source, Tree};

/// How an upload is read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The technology or family the device is declared to have; told from the text when none.
    pub technology: Option<String>,
    /// How much is read.
    pub limits: Limits,
    /// Takes a configuration as whole even when it seems to be cut off.
    pub trust_whole: bool,
}

/// A device, read from an upload.
#[derive(Debug)]
pub struct Device {
    family: Family,
    technology: Option<Technology>,
    text: Text,
    uses: Vec<LineUse>,
    layout: Layout,
    sections: Vec<Section>,
    outputs: Vec<Output>,
    version: Option<String>,
    hostname: Option<String>,
    contradiction: Option<String>,
    /// Outputs were taken as whole, whatever they look like.
    trusted: bool,
    /// Outputs whose last line did not end when they were put together.
    unended: Vec<String>,
    /// Lines that are secret by the block they stand in.
    secret_lines: HashSet<u32>,
}

/// The output of one command, parsed.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) id: String,
    /// Its lines.
    pub(crate) body: std::ops::Range<u32>,
    pub(crate) parsed: Parsed,
    /// Why it says nothing: the device rejected the command, or a collector could not read.
    pub(crate) refused: Option<Refusal>,
}

#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    Missing(String),
    Unreadable(String),
}

/// What there is of a command's output.
pub(crate) enum Found<'d> {
    Here(&'d Parsed),
    Missing(String),
    Unreadable(String),
}

impl Device {
    /// Reads an upload: a terminal log, marked outputs, a bare configuration, or host facts.
    ///
    /// # Errors
    /// [`InputError`] when nothing in the bytes can be assessed.
    pub fn read(bytes: &[u8], options: &ReadOptions) -> Result<Self, InputError> {
        let facts = crate::linux::json_as_text(bytes, options.limits);
        let (text, uses) = Text::read(facts.as_deref().map_or(bytes, str::as_bytes), options.limits)?;
        let scores = log::scores(text.slice(1..text.len() + 1));
        let technology = options.technology.as_deref().and_then(family::technology);
        let family = match (&options.technology, technology) {
            (_, Some(technology)) => technology.family,
            (Some(name), None) => Family::named(name.trim()).ok_or_else(|| {
                InputError::UnknownTechnology { name: name.clone(), known: family::known() }
            })?,
            (None, None) => identity::guess(&scores, &text)?,
        };
        let mut device =
            Self { technology, trusted: options.trust_whole, ..Self::unread(family, text, uses) };
        device.split(&scores)?;
        device.parse();
        identity::identify(&mut device, &scores);
        device.secret_lines = mask::secret_lines(&device);
        Ok(device)
    }

    /// A device from outputs that are known by command id, such as those that [`Self::texts`] gave of several uploads.
    /// They are read as an upload is; an output whose last line does not end counts as cut off.
    ///
    /// # Errors
    /// [`InputError`] as for [`Self::read`].
    pub fn assemble(
        family: Family,
        outputs: &[(String, String)],
        version: Option<&str>,
    ) -> Result<Self, InputError> {
        let mut device = Self::joined(family, outputs, version, false)?;
        let scores = log::scores(device.text.slice(1..device.text.len() + 1));
        device.contradiction = identity::contradiction(&device, &scores);
        Ok(device)
    }

    /// A device from the outputs of a rule's sample. They are taken as whole: what is not there counts as not set.
    pub(crate) fn sample(
        family: Family,
        outputs: &[(String, String)],
        version: Option<&str>,
    ) -> Result<Self, InputError> {
        Self::joined(family, outputs, version, true)
    }

    fn joined(
        family: Family,
        outputs: &[(String, String)],
        version: Option<&str>,
        trusted: bool,
    ) -> Result<Self, InputError> {
        let mut joined = String::new();
        let mut unended = Vec::new();
        for (id, text) in outputs {
            let command = family.commands().iter().find(|c| c.id == id).map_or(id.as_str(), |c| c.text);
            let command = if family == Family::Linux { id } else { command };
            joined.push_str(&format!("=== {command} ===\n"));
            for line in text.split_inclusive('\n') {
                joined.push_str(if log::is_marker(line) { " " } else { "" });
                joined.push_str(line);
            }
            if !text.ends_with('\n') {
                joined.push('\n');
                unended.push(id.clone());
            }
        }
        let (text, uses) = Text::read(joined.as_bytes(), Limits { bytes: usize::MAX })?;
        let mut device = Self { trusted, unended, ..Self::unread(family, text, uses) };
        if let Some((_, sections)) = log::split(&device.text, family.spec(), &mut device.uses) {
            (device.layout, device.sections) = (Layout::Markers, sections);
        }
        device.parse();
        identity::name_and_version(&mut device);
        if let Some(version) = version {
            device.version = Some(version.to_owned());
        }
        device.secret_lines = mask::secret_lines(&device);
        Ok(device)
    }

    fn unread(family: Family, text: Text, uses: Vec<LineUse>) -> Self {
        Self {
            family,
            technology: None,
            text,
            uses,
            layout: Layout::Bare,
            sections: Vec::new(),
            outputs: Vec::new(),
            version: None,
            hostname: None,
            contradiction: None,
            trusted: false,
            unended: Vec::new(),
            secret_lines: HashSet::new(),
        }
    }

    fn split(&mut self, scores: &log::Scores) -> Result<(), InputError> {
        let spec = self.family.spec();
        if let Some((layout, sections)) = log::split(&self.text, spec, &mut self.uses) {
            (self.layout, self.sections) = (layout, sections);
            return Ok(());
        }
        let foreign = identity::foreign(self.family, scores);
        if scores.of(self.family) == 0 && foreign.is_none() {
            let example = spec.main().map_or("", |c| c.text);
            return Err(InputError::NothingFound { family: spec.name, example });
        }
        self.sections = vec![log::bare(&self.text, spec)];
        Ok(())
    }

    fn parse(&mut self) {
        let trust_whole = self.trusted;
        let spec = self.family.spec();
        let last: HashMap<&str, usize> = self
            .sections
            .iter()
            .enumerate()
            .filter(|(_, section)| !section.body.is_empty())
            .filter_map(|(at, section)| Some((section.id.as_deref()?, at)))
            .collect();
        for (at, section) in self.sections.iter().enumerate() {
            let Some(id) = &section.id else { continue };
            let Some(style) = spec.style_of(id) else { continue };
            // The last output of a command counts: an operator who repeats one wants that.
            let repeated = last.get(id.as_str()).is_some_and(|last| *last > at);
            if repeated && spec.main().map(|c| c.id) != Some(id.as_str()) {
                continue;
            }
            let is_main = spec.main().is_some_and(|c| c.id == id);
            let mut refused = identity::refusal(spec, &self.text, section, id);
            if refused.is_none()
                && is_main
                && !trust_whole
                && identity::is_no_configuration(spec, &self.text, section)
            {
                let why = format!("the reply to `{}` is no {} configuration", section.typed, spec.name);
                refused = Some(Refusal::Missing(why));
            }
            let source = Source { text: &self.text, range: section.body.clone(), uses: &mut self.uses };
            let mut parsed = style.parse(source);
            if refused.is_none() && is_main && !trust_whole && parsed.tree.is_empty() {
                refused =
                    Some(Refusal::Missing(format!("the output of `{}` holds no statement", section.typed)));
            }
            let whole = section.closed || !spec.ends_whole;
            if parsed.cut.is_none() && is_main && !whole {
                parsed.cut = Some("its last line does not end".to_owned());
            }
            if parsed.cut.is_none() && identity::stopped_at_pager(&self.text, &self.uses, section) {
                parsed.cut = Some("the pager was left before the end".to_owned());
            }
            if parsed.cut.is_none() && self.unended.contains(id) {
                parsed.cut = Some("it was cut off when it was uploaded".to_owned());
            }
            if trust_whole {
                parsed.cut = None;
            }
            self.outputs.push(Output { id: id.clone(), body: section.body.clone(), parsed, refused });
        }
    }

    /// The device's family.
    #[must_use]
    pub fn family(&self) -> Family {
        self.family
    }

    /// The technology it was declared to have.
    #[must_use]
    pub fn technology(&self) -> Option<Technology> {
        self.technology
    }

    /// The version it shows, or the major version it was declared to have.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        let declared = self.technology.map(|t| t.version).filter(|v| !v.is_empty());
        self.version.as_deref().or(declared)
    }

    /// The name it shows.
    #[must_use]
    pub fn hostname(&self) -> Option<&str> {
        self.hostname.as_deref()
    }

    /// Why nothing here can be trusted: another technology than declared, or more than one device.
    #[must_use]
    pub fn contradiction(&self) -> Option<&str> {
        self.contradiction.as_deref()
    }

    /// How outputs were told apart.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// What became of every line, in order.
    #[must_use]
    pub fn line_uses(&self) -> &[LineUse] {
        &self.uses
    }

    /// The cleaned text.
    #[must_use]
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// The commands found, as typed, with what rules call them.
    pub fn commands(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.sections.iter().filter(|s| !s.typed.is_empty()).map(|s| (s.typed.as_str(), s.id.as_deref()))
    }

    /// The outputs that count, for [`Self::assemble`]: what rules call the command, the number of the output's first
    /// line, and its text as cleaned. A command that the device rejected has none; a text that is cut off does not end
    /// in a line feed.
    #[must_use]
    pub fn texts(&self) -> Vec<(&str, u32, &str)> {
        let mut seen = HashSet::new();
        let latest = self.outputs.iter().rev().filter(|o| o.refused.is_none() && seen.insert(o.id.as_str()));
        let mut texts: Vec<(&str, u32, &str)> = latest
            .map(|output| {
                let text = self.text.slice(output.body.clone());
                let is_cut = output.parsed.cut.is_some();
                let text = if is_cut { text.trim_end_matches('\n') } else { text };
                (output.id.as_str(), output.body.start, text)
            })
            .collect();
        texts.reverse();
        texts
    }

    /// The parsed output of a command, by what rules call it.
    #[must_use]
    pub fn tree(&self, id: &str) -> Option<&Tree> {
        self.outputs.iter().rev().find(|o| o.id == id).map(|o| &o.parsed.tree)
    }

    /// Whether outputs were taken as whole, whatever they look like.
    pub(crate) fn is_trusted(&self) -> bool {
        self.trusted
    }

    pub(crate) fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    pub(crate) fn output(&self, id: &str) -> Found<'_> {
        let latest = self.outputs.iter().rev().find(|o| o.id == id && o.refused.is_none());
        match latest.or_else(|| self.outputs.iter().rev().find(|o| o.id == id)) {
            Some(Output { refused: None, parsed, .. }) => Found::Here(parsed),
            Some(Output { refused: Some(Refusal::Missing(why)), .. }) => Found::Missing(why.clone()),
            Some(Output { refused: Some(Refusal::Unreadable(why)), .. }) => Found::Unreadable(why.clone()),
            None => Found::Missing(format!("the output of `{}` is not in the upload", self.command_text(id))),
        }
    }

    /// The command that prints what rules call `id`.
    pub(crate) fn command_text(&self, id: &str) -> String {
        self.family
            .commands()
            .iter()
            .find(|c| c.id == id)
            .map_or_else(|| id.to_owned(), |c| c.text.to_owned())
    }

    /// A statement's line as uploaded and as it may be shown. What stands on no line is shown as its path.
    pub(crate) fn shown(&self, tree: &Tree, node: NodeId) -> (Cow<'_, str>, String) {
        let number = tree.line(node);
        let plain: Cow<'_, str> =
            if number == 0 { tree.path(node).join(" ").into() } else { self.text.line(number).into() };
        let masked = self.mask_line(number, &plain);
        (plain, masked)
    }

    /// Whether masking takes this text of a statement away: from its line, or from the statement written on a line of
    /// its own. A line may write a text otherwise than it is (escaped), and hold more than one statement.
    pub(crate) fn hides(&self, tree: &Tree, node: NodeId, text: &str) -> bool {
        if text.is_empty() {
            return false;
        }
        let (plain, masked) = self.shown(tree, node);
        let on_line = plain.contains(text);
        if on_line && !masked.contains(text) {
            return true;
        }
        if on_line && !matches!(self.family, Family::Junos | Family::Panos) {
            return false;
        }
        let path = tree.path(node).join(" ");
        path.contains(text) && !mask::line(self.family, &path).contains(text)
    }

    /// A line with its secrets masked.
    pub(crate) fn mask_line(&self, number: u32, line: &str) -> String {
        if self.secret_lines.contains(&number) {
            return mask::after_words(line, 2);
        }
        mask::line(self.family, line)
    }
}
