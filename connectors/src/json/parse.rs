//! Reading JSON without interpreting its numbers.

use super::{Error, Json, MAX_DEPTH, What};

impl Json {
    /// Parses one JSON value; only space may stand around it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut parser = Parser { bytes, at: 0, depth: 0 };
        parser.space();
        let value = parser.value()?;
        parser.space();
        if parser.at < bytes.len() { Err(parser.expected("the end of the text")) } else { Ok(value) }
    }
}

struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    const fn error(&self, what: What) -> Error {
        Error { what, at: self.at }
    }

    fn expected(&self, what: &'static str) -> Error {
        self.error(if self.at >= self.bytes.len() { What::End } else { What::Expected(what) })
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Json, Error> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::list),
            Some(b'"') => Ok(Json::Text(self.text()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => Err(self.expected("a JSON value")),
        }
    }

    fn word(&mut self, word: &'static str, value: Json) -> Result<Json, Error> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.expected("a JSON value"))
        }
    }

    fn nested(&mut self, body: fn(&mut Self) -> Result<Json, Error>) -> Result<Json, Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(What::Depth));
        }
        self.depth += 1;
        self.at += 1;
        self.space();
        let value = body(self)?;
        self.depth -= 1;
        Ok(value)
    }

    /// After a member or item: `true` when another one follows.
    fn more(&mut self, close: u8, expected: &'static str) -> Result<bool, Error> {
        self.space();
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                self.space();
                Ok(true)
            }
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.expected(expected)),
        }
    }

    fn list(&mut self) -> Result<Json, Error> {
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value()?);
            if !self.more(b']', "`,` or `]`")? {
                return Ok(Json::List(items));
            }
        }
    }

    fn object(&mut self) -> Result<Json, Error> {
        let mut members: Vec<(Box<str>, Json)> = Vec::with_capacity(16);
        // Looking every name up in a wide object would be quadratic: from here on names are hashed.
        const WIDE: usize = 32;
        let mut places: std::collections::HashMap<Box<str>, usize> = std::collections::HashMap::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.expected("a name in quotes"));
            }
            let begun = self.at;
            let name = self.text()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.expected("`:`"));
            }
            self.at += 1;
            self.space();
            let value = self.value()?;
            if members.len() == WIDE {
                places = members.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect();
            }
            let known = if members.len() < WIDE {
                members.iter().position(|(known, _)| *known == name)
            } else {
                places.get(&name).copied()
            };
            if let Some(place) = known {
                if members[place].1 != value {
                    return Err(Error { what: What::Twice, at: begun });
                }
            } else {
                if members.len() >= WIDE {
                    places.insert(name.clone(), members.len());
                }
                members.push((name, value));
            }
            if !self.more(b'}', "`,` or `}`")? {
                return Ok(Json::Object(members));
            }
        }
    }

    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.expected("a digit")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<Json, Error> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.expected("a number without leading zeros"));
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.utf8(start, self.at).map(|text| Json::Number(text.into()))
    }

    fn utf8(&self, from: usize, to: usize) -> Result<&str, Error> {
        std::str::from_utf8(&self.bytes[from..to])
            .map_err(|error| Error { what: What::Utf8, at: from + error.valid_up_to() })
    }

    fn text(&mut self) -> Result<Box<str>, Error> {
        self.at += 1;
        let mut plain = self.at;
        let mut text = String::new();
        loop {
            let rest = &self.bytes[self.at..];
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..0x20)).unwrap_or(rest.len());
            match self.peek() {
                Some(b'"') => {
                    let tail = self.utf8(plain, self.at)?;
                    let done = if text.is_empty() {
                        tail.into()
                    } else {
                        text.push_str(tail);
                        text.into_boxed_str()
                    };
                    self.at += 1;
                    return Ok(done);
                }
                Some(b'\\') => {
                    text.push_str(self.utf8(plain, self.at)?);
                    text.push(self.escape()?);
                    plain = self.at;
                }
                Some(0) => return Err(self.error(What::Nul)),
                Some(_) => return Err(self.error(What::Control)),
                None => return Err(self.error(What::End)),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Error> {
        let start = self.at;
        let bad = |what| Error { what, at: start };
        let kind = *self.bytes.get(self.at + 1).ok_or(bad(What::End))?;
        self.at += 2;
        Ok(match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.unit().ok_or(bad(What::Escape))?;
                let code = if (0xd800..0xdc00).contains(&high) {
                    if self.bytes.get(self.at..self.at + 2) != Some(b"\\u") {
                        return Err(bad(What::Escape));
                    }
                    self.at += 2;
                    let low = self.unit().filter(|low| (0xdc00..0xe000).contains(low)).ok_or(bad(What::Escape))?;
                    0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
                } else {
                    high
                };
                match char::from_u32(code) {
                    Some('\0') => return Err(bad(What::Nul)),
                    Some(letter) => letter,
                    None => return Err(bad(What::Escape)),
                }
            }
            _ => return Err(bad(What::Escape)),
        })
    }

    /// Four hex digits.
    fn unit(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        let unit = digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))?;
        self.at += 4;
        Some(unit)
    }
}
