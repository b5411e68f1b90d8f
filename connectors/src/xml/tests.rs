//! What XML becomes, what is refused, and that nothing grows.

use std::io::Read;

use encoding_rs::WINDOWS_1252;
use proptest::prelude::*;

use super::*;

fn value(xml: &str) -> String {
    parse(xml.as_bytes(), None).unwrap_or_else(|error| panic!("{xml}: {error}")).to_text()
}

fn refused(xml: impl AsRef<[u8]>) -> What {
    parse(xml.as_ref(), None).unwrap_err().what
}

fn all(xml: &str, path: &str) -> (Vec<String>, usize) {
    let mut elements = Elements::new(xml.as_bytes(), None, &Path::new(path));
    let found = elements.by_ref().map(|found| found.unwrap().to_text()).collect();
    (found, elements.reached())
}

#[test]
fn elements_attributes_and_texts_become_json() {
    for (xml, json) in [
        ("<nilai> 9007199254740993 </nilai>", r#"{"nilai":"9007199254740993"}"#),
        (r#"<nilai mata="IDR">12.50</nilai>"#, r##"{"nilai":{"@mata":"IDR","#text":"12.50"}}"##),
        ("<r><kode>1</kode><x/><kode>2</kode></r>", r#"{"r":{"kode":["1","2"],"x":""}}"#),
        ("<r>\n  <a>1</a>\n</r>", r#"{"r":{"a":"1"}}"#),
        ("<r>satu <a>1</a> dua</r>", r##"{"r":{"a":"1","#text":"satu  dua"}}"##),
        (r#"<r><n xsi:nil="true"/><t xsi:type="xsd:string">5.1</t></r>"#, r#"{"r":{"n":null,"t":"5.1"}}"#),
        (r#"<s:r xmlns:s="urn:x" xmlns="urn:y"><s:a>1</s:a></s:r>"#, r#"{"r":{"a":"1"}}"#),
        ("<a>P &amp; R &lt;3 &#233;&#x41;&apos;&quot;</a>", r#"{"a":"P & R <3 éA'\""}"#),
        ("<a>satu<![CDATA[ <dua> &amp; ]]>tiga<!-- empat -->lima</a>", r#"{"a":"satu <dua> &amp; tigalima"}"#),
        (r#"<a b="P &amp; R &#65;">x</a>"#, r##"{"a":{"@b":"P & R A","#text":"x"}}"##),
        ("<?xml version=\"1.0\"?><!DOCTYPE a><a/><!-- akhir -->\n", r#"{"a":""}"#),
        ("<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/a.dtd\"><a>1</a>", r#"{"a":"1"}"#),
    ] {
        assert_eq!(value(xml), json, "{xml}");
    }
}

#[test]
fn what_is_no_xml_is_told_with_its_place() {
    let said = |xml: &str| parse(xml.as_bytes(), None).unwrap_err().to_string();
    assert_eq!(said("<a><b>1</a>"), "expected `</b>`, found `</a>` at byte 7");
    assert_eq!(said("<a>1"), "unexpected end of XML at byte 4");
    assert_eq!(said(""), "unexpected end of XML at byte 0");
    assert_eq!(said("<a/><b/>"), "a second root element at byte 8");
    assert_eq!(said("rahasia <a/>"), "a text beside the root element at byte 8");
    assert_eq!(said("<a>x & y</a>"), "a `&` that begins no entity at byte 5");
    assert_eq!(said("<a b='1' b='2'/>"), "bad attributes of `a` at byte 16");
    assert!(matches!(refused("<a></b"), What::Form(_)));
    assert!(matches!(refused(r#"{"data":[]}"#), What::Form(_)));
}

#[test]
fn nothing_is_expanded_and_nothing_is_fetched() {
    let laughs = r#"<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>"#;
    assert_eq!(refused(laughs), What::Doctype);
    assert_eq!(refused(r#"<!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]><l>&f;</l>"#), What::Doctype);
    assert_eq!(refused("<!DOCTYPE l SYSTEM 'x'><l>&f;</l>"), What::Entity);
    assert_eq!(refused("<l a='&f;'/>"), What::Entity);
    for bad in ["<l>&#0;</l>", "<l>&#xD800;</l>", "<l>&#x110000;</l>", "<l>&#x;</l>", "<l a='&#0;'/>"] {
        assert_eq!(refused(bad), What::Reference, "{bad}");
    }
    assert_eq!(refused("<l>a\0b</l>"), What::Nul);
}

#[test]
fn an_encoding_is_known_by_its_mark_by_what_came_beside_it_or_by_its_declaration() {
    let text = "<?xml version='1.0' encoding='windows-1252'?><a>Réalisasi €</a>";
    let wanted = r#"{"a":"Réalisasi €"}"#;
    let (narrow, ..) = WINDOWS_1252.encode(text);
    assert_eq!(parse(&narrow, None).unwrap().to_text(), wanted);
    assert_eq!(parse(&narrow, Some("utf-8")).unwrap_err().what, What::Encoding("UTF-8"));
    assert_eq!(parse(text.as_bytes(), Some("utf-8")).unwrap().to_text(), wanted, "the header says more");
    for little in [true, false] {
        let unit = |unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        let wide = |text: &str| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        assert_eq!(parse(&wide(text), None).unwrap().to_text(), wanted);
        assert_eq!(parse(&wide(&format!("\u{feff}{text}")), Some("utf-8")).unwrap().to_text(), wanted);
        let mut half = wide("<a>x</a>");
        half.pop();
        assert!(parse(&half, None).is_err());
    }
    assert_eq!(value("<?xml version='1.0' encoding='utf-16'?><a>é</a>"), r#"{"a":"é"}"#);
    assert_eq!(value("\u{feff}<a>é</a>"), r#"{"a":"é"}"#);
    assert_eq!(refused("<?xml version='1.0' encoding='klingon'?><a/>"), What::Label);
    assert_eq!(refused(b"<a>\xff</a>"), What::Encoding("UTF-8"));
}

#[test]
fn elements_at_a_path_come_one_after_another() {
    let soap = r#"<soap:Envelope xmlns:soap="x"><soap:Body><getDataResponse><return>
        <item><id>1</id></item><lain/><item id="2"/></return><return><item>3</item></return>
        <item>no</item></getDataResponse></soap:Body></soap:Envelope>"#;
    let path = "Envelope.Body.getDataResponse.return.item";
    assert_eq!(all(soap, path), (vec![r#"{"id":"1"}"#.into(), r#"{"@id":"2"}"#.into(), r#""3""#.into()], 5));
    assert_eq!(all(soap, &format!("{path}.@id")), (vec![r#""2""#.into()], 6));
    assert_eq!(all(soap, &format!("{path}.id")), (vec![r#""1""#.into()], 6));
    assert_eq!(all(soap, "Envelope.Body.getDataResponse.return.row"), (vec![], 4), "an empty list");
    assert_eq!(all(soap, "Envelope.Body.getDatResponse.return.item"), (vec![], 2), "a wrong path");
    assert_eq!(all("<a><a><a>1</a></a></a>", "a.a"), (vec![r#"{"a":"1"}"#.into()], 2));
    let mut broken = Elements::new(&b"<r><i>1</i><i>2</r>"[..], None, &Path::new("r.i"));
    assert_eq!(broken.next().unwrap().unwrap().to_text(), r#""1""#);
    assert!(broken.next().unwrap().is_err() && broken.next().is_none(), "what came before an error has come");
}

#[test]
fn depth_nodes_and_bytes_have_bounds() {
    let deep = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(parse(deep(MAX_DEPTH).as_bytes(), None).is_ok());
    assert_eq!(refused(deep(MAX_DEPTH + 1)), What::Depth);
    assert_eq!(refused(deep(10_000)), What::Depth);
    assert_eq!(
        Elements::new(deep(10_000).as_bytes(), None, &Path::new("x")).next().unwrap().unwrap_err().what,
        What::Depth
    );
    assert_eq!(refused(format!("<a>{}</a>", "<b/>".repeat(MAX_NODES))), What::Nodes);
    assert_eq!(refused(format!("<a>{}</a>", "x".repeat(MAX_BYTES + 1))), What::Bytes);
    let many = format!("<a>{}</a>", format!("<b>{}</b>", "x".repeat(1 << 20)).repeat(33));
    assert_eq!(refused(&many), What::Bytes);
    assert_eq!(Elements::new(many.as_bytes(), None, &Path::new("a.b")).filter(Result::is_ok).count(), 33);
    // Names that all differ are looked up, not compared one with another.
    let wide: String = (0..100_000).map(|name| format!("<n{name}/>")).collect();
    assert!(parse(format!("<a>{wide}</a>").as_bytes(), None).is_ok());
}

/// A document of so many items, made while it is read.
struct Endless {
    items: u32,
    ready: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.ready.is_empty() && self.items > 0 {
            self.items -= 1;
            let last = if self.items == 0 { "</r>" } else { "" };
            self.ready = format!("<i><kode>5.1.02</kode><nilai>{}</nilai></i>{last}", self.items).into_bytes();
        }
        let count = into.len().min(self.ready.len());
        into[..count].copy_from_slice(&self.ready[..count]);
        self.ready.drain(..count);
        Ok(count)
    }
}

#[test]
fn a_document_of_any_length_is_read_one_element_at_a_time() {
    let endless = Endless { items: 300_000, ready: b"<r>".to_vec() };
    let elements = Elements::new(endless, None, &Path::new("r.i"));
    assert_eq!(elements.map(Result::unwrap).count(), 300_000, "more than one value may have in all");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), path in "[a-c.@]{0,6}") {
        let _ = parse(&bytes, None);
        let _ = Elements::new(&bytes[..], Some("utf-8"), &Path::new(&path)).count();
    }

    #[test]
    fn no_change_of_a_document_panics(at in 0_usize..150, length in 0_usize..10, put in "[<>/&;!?a\\[\\]\"'= \\x00-]{0,6}") {
        const XML: &str = r#"<?xml version="1.0" encoding="utf-8"?><!DOCTYPE r><r xmlns:a="u"><a:i b="1&lt;">x&amp;y<![CDATA[<z>]]></a:i><!-- c --><i/></r>"#;
        let (from, to) = (at.min(XML.len()), (at + length).min(XML.len()));
        let text = format!("{}{put}{}", &XML[..from], &XML[to..]);
        if let Ok(value) = parse(text.as_bytes(), None) {
            prop_assert!(Json::parse(value.to_text().as_bytes()).is_ok());
        }
        let _ = Elements::new(text.as_bytes(), None, &Path::new("r.i")).count();
    }
}
