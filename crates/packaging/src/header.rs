//! The headers of an rpm: a table of tags, each with a value of its type, and a store of the values behind it.

/// The value of a tag.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Int16(Vec<u16>),
    Int32(Vec<u32>),
    Text(String),
    Texts(Vec<String>),
    /// One text for each language; here always in one.
    Translated(String),
}

impl Value {
    fn kind(&self) -> u32 {
        match self {
            Self::Int16(_) => 3,
            Self::Int32(_) => 4,
            Self::Text(_) => 6,
            Self::Texts(_) => 8,
            Self::Translated(_) => 9,
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Int16(values) => values.len(),
            Self::Int32(values) => values.len(),
            Self::Text(_) | Self::Translated(_) => 1,
            Self::Texts(texts) => texts.len(),
        }
    }

    fn alignment(&self) -> usize {
        match self {
            Self::Int16(_) => 2,
            Self::Int32(_) => 4,
            Self::Text(_) | Self::Texts(_) | Self::Translated(_) => 1,
        }
    }

    fn write(&self, to: &mut Vec<u8>) {
        let text = |to: &mut Vec<u8>, text: &str| {
            to.extend_from_slice(text.as_bytes());
            to.push(0);
        };
        match self {
            Self::Int16(values) => values.iter().for_each(|value| to.extend_from_slice(&value.to_be_bytes())),
            Self::Int32(values) => values.iter().for_each(|value| to.extend_from_slice(&value.to_be_bytes())),
            Self::Text(one) | Self::Translated(one) => text(to, one),
            Self::Texts(texts) => texts.iter().for_each(|one| text(to, one)),
        }
    }
}

/// Type of the value that says where a region begins.
const BINARY: u32 = 7;
/// The length of an entry of the table.
const ENTRY: usize = 16;

/// A header whose region, all of it, is called `region`. Tags with empty lists are left out.
pub(crate) fn build(region: u32, tags: Vec<(u32, Value)>) -> Vec<u8> {
    let mut tags: Vec<_> = tags.into_iter().filter(|(_, value)| value.count() > 0).collect();
    tags.sort_by_key(|(tag, _)| *tag);
    let (mut table, mut store) = (Vec::new(), Vec::new());
    for (tag, value) in &tags {
        store.resize(store.len().next_multiple_of(value.alignment()), 0);
        entry(&mut table, *tag, value.kind(), number(store.len()), number(value.count()));
        value.write(&mut store);
    }
    // The region's value is at the end, and points back over the whole table.
    let entries = number(tags.len() + 1);
    let mut first = Vec::new();
    entry(&mut first, region, BINARY, number(store.len()), number(ENTRY));
    let back = number((tags.len() + 1) * ENTRY).wrapping_neg();
    entry(&mut store, region, BINARY, back, number(ENTRY));
    let mut header = vec![0x8e, 0xad, 0xe8, 1, 0, 0, 0, 0];
    header.extend_from_slice(&entries.to_be_bytes());
    header.extend_from_slice(&number(store.len()).to_be_bytes());
    [header, first, table, store].concat()
}

fn entry(to: &mut Vec<u8>, tag: u32, kind: u32, offset: u32, count: u32) {
    for field in [tag, kind, offset, count] {
        to.extend_from_slice(&field.to_be_bytes());
    }
}

/// Nothing in a header is larger: an executable is at most a gigabyte, and the rest is ours.
pub(crate) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
