//! Encodings that spreadsheets and gateways really use, and bytes that are no text.

use std::io::{Cursor, Read as _};

use proptest::prelude::*;

use super::*;

fn utf_16(text: &str, little: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

fn found(bytes: &[u8]) -> (&'static str, String) {
    let text = read(Cursor::new(bytes), None).unwrap();
    (text.encoding().name(), decode(bytes, None).unwrap().into_owned())
}

#[test]
fn an_encoding_is_found_from_the_bytes() {
    let text = "Pagu;Rp 1.000\nBelanja – “ATK”;é\n";
    assert_eq!(found(text.as_bytes()), ("UTF-8", text.to_owned()));
    assert_eq!(found(format!("\u{feff}{text}").as_bytes()), ("UTF-8", text.to_owned()));
    assert_eq!(found(&utf_16(text, true)), ("UTF-16LE", text.to_owned()));
    assert_eq!(found(&utf_16(text, false)), ("UTF-16BE", text.to_owned()));
    assert_eq!(found(b"Belanja \x96 \x93ATK\x94;\xe9\n"), ("windows-1252", "Belanja – “ATK”;é\n".to_owned()));
    assert_eq!(found(b""), ("UTF-8", String::new()));
}

#[test]
fn an_encoding_that_is_told_counts_but_a_mark_knows_better() {
    let latin = Encoding::named("latin1");
    assert_eq!(decode("é".as_bytes(), latin).unwrap(), "Ã©");
    assert_eq!(decode("\u{feff}é".as_bytes(), latin).unwrap(), "é");
    assert_eq!(decode(b"k\0o\0", Encoding::named("utf-16le")).unwrap(), "ko");
    assert!(Encoding::named("utf-9").is_none() && Encoding::named("iso-2022-kr").is_none());
}

#[test]
fn a_damaged_text_is_told_with_its_line() {
    let told =
        |bytes: &[u8], name: Option<&str>| decode(bytes, name.and_then(Encoding::named)).unwrap_err().to_string();
    assert_eq!(told("é\né\n\u{fffd}".as_bytes().split_last().unwrap().1, None), "line 3 is not UTF-8");
    assert_eq!(told(b"a\nb\xe9\n", Some("utf-8")), "line 2 is not UTF-8");
    assert_eq!(told(b"\xef\xbb\xbfa\n\xe9", None), "line 2 is not UTF-8");
    // Half of a pair.
    assert_eq!(told(b"\xff\xfea\0\n\0\x3d\xd8", None), "line 2 is not UTF-16LE");
}

#[test]
fn what_fails_while_it_is_read_is_told_alike() {
    let mut bytes = utf_16(&"baris\n".repeat(30_000), true);
    bytes.extend_from_slice(&[0x3d, 0xd8, b'x', 0]);
    let mut text = read(Cursor::new(bytes), None).unwrap();

    let error = text.read_to_string(&mut String::new()).unwrap_err();

    assert_eq!(from_io(error).to_string(), "line 30001 is not UTF-16LE");
}

proptest! {
    #[test]
    fn a_text_comes_back_from_every_encoding_however_it_is_cut(text in "\\PC{0,40}", repeats in 1_usize..4000) {
        let text = text.repeat(repeats);
        prop_assert_eq!(&decode(text.as_bytes(), Encoding::named("utf-8")).unwrap(), &text);
        for little in [true, false] {
            let bytes = utf_16(&text, little);
            prop_assert_eq!(&decode(&bytes, None).unwrap(), &text);
        }
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(decode(&bytes, None));
        drop(decode(&bytes, Encoding::named("utf-16be")));
    }
}
