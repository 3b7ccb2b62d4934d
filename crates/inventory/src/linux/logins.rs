//! Login records: who logged on last.
//!
//! `wtmp` is a sequence of fixed C records, oldest first. Their size depends on the machine that wrote them: 384 bytes
//! where times are kept in 32 bits for compatibility (x86-64 and others), 400 on newer 64-bit architectures. `lastlog` has
//! a record for each user id, with holes.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use super::tree::{Omissions, Tree};
use crate::{Account, List, Text};

const WTMP: &str = "/var/log/wtmp";
const LASTLOG: &str = "/var/log/lastlog";
/// `ut_type` of a session that someone opened.
const USER_PROCESS: u8 = 7;
/// The part of `wtmp` that is looked at, from its end.
const MAX_WTMP: u64 = 4 << 20;
const NEW_ARCHITECTURE: bool =
    cfg!(any(target_arch = "aarch64", target_arch = "riscv64", target_arch = "loongarch64"));
const WTMP_SIZES: [usize; 2] = if NEW_ARCHITECTURE { [400, 384] } else { [384, 400] };
const LASTLOG_TIME: usize = if NEW_ARCHITECTURE { 8 } else { 4 };
const LASTLOG_SIZE: usize = LASTLOG_TIME + 32 + 256;

pub(crate) fn read(tree: &Tree, accounts: &List<Account>, omissions: &mut Omissions) -> Option<Text> {
    let from_wtmp = tail(&tree.path(WTMP)).map(|(bytes, size)| last_user(&bytes, size));
    match from_wtmp {
        Ok(Some(user)) => Some(user),
        Ok(None) => last_in_lastlog(tree, accounts),
        Err(error) => {
            let found = last_in_lastlog(tree, accounts);
            if found.is_none() {
                omissions.unreadable("lastLoggedOnUser", WTMP, &error);
            }
            found
        }
    }
}

/// The last records of a wtmp file, and their size.
fn tail(path: &Path) -> io::Result<(Vec<u8>, usize)> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(ErrorKind::InvalidInput.into());
    }
    let size = record_size(metadata.len());
    let record = size as u64;
    let whole = metadata.len() / record;
    let skipped = whole.saturating_sub(MAX_WTMP / record);
    file.seek(SeekFrom::Start(skipped * record))?;
    let mut bytes = Vec::new();
    file.take(MAX_WTMP).read_to_end(&mut bytes)?;
    Ok((bytes, size))
}

/// The size of the records in a file of this length.
fn record_size(length: u64) -> usize {
    let [usual, other] = WTMP_SIZES;
    let fits = |size: usize| length.is_multiple_of(size as u64);
    if !fits(usual) && fits(other) { other } else { usual }
}

/// The user of the last session in wtmp records of `size` bytes.
pub fn last_user(bytes: &[u8], size: usize) -> Option<Text> {
    bytes.chunks_exact(size.max(1)).rev().find_map(|record| {
        let is_session = record.get(..2)? == [USER_PROCESS, 0];
        is_session.then(|| c_text(record.get(44..76)?)).flatten()
    })
}

/// The text up to the first zero byte.
fn c_text(field: &[u8]) -> Option<Text> {
    let text = field.split(|byte| *byte == 0).next()?;
    Text::found(&String::from_utf8_lossy(text))
}

fn last_in_lastlog(tree: &Tree, accounts: &List<Account>) -> Option<Text> {
    let mut file = File::open(tree.path(LASTLOG)).ok()?;
    let times = accounts.iter().filter_map(|account| {
        let mut record = [0; LASTLOG_SIZE];
        file.seek(SeekFrom::Start(u64::from(account.uid) * LASTLOG_SIZE as u64)).ok()?;
        file.read_exact(&mut record).ok()?;
        Some((lastlog_time(&record)?, account))
    });
    times.max_by_key(|(time, _)| *time).map(|(_, account)| account.username.clone())
}

/// The time of a lastlog record; `None` for someone who never logged on.
pub fn lastlog_time(record: &[u8]) -> Option<u64> {
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(record.get(..LASTLOG_TIME)?) {
        *to = *from;
    }
    Some(u64::from_le_bytes(bytes)).filter(|time| *time != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, user: &str, size: usize) -> Vec<u8> {
        let mut record = vec![0; size];
        record[0] = kind;
        record[44..44 + user.len()].copy_from_slice(user.as_bytes());
        record
    }

    #[test]
    fn the_last_session_counts_and_not_its_end_or_a_reboot() {
        for size in [384, 400] {
            let log = [
                record(7, "ada", size),
                record(7, "grace", size),
                record(8, "", size),
                record(2, "reboot", size),
            ];
            assert_eq!(last_user(&log.concat(), size).as_deref(), Some("grace"));
        }
    }

    #[test]
    fn the_size_of_the_records_follows_from_the_length() {
        assert_eq!(record_size(384 * 7), 384);
        assert_eq!(record_size(400 * 7), 400);
        assert_eq!(record_size(13), WTMP_SIZES[0]);
    }

    #[test]
    fn a_log_cut_anywhere_is_read_without_panic() {
        let log = [record(7, "ada", 384), record(7, "grace", 384)].concat();
        for end in 0..log.len() {
            let _ = last_user(&log[..end], 384);
        }
        assert_eq!(last_user(&log, 0), None);
    }

    #[test]
    fn a_user_name_fills_its_field_without_a_zero_byte() {
        let name = "x".repeat(32);
        assert_eq!(last_user(&record(7, &name, 384), 384).as_deref(), Some(name.as_str()));
    }
}
