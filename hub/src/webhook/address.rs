//! What an address is: a machine of the open internet, or one that a stranger must not make us talk to. Decides alone.
//!
//! After the special-purpose registries of IANA. To add a range: a line in the table of what an allow-list may open,
//! or of what none may.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Ranges with what they are called in a sentence.
type Ranges = &'static [(IpNet, &'static str)];

/// What no allow-list opens: nobody's webhook is there, and machines in clouds give away their keys there.
const NEVER: Ranges = &[
    (v4([0, 0, 0, 0], 8), "no machine's address"),
    (v4([169, 254, 0, 0], 16), "a link-local address"),
    (v4([100, 100, 100, 200], 32), "a cloud's metadata address"),
    (v4([168, 63, 129, 16], 32), "a cloud's metadata address"),
    (v4([192, 0, 0, 192], 32), "a cloud's metadata address"),
    (v4([224, 0, 0, 0], 4), "a multicast address"),
    (v4([240, 0, 0, 0], 4), "a reserved address"),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), "no machine's address"),
    (v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128), "a cloud's metadata address"),
    (v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128), "a cloud's metadata address"),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "a link-local address"),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "a multicast address"),
];

/// What an allow-list may open.
const CLOSED: Ranges = &[
    (v4([10, 0, 0, 0], 8), "an address of a private network"),
    (v4([100, 64, 0, 0], 10), "an address behind a carrier's translation"),
    (v4([127, 0, 0, 0], 8), "this machine's own address"),
    (v4([172, 16, 0, 0], 12), "an address of a private network"),
    (v4([192, 0, 0, 0], 24), "an address of a protocol"),
    (v4([192, 0, 2, 0], 24), "an address for documentation"),
    (v4([192, 88, 99, 0], 24), "an address of a tunnel"),
    (v4([192, 168, 0, 0], 16), "an address of a private network"),
    (v4([198, 18, 0, 0], 15), "an address for measurements"),
    (v4([198, 51, 100, 0], 24), "an address for documentation"),
    (v4([203, 0, 113, 0], 24), "an address for documentation"),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), "this machine's own address"),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), "an address of a private network"),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), "an address of a private network"),
    (v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), "an address of a network's own routing"),
    // Protocols' own: Teredo, benchmarking, ORCHID and what else stands there; no web server does.
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), "an address of a tunnel or protocol"),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), "an address for documentation"),
    (v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), "an address of a tunnel"),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), "an address for documentation"),
];

/// Outside of it no IPv6 address belongs to a machine of the open internet.
const OPEN_V6: IpNet = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// An address that is closed to us.
///
/// The sentence does not name the address: whoever owns an endpoint must not learn so where names lead within a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it leads to {what}, which no allowed network opens")]
pub struct Closed {
    /// The address.
    pub address: IpAddr,
    /// What it is, in a sentence.
    pub what: &'static str,
}

/// Whether we may talk to an address, when these networks are open besides the internet.
///
/// An IPv4 address within an IPv6 one is judged by itself too: opening a tunnel's range opens nothing behind it.
///
/// # Errors
/// With what the address is, when we may not.
pub fn judge(address: IpAddr, opened: &[IpNet]) -> Result<(), Closed> {
    let address = address.to_canonical();
    one(address, opened)?;
    match address {
        IpAddr::V6(outer) => within(outer).map_or(Ok(()), |inner| one(IpAddr::V4(inner), opened)),
        IpAddr::V4(_) => Ok(()),
    }
}

fn one(address: IpAddr, opened: &[IpNet]) -> Result<(), Closed> {
    let among = |ranges: Ranges| ranges.iter().find(|(range, _)| range.contains(&address)).map(|(_, what)| *what);
    if let Some(what) = among(NEVER) {
        return Err(Closed { address, what });
    }
    if opened.iter().any(|network| network.contains(&address)) {
        return Ok(());
    }
    match among(CLOSED) {
        Some(what) => Err(Closed { address, what }),
        None if address.is_ipv6() && !OPEN_V6.contains(&address) => {
            Err(Closed { address, what: "an address outside of the open internet" })
        }
        None => Ok(()),
    }
}

