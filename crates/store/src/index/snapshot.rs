//! An index as bytes. The file is written whole, checksummed, and read back only by the same shape of index: a
//! snapshot of another version or another field table is refused, and the index is then built anew from the store.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Write};
use std::thread::{self, ScopedJoinHandle};

use query::Fields;
use roaring::RoaringBitmap;

use super::Index;
use super::arena::Arena;
use super::column::Column;
use super::dictionary::Dictionary;
use super::list::{ListIndex, MemberIndex};
use super::lookup::Lookup;
use super::numbers::Numbers;
use super::posting::Posting;
use super::values::FieldIndex;

/// Changes whenever the layout of the bytes does.
const LAYOUT: u32 = 2;
/// How many sections are read at once, beside the one whose bytes come from the file.
const READERS: usize = 2;
/// Sections below so many bytes are not worth a thread.
const SMALL: usize = 256 << 10;
/// So many bytes of a large section are asked for at first.
const STEP: usize = 64 << 20;
/// More than any vector of a real index; a length above it means damage.
const LONGEST: u64 = 1 << 34;

/// Why a snapshot can't be used. None of these is a loss: the index is built anew.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The file can't be read to its end.
    #[error("the snapshot can't be read: {0}")]
    Io(#[from] io::Error),
    /// It was written for another layout or another field table.
    #[error("the snapshot is of another version")]
    Shape,
    /// Its content contradicts itself.
    #[error("the snapshot is damaged")]
    Damaged,
    /// Its content contradicts the objects.
    #[error("the snapshot is not of this database")]
    Foreign,
}

type Result<T, E = SnapshotError> = std::result::Result<T, E>;

impl<T> Index<T> {
    /// Writes the index: in sections, each with its length and its sum, so that several threads can read them.
    pub fn write(&self, out: &mut impl Write) -> Result<()> {
        put_u64(out, shape(self.table))?;
        section(out, |out| put_bitmap(out, &self.ids))?;
        self.fields.iter().try_for_each(|field| section(out, |out| write_field(out, field)))?;
        for list in &self.lists {
            section(out, |out| write_list(out, list))?;
            list.members.iter().try_for_each(|member| section(out, |out| write_member(out, member)))?;
        }
        section(out, |out| {
            put_u64(out, self.forward.len() as u64)?;
            self.forward.iter().try_for_each(|record| put_u32s(out, record))
        })
    }

    /// Reads an index of this table.
    pub fn read(table: &'static Fields<T>, input: &mut impl Read) -> Result<Self> {
        if get_u64(input)? != shape(table) {
            return Err(SnapshotError::Shape);
        }
        let mut index = Self::new(table);
        let Self { ids, fields, lists, forward, .. } = &mut index;
        let mut parts = vec![Part::Ids(ids)];
        parts.extend(fields.iter_mut().map(Part::Field));
        for list in lists {
            let ListIndex { members, postings, live, free, lookup, .. } = list;
            parts.push(Part::List { postings, live, free, lookup });
            parts.extend(members.iter_mut().map(Part::Member));
        }
        parts.push(Part::Forward(forward));
        thread::scope(|scope| {
            let mut busy = VecDeque::new();
            for part in parts {
                if busy.len() >= READERS {
                    busy.pop_front().map_or(Ok(()), finish)?;
                }
                let section = Section::read(input)?;
                if section.bytes.len() < SMALL {
                    part.read(&section)?;
                } else {
                    busy.push_back(scope.spawn(move || part.read(&section)));
                }
            }
            busy.into_iter().try_for_each(finish)
        })?;
        Ok(index)
    }
}

fn finish(reader: ScopedJoinHandle<'_, Result<()>>) -> Result<()> {
    reader.join().unwrap_or(Err(SnapshotError::Damaged))
}

