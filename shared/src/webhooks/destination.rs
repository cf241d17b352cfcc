//! Where we may send: https to a public name, and nowhere else (case 262, H4).
//!
//! An address is checked when it is saved and again whenever it is used; what a name resolves to is checked at the moment of
//! the connection, which is made to the very address that was checked. Hosts that the settings list are exempt.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};

use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use url::{Host, Url};

/// A host and port that may be called although they are not public, or speak plain http.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed(String);

impl Listed {
    /// # Errors
    /// In words, when it is not `host:port`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (host, port) = text.rsplit_once(':').unwrap_or_default();
        let is_host = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.[]:".contains(&b));
        if is_host && port.parse::<u16>().is_ok_and(|port| port > 0) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err("must be a host and a port, such as hooks.internal.example:8080".to_owned())
        }
    }
}

/// An address that may be called.
#[derive(Debug)]
pub struct Destination {
    url: Url,
    is_listed: bool,
}

const LONGEST: usize = 2048;

/// Ports of https that no other service is found at.
const PORTS: [u16; 2] = [443, 8443];

impl Destination {
    /// # Errors
    /// In words, why it may not be called.
    pub fn parse(text: &str, listed: &[Listed]) -> Result<Self, &'static str> {
        // The parser would forgive spaces, line breaks and backslashes; whoever writes them means something else (case 266).
        if text.len() > LONGEST || !text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
            return Err("must be a URL of at most 2,048 characters, without spaces and line breaks");
        }
        let url = Url::parse(text).map_err(|_| "must be a URL")?;
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') && has_userinfo(text) {
            return Err("must not have a user name or password");
        }
        if url.fragment().is_some() {
            return Err("must not have a fragment");
        }
        let host = url.host().ok_or("must have a host")?;
        let port = url.port_or_known_default().ok_or("must use https")?;
        let is_listed = listed.iter().any(|Listed(entry)| *entry == format!("{host}:{port}"));
        if is_listed && matches!(url.scheme(), "http" | "https") {
            return Ok(Self { url, is_listed });
        }
        if url.scheme() != "https" {
            return Err("must use https");
        }
        if !PORTS.contains(&port) {
            return Err("must use port 443 or 8443");
        }
        match host {
            // Also in decimal, octal and hexadecimal: the parser knows them all.
            Host::Ipv4(_) | Host::Ipv6(_) => Err("must name its host: an address is not enough"),
            Host::Domain(name) if is_public_name(name) => Ok(Self { url, is_listed }),
            Host::Domain(_) => Err("must name a public host"),
        }
    }

    /// The address in one spelling.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether the settings vouch for it, so that it need not be public.
    pub fn is_listed(&self) -> bool {
        self.is_listed
    }
}

/// An `@` before the path, even with nothing before it.
fn has_userinfo(text: &str) -> bool {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().contains('@')
}

fn is_public_name(name: &str) -> bool {
    const PRIVATE: [&str; 7] = ["localhost", "local", "internal", "localdomain", "home.arpa", "test", "onion"];
    let is_below = |end: &str| name == end || name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.'));
    name.contains('.') && !name.ends_with('.') && !PRIVATE.into_iter().any(is_below)
}

/// Whether an address is one of the internet's: not ours, not a neighbour's, not a translation of one of those.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or_else(|| is_public_v6(ip), is_public_v4),
    }
}

/// IANA's special-purpose registry (RFC 6890), of what is not globally reachable.
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !is_special
}

/// Of 2000::/3 only, and of that not what stands for IPv4 addresses (Teredo, 6to4) or for nothing.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let is_special = match a {
        0x2001 => b < 0x0200 || b == 0x0db8,
        0x2002 => true,
        0x3fff => b < 0x1000,
        _ => false,
    };
    (0x2000..0x4000).contains(&a) && !is_special
}

/// Resolves names to public addresses only. One private address among them spoils the name: somebody is playing with it.
#[derive(Clone, Debug)]
pub(crate) struct PublicOnly;

