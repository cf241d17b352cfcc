//! What is known of a request besides its content: the instant, the correlation id, and who seems to call.

use std::net::IpAddr;

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
    /// As sent, cut to 512 bytes; empty when absent.
    pub user_agent: String,
    /// The limit of the route that was called; `None` where there is none.
    pub admission: Option<Admission>,
}

impl RequestContext {
    /// The context of work that no caller asked for: a job's run, a message's delivery.
    pub fn of_job(now: Timestamp, request_id: String) -> Self {
        Self { now, request_id, ip: None, user_agent: String::new(), admission: None }
    }

    /// The caller's address for a mail to the owner; empty when it is not known.
    pub fn ip_text(&self) -> String {
        self.ip.map(|ip| ip.to_string()).unwrap_or_default()
    }
}
