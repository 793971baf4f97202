//! Which addresses anybody on the internet may be reached at, so that a webhook, whose address others choose, does not
//! reach into the network that the service runs in.
//!
//! What a name resolves to changes: the one who connects asks [`is_public`] of every resolved address, connects to just
//! that one, and follows no redirect.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether anybody on the internet may be reached there: no address of a host, a link, a private network, a group or
/// a document, in any spelling (IANA's special-purpose address registries).
#[must_use]
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|&(network, bits)| contains_v4(network, bits, address)),
        IpAddr::V6(address) => match embedded_v4(address) {
            Some(embedded) => is_public(embedded.into()),
            None => {
                contains_v6(GLOBAL_V6, 3, address)
                    && !SPECIAL_V6.iter().any(|&(network, bits)| contains_v6(network, bits, address))
            }
        },
    }
}

const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The only block of which addresses are given out, three bits long.
const GLOBAL_V6: Ipv6Addr = Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0);

/// Within that block: protocols, Teredo among them, and documents.
const SPECIAL_V6: [(Ipv6Addr, u32); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn contains_v4(network: Ipv4Addr, bits: u32, address: Ipv4Addr) -> bool {
    (network.to_bits() ^ address.to_bits()) >> (Ipv4Addr::BITS - bits) == 0
}

fn contains_v6(network: Ipv6Addr, bits: u32, address: Ipv6Addr) -> bool {
    (network.to_bits() ^ address.to_bits()) >> (Ipv6Addr::BITS - bits) == 0
}

/// The address that a translator would reach: mapped (`::ffff:0:0/96`), NAT64 (`64:ff9b::/96`) and 6to4 (`2002::/16`).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_on_the_internet_are_public() {
        for address in "
            1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255
            172.32.0.0 192.0.1.0 192.167.255.255 198.17.255.255 198.20.0.0 223.255.255.255
            2606:4700:4700::1111 2400:3200::1 2001:4860:4860::8888 ::ffff:8.8.8.8 64:ff9b::808:808
            2002:808:808::1"
            .split_whitespace()
        {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn addresses_of_hosts_links_and_private_networks_are_not() {
        for address in "
            0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1
            127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1
            192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1
            239.255.255.250 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 fe80::1 febf::1 fec0::1
            fc00::1 fdff::1 ff02::1 100::1 2001:db8::1 2001::1 2001:20::1 3fff::1 5f00::1 4000::1
            64:ff9b:1::a00:1"
            .split_whitespace()
        {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_private_address_stays_private_within_another_one() {
        for address in "
            ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 64:ff9b::a00:1 64:ff9b::7f00:1
            2002:7f00:1:: 2002:c0a8:101::1 2002:a9fe:a9fe::"
            .split_whitespace()
        {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }
}
