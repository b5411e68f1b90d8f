//! Addresses of endpoints, good and bad, in every spelling.

use proptest::prelude::*;

use super::*;

fn policy(networks: &[&str], may_be_http: bool) -> Policy {
    Policy { networks: networks.iter().map(|network| network.parse().unwrap()).collect(), may_be_http }
}

fn code(policy: &Policy, url: &str) -> &'static str {
    policy.check(url).map_or_else(|error| error.code(), |_| "")
}

#[test]
fn web_servers_of_the_open_internet_are_taken() {
    for url in [
        "https://portal.example.go.id/hooks?token=1",
        "https://portal.example.go.id:8443/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]:9443/hook",
        "HTTPS://Portal.Example.GO.ID",
        "https://xn--bcher-kva.example/",
    ] {
        assert_eq!(code(&Policy::default(), url), "", "{url}");
    }
}

#[test]
fn what_is_no_address_of_a_web_server_is_refused() {
    let long = format!("https://example.org/{}", "x".repeat(MAX_URL_BYTES));
    for url in [
        "",
        "portal.example.go.id",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "http://example.org/",
        "https://",
        "https://./",
        "https://user@example.org/",
        "https://user:word@example.org/",
        "https://:word@example.org/",
        "https://8.8.8.8@127.0.0.1/",
        "https://example.org/#part",
        "https://example.org/#",
        "https://example.org:25/",
        "https://example.org:5432/",
        "https://example.org:5672/",
        "https://example.org:6379/",
        "https://example.org:0/",
        "https://example.org:65536/",
        "https://exa\nmple.org/",
        "https://exam\tple.org/",
        " https://example.org/",
        "https://example.org/a b",
        "https://[::1",
        &long,
    ] {
        assert_eq!(code(&Policy::default(), url), "E0640", "{url:?}");
    }
}

#[test]
fn a_closed_address_is_found_in_every_spelling() {
    for url in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://017700000001/",
        "https://127.0.0.1./",
        "https://１２７.０.０.１/",
        "https://127。0。0。1/",
        "https://%31%32%37.0.0.1/",
        "https://0/",
        "https://10.0.0.1:8443/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2852039166/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[0:0:0:0:0:ffff:a9fe:a9fe]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
    ] {
        assert_eq!(code(&Policy::default(), url), "E0641", "{url}");
    }
}

#[test]
fn the_configuration_opens_networks_and_http() {
    let intranet = policy(&["10.20.0.0/16"], true);
    for (url, expected) in [
        ("https://10.20.1.1/", ""),
        ("http://10.20.1.1/", ""),
        ("http://example.org/", ""),
        ("https://10.21.1.1/", "E0641"),
        ("https://127.0.0.1/", "E0641"),
        ("https://10.20.1.1:5432/", "E0640"),
        ("ftp://10.20.1.1/", "E0640"),
    ] {
        assert_eq!(code(&intranet, url), expected, "{url}");
    }
}

#[test]
fn one_closed_address_closes_the_name() {
    let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
    let policy = Policy::default();

    assert_eq!(policy.sift(addresses(&["8.8.8.8", "2606:4700::1111"])).unwrap().len(), 2);
    assert!(policy.sift(addresses(&["8.8.8.8", "10.0.0.1"])).is_err());
    let many = vec!["8.8.8.8"; 40];
    assert_eq!(policy.sift(addresses(&many)).unwrap().len(), MOST_TRIED);
    assert!(policy.sift(addresses(&[many, vec!["::1"]].concat())).is_err(), "the rest is looked at too");
}

#[test]
fn a_refusal_does_not_tell_the_address() {
    let text = Policy::default().check("https://10.11.12.13/").unwrap_err().to_string();
    assert!(text.contains("private network") && !text.contains("10.11"), "{text}");
}

#[test]
fn ports_stand_in_order() {
    assert!(CLOSED_PORTS.is_sorted_by(|one, next| one < next));
}

proptest! {
    #[test]
    fn no_text_panics(text in "(https?://)?\\PC{0,60}") {
        let _ = Policy::default().check(&text);
    }

    #[test]
    fn an_address_in_a_url_is_judged_as_itself(bits in any::<u32>()) {
        let url = format!("https://{bits}/");
        let address = std::net::Ipv4Addr::from(bits);
        prop_assert_eq!(Policy::default().check(&url).is_ok(), judge(address.into(), &[]).is_ok());
    }
}
