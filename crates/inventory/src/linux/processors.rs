//! `/proc/cpuinfo`: processor sockets.

use std::collections::BTreeMap;

use super::tree::{Omissions, Tree};
use crate::{List, Processor, Text};

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions) -> List<Processor> {
    match tree.text("/proc/cpuinfo") {
        Ok(text) => {
            let highest = tree.line("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
            let highest_khz = highest.and_then(|khz| khz.parse().ok());
            parse(&text, highest_khz)
        }
        Err(error) => {
            omissions.unreadable("processors", "/proc/cpuinfo", &error);
            List::new()
        }
    }
}

#[derive(Default)]
struct Socket {
    name: Option<Text>,
    mhz: Option<u32>,
    cores: Option<u32>,
    threads: u32,
}

/// Gathers the logical processors of `cpuinfo` into sockets. `highest_khz` is the highest clock speed, where the kernel
/// knows it; without it the momentary speed stands in.
pub fn parse(text: &str, highest_khz: Option<u32>) -> List<Processor> {
    let mut sockets: BTreeMap<u32, Socket> = BTreeMap::new();
    for paragraph in text.split("\n\n") {
        let fields: BTreeMap<&str, &str> = paragraph
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(k, v)| (k.trim(), v.trim()))
            .collect();
        if !fields.contains_key("processor") {
            continue;
        }
        let number = |key: &str| fields.get(key).and_then(|value| value.parse::<u32>().ok());
        let socket = sockets.entry(number("physical id").unwrap_or(0)).or_default();
        socket.threads = socket.threads.saturating_add(1);
        socket.cores = socket.cores.or_else(|| number("cpu cores"));
        socket.mhz = socket.mhz.or_else(|| momentary_mhz(&fields));
        if socket.name.is_none() {
            socket.name = model(&fields);
        }
    }
    let highest = highest_khz.map(|khz| khz / 1000);
    let processor = |(number, socket): (u32, Socket)| Processor {
        socket: number,
        name: socket.name.unwrap_or_else(|| "unknown".into()),
        speed_mhz: highest.or(socket.mhz),
        cores: socket.cores.unwrap_or(socket.threads),
        threads: socket.threads,
    };
    sockets.into_iter().map(processor).collect()
}

fn momentary_mhz(fields: &BTreeMap<&str, &str>) -> Option<u32> {
    let text = fields.get("cpu MHz").or_else(|| fields.get("clock"))?;
    text.trim_end_matches("MHz").split('.').next()?.parse().ok()
}

fn model(fields: &BTreeMap<&str, &str>) -> Option<Text> {
    let named = ["model name", "cpu model", "cpu", "uarch"].iter().find_map(|key| fields.get(key));
    if let Some(name) = named.and_then(|name| Text::found(name)) {
        return Some(name);
    }
    let (implementer, part) = (fields.get("CPU implementer")?, fields.get("CPU part")?);
    let name = match (*implementer, *part) {
        ("0x41", "0xd03") => "ARM Cortex-A53",
        ("0x41", "0xd08") => "ARM Cortex-A72",
        ("0x41", "0xd0b") => "ARM Cortex-A76",
        ("0x41", "0xd0c") => "ARM Neoverse-N1",
        ("0x41", "0xd40") => "ARM Neoverse-V1",
        ("0x41", "0xd49") => "ARM Neoverse-N2",
        ("0x41", "0xd4f") => "ARM Neoverse-V2",
        ("0xc0", "0xac3") => "Ampere-1",
        _ => return Text::found(&format!("ARM implementer {implementer} part {part}")),
    };
    Some(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_gather_into_sockets() {
        let thread = |n: u32, socket: u32| {
            format!(
                "processor\t: {n}\nmodel name\t: Xeon\ncpu MHz\t\t: 2499.998\nphysical id\t: {socket}\ncpu cores\t: 1\n\n"
            )
        };
        let text = [thread(0, 0), thread(1, 0), thread(2, 1), thread(3, 1)].concat();
        let sockets = parse(&text, None);
        let one =
            |socket| Processor { socket, name: "Xeon".into(), speed_mhz: Some(2499), cores: 1, threads: 2 };
        assert_eq!(sockets, List::from([one(0), one(1)]));
        assert!(parse(&text, Some(3_500_000)).iter().all(|p| p.speed_mhz == Some(3500)));
    }

    #[test]
    fn an_arm_processor_is_named_by_its_part_numbers() {
        let text = "processor\t: 0\nBogoMIPS\t: 243.75\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n\n\
                    processor\t: 1\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n";
        let sockets = parse(text, None);
        assert_eq!(sockets.len(), 1);
        let processor = sockets.first().unwrap();
        assert_eq!((&*processor.name, processor.cores, processor.speed_mhz), ("ARM Neoverse-N1", 2, None));
    }

    #[test]
    fn nonsense_gives_no_processor() {
        assert!(parse("Hardware : BCM\n\n::::\n\nprocessor", None).is_empty());
    }
}
