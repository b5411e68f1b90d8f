//! Bytes of a file or an answer as text, whatever encoding they came in.
//!
//! A byte order mark decides. Without one, bytes that are UTF-8 are UTF-8, and others are windows-1252, which is what
//! old spreadsheets write; but bytes of which most are UTF-8 are a damaged file and no other encoding.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};

use encoding_rs::{Decoder, DecoderResult, Encoding as Charset, REPLACEMENT, UTF_8, WINDOWS_1252};

#[cfg(test)]
mod tests;

/// How much is looked at or decoded at once.
const CHUNK: usize = 1 << 16;

/// How bytes stand for letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding(&'static Charset);

/// Why bytes are no text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// They are not in the encoding that they are said or seen to be in.
    #[error("line {line} is not {encoding}")]
    Malformed {
        /// Where, counted from 1.
        line: u64,
        /// The encoding.
        encoding: &'static str,
    },
    /// They cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A source of bytes as a source of UTF-8.
#[derive(Debug)]
pub struct Text<R> {
    source: R,
    encoding: Encoding,
    /// `None` where the bytes are UTF-8 already.
    transcoding: Option<Transcoding>,
}

struct Transcoding {
    decoder: Decoder,
    raw: Vec<u8>,
    /// What of `raw` is not decoded yet.
    left: std::ops::Range<usize>,
    ended: bool,
    decoded: Vec<u8>,
    /// What of `decoded` is not handed out yet.
    ready: std::ops::Range<usize>,
    line: u64,
}

/// What bytes look like, seen one chunk after another.
#[derive(Debug, Default)]
struct Survey {
    /// The end of the last chunk, when it may go on in the next.
    carried: Vec<u8>,
    /// Letters of more than one byte that are UTF-8.
    letters: u64,
    /// Places that are no UTF-8.
    broken: u64,
    /// Lines that ended before the first of them.
    lines: u64,
}

/// All bytes of a body as text. `told` is the encoding that somebody says it has; a byte order mark knows better.
///
/// # Errors
/// [`Error::Malformed`] with the line.
pub fn decode(bytes: &[u8], told: Option<Encoding>) -> Result<Cow<'_, str>, Error> {
    let mut text = read(io::Cursor::new(bytes), told)?;
    if text.transcoding.is_none() {
        let rest = bytes.get(usize::try_from(text.source.position()).unwrap_or(0)..).unwrap_or_default();
        return std::str::from_utf8(rest).map(Cow::Borrowed).map_err(|_| malformed(0, text.encoding));
    }
    let mut decoded = String::new();
    text.read_to_string(&mut decoded).map_err(from_io)?;
    Ok(Cow::Owned(decoded))
}

/// Text that is decoded while it is read. Looks through all bytes once before, unless a byte order mark or `told` says
/// what they are.
///
/// # Errors
/// [`Error::Malformed`] with the line; later errors come from reading and can be told by [`from_io`].
pub fn read<R: Read + Seek>(mut source: R, told: Option<Encoding>) -> Result<Text<R>, Error> {
    source.rewind()?;
    let mut start = Vec::with_capacity(3);
    source.by_ref().take(3).read_to_end(&mut start)?;
    let (marked, length) =
        Charset::for_bom(&start).map_or((None, 0), |(charset, length)| (Some(Encoding(charset)), length));
    let begin = SeekFrom::Start(length as u64);
    source.seek(begin)?;
    let known = marked.or(told);
    let encoding = match known {
        Some(other) if other.0 != UTF_8 => other,
        utf_8 => {
            let mut survey = Survey::default();
            let mut chunk = vec![0; CHUNK];
            loop {
                let read = source.read(&mut chunk)?;
                if read == 0 {
                    break;
                }
                survey.see(&chunk[..read]);
            }
            source.seek(begin)?;
            survey.end(utf_8.is_some())?
        }
    };
    let transcoding = (encoding.0 != UTF_8).then(|| Transcoding {
        decoder: encoding.0.new_decoder_without_bom_handling(),
        raw: vec![0; CHUNK],
        left: 0..0,
        ended: false,
        // Three bytes of UTF-8 for each byte is more than any encoding needs.
        decoded: vec![0; 3 * CHUNK],
        ready: 0..0,
        line: 0,
    });
    Ok(Text { source, encoding, transcoding })
}

