//! Holding still what moves while a machine idles, and keeping what could not be read this time.
//!
//! A delta should tell of a change that someone would want to know. Rounding alone does not help: a value that sits on
//! the edge of a step flaps between two roundings. So a value keeps its last reported form until it has moved far enough.

use jiff::SignedDuration;

use crate::linux::{CLOUD, PACKAGES_RPM};
use crate::{Inventory, List, PackageSource, Processor, Volume};

/// Free space moves by this part of the size before it is told again.
const FREE_SPACE_STEP: u64 = 50;
/// The kernel works the boot time out anew from the clock, which is adjusted while it runs.
const BOOT_TIME_SLACK: SignedDuration = SignedDuration::from_secs(10);

impl Inventory {
    /// Takes over from `previous`, the last reported content, what has not changed enough to be told again:
    ///
    /// - free space within 1/50 of the volume's size, a clock speed of the same processor, a boot time within ten seconds;
    /// - cloud data and rpm packages that were known and could not be read this time (the omission says so): a slow
    ///   answer is not the loss of every package.
    pub fn settle(&mut self, previous: &Self) {
        self.volumes = settled(&self.volumes, &previous.volumes, settle_volume);
        self.processors = settled(&self.processors, &previous.processors, settle_speed);
        if let (Some(now), Some(before)) = (self.last_boot, previous.last_boot)
            && now.duration_since(before).abs() <= BOOT_TIME_SLACK
        {
            self.last_boot = Some(before);
        }
        if self.cloud.is_none()
            && self.omits(CLOUD)
            && previous.identity == self.identity
            && previous.cloud.is_some()
        {
            self.cloud.clone_from(&previous.cloud);
            self.omissions.retain(|omission| omission.what != CLOUD);
        }
        if self.omits(PACKAGES_RPM) {
            let kept = previous.packages.iter().filter(|package| package.source == PackageSource::Rpm);
            self.packages.extend(kept.cloned());
        }
    }

    fn omits(&self, what: &str) -> bool {
        self.omissions.iter().any(|omission| omission.what == what)
    }
}

fn settled<T: Ord + Clone>(list: &List<T>, previous: &List<T>, settle: fn(T, &List<T>) -> T) -> List<T> {
    let item = |item: T| if previous.contains(&item) { item } else { settle(item, previous) };
    list.iter().cloned().map(item).collect()
}

fn settle_volume(mut volume: Volume, previous: &List<Volume>) -> Volume {
    let same = |before: &&Volume| {
        (&before.name, &before.device, before.size) == (&volume.name, &volume.device, volume.size)
    };
    if let Some(before) = previous.iter().find(same)
        && before.free.abs_diff(volume.free) <= volume.size / FREE_SPACE_STEP
    {
        volume.free = before.free;
    }
    volume
}

fn settle_speed(mut processor: Processor, previous: &List<Processor>) -> Processor {
    let same = |before: &&Processor| (before.socket, &before.name) == (processor.socket, &processor.name);
    if let Some(before) = previous.iter().find(same)
        && before.speed_mhz.is_some()
    {
        processor.speed_mhz = before.speed_mhz;
    }
    processor
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{AwsInstance, Cloud, Omission, Package, Text, diff};

    fn volume(size: u64, free: u64) -> Volume {
        Volume {
            name: "/".into(),
            device: Some("/dev/sda1".into()),
            file_system: Some("ext4".into()),
            size,
            free,
        }
    }

    fn package(name: &str, source: PackageSource) -> Package {
        let version: Text = "1".into();
        Package {
            name: name.into(),
            version,
            architecture: "x".into(),
            installed_at: None,
            source,
            publisher: None,
        }
    }

    #[test]
    fn an_idle_machine_makes_an_empty_delta() {
        let old = Inventory {
            volumes: List::from([volume(1000, 500)]),
            last_boot: Some(Timestamp::from_second(1_000_000).unwrap()),
            ..Inventory::default()
        };
        let mut new = Inventory {
            volumes: List::from([volume(1000, 485)]),
            last_boot: Some(Timestamp::from_second(1_000_001).unwrap()),
            ..Inventory::default()
        };
        new.settle(&old);
        assert!(diff(&old, &new).is_empty());
    }

    #[test]
    fn free_space_that_moved_far_is_told() {
        let old = Inventory { volumes: List::from([volume(1000, 500)]), ..Inventory::default() };
        let mut new = Inventory { volumes: List::from([volume(1000, 479)]), ..Inventory::default() };
        new.settle(&old);
        assert_eq!(new.volumes, List::from([volume(1000, 479)]));
    }

    #[test]
    fn a_volume_that_grew_tells_its_free_space() {
        let old = Inventory { volumes: List::from([volume(1000, 500)]), ..Inventory::default() };
        let mut new = Inventory { volumes: List::from([volume(1001, 501)]), ..Inventory::default() };
        new.settle(&old);
        assert_eq!(new.volumes, List::from([volume(1001, 501)]));
    }

    #[test]
    fn rpm_packages_that_could_not_be_read_are_kept_and_others_are_not() {
        let rpm = package("bash", PackageSource::Rpm);
        let old = Inventory {
            packages: List::from([rpm.clone(), package("apt", PackageSource::Dpkg)]),
            ..Inventory::default()
        };
        let mut new = Inventory {
            omissions: List::from([Omission { what: PACKAGES_RPM.into(), why: "rpm did not finish".into() }]),
            ..Inventory::default()
        };
        new.settle(&old);
        assert_eq!(new.packages, List::from([rpm]));
        assert_eq!(new.omissions.len(), 1);
    }

    #[test]
    fn a_slow_metadata_service_does_not_take_a_host_out_of_its_cloud() {
        let cloud = Some(Cloud::Aws(AwsInstance { instance_id: "i-1".into(), ..AwsInstance::default() }));
        let old = Inventory { cloud: cloud.clone(), ..Inventory::default() };
        let mut new = Inventory {
            omissions: List::from([Omission { what: CLOUD.into(), why: "no answer".into() }]),
            ..Inventory::default()
        };
        new.settle(&old);
        assert_eq!(new, old);

        let mut switched_off = Inventory::default();
        switched_off.settle(&old);
        assert_eq!(switched_off.cloud, None);
    }
}
