//! Which ports are asked, and in which order: first those that answer most often, so that a host is known early.

use std::str::FromStr;
use std::sync::Arc;

use crate::known;

/// What is wrong with a list of ports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPorts {
    /// A word that is no port, range or name of a list.
    #[error("ports {0:?}: give numbers from 1 to 65535, ranges such as 1-1024, or web, well-known or all")]
    Unreadable(String),
    /// A range whose end comes before its start.
    #[error("ports {0:?}: the end of a range must not come before its start")]
    Backwards(String),
    /// Nothing at all.
    #[error(
        "there is no port; give numbers from 1 to 65535, ranges such as 1-1024, or web, well-known or all"
    )]
    Empty,
}

/// Ports to scan, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ports(Arc<[u16]>);

impl Ports {
    /// Reads a list such as `22,80,8000-8100`, `web`, `well-known` or `all`; its parts may be mixed.
    ///
    /// # Errors
    /// When a part can't be read.
    pub fn parse(text: &str) -> Result<Self, BadPorts> {
        let mut wanted = vec![false; 1 << 16];
        let mut mark = |port: u16| {
            if let Some(slot) = wanted.get_mut(usize::from(port)) {
                *slot = true;
            }
        };
        for word in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty()) {
            match word {
                "web" => known::WEB.iter().copied().for_each(&mut mark),
                "well-known" => (1..1024).chain(known::HIGH.iter().copied()).for_each(&mut mark),
                "all" | "-" => (1..=u16::MAX).for_each(&mut mark),
                word => {
                    let bad = || BadPorts::Unreadable(word.chars().take(40).collect());
                    let number = |text: &str| match text.parse::<u16>() {
                        Ok(port) if port > 0 && !text.starts_with('+') => Ok(port),
                        _ => Err(bad()),
                    };
                    let (first, last) = match word.split_once('-') {
                        Some((first, last)) => (number(first)?, number(last)?),
                        None => (number(word)?, number(word)?),
                    };
                    if first > last {
                        return Err(BadPorts::Backwards(word.chars().take(40).collect()));
                    }
                    (first..=last).for_each(&mut mark);
                }
            }
        }
        let mut list = Vec::new();
        let mut take = |port: u16| {
            if wanted.get_mut(usize::from(port)).is_some_and(std::mem::take) {
                list.push(port);
            }
        };
        known::OFTEN.iter().copied().for_each(&mut take);
        (1..=u16::MAX).for_each(&mut take);
        if list.is_empty() { Err(BadPorts::Empty) } else { Ok(Self(list.into())) }
    }

    /// The ports in the order in which they are asked.
    #[must_use]
    pub fn list(&self) -> &[u16] {
        &self.0
    }

    /// In ascending order with ranges, as it may be read again.
    #[must_use]
    pub fn expression(&self) -> String {
        let mut sorted = self.0.to_vec();
        sorted.sort_unstable();
        let mut runs: Vec<(u16, u16)> = Vec::new();
        for port in sorted {
            match runs.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(port) => *last = port,
                _ => runs.push((port, port)),
            }
        }
        let run = |(first, last): &(u16, u16)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        runs.iter().map(run).collect::<Vec<_>>().join(",")
    }
}

impl FromStr for Ports {
    type Err = BadPorts;

    fn from_str(text: &str) -> Result<Self, BadPorts> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_ranges_and_names_are_read() {
        assert_eq!(Ports::parse("80, 22,20-23").unwrap().expression(), "20-23,80");
        assert_eq!(Ports::parse("1-65535").unwrap(), Ports::parse("all").unwrap());
        assert_eq!(Ports::parse("all").unwrap().list().len(), 65_535);
        assert!(Ports::parse("web").unwrap().list().contains(&8443));
        let well_known = Ports::parse("well-known").unwrap();
        assert!(well_known.list().contains(&1) && well_known.list().contains(&8080));
        assert_eq!(Ports::parse(&well_known.expression()).unwrap(), well_known);
    }

    #[test]
    fn common_ports_come_first() {
        let all = Ports::parse("all").unwrap();
        assert!(all.list()[..20].contains(&443) && all.list()[..20].contains(&22));
    }

    #[test]
    fn what_is_no_port_is_said() {
        for wrong in ["0", "65536", "a", "1-", "-5", "1-2-3", "+5", "1-x", "80;81"] {
            assert!(matches!(Ports::parse(wrong), Err(BadPorts::Unreadable(_))), "{wrong}");
        }
        assert!(matches!(Ports::parse("9-1"), Err(BadPorts::Backwards(_))));
        assert_eq!(Ports::parse(" , "), Err(BadPorts::Empty));
    }
}
