//! Sheets of devices: CSV, or text with another sign between the columns (`contract/oca.md 3.3`).
//!
//! The first line names the columns, in any order and case. A line that begins with `#` is a comment.

use std::net::IpAddr;

use super::error::Code;
use super::wanted::{MANIFEST, NAMES, Wanted, shown};
use crate::Result;
use crate::gateway::GatewayInput;

/// The words of the contract.
const EXTENSION: &str = "[txt,csv] are supported extension.Please upload file appropriately";

/// A row: how the answer names it, and what it wants, or what is wrong with it.
pub(super) struct Row {
    pub(super) named: Named,
    pub(super) wanted: Result<Wanted>,
}

/// How the answer names a row.
pub(super) struct Named {
    pub(super) ip: String,
    pub(super) technology: String,
}

/// The rows of the file that a call brought.
pub(super) fn read(input: &GatewayInput) -> Result<Vec<Row>> {
    let form = input.form().map_err(|message| Code::Empty.error(message))?;
    let part = form.part("data").ok_or_else(|| Code::Empty.error("There is no file in the part 'data'."))?;
    if !matches!(part.extension().as_deref(), Some("txt" | "csv")) {
        return Err(Code::SheetName.error(EXTENSION));
    }
    let text = std::str::from_utf8(part.data)
        .map_err(|_| Code::NotText.error("The file is not text in UTF-8. Save it as UTF-8."))?;
    rows(text.trim_start_matches('\u{feff}'))
}

fn rows(text: &str) -> Result<Vec<Row>> {
    let head = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let head = head.ok_or_else(|| Code::Empty.error("The file is empty."))?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(head))
        .comment(Some(b'#'))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let columns = columns(reader.headers().map_err(|error| broken(&error))?)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| broken(&error))?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        rows.push(row(&columns, &record));
        // One more than is taken says enough.
        if rows.len() > 100_000 {
            break;
        }
    }
    if rows.is_empty() {
        return Err(Code::Empty.error("The file names no asset below its first line."));
    }
    Ok(rows)
}

fn broken(error: &csv::Error) -> crate::Error {
    let line = error.position().map_or(0, csv::Position::line);
    Code::Value
        .error(format!("The file can't be read as a table (line {line}). Check its quotes and columns."))
}

/// The sign between the columns: the one that the first line has most of.
fn delimiter(head: &str) -> u8 {
    let count = |sign: &u8| head.bytes().filter(|byte| byte == sign).count();
    b",\t;|".iter().rev().copied().max_by_key(count).filter(|sign| count(sign) > 0).unwrap_or(b',')
}

/// The place of each known field among the columns.
fn columns(head: &csv::StringRecord) -> Result<[Option<usize>; 9]> {
    let find = |name: &str| head.iter().position(|column| column.eq_ignore_ascii_case(name));
    let columns = NAMES.map(find);
    let missing: Vec<_> = ["hostIP", "technology"].into_iter().filter(|name| find(name).is_none()).collect();
    if missing.is_empty() {
        return Ok(columns);
    }
    let looks_like_data = head.iter().any(|value| value.parse::<IpAddr>().is_ok());
    let hint = if looks_like_data { " Its first line must name the columns." } else { "" };
    let (missing, known) = (missing.join(" and "), NAMES.join(","));
    Err(Code::Missing.error(format!("The file has no column {missing}.{hint} Columns may be: {known}.")))
}

fn row(columns: &[Option<usize>; 9], record: &csv::StringRecord) -> Row {
    let value = |name: &str| -> Option<String> {
        let place = NAMES.iter().position(|known| *known == name)?;
        record.get((*columns.get(place)?)?).map(str::to_owned)
    };
    let wanted = Wanted::read(|name| {
        let given = value(name);
        // The type may be left to the parameter of the call.
        let is_left_out = name == "type" && given.as_deref().is_none_or(str::is_empty);
        Ok(if is_left_out { Some(MANIFEST.to_owned()) } else { given })
    });
    let name = |name: &str| shown(&value(name).unwrap_or_default());
    let technology = match &wanted {
        Ok(wanted) => wanted.technology.name.to_owned(),
        Err(_) => name("technology"),
    };
    Row { named: Named { ip: name("hostIP"), technology }, wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, bool)> {
        let told = |row: Row| (row.named.ip, row.named.technology, row.wanted.is_ok());
        rows(text).unwrap().into_iter().map(told).collect()
    }

    #[test]
    fn columns_come_in_any_order_and_with_any_sign_between_them() {
        let wanted = [("192.0.2.1".to_owned(), "Fabric 8".to_owned(), true)];
        for sign in [",", "\t", ";", "|"] {
            let text = "# a comment\n\nTECHNOLOGY,dnsname,hostip\n fabric 8 ,\"a, b\",192.0.2.1\r\n\n,,\n";
            assert_eq!(read(&text.replace("\"a, b\"", "a").replace(',', sign)), wanted, "{sign:?}");
        }
        assert_eq!(read("technology,dnsName,hostIP\nFabric 8,\"a, \"\"b\"\"\",192.0.2.1\n"), wanted);
    }

    #[test]
    fn a_bad_row_is_named_and_does_not_touch_the_others() {
        let rows =
            read("hostIP,technology\n192.0.2.1,Fabric 8\nnowhere,Fabric 8\n192.0.2.2,CP/M\n192.0.2.3\n");
        let good: Vec<_> = rows.iter().map(|(_, _, good)| *good).collect();
        assert_eq!(good, [true, false, false, false]);
        assert_eq!(rows[1].0, "nowhere");
    }

    #[test]
    fn a_file_without_names_of_columns_is_refused() {
        let refused = |text| rows(text).err().unwrap().to_string();
        assert!(refused("Fabric 8,a,192.0.2.1\n").contains("must name the columns"));
        assert!(refused("hostIP\n192.0.2.1\n").contains("technology"));
        assert!(refused("\n# nothing\n").contains("empty"));
        assert!(refused("hostIP,technology\n").contains("no asset"));
    }
}
