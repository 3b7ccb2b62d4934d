//! `/etc/passwd`: local accounts.

use super::tree::{Omissions, Tree};
use crate::{Account, List, Text};

pub(crate) fn read(tree: &Tree, omissions: &mut Omissions) -> List<Account> {
    match tree.text("/etc/passwd") {
        Ok(text) => parse(&text).collect(),
        Err(error) => {
            omissions.unreadable("accounts", "/etc/passwd", &error);
            List::new()
        }
    }
}

/// The accounts of a passwd file. Lines that refer to a directory service (`+name`) are left out.
pub fn parse(text: &str) -> impl Iterator<Item = Account> {
    text.lines().filter_map(account)
}

fn account(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let username = fields.next().filter(|name| !name.starts_with(['+', '-', '#']))?;
    let _password = fields.next()?;
    let uid = fields.next()?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    // The comment may hold office and telephone after the name; they are nobody's business here.
    let full_name = fields.next()?.split(',').next().and_then(Text::found);
    let home = fields.next().and_then(Text::found);
    let shell = fields.next().and_then(Text::found);
    Some(Account { username: Text::found(username)?, uid, gid, full_name, home, shell })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_without_passwords_and_telephones() {
        let accounts: Vec<_> = parse(
            "root:x:0:0:root:/root:/bin/bash\nada:secret:1000:1000:Ada L,Room 1,555:/home/ada:\n+@admins::::::\n",
        )
        .collect();
        assert_eq!(accounts.len(), 2);
        assert_eq!(accounts[1].full_name, Some("Ada L".into()));
        assert_eq!(accounts[1].shell, None);
        assert!(!format!("{accounts:?}").contains("secret"));
    }

    #[test]
    fn a_line_without_numbers_is_skipped() {
        assert_eq!(parse("a\nb:x\nc:x:-1:0::/:\nd:x:4294967296:0::/:\n:x:1:1::/:\n").count(), 0);
    }
}
