//! Refuses the addresses that no webhook should go to, when they are set and not only when they fail.
//!
//! This is half of the protection: a name may resolve to a private address, which [`is_public`] tells when we connect.

use url::{Host, Url};

use crate::webhooks::is_public;

/// Ports below are those of mail, shells and the like; none but that of HTTPS is a webhook's.
const FIRST_FREE_PORT: u16 = 1024;
const HTTPS_PORT: u16 = 443;

/// Why an address is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedUrl {
    /// It cannot be read. It is not repeated, because it may hold a password.
    #[error("this is no URL")]
    Malformed,
    /// It is not HTTPS.
    #[error("`{0}:` is not allowed; use `https:`")]
    Scheme(String),
    /// It holds a name or a password, which would end up in logs.
    #[error("the URL must not hold a user name or a password")]
    UserInfo,
    /// The port belongs to another kind of service.
    #[error("port `{0}` is not allowed; use 443 or one from 1024 on")]
    Port(u16),
    /// It points into a private network.
    #[error("`{0}` is not a public address")]
    Host(String),
}

/// Reads the address of a webhook, or of another system of the shop's. With `allow_private`, for trying things out, hosts of one's own network, plain
/// HTTP and all ports are allowed.
///
/// # Errors
///
/// Fails when nothing should ever be sent there.
pub(crate) fn check_url(text: &str, allow_private: bool) -> Result<Url, RefusedUrl> {
    let url = Url::parse(text).map_err(|_| RefusedUrl::Malformed)?;
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        other => return Err(RefusedUrl::Scheme(other.to_owned())),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RefusedUrl::UserInfo);
    }
    let host = url.host().ok_or(RefusedUrl::Malformed)?;
    let port = url.port_or_known_default().unwrap_or(HTTPS_PORT);
    if allow_private {
        Ok(url)
    } else if port != HTTPS_PORT && port < FIRST_FREE_PORT {
        Err(RefusedUrl::Port(port))
    } else if !may_be_public(&host) {
        Err(RefusedUrl::Host(host.to_string()))
    } else {
        Ok(url)
    }
}

/// Names of a network's own are not on the internet: those without a dot, and those that end as RFC 6761, RFC 6762
/// and ICANN keep for such use.
fn may_be_public(host: &Host<&str>) -> bool {
    match *host {
        Host::Ipv4(address) => is_public(address.into()),
        Host::Ipv6(address) => is_public(address.into()),
        Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(name);
            let last = name.rsplit_once('.').map(|(_, last)| last);
            last.is_some_and(|last| !["localhost", "local", "internal", "test", "invalid"].contains(&last))
                && !name.ends_with(".home.arpa")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_https_is_allowed() {
        for url in "
            https://example.com/hooks?a=b https://hooks.example.com:8443/ https://8.8.8.8/
            https://[2606:4700:4700::1111]/ https://商店.example.com/ https://localhost.example.com/"
            .split_whitespace()
        {
            assert!(check_url(url, false).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_private_host_is_refused_in_every_spelling() {
        for url in "
            https://127.0.0.1/ https://127.1/ https://2130706433/ https://0x7f000001/
            https://0177.0.0.1/ https://１２７.0.0.1/ https://127.0.0.1./ https://0/ https://[::1]/
            https://[::ffff:7f00:1]/ https://169.254.169.254/latest/meta-data https://localhost/
            https://LOCALHOST./ https://a.localhost/ https://printer.local/
            https://metadata.google.internal/ https://intranet/ https://nas.home.arpa/"
            .split_whitespace()
        {
            assert!(matches!(check_url(url, false), Err(RefusedUrl::Host(_))), "{url}");
            assert!(check_url(url, true).is_ok(), "{url}");
        }
    }

    #[test]
    fn other_schemes_users_and_ports_are_refused() {
        use RefusedUrl::{Malformed, Port, Scheme, UserInfo};
        for (url, refused) in [
            ("http://example.com/", Scheme("http".into())),
            ("ftp://example.com/", Scheme("ftp".into())),
            ("file:///etc/passwd", Scheme("file".into())),
            ("https://user@example.com/", UserInfo),
            ("https://:password@example.com/", UserInfo),
            ("https://example.com:22/", Port(22)),
            ("https://example.com:80/", Port(80)),
            ("https://example.com:0/", Port(0)),
            ("example.com", Malformed),
            ("https://", Malformed),
        ] {
            assert_eq!(check_url(url, false), Err(refused));
        }
        assert!(check_url("http://192.168.1.5:80/", true).is_ok());
        assert_eq!(check_url("gopher://192.168.1.5/", true), Err(Scheme("gopher".into())));
        assert_eq!(check_url("http://a@192.168.1.5/", true), Err(UserInfo));
    }
}