/// What reading a [`Text`] failed with.
pub fn from_io(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::Io(error),
    }
}

fn malformed(lines: u64, encoding: Encoding) -> Error {
    Error::Malformed { line: lines + 1, encoding: encoding.name() }
}

impl Encoding {
    /// The encoding of this name, as web pages name them: `utf-8`, `windows-1252`, `latin1`, `utf-16le`.
    pub fn named(name: &str) -> Option<Self> {
        Charset::for_label(name.as_bytes()).filter(|charset| *charset != REPLACEMENT).map(Self)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl<R> Text<R> {
    /// The encoding that was told or found.
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match &mut self.transcoding {
            None => self.source.read(into),
            Some(transcoding) => {
                if transcoding.ready.is_empty() {
                    transcoding.fill(&mut self.source, self.encoding)?;
                }
                let ready = &transcoding.decoded[transcoding.ready.clone()];
                let taken = ready.len().min(into.len());
                into[..taken].copy_from_slice(&ready[..taken]);
                transcoding.ready.start += taken;
                Ok(taken)
            }
        }
    }
}

impl Transcoding {
    /// Decodes until something is ready or the source is at its end.
    fn fill(&mut self, source: &mut impl Read, encoding: Encoding) -> io::Result<()> {
        loop {
            if self.left.is_empty() && !self.ended {
                self.left = 0..source.read(&mut self.raw)?;
                self.ended = self.left.is_empty();
            }
            let raw = &self.raw[self.left.clone()];
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(raw, &mut self.decoded, self.ended);
            self.left.start += read;
            self.ready = 0..written;
            let lines = newlines(&self.decoded[..written]);
            if let DecoderResult::Malformed(..) = result {
                return Err(io::Error::new(io::ErrorKind::InvalidData, malformed(self.line + lines, encoding)));
            }
            self.line += lines;
            if written > 0 || (self.ended && result == DecoderResult::InputEmpty) {
                return Ok(());
            }
        }
    }
}

impl std::fmt::Debug for Transcoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcoding").field("left", &self.left).field("ready", &self.ready).finish_non_exhaustive()
    }
}

impl Survey {
    fn see(&mut self, chunk: &[u8]) {
        if self.carried.is_empty() {
            let rest = self.look(chunk);
            self.carried.extend_from_slice(rest);
        } else {
            let mut joined = std::mem::take(&mut self.carried);
            joined.extend_from_slice(chunk);
            let rest = self.look(&joined);
            self.carried.extend_from_slice(rest);
        }
    }

    /// Looks at some bytes and gives back those at their end that are the beginning of a letter.
    fn look<'b>(&mut self, mut bytes: &'b [u8]) -> &'b [u8] {
        loop {
            match std::str::from_utf8(bytes) {
                Ok(text) => {
                    self.count(text);
                    return &[];
                }
                Err(error) => {
                    let (valid, rest) = bytes.split_at(error.valid_up_to());
                    self.count(std::str::from_utf8(valid).unwrap_or_default());
                    let Some(length) = error.error_len() else { return rest };
                    self.broken += 1;
                    bytes = &rest[length..];
                }
            }
        }
    }

    fn count(&mut self, text: &str) {
        if self.broken == 0 {
            self.lines += newlines(text.as_bytes());
        }
        if !text.is_ascii() {
            self.letters += text.bytes().filter(|byte| *byte >= 0xc0).count() as u64;
        }
    }

    /// What the bytes are. `told`: somebody says that they are UTF-8.
    fn end(mut self, told: bool) -> Result<Encoding, Error> {
        self.broken += u64::from(!self.carried.is_empty());
        if self.broken == 0 {
            Ok(Encoding(UTF_8))
        } else if told || self.letters >= self.broken {
            Err(malformed(self.lines, Encoding(UTF_8)))
        } else {
            Ok(Encoding(WINDOWS_1252))
        }
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}
