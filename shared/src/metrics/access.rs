//! Who may read the metrics: the bearer of the scrape token, and addresses that the settings list.

use std::net::IpAddr;

use tokio::sync::OnceCell;

use crate::app::App;
use crate::context::RequestContext;
use crate::error::{Refusal, Result};
use crate::secret::{SecretText, constant_time_eq};
use crate::settings::{self, Reader};

/// What the token is encrypted for; part of the encryption context, so part of the format.
const PURPOSE: &str = "metrics";

/// Shorter tokens could be guessed, and open nothing.
const SHORTEST_TOKEN: usize = 32;

/// Shorter than any ciphertext of KMS, longer than any token.
const SHORTEST_CIPHERTEXT: usize = 100;

/// Each field names its variable.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `METRICS_TOKEN`: the scrape token, encrypted by KMS for this stack and purpose, in base64.
    pub wrapped_token: Option<Vec<u8>>,
    /// `METRICS_ALLOWED_IPS`: addresses and networks that may read without a token, comma-separated.
    pub allowed: Vec<Network>,
}

impl Settings {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            wrapped_token: reader.or("METRICS_TOKEN", None, |text| {
                settings::ciphertext(text, SHORTEST_CIPHERTEXT, "token", "docs/metrics.md").map(Some)
            }),
            allowed: reader.list("METRICS_ALLOWED_IPS", Network::parse),
        }
    }
}

/// An address, or all that share its first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let fault = || "must be an address or a network such as 192.0.2.0/24".to_owned();
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| fault())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).ok().filter(|bits| *bits <= most).ok_or_else(fault)?;
        Ok(Self { address, bits })
    }

    fn has(&self, ip: IpAddr) -> bool {
        let bits = |ip: IpAddr| match ip {
            IpAddr::V4(ip) => u128::from(ip.to_bits()) << 96,
            IpAddr::V6(ip) => ip.to_bits(),
        };
        let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
        self.address.is_ipv4() == ip.is_ipv4() && (bits(self.address) ^ bits(ip)) & mask == 0
    }
}

/// The token, unwrapped once per process.
#[derive(Default)]
pub struct ScrapeToken(OnceCell<SecretText>);

/// Lets a scraper read.
///
/// # Errors
/// [`Refusal::Forbidden`] for everybody else; [`crate::error::Error::Unavailable`] when KMS does not unwrap the token.
pub async fn check(app: &App, ctx: &RequestContext, presented: Option<&str>) -> Result<()> {
    let Settings { wrapped_token, allowed } = &app.settings.metrics;
    if ctx.ip.is_some_and(|ip| allowed.iter().any(|network| network.has(ip))) {
        return Ok(());
    }
    // Whoever presents nothing costs no call.
    let (Some(wrapped), Some(presented)) = (wrapped_token, presented) else { return Err(Refusal::Forbidden.into()) };
    let token = app.scrape_token().0.get_or_try_init(|| app.kms.unwrap_setting(PURPOSE, wrapped)).await?.expose();
    let is_right = token.len() >= SHORTEST_TOKEN && constant_time_eq(token.as_bytes(), presented.as_bytes());
    if is_right { Ok(()) } else { Err(Refusal::Forbidden.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::tests::read_with;

    #[test]
    fn ops_3_networks_hold_their_addresses_and_no_others() {
        let has = |network: &str, ip: &str| Network::parse(network).unwrap().has(ip.parse().unwrap());
        assert!(has("192.0.2.7", "192.0.2.7") && !has("192.0.2.7", "192.0.2.8"));
        assert!(has("192.0.2.0/24", "192.0.2.255") && !has("192.0.2.0/24", "192.0.3.0"));
        assert!(has("0.0.0.0/0", "203.0.113.9") && !has("0.0.0.0/0", "2001:db8::1"));
        assert!(has("2001:db8::/32", "2001:db8:ffff::1") && !has("2001:db8::/32", "2001:db9::1"));
        for bad in ["", "192.0.2.0/33", "192.0.2", "::/129", "example.com", "10.0.0.1/x"] {
            assert!(Network::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn case_305_a_token_in_the_clear_is_refused_and_not_repeated() {
        let faults = read_with(&[("METRICS_TOKEN", "supersecrettoken"), ("METRICS_ALLOWED_IPS", "here")]).unwrap_err();
        let faults = faults.to_string();
        assert!(faults.contains("METRICS_TOKEN: ") && faults.contains("METRICS_ALLOWED_IPS: "), "{faults}");
        assert!(!faults.contains("supersecret"), "{faults}");
    }
}
