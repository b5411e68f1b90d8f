//! Bytes of any encoding as UTF-8, without NUL, and never more at a time than is allowed.

use std::io::{self, BufRead, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::What;

/// How much is read at a time.
const CHUNK: usize = 16 * 1024;
/// A declaration stands within the first bytes.
const HEAD: usize = 1024;

/// The text of a document.
pub(super) struct Decoded<R> {
    source: R,
    /// What came beside the bytes.
    charset: Option<String>,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    text: Vec<u8>,
    at: usize,
    /// How many bytes may be taken before the next call of [`Decoded::allow`].
    left: usize,
    /// Whether the source has no more bytes.
    ended: bool,
    /// Whether there is no more text.
    over: bool,
    refused: Option<What>,
}

impl<R: Read> Decoded<R> {
    pub(super) fn new(source: R, charset: Option<&str>) -> Self {
        Self {
            source,
            charset: charset.map(str::to_owned),
            decoder: None,
            raw: Vec::new(),
            text: Vec::new(),
            at: 0,
            left: 0,
            ended: false,
            over: false,
            refused: None,
        }
    }

    /// Allows so many bytes from here on.
    pub(super) const fn allow(&mut self, bytes: usize) {
        self.left = bytes;
    }

    /// Why reading failed, when it was not the source.
    pub(super) const fn refused(&mut self) -> Option<What> {
        self.refused.take()
    }

    fn refuse(&mut self, what: What) -> io::Error {
        self.refused = Some(what);
        self.text.clear();
        (self.at, self.over) = (0, true);
        io::Error::other("refused")
    }

    /// Adds to `raw`.
    fn read(&mut self, wanted: usize) -> io::Result<()> {
        let mut taken = (&mut self.source).take(wanted as u64);
        let read = taken.read_to_end(&mut self.raw)?;
        self.ended = read < wanted;
        Ok(())
    }

    /// Decides on the encoding.
    fn begin(&mut self) -> io::Result<Decoder> {
        self.read(HEAD)?;
        if let Some((encoding, mark)) = Encoding::for_bom(&self.raw) {
            self.raw.drain(..mark);
            return Ok(encoding.new_decoder_without_bom_handling());
        }
        let seen = match self.raw.get(..4) {
            Some([0, b'<', 0, _]) => Some(UTF_16BE),
            Some([b'<', 0, _, 0]) => Some(UTF_16LE),
            _ => None,
        };
        let encoding = match (seen, self.charset.take().or_else(|| declared(&self.raw))) {
            (Some(seen), _) => seen,
            (None, None) => UTF_8,
            (None, Some(label)) => {
                let known = Encoding::for_label(label.as_bytes()).ok_or_else(|| self.refuse(What::Label))?;
                // Text that was UTF-16 in some program's memory often says so still when it is UTF-8 on the wire.
                if known == UTF_16LE || known == UTF_16BE { UTF_8 } else { known }
            }
        };
        Ok(encoding.new_decoder_without_bom_handling())
    }

    /// Decodes the next bytes.
    fn decode(&mut self) -> io::Result<()> {
        let mut decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => self.begin()?,
        };
        self.at = 0;
        self.text.clear();
        while self.text.is_empty() && !self.over {
            if self.raw.is_empty() && !self.ended {
                self.read(CHUNK)?;
            }
            let most = decoder.max_utf8_buffer_length_without_replacement(self.raw.len()).unwrap_or(CHUNK);
            self.text.resize(most, 0);
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(&self.raw, &mut self.text, self.ended);
            self.text.truncate(written);
            self.raw.drain(..read);
            match result {
                DecoderResult::InputEmpty => self.over = self.ended,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return Err(self.refuse(What::Encoding(decoder.encoding().name()))),
            }
        }
        self.decoder = Some(decoder);
        if self.text.contains(&0) { Err(self.refuse(What::Nul)) } else { Ok(()) }
    }
}

/// The encoding that a declaration names.
fn declared(head: &[u8]) -> Option<String> {
    let text = head.strip_prefix(b"<?xml")?;
    let end = text.windows(2).position(|two| two == b"?>")?;
    let text = std::str::from_utf8(&text[..end]).ok()?;
    let (_, rest) = text.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Some(rest[1..].split(quote).next()?.to_owned())
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let from = self.fill_buf()?;
        let count = from.len().min(into.len());
        into[..count].copy_from_slice(&from[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.text.len() {
            if self.over {
                return Ok(&[]);
            }
            self.decode()?;
        }
        if self.left == 0 && self.at < self.text.len() {
            return Err(self.refuse(What::Bytes));
        }
        Ok(&self.text[self.at..])
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
        self.left = self.left.saturating_sub(count);
    }
}
