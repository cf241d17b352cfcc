//! What is known of a request besides its content: the instant, the correlation id, and who seems to call.

use std::net::{IpAddr, Ipv6Addr};

use crate::attempts::Admission;
use crate::clock::Timestamp;

/// Passed to every domain function. One instant serves all decisions of a request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    pub now: Timestamp,
    /// On every answer, log line, event and AWS call (WEB-5).
    pub request_id: String,
    /// The peer's address as the gateway saw it, never a header's word (case 046).
    pub ip: Option<IpAddr>,
    /// The city and the country, where an edge before us says so: `Berlin, DE`. For people to look at; decides nothing.
    pub place: Option<String>,
    /// As sent, cut to 512 bytes; empty when absent.
    pub user_agent: String,
    /// The limit of the route that was called; `None` where there is none.
    pub admission: Option<Admission>,
}

impl RequestContext {
    /// The context of work that no caller asked for: a job's run, a message's delivery.
    pub fn of_job(now: Timestamp, request_id: String) -> Self {
        Self { now, request_id, ip: None, place: None, user_agent: String::new(), admission: None }
    }

    /// The same work at another time. A job may run for minutes, and its events have the time at which they are written: who
    /// follows the trail has passed the time at which the run began.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        Self { now, ..self.clone() }
    }

    /// The caller's network, too coarse to name a household: of IPv4 a /24, of IPv6 a /48.
    pub fn network(&self) -> Option<String> {
        self.ip.map(network_of)
    }

    /// The caller's address for a mail to the owner; empty when it is not known.
    pub fn ip_text(&self) -> String {
        self.ip.map(|ip| ip.to_string()).unwrap_or_default()
    }
}

/// The network of an address: of IPv4 a /24, of IPv6 a /48.
pub fn network_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sess_1_of_an_address_only_the_network_is_kept() {
        let of = |ip: &str| {
            let ctx = RequestContext::of_job(Timestamp::from_seconds(0), String::new());
            RequestContext { ip: ip.parse().ok(), ..ctx }.network()
        };
        assert_eq!(of("203.0.113.7").as_deref(), Some("203.0.113.0/24"));
        assert_eq!(of("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(of(""), None);
    }
}