impl ResolveDns for PublicOnly {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let name = name.to_owned();
        DnsFuture::new(async move {
            let lookup = move || (name.as_str(), 443).to_socket_addrs().map(|found| found.map(|it| it.ip()).collect());
            let found: Vec<IpAddr> = tokio::task::spawn_blocking(lookup)
                .await
                .map_err(ResolveDnsError::new)?
                .map_err(ResolveDnsError::new)?;
            if found.is_empty() || !found.iter().copied().all(is_public) {
                return Err(ResolveDnsError::new(NotPublic));
            }
            Ok(found)
        })
    }
}

/// A name does not lead to the internet.
#[derive(Debug, thiserror::Error)]
#[error("the host has no public address")]
pub(crate) struct NotPublic;

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<&'static str> {
        Destination::parse(text, &[]).err()
    }

    #[test]
    fn case_262_public_https_addresses_are_taken() {
        for good in [
            "https://hooks.example.com/postern?tenant=1",
            "https://example.com",
            "https://example.com:8443/x",
            "https://xn--bcher-kva.example/h%C3%A4ken",
        ] {
            assert_eq!(refusal(good), None, "{good}");
        }
        assert_eq!(Destination::parse("https://EXAMPLE.com:443", &[]).unwrap().url(), "https://example.com/");
    }

    #[test]
    fn case_262_whatever_leads_elsewhere_is_refused() {
        for bad in [
            "http://example.com/",
            "ftp://example.com/",
            "file:///etc/passwd",
            "//example.com/",
            "example.com",
            "",
            "https://",
            "https://localhost/",
            "https://intranet/",
            "https://db.internal/",
            "https://printer.local/",
            "https://metadata.google.internal/",
            "https://example.com./",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.0.0.1/",
            "https://0177.0.0.1/",
            "https://017700000001/",
            "https://0/",
            "https://0.0.0.0/",
            "https://10.0.0.1/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://100.64.0.1/",
            "https://8.8.8.8/",
            "https://[::1]/",
            "https://[::]/",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[2606:4700::1111]/",
            "https://１２７.0.0.1/",
            "https://example.com:22/",
            "https://example.com:80/",
            "https://example.com:6379/",
            "https://user@example.com/",
            "https://user:pass@example.com/",
            "https://:@example.com/",
            "https://example.com@127.0.0.1/",
            "https://example.com#@127.0.0.1/",
            "https://127.0.0.1\\@example.com/",
            "https://example.com/\r\nx-injected: 1",
            "https://exam\tple.com/",
            " https://example.com/",
            "https://example.com/\u{2028}",
            "javascript:alert(1)",
        ] {
            assert!(refusal(bad).is_some(), "{bad:?}");
        }
        assert!(refusal(&format!("https://example.com/{}", "x".repeat(2048))).is_some());
    }

    #[test]
    fn case_262_only_what_is_listed_is_exempt_and_only_at_its_port() {
        let listed = [Listed::parse("hooks.internal:8080").unwrap(), Listed::parse("10.0.0.7:443").unwrap()];
        let parse = |text| Destination::parse(text, &listed);
        assert!(parse("http://hooks.internal:8080/x").unwrap().is_listed());
        assert!(parse("https://10.0.0.7/x").unwrap().is_listed());
        assert!(!parse("https://example.com/").unwrap().is_listed());
        for bad in [
            "http://hooks.internal/",
            "http://hooks.internal:8081/",
            "https://10.0.0.8/",
            "ftp://hooks.internal:8080/",
            "http://u@hooks.internal:8080/",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        for bad in ["", "host", "host:", "host:0", "host:99999", "http://host:80", ":80", "a b:80"] {
            assert!(Listed::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn case_262_addresses_of_networks_are_not_public() {
        let is = |ip: &str| is_public(ip.parse().unwrap());
        for public in [
            "8.8.8.8",
            "1.1.1.1",
            "100.63.255.255",
            "172.32.0.1",
            "198.20.0.1",
            "2606:4700::1111",
            "2a00::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is(public), "{public}");
        }
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
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
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is(private), "{private}");
        }
    }

    #[tokio::test]
    async fn case_262_a_name_that_resolves_to_a_private_address_is_not_connected_to() {
        let refused = PublicOnly.resolve_dns("localhost").await;
        let error = refused.unwrap_err();
        assert!(std::error::Error::source(&error).is_some_and(|cause| cause.is::<NotPublic>()), "{error:?}");
    }
}
