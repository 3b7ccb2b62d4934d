//! Typed commands and the manifest.

use crate::family::{Command, Spec};

/// A command as it is compared: one blank between words, what only pages or formats left out.
pub(crate) fn normal(typed: &str) -> String {
    let mut words: Vec<&str> = typed.split_whitespace().collect();
    loop {
        match words.as_slice() {
            [start @ .., "|", "no-more" | "nomore" | "tee" | "more"] => words = start.to_vec(),
            _ => return words.join(" "),
        }
    }
}

/// The command of the manifest that was typed, in full or abbreviated so that no other is meant.
pub(crate) fn matching(spec: &Spec, typed: &str) -> Option<&'static Command> {
    let typed = normal(typed).to_ascii_lowercase();
    let names =
        |command: &'static Command| std::iter::once(command.text).chain(command.aliases.iter().copied());
    let exact = spec.commands.iter().find(|c| names(c).any(|name| normal(name).eq_ignore_ascii_case(&typed)));
    if exact.is_some() {
        return exact;
    }
    let mut abbreviated = spec.commands.iter().filter(|c| names(c).any(|name| abbreviates(&typed, name)));
    let first = abbreviated.next()?;
    abbreviated.next().is_none().then_some(first)
}

/// Whether each typed word begins the word of the command at its place. Options and pipes must be written out.
fn abbreviates(typed: &str, name: &str) -> bool {
    let (mut typed, mut name) = (typed.split(' '), name.split(' '));
    loop {
        match (typed.next(), name.next()) {
            (None, None) => return true,
            (Some(short), Some(full)) => {
                let literal = full.starts_with(['-', '|']) || short.len() < 2;
                let fits = if literal { short == full } else { full.starts_with(short) };
                if !fits {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::Family;

    fn id(family: Family, typed: &str) -> Option<&'static str> {
        matching(family.spec(), typed).map(|c| c.id)
    }

    #[test]
    fn commands_may_be_abbreviated_when_no_other_is_meant() {
        assert_eq!(id(Family::CiscoIos, "sh run"), Some("running-config"));
        assert_eq!(id(Family::CiscoIos, "show  version"), Some("version"));
        assert_eq!(id(Family::CiscoIos, "Show Running-config"), Some("running-config"));
        assert_eq!(id(Family::CiscoIos, "sh ip ssh"), Some("ssh"));
        assert_eq!(id(Family::Junos, "show configuration | display set | no-more"), Some("configuration"));
        assert_eq!(id(Family::Comware, "dis cur"), Some("current-configuration"));
    }

    #[test]
    fn a_filtered_output_is_not_the_whole() {
        assert_eq!(id(Family::CiscoIos, "show running-config | include aaa"), None);
        assert_eq!(id(Family::CiscoIos, "show running-config interface Gi0/1"), None);
        assert_eq!(id(Family::CiscoIos, "s r"), None);
        assert_eq!(id(Family::CiscoIos, ""), None);
    }
}
