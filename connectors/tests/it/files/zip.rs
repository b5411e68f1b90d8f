//! Zip files made by hand, honest ones and others; and workbooks in them.

/// What a bomb repeats: a text that takes four times its length in memory.
const SHARED: &str = "<si><t>a</t></si>";

/// One file of a zip file.
pub(super) struct Entry<'e> {
    pub(super) name: &'e str,
    /// Its bytes as they stand in the zip file.
    pub(super) packed: Vec<u8>,
    /// Whether they are deflated, and what the directory says of their length unpacked.
    pub(super) deflated: Option<u32>,
    crc: u32,
}

impl<'e> Entry<'e> {
    /// A file that is not compressed.
    pub(super) fn stored(name: &'e str, text: &str) -> Self {
        Self { name, packed: text.as_bytes().to_vec(), deflated: None, crc: crc(text.as_bytes()) }
    }

    /// A text and so many times 258 bytes of [`SHARED`], which nobody reads to its end; `claimed` says how long it is.
    pub(super) fn bomb(name: &'e str, start: &str, runs: usize, claimed: u32) -> Self {
        Self { name, packed: bomb(start, runs), deflated: Some(claimed), crc: 0 }
    }
}

/// A zip file.
pub(super) fn zip(entries: &[Entry<'_>]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let packed = u32::try_from(entry.packed.len()).unwrap();
        let method: u16 = if entry.deflated.is_some() { 8 } else { 0 };
        let mut about = Vec::new();
        for field in [20_u16, 0, method, 0, 33] {
            about.extend(field.to_le_bytes());
        }
        for field in [entry.crc, packed, entry.deflated.unwrap_or(packed)] {
            about.extend(field.to_le_bytes());
        }
        about.extend(u16::try_from(entry.name.len()).unwrap().to_le_bytes());
        about.extend([0, 0]);
        let start = u32::try_from(out.len()).unwrap();
        out.extend(b"PK\x03\x04");
        out.extend(&about);
        out.extend(entry.name.as_bytes());
        out.extend(&entry.packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&about);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(entry.name.as_bytes());
    }
    let (start, length) = (u32::try_from(out.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.iter().chain(&count));
    out.extend(length.to_le_bytes().iter().chain(&start.to_le_bytes()));
    out.extend([0, 0]);
    out
}

/// A workbook with one sheet `RBA` of this XML, and perhaps more files.
pub(super) fn xlsx(sheet: &str, since_1904: bool, more: Vec<Entry<'_>>) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const DOC: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let rels = format!(
        "<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"r1\" Type=\"{DOC}/officeDocument\" Target=\"xl/workbook.xml\"></Relationship></Relationships>"
    );
    let book_rels = format!(
        "<Relationships xmlns=\"{PACKAGE}\"><Relationship Id=\"r1\" Type=\"{DOC}/worksheet\" Target=\"worksheets/sheet1.xml\"></Relationship></Relationships>"
    );
    let book = format!(
        "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{DOC}\"><workbookPr date1904=\"{}\"></workbookPr><sheets><sheet name=\"RBA\" sheetId=\"1\" r:id=\"r1\"></sheet></sheets></workbook>",
        u8::from(since_1904)
    );
    let styles = format!(
        "<styleSheet xmlns=\"{MAIN}\"><cellXfs><xf numFmtId=\"0\"></xf><xf numFmtId=\"14\"></xf></cellXfs></styleSheet>"
    );
    let sheet = format!("<worksheet xmlns=\"{MAIN}\">{sheet}</worksheet>");
    let mut entries = vec![
        Entry::stored("_rels/.rels", &rels),
        Entry::stored("xl/_rels/workbook.xml.rels", &book_rels),
        Entry::stored("xl/workbook.xml", &book),
        Entry::stored("xl/styles.xml", &styles),
        Entry::stored("xl/worksheets/sheet1.xml", &sheet),
    ];
    entries.extend(more);
    zip(&entries)
}

/// A workbook of LibreOffice with one sheet of these rows.
pub(super) fn ods(rows: &str) -> Vec<u8> {
    const NAMESPACES: &str = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"";
    let content = format!(
        "<office:document-content {NAMESPACES}><office:body><office:spreadsheet><table:table table:name=\"RBA\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    zip(&[
        Entry::stored("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        Entry::stored("META-INF/manifest.xml", "<manifest></manifest>"),
        Entry::stored("content.xml", &content),
    ])
}

/// Deflates a text and what a bomb repeats: RFC 1951, one block with the fixed codes.
fn bomb(start: &str, runs: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0b1, 1);
    bits.put(0b01, 2);
    for byte in start.bytes().chain(SHARED.bytes()) {
        // Letters below 144 have eight bits, from the greatest down.
        bits.put(u32::from((byte + 0x30).reverse_bits()), 8);
    }
    for _ in 0..runs {
        // 258 bytes (code 285) like those 17 before (distance code 8 with three more bits, all of them 0).
        bits.put(u32::from(0b1100_0101_u8.reverse_bits()), 8);
        bits.put(0b00010, 5);
        bits.put(0, 3);
    }
    bits.put(0, 7);
    bits.put(0, 7);
    bits.out
}

#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn put(&mut self, bits: u32, count: u32) {
        self.held |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}
