//! Bodies: those that come, within limits of size and time, and those that go.

use std::io::Read as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming, SizeHint};
use hyper::header::{EXPECT, HeaderMap};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, timeout, timeout_at};

/// How long a body may take as a whole.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long nothing may come.
const SILENCE: Duration = Duration::from_secs(15);
/// How much of a body is read that nobody wants, so that its sender gets to read why.
const UNWANTED: usize = 32 << 20;
/// How long that may take.
const UNWANTED_PATIENCE: Duration = Duration::from_secs(5);

/// How much of all bodies is held at once, in KiB.
const ROOM: u32 = 512 << 10;
/// How much room is made for a body before it comes: what is announced may never come.
const FIRST: usize = 64 << 10;

/// The memory that bodies may take together, so that many who send a lot and slowly can't take all there is.
pub(super) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self::of(ROOM)
    }
}

impl Room {
    fn of(kibibytes: u32) -> Self {
        Self(Arc::new(Semaphore::new(usize::try_from(kibibytes).unwrap_or(Semaphore::MAX_PERMITS))))
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Unread> {
        let kibibytes = u32::try_from(bytes.div_ceil(1 << 10)).map_err(|_| Unread::NoRoom)?;
        self.0.clone().try_acquire_many_owned(kibibytes).map_err(|_| Unread::NoRoom)
    }
}

/// A body that was read, and the room that it takes.
#[derive(Default)]
pub(super) struct Read {
    pub(super) bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

impl Read {
    fn add(&mut self, data: &[u8], room: &Room) -> Result<(), Unread> {
        let held = self.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = (self.bytes.len() + data.len()).saturating_sub(held << 10);
        if more > 0 {
            let more = room.take(more)?;
            match &mut self.room {
                Some(held) => held.merge(more),
                none => *none = Some(more),
            }
        }
        self.bytes.extend_from_slice(data);
        Ok(())
    }
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error("it has more than {0} bytes")]
    TooLarge(usize),
    #[error("it came too slowly")]
    TooSlow,
    #[error("it ended too early")]
    Cut,
    #[error("the server is busy with too many others")]
    NoRoom,
    #[error("Content-Encoding '{0}' is not supported")]
    Encoding(String),
    #[error("it is not valid gzip")]
    NotGzip,
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read(body: &mut Incoming, limit: usize, room: &Room) -> Result<Read, Unread> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(Unread::TooLarge(limit));
    }
    let until = Instant::now() + PATIENCE;
    let mut read = Read { bytes: Vec::with_capacity(announced.min(FIRST)), room: None };
    let silent = || until.min(Instant::now() + SILENCE);
    while let Some(frame) = timeout_at(silent(), next(body)).await.map_err(|_| Unread::TooSlow)? {
        let Ok(data) = frame.map_err(|_| Unread::Cut)?.into_data() else { continue };
        if read.bytes.len() + data.len() > limit {
            return Err(Unread::TooLarge(limit));
        }
        read.add(&data, room)?;
    }
    Ok(read)
}

/// Reads on without keeping anything, for a moment. Who waits to be told to go on is not told.
pub(super) async fn drain(headers: &HeaderMap, body: &mut Incoming) {
    if headers.contains_key(EXPECT) {
        return;
    }
    let all = async {
        let mut left = UNWANTED;
        while let Some(Ok(frame)) = next(body).await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            match left.checked_sub(length) {
                Some(rest) => left = rest,
                None => return,
            }
        }
    };
    // Whatever is left then, the connection ends with the answer.
    let _ = timeout(UNWANTED_PATIENCE, all).await;
}

async fn next(body: &mut Incoming) -> Option<Result<Frame<Bytes>, hyper::Error>> {
    std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await
}

/// A body as it was before its `Content-Encoding`, of at most `limit` bytes.
pub(super) fn unpack(body: Vec<u8>, encoding: Option<&str>, limit: usize) -> Result<Vec<u8>, Unread> {
    match encoding.map(str::trim) {
        None | Some("") => Ok(body),
        Some(name) if name.eq_ignore_ascii_case("identity") => Ok(body),
        Some(name) if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
            let mut unpacked = Vec::new();
            let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
            MultiGzDecoder::new(body.as_slice())
                .take(most)
                .read_to_end(&mut unpacked)
                .map_err(|_| Unread::NotGzip)?;
            if unpacked.len() > limit { Err(Unread::TooLarge(limit)) } else { Ok(unpacked) }
        }
        Some(other) => Err(Unread::Encoding(other.chars().take(64).collect())),
    }
}

/// A part of an answer that is being made.
pub(super) enum Piece {
    /// Some of it.
    Data(Bytes),
    /// It is whole. An answer that ends without this was cut.
    End,
}

/// The body of an answer.
pub(super) enum Body {
    /// At hand.
    Whole(Option<Bytes>),
    /// Still being made.
    Coming(mpsc::Receiver<Piece>),
}

/// An answer broke off.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
pub(super) struct Cut;

impl Body {
    /// A body that is at hand.
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let pieces = match &mut *self {
            Self::Whole(bytes) => return Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Coming(pieces) => pieces,
        };
        match ready!(pieces.poll_recv(context)) {
            Some(Piece::Data(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Some(Piece::End) => {
                *self = Self::Whole(None);
                Poll::Ready(None)
            }
            None => Poll::Ready(Some(Err(Cut))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(
                bytes.as_ref().map_or(0, |bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            ),
            Self::Coming(_) => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn bodies_share_a_room_and_leave_it_when_they_go() {
        let room = Room::of(4);
        let (mut one, mut other) = (Read::default(), Read::default());
        one.add(&[0; 1_000], &room).unwrap();
        one.add(&[0; 24], &room).unwrap();
        one.add(&[0; 1_025], &room).unwrap();
        other.add(&[0; 1_024], &room).unwrap();
        assert!(matches!(other.add(b"x", &room), Err(Unread::NoRoom)));
        drop(one);
        other.add(&[0; 3 << 10], &room).unwrap();
        drop(other);
        assert_eq!(room.0.available_permits(), 4);
    }

    #[test]
    fn a_packed_body_unpacks_within_the_limit_only() {
        assert_eq!(unpack(packed(b"hello"), Some(" GZIP "), 5).unwrap(), b"hello");
        assert!(matches!(unpack(packed(b"hello!"), Some("gzip"), 5), Err(Unread::TooLarge(5))));
        assert_eq!(unpack(b"hello".to_vec(), Some("identity"), 5).unwrap(), b"hello");
    }

    #[test]
    fn what_is_no_gzip_and_other_encodings_are_refused() {
        let whole = packed(b"hello");
        for end in 0..whole.len() {
            assert!(
                matches!(unpack(whole[..end].to_vec(), Some("gzip"), 100), Err(Unread::NotGzip)),
                "{end}"
            );
        }
        assert!(matches!(unpack(Vec::new(), Some("br"), 5), Err(Unread::Encoding(name)) if name == "br"));
    }
}