/// A part of an index that is read by itself.
enum Part<'a> {
    Ids(&'a mut RoaringBitmap),
    Field(&'a mut FieldIndex),
    List {
        postings: &'a mut Vec<Posting>,
        live: &'a mut RoaringBitmap,
        free: &'a mut Vec<u32>,
        lookup: &'a mut Lookup,
    },
    Member(&'a mut MemberIndex),
    Forward(&'a mut Vec<Box<[u32]>>),
}

impl Part<'_> {
    fn read(self, section: &Section) -> Result<()> {
        let input = &mut section.checked()?;
        match self {
            Part::Ids(ids) => *ids = get_bitmap(input)?,
            Part::Field(field) => read_field(input, field)?,
            Part::List { postings, live, free, lookup } => {
                *live = get_bitmap(input)?;
                *postings = get_postings(input)?;
                *free = get_u32s(input)?;
                *lookup = read_lookup(input)?;
            }
            Part::Member(member) => read_member(input, member)?,
            Part::Forward(forward) => {
                let records = get_length(input)?;
                forward.reserve_exact(records.min(input.len()));
                for _ in 0..records {
                    forward.push(get_u32s(input)?.into_boxed_slice());
                }
            }
        }
        if input.is_empty() { Ok(()) } else { Err(SnapshotError::Damaged) }
    }
}

/// The bytes of a part, and the sum that they should have.
struct Section {
    bytes: Vec<u8>,
    sum: u32,
}

impl Section {
    fn read(input: &mut impl Read) -> Result<Self> {
        let (length, sum) = (get_length(input)?, get_u32(input)?);
        // What is not there takes no memory, whatever the length says.
        let mut bytes = Vec::with_capacity(length.min(SMALL));
        let mut rest = input.take(length as u64);
        while bytes.len() < length {
            bytes.reserve_exact((length - bytes.len()).min(bytes.len().max(STEP)));
            let step = (bytes.capacity() - bytes.len()) as u64;
            if rest.by_ref().take(step).read_to_end(&mut bytes)? == 0 {
                return Err(SnapshotError::Damaged);
            }
        }
        Ok(Self { bytes, sum })
    }

    fn checked(&self) -> Result<&[u8]> {
        if crc32fast::hash(&self.bytes) == self.sum { Ok(&self.bytes) } else { Err(SnapshotError::Damaged) }
    }
}

fn section(out: &mut impl Write, fill: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
    let mut bytes = Vec::new();
    fill(&mut bytes)?;
    put_u64(out, bytes.len() as u64)?;
    put_u32(out, crc32fast::hash(&bytes))?;
    Ok(out.write_all(&bytes)?)
}

/// A number that stands for the layout and the field table. How a field is read may change between versions of this
/// program without a trace in its table, so the version counts too.
fn shape<T>(table: &Fields<T>) -> u64 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(&LAYOUT.to_le_bytes());
    hash.update(env!("CARGO_PKG_VERSION").as_bytes());
    for field in table.fields {
        let source = std::mem::discriminant(&field.source);
        hash.update(format!("{:?}{:?}{:?}{source:?};", field.criteria, field.tokens, field.kind).as_bytes());
    }
    for list in table.lists {
        hash.update(format!("{:?}{:?};", list.names, list.members).as_bytes());
    }
    u64::from(hash.finalize()) << 32 | u64::from(LAYOUT)
}

fn write_field(out: &mut impl Write, field: &FieldIndex) -> Result<()> {
    match field {
        FieldIndex::Texts(texts) => {
            write_arena(out, &texts.texts)?;
            write_arena(out, &texts.folded)?;
            put_u64(out, texts.words.len() as u64)?;
            for (word, codes) in &texts.words {
                put_bytes(out, word.as_bytes())?;
                put_posting(out, codes)?;
            }
            put_postings(out, &texts.postings)?;
            put_u32s(out, &texts.free)?;
            write_lookup(out, &texts.lookup)
        }
        FieldIndex::Numbers(_, numbers) => {
            put_cells(out, &numbers.values)?;
            put_postings(out, &numbers.postings)?;
            put_u32s(out, &numbers.free)
        }
        FieldIndex::Dates(dates) => {
            write_column(out, &dates.column)?;
            put_u64(out, dates.days.len() as u64)?;
            dates.days.iter().try_for_each(|(day, rows)| {
                put_u64(out, day.cast_unsigned())?;
                put_bitmap(out, rows)
            })
        }
        FieldIndex::Addresses { v4, v6 } => {
            write_column(out, v4)?;
            write_column(out, v6)
        }
        FieldIndex::Absent => Ok(()),
    }
}

fn read_field(input: &mut &[u8], field: &mut FieldIndex) -> Result<()> {
    match field {
        FieldIndex::Texts(texts) => read_dictionary(input, texts),
        FieldIndex::Numbers(_, numbers) => {
            *numbers = Numbers {
                order: BTreeMap::new(),
                values: get_cells(input)?,
                postings: get_postings(input)?,
                free: get_u32s(input)?,
            };
            let used = (0u32..).zip(&numbers.values).zip(&numbers.postings);
            numbers.order = used
                .filter(|(_, rows)| !rows.is_empty())
                .map(|((code, number), _)| (*number, code))
                .collect();
            Ok(())
        }
        FieldIndex::Dates(dates) => {
            dates.column = read_column(input)?;
            for _ in 0..get_length(input)? {
                dates.days.insert(get_u64(input)?.cast_signed(), get_bitmap(input)?);
            }
            Ok(())
        }
        FieldIndex::Addresses { v4, v6 } => {
            (*v4, *v6) = (read_column(input)?, read_column(input)?);
            Ok(())
        }
        FieldIndex::Absent => Ok(()),
    }
}

fn read_dictionary(input: &mut &[u8], texts: &mut Dictionary) -> Result<()> {
    texts.texts = read_arena(input)?;
    texts.folded = read_arena(input)?;
    let words = get_length(input)?;
    let mut entries = Vec::with_capacity(words.min(1 << 20));
    for _ in 0..words {
        let word = String::from_utf8(get_bytes(input)?).map_err(|_| SnapshotError::Damaged)?;
        entries.push((word.into_boxed_str(), get_posting(input)?));
    }
    texts.words = entries.into_iter().collect();
    texts.postings = get_postings(input)?;
    texts.free = get_u32s(input)?;
    texts.lookup = read_lookup(input)?;
    Ok(())
}

fn write_arena(out: &mut impl Write, arena: &Arena) -> Result<()> {
    put_bytes(out, &arena.bytes)?;
    put_u64(out, arena.spans.len() as u64)?;
    for (start, length) in &arena.spans {
        put_u64(out, *start)?;
        put_u32(out, *length)?;
    }
    put_u64(out, arena.order.len() as u64)?;
    for (start, code) in &arena.order {
        put_u64(out, *start)?;
        put_u32(out, *code)?;
    }
    put_u64(out, arena.garbage)
}

fn read_arena(input: &mut &[u8]) -> Result<Arena> {
    let bytes = get_bytes(input)?;
    Ok(Arena { bytes, spans: get_pairs(input)?, order: get_pairs(input)?, garbage: get_u64(input)? })
}

fn get_pairs(input: &mut &[u8]) -> Result<Vec<(u64, u32)>> {
    let length = get_length(input)?;
    let raw = get_raw(input, length.checked_mul(12).ok_or(SnapshotError::Damaged)?)?;
    let pair = |bytes: &[u8]| {
        let (start, rest) = bytes.split_first_chunk::<8>()?;
        Some((u64::from_le_bytes(*start), u32::from_le_bytes(*rest.first_chunk()?)))
    };
    Ok(raw.chunks_exact(12).filter_map(pair).collect())
}

/// Values that columns hold, as bytes.
pub(super) trait Cell: Copy + Ord + Default {
    fn put(self, out: &mut Vec<u8>);
    fn get(bytes: &[u8]) -> Self;
    const SIZE: usize;
}

macro_rules! cell {
    ($type:ty) => {
        impl Cell for $type {
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn get(bytes: &[u8]) -> Self {
                bytes.first_chunk().map_or(0, |chunk| Self::from_le_bytes(*chunk))
            }
            const SIZE: usize = size_of::<$type>();
        }
    };
}

cell!(i64);
cell!(u32);
cell!(u64);
cell!(u128);

fn put_cells<K: Cell>(out: &mut impl Write, cells: &[K]) -> Result<()> {
    put_u64(out, cells.len() as u64)?;
    let mut buffer = Vec::with_capacity(64 * 1024);
    for chunk in cells.chunks(64 * 1024 / K::SIZE) {
        buffer.clear();
        chunk.iter().for_each(|cell| cell.put(&mut buffer));
        out.write_all(&buffer)?;
    }
    Ok(())
}

fn get_cells<K: Cell>(input: &mut &[u8]) -> Result<Vec<K>> {
    let length = get_length(input)?;
    let raw = get_raw(input, length.checked_mul(K::SIZE).ok_or(SnapshotError::Damaged)?)?;
    Ok(raw.chunks_exact(K::SIZE).map(K::get).collect())
}

fn write_column<K: Cell>(out: &mut impl Write, column: &Column<K>) -> Result<()> {
    put_cells(out, &column.values)?;
    put_bitmap(out, &column.present)?;
    put_u64(out, column.several.len() as u64)?;
    for (row, values) in &column.several {
        put_u32(out, *row)?;
        put_cells(out, values)?;
    }
    Ok(())
}

fn read_column<K: Cell>(input: &mut &[u8]) -> Result<Column<K>> {
    let (values, present) = (get_cells(input)?, get_bitmap(input)?);
    let rows = get_length(input)?;
    let mut several = BTreeMap::new();
    for _ in 0..rows {
        several.insert(get_u32(input)?, get_cells(input)?);
    }
    Ok(Column { values, present, several })
}

fn write_list(out: &mut impl Write, list: &ListIndex) -> Result<()> {
    put_bitmap(out, &list.live)?;
    put_postings(out, &list.postings)?;
    put_u32s(out, &list.free)?;
    write_lookup(out, &list.lookup)
}

fn write_lookup(out: &mut impl Write, lookup: &Lookup) -> Result<()> {
    let (seed, probe, slots) = lookup.parts();
    put_u64(out, seed)?;
    put_u64(out, probe)?;
    put_cells(out, slots)
}

fn read_lookup(input: &mut &[u8]) -> Result<Lookup> {
    let (seed, probe) = (get_u64(input)?, get_u64(input)?);
    Lookup::from_parts(seed, probe, get_cells(input)?).ok_or(SnapshotError::Shape)
}

fn write_member(out: &mut impl Write, member: &MemberIndex) -> Result<()> {
    write_field(out, &member.index)?;
    put_u32s(out, &member.codes)?;
    member.projection.as_ref().map_or(Ok(()), |projection| put_postings(out, projection))
}

fn read_member(input: &mut &[u8], member: &mut MemberIndex) -> Result<()> {
    read_field(input, &mut member.index)?;
    member.codes = get_u32s(input)?;
    if let Some(projection) = &mut member.projection {
        *projection = get_postings(input)?;
    }
    Ok(())
}

fn put_postings(out: &mut impl Write, postings: &[Posting]) -> Result<()> {
    put_u64(out, postings.len() as u64)?;
    postings.iter().try_for_each(|posting| put_posting(out, posting))
}

fn get_postings(input: &mut &[u8]) -> Result<Vec<Posting>> {
    let length = get_length(input)?;
    let mut postings = Vec::with_capacity(length.min(1 << 23));
    for _ in 0..length {
        postings.push(get_posting(input)?);
    }
    Ok(postings)
}

fn put_posting(out: &mut impl Write, posting: &Posting) -> Result<()> {
    match posting {
        Posting::Empty => Ok(out.write_all(&[0])?),
        Posting::One(row) => {
            let [a, b, c, d] = row.to_le_bytes();
            Ok(out.write_all(&[1, a, b, c, d])?)
        }
        Posting::Many(rows) => {
            out.write_all(&[2])?;
            put_bitmap(out, rows)
        }
    }
}

fn get_posting(input: &mut &[u8]) -> Result<Posting> {
    let mut kind = [0];
    input.read_exact(&mut kind)?;
    match kind {
        [0] => Ok(Posting::Empty),
        [1] => Ok(Posting::One(get_u32(input)?)),
        [2] => Ok(Posting::Many(Box::new(get_bitmap(input)?))),
        _ => Err(SnapshotError::Damaged),
    }
}

fn put_bitmap(out: &mut impl Write, bitmap: &RoaringBitmap) -> Result<()> {
    Ok(bitmap.serialize_into(out)?)
}

/// The file's checksum was compared before, so the bitmap's own consistency need not be checked again.
fn get_bitmap(input: &mut &[u8]) -> Result<RoaringBitmap> {
    Ok(RoaringBitmap::deserialize_unchecked_from(input)?)
}

fn put_u32s(out: &mut impl Write, numbers: &[u32]) -> Result<()> {
    put_cells(out, numbers)
}

fn get_u32s(input: &mut &[u8]) -> Result<Vec<u32>> {
    get_cells(input)
}

fn put_bytes(out: &mut impl Write, bytes: &[u8]) -> Result<()> {
    put_u64(out, bytes.len() as u64)?;
    Ok(out.write_all(bytes)?)
}

fn get_bytes(input: &mut &[u8]) -> Result<Vec<u8>> {
    let length = get_length(input)?;
    Ok(get_raw(input, length)?.to_vec())
}

fn get_raw<'a>(input: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    input.split_off(..length).ok_or(SnapshotError::Damaged)
}

fn get_length(input: &mut impl Read) -> Result<usize> {
    let length = get_u64(input)?;
    if length > LONGEST {
        return Err(SnapshotError::Damaged);
    }
    usize::try_from(length).map_err(|_| SnapshotError::Damaged)
}

fn put_u64(out: &mut impl Write, number: u64) -> Result<()> {
    Ok(out.write_all(&number.to_le_bytes())?)
}

fn get_u64(input: &mut impl Read) -> Result<u64> {
    let mut bytes = [0; 8];
    input.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn put_u32(out: &mut impl Write, number: u32) -> Result<()> {
    Ok(out.write_all(&number.to_le_bytes())?)
}

fn get_u32(input: &mut impl Read) -> Result<u32> {
    let mut bytes = [0; 4];
    input.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}
