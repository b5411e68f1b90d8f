//! Which character parts the columns of a CSV file.

/// The characters that are looked for; of two that fit as well, the first one.
const CANDIDATES: [u8; 4] = [b';', b'\t', b'|', b','];
/// How many lines are looked at.
const LINES: usize = 50;

/// The delimiter of a file by its beginning: the one of which most lines have the same number, and as many as possible.
/// A comma where no line has any.
pub(super) fn find(beginning: &str) -> u8 {
    let mut best = (b',', (0, 0));
    for candidate in CANDIDATES {
        let counts = counts(beginning, candidate);
        let common = counts.iter().filter(|count| **count > 0);
        let score = common
            .map(|count| (counts.iter().filter(|other| *other == count).count(), *count))
            .max()
            .unwrap_or_default();
        if score > best.1 {
            best = (candidate, score);
        }
    }
    best.0
}

/// How many delimiters each line has outside of quotes; empty lines have no say.
fn counts(text: &str, delimiter: u8) -> Vec<usize> {
    let (mut counts, mut count) = (Vec::new(), 0);
    let (mut quoted, mut begins, mut empty) = (false, true, true);
    for byte in text.bytes() {
        match byte {
            // A quote within a text is a letter like others.
            b'"' if quoted || begins => (quoted, begins, empty) = (!quoted, false, false),
            b'\n' | b'\r' if !quoted => {
                if !empty {
                    counts.push(count);
                }
                (count, begins, empty) = (0, true, true);
                if counts.len() == LINES {
                    return counts;
                }
            }
            byte if byte == delimiter && !quoted => (count, begins, empty) = (count + 1, true, false),
            _ => (begins, empty) = (false, false),
        }
    }
    if !empty {
        counts.push(count);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_what_lines_agree_on() {
        for (text, delimiter) in [
            ("id,nilai\n1,2\n", b','),
            ("id;nilai\n1;10,50\n2;11,50\n", b';'),
            ("id;nilai;uraian\n1;1,5;x\n2;2,5;y\n", b';'),
            ("id\tnilai\n1\t1.000,50\n", b'\t'),
            ("id|nilai\n1|2\n", b'|'),
            ("Laporan, Januari\n\nid;nilai;uraian\n1;2;\"a,b;c\"\n3;4;d\n", b';'),
            ("a,b\n1,\"x;y;z\nlagi;;;;\"\n2,\"p;q\"\n", b','),
            ("\"uraian; lengkap\",nilai\n\"a \"\"b\"\"; c\",1\n", b','),
            ("id\n1\n", b','),
            ("", b','),
        ] {
            assert_eq!(char::from(find(text)), char::from(delimiter), "{text}");
        }
    }
}
