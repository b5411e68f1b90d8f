//! Crockford base32 without padding, lower case: safe in a URL, in a header and when read out aloud. Pure.

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Prints bytes; bits that do not fill a character are followed by zeros.
pub fn encode(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::with_capacity(bytes.len() * 8 / 5 + 1), 0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(digit(held >> bits));
        }
    }
    if bits > 0 {
        text.push(digit(held << (5 - bits)));
    }
    text
}

fn digit(value: u32) -> char {
    ALPHABET[usize::try_from(value & 31).unwrap_or(0)] as char
}

/// Takes printed bytes back; `None` unless the text is exactly what [`encode`] prints.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(text.len() * 5 / 8), 0_u32, 0);
    for letter in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        held = (held << 5 | u32::try_from(value).ok()?) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    (encode(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_known() {
        assert_eq!((encode(&[]).len(), encode(&[255; 5]).len(), encode(&[7; 20]).len()), (0, 8, 32));
        assert_eq!(encode(&[0xff]), "zw");
        assert_eq!(decode("zz"), None, "one value has one form");
    }

    proptest! {
        #[test]
        fn printing_and_parsing_are_inverse(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = decode(&text);
        }
    }
}
