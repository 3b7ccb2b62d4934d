//! The way out of an answer: small ones go out whole, large ones in pieces while they are still being written, so
//! that memory does not grow with the page.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Bytes;
use platform::Gone;
use platform::gateway::Form;
use qps::{Format, Writer};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::body::Piece;

/// The size of a piece; what is not longer goes out whole.
const PIECE: usize = 64 << 10;
/// How many pieces wait for a slow reader before the writer waits, too.
const PIECES: usize = 8;
/// How long an answer may take to go out: a reading of the database stands open for it.
const PATIENCE: Duration = Duration::from_secs(600);
/// What is shorter is not worth packing.
const WORTH_PACKING: usize = 1 << 10;

/// What is known of an answer when it can begin to go out.
pub(super) struct Begun {
    /// Its format.
    pub(super) format: Format,
    /// Its form, where it is one of the gateway's and no plain JSON.
    pub(super) form: Option<Form>,
    /// Itself.
    pub(super) content: Content,
}

/// An answer.
pub(super) enum Content {
    /// The call was refused.
    Refused(platform::Error),
    /// All of it.
    Whole { body: Bytes, is_packed: bool },
    /// It is still being written.
    Coming { pieces: mpsc::Receiver<Piece>, is_packed: bool },
    /// A file.
    File(platform::Download),
}

/// Takes an answer piece by piece, on a thread that may wait.
pub(super) struct Sink {
    format: Format,
    tell: Option<oneshot::Sender<Begun>>,
    packer: Option<Packer>,
    form: Option<Form>,
    pieces: Option<mpsc::Sender<Piece>>,
    until: Instant,
}

impl Sink {
    /// A sink whose answer begins at `tell`.
    pub(super) fn new(format: Format, pack: bool, tell: oneshot::Sender<Begun>) -> Self {
        let packer = pack.then(Packer::new);
        let until = Instant::now() + PATIENCE;
        Self { format, tell: Some(tell), packer, form: None, pieces: None, until }
    }

    /// Says that the answer is of this form.
    pub(super) fn set_form(&mut self, form: Form) {
        if form == Form::PackedJson {
            self.packer.get_or_insert_with(Packer::new);
        }
        self.form = Some(form);
    }

    /// Refuses the call. Where the answer was begun, it is cut instead.
    pub(super) fn refuse(mut self, error: impl Into<platform::Error>) {
        self.begin(Content::Refused(error.into()));
    }

    /// Lets out a file, as it is.
    pub(super) fn hand_out(mut self, file: platform::Download) {
        self.begin(Content::File(file));
    }

    /// Lets out what the writer has, if that is worth a piece.
    pub(super) fn flush(&mut self, writer: &mut Writer) -> Result<(), Gone> {
        if writer.pending() < PIECE {
            return Ok(());
        }
        self.let_out(writer.take())
    }

    /// Lets out text that was written so far, if that is worth a piece.
    pub(super) fn flush_text(&mut self, text: &mut Vec<u8>) -> Result<(), Gone> {
        if text.len() < PIECE { Ok(()) } else { self.let_out(std::mem::take(text)) }
    }

    fn let_out(&mut self, written: Vec<u8>) -> Result<(), Gone> {
        let piece = match &mut self.packer {
            None => written,
            Some(packer) => {
                packer.take(&written);
                match packer.piece() {
                    Some(piece) => piece,
                    None => return Ok(()),
                }
            }
        };
        self.send(piece.into())
    }

    /// Lets out the rest.
    pub(super) fn finish(mut self, rest: Vec<u8>) {
        let is_begun = self.pieces.is_some();
        let (rest, is_packed) = match self.packer.take() {
            Some(packer)
                if self.form == Some(Form::PackedJson) || packer.has_taken || rest.len() >= WORTH_PACKING =>
            {
                (packer.finish(&rest), true)
            }
            _ => (rest, false),
        };
        if !is_begun {
            self.begin(Content::Whole { body: rest.into(), is_packed });
        } else if rest.is_empty() || self.send_data(rest.into()).is_ok() {
            // A caller who is gone needs no end.
            let _ = self.send_piece(Piece::End);
        }
    }

    fn send(&mut self, data: Bytes) -> Result<(), Gone> {
        if self.pieces.is_none() {
            let (sender, pieces) = mpsc::channel(PIECES);
            self.pieces = Some(sender);
            self.begin(Content::Coming { pieces, is_packed: self.packer.is_some() });
        }
        self.send_data(data)
    }

    /// In pieces of one size, whatever came at once: only so many of them wait for a slow reader.
    fn send_data(&mut self, mut data: Bytes) -> Result<(), Gone> {
        while data.len() > PIECE {
            self.send_piece(Piece::Data(data.split_to(PIECE)))?;
        }
        self.send_piece(Piece::Data(data))
    }

    fn send_piece(&mut self, piece: Piece) -> Result<(), Gone> {
        let pieces = self.pieces.as_ref().ok_or(Gone)?;
        match pieces.try_send(piece) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(_)) => Err(Gone),
            Err(TrySendError::Full(piece)) => {
                let sent = Handle::current().block_on(timeout_at(self.until, pieces.send(piece)));
                sent.map_err(|_| Gone)?.map_err(|_| Gone)
            }
        }
    }

    fn begin(&mut self, content: Content) {
        if let Some(tell) = self.tell.take() {
            // Nobody may be waiting any more.
            let _ = tell.send(Begun { format: self.format, form: self.form, content });
        }
    }
}

/// Packs an answer; memory takes whatever is written to it, so nothing here can fail.
struct Packer {
    encoder: GzEncoder<Vec<u8>>,
    has_taken: bool,
}

impl Packer {
    fn new() -> Self {
        Self { encoder: GzEncoder::new(Vec::new(), Compression::fast()), has_taken: false }
    }

    fn take(&mut self, data: &[u8]) {
        self.has_taken = true;
        let _ = self.encoder.write_all(data);
    }

    /// What is packed, if it is enough for a piece.
    fn piece(&mut self) -> Option<Vec<u8>> {
        (self.encoder.get_ref().len() >= PIECE).then(|| std::mem::take(self.encoder.get_mut()))
    }

    /// The end of it.
    fn finish(mut self, rest: &[u8]) -> Vec<u8> {
        self.take(rest);
        self.encoder.finish().unwrap_or_default()
    }
}
