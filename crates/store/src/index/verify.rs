//! Whether two indexes say the same, whatever codes they use inside. `redoubt verify` compares the running index's
//! snapshot with one built anew.

use std::collections::BTreeMap;

use query::ValueRef;
use roaring::RoaringBitmap;

use super::Index;
use super::posting::Posting;
use super::values::FieldIndex;

impl<T> Index<T> {
    /// Where this index and another differ, in words; `None` when they say the same.
    pub fn difference(&self, other: &Self) -> Option<String> {
        if self.ids != other.ids {
            let apart = (&self.ids ^ &other.ids).min().unwrap_or_default();
            return Some(format!("they hold other objects; the first is {apart}"));
        }
        for ((field, ours), theirs) in self.table.fields.iter().zip(&self.fields).zip(&other.fields) {
            if let Some(value) = first_difference(&content(ours), &content(theirs)) {
                let name = field.criteria.first().or(field.tokens.first()).unwrap_or(&"?");
                return Some(format!("field {name} differs at {value}"));
            }
        }
        for ((list, ours), theirs) in self.table.lists.iter().zip(&self.lists).zip(&other.lists) {
            let tuples = |index: &super::ListIndex| -> BTreeMap<String, RoaringBitmap> {
                index
                    .entries()
                    .map(|(values, posting)| (format!("{values:?}"), posting.rows().into_owned()))
                    .collect()
            };
            let name = list.names.first().unwrap_or(&"?");
            if let Some(tuple) = first_difference(&tuples(ours), &tuples(theirs)) {
                return Some(format!("list {name} differs at {tuple}"));
            }
            for ((member, ours), theirs) in list.members.iter().zip(&ours.members).zip(&theirs.members) {
                let projected = |member: &super::list::MemberIndex| -> BTreeMap<String, RoaringBitmap> {
                    let codes = (0u32..).zip(member.projection.iter().flatten());
                    let used = codes.filter(|(_, posting)| !posting.is_empty());
                    used.map(|(code, posting)| (show(member.index.decode(code)), posting.rows().into_owned()))
                        .collect()
                };
                if let Some(value) = first_difference(&projected(ours), &projected(theirs)) {
                    return Some(format!("projection {name}.{} differs at {value}", member.name));
                }
            }
        }
        None
    }
}

fn show(value: Option<ValueRef<'_>>) -> String {
    format!("{value:?}")
}

fn content(index: &FieldIndex) -> BTreeMap<String, RoaringBitmap> {
    let mut found: BTreeMap<String, RoaringBitmap> = BTreeMap::new();
    let coded = |postings: &[Posting]| {
        let used = (0u32..).zip(postings).filter(|(_, posting)| !posting.is_empty());
        used.map(|(code, posting)| (show(index.decode(code)), posting.rows().into_owned())).collect()
    };
    match index {
        FieldIndex::Texts(texts) => return coded(&texts.postings),
        FieldIndex::Numbers(_, numbers) => return coded(&numbers.postings),
        FieldIndex::Dates(dates) => dates.column.iter().for_each(|(row, value)| {
            found.entry(value.to_string()).or_default().insert(row);
        }),
        FieldIndex::Addresses { v4, v6 } => {
            v4.iter().for_each(|(row, value)| {
                found.entry(format!("v4 {value}")).or_default().insert(row);
            });
            v6.iter().for_each(|(row, value)| {
                found.entry(format!("v6 {value}")).or_default().insert(row);
            });
        }
        FieldIndex::Absent => {}
    }
    found
}

fn first_difference(
    a: &BTreeMap<String, RoaringBitmap>,
    b: &BTreeMap<String, RoaringBitmap>,
) -> Option<String> {
    let ours = a.iter().find(|(value, rows)| b.get(*value) != Some(rows)).map(|(value, _)| value.clone());
    ours.or_else(|| b.keys().find(|value| !a.contains_key(*value)).cloned())
}