/// The IPv4 address that an IPv6 address of a tunnel or translation leads to.
fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let pair = |high: u16, low: u16| Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => None,
        // IPv4-compatible, translated (SIIT), NAT64.
        [0, 0, 0, 0, 0 | 0xffff, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => pair(high, low),
        // 6to4.
        [0x2002, high, low, ..] => pair(high, low),
        // Teredo shows its client's address with all bits turned.
        [0x2001, 0, _, _, _, _, high, low] => pair(!high, !low),
        _ => None,
    }
}

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length))
}

const fn v6(words: [u16; 8], length: u8) -> IpNet {
    let mut bits = 0;
    let mut place = 0;
    while place < words.len() {
        bits = bits << 16 | words[place] as u128;
        place += 1;
    }
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::from_bits(bits), length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_open(address: &str, opened: &[&str]) -> bool {
        let opened: Vec<IpNet> = opened.iter().map(|network| network.parse().unwrap()).collect();
        judge(address.parse().unwrap(), &opened).is_ok()
    }

    #[test]
    fn machines_of_the_open_internet_are_open() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2001:200::1",
            "2a00::1",
            "3ffe::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_open(address, &[]), "{address}");
        }
    }

    #[test]
    fn whatever_is_no_machine_of_the_open_internet_is_closed() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "169.254.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "100.100.100.200",
            "::",
            "::1",
            "::2",
            "::ffff:127.0.0.1",
            "::ffff:7f00:1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:0:127.0.0.1",
            "::ffff:0:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::8.8.8.8",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ffff::1",
        ] {
            // The old range of the 6bone is open space again.
            assert_eq!(is_open(address, &[]), address == "{address}");
        }
    }

    #[test]
    fn an_allowed_network_opens_itself_and_nothing_else() {
        let opened = &["10.1.0.0/16", "127.0.0.0/8", "fd12::/16", "::1/128"];
        for (address, expected) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("127.0.0.1", true),
            ("fd12::7", true),
            ("::1", true),
            ("10.2.0.1", false),
            ("192.168.0.1", false),
            ("fd13::7", false),
            ("64:ff9b::10.1.2.3", false),
        ] {
            assert_eq!(is_open(address, opened), expected, "{address}");
        }
    }

    #[test]
    fn what_is_behind_a_tunnel_is_judged_by_itself() {
        let tunnels = &["64:ff9b::/96", "2002::/16", "2001::/32", "::/96"];
        for (address, expected) in [
            ("64:ff9b::8.8.8.8", true),
            ("64:ff9b::10.0.0.1", false),
            ("64:ff9b::169.254.169.254", false),
            ("2002:808:808::1", true),
            ("2002:a00:1::1", false),
            ("2001:0:1:1:1:1:f7f7:f7f7", true),
            ("2001:0:1:1:1:1:f5ff:fffe", false),
            ("::8.8.8.8", true),
            ("::127.0.0.1", false),
        ] {
            assert_eq!(is_open(address, tunnels), expected, "{address}");
        }
    }

    #[test]
    fn nothing_opens_what_is_never_open() {
        let all = &["0.0.0.0/0", "::/0"];
        for address in ["0.0.0.0", "169.254.169.254", "::ffff:169.254.169.254", "224.0.0.1", "255.255.255.255"] {
            assert!(!is_open(address, all), "{address}");
        }
        for address in ["::", "fe80::1", "ff02::1", "fd00:ec2::254", "64:ff9b::a9fe:a9fe"] {
            assert!(!is_open(address, all), "{address}");
        }
        assert!(is_open("127.0.0.1", all) && is_open("::1", all), "the rest is the operator's to open");
    }

    proptest! {
        #[test]
        fn an_address_that_wears_ipv6_is_judged_as_itself(bits in any::<u32>()) {
            let (plain, mapped) = (Ipv4Addr::from(bits), Ipv4Addr::from(bits).to_ipv6_mapped());
            prop_assert_eq!(judge(plain.into(), &[]), judge(mapped.into(), &[]));
        }

        #[test]
        fn what_the_standard_library_calls_private_is_closed(bits in any::<u32>()) {
            let address = Ipv4Addr::from(bits);
            let is_private = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_broadcast() || address.is_documentation() || address.is_multicast() || address.is_unspecified();
            prop_assert!(!is_private || judge(address.into(), &[]).is_err());
        }
    }
}
