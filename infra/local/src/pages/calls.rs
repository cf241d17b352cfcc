//! `GET /_local/calls`: what each request asked of AWS, how long that took and what it would cost.

use askama::Template;

/// The newest requests.
#[derive(Template)]
#[template(path = "calls.html")]
pub(crate) struct CallsPage {
    /// Newest first.
    pub(crate) requests: Vec<RequestRow>,
}

/// One request to the gateway.
pub(crate) struct RequestRow {
    pub(crate) request_id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    /// Sequential round trips: calls under way together count once.
    pub(crate) round_trips: u32,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    /// US dollars for a million requests like this one.
    pub(crate) price_per_million: f64,
    pub(crate) duration_ms: f64,
    /// In the order they were started.
    pub(crate) calls: Vec<CallRow>,
}

/// One call to AWS.
pub(crate) struct CallRow {
    /// Such as `dynamodb` or `kms`.
    pub(crate) service: String,
    pub(crate) operation: String,
    pub(crate) tables: Vec<String>,
    /// Which of the request's round trips it belongs to, from 1.
    pub(crate) wave: u32,
    /// From the start of the request.
    pub(crate) start_ms: f64,
    pub(crate) duration_ms: f64,
    pub(crate) status: u16,
    /// The fault that was made to happen, if one was.
    pub(crate) fault: Option<String>,
}

impl CallsPage {
    /// Which entry of the navigation this page is.
    fn here(&self) -> &'static str {
        "/_local/calls"
    }
}

impl RequestRow {
    /// Where a call's bar starts and how wide it is, as CSS. A short call keeps a bar that can be seen.
    fn bar(&self, call: &CallRow) -> String {
        let end =
            self.calls.iter().map(|call| call.start_ms + call.duration_ms).fold(self.duration_ms, f64::max).max(0.001);
        let width = (call.duration_ms / end * 100.0).clamp(0.8, 100.0);
        let start = (call.start_ms / end * 100.0).clamp(0.0, 100.0 - width);
        format!("margin-left:{start:.2}%;width:{width:.2}%")
    }

    fn reads(&self) -> String {
        short(self.read_units)
    }

    fn writes(&self) -> String {
        short(self.write_units)
    }

    pub(super) fn status_class(&self) -> &'static str {
        match self.status {
            ..400 => "ok",
            400..500 => "refused",
            _ => "broken",
        }
    }
}

impl CallRow {
    /// The class that colours the bar. The service is always written beside it too.
    fn class(&self) -> &'static str {
        match self.service.as_str() {
            _ if self.failed() => "failed",
            "dynamodb" => "dynamodb",
            "kms" => "kms",
            "ses" => "ses",
            _ => "other",
        }
    }

    fn failed(&self) -> bool {
        self.fault.is_some() || self.status >= 400
    }
}

/// At most two digits after the point, and none that say nothing: `0.5`, `12`.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
pub(super) fn sample() -> CallsPage {
    let call = |service: &str, operation: &str, table: &str, wave, start_ms, duration_ms| CallRow {
        service: service.to_owned(),
        operation: operation.to_owned(),
        tables: table.split_whitespace().map(str::to_owned).collect(),
        wave,
        start_ms,
        duration_ms,
        status: 200,
        fault: None,
    };
    let request = |id: &str, method: &str, path: &str, status, duration_ms, calls: Vec<CallRow>| RequestRow {
        request_id: id.to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        status,
        round_trips: calls.iter().map(|call| call.wave).max().unwrap_or(0),
        read_units: 1.5,
        write_units: 9.0,
        price_per_million: 18.342,
        duration_ms,
        calls,
    };
    let login = vec![
        call("dynamodb", "GetItem", "Logins", 1, 0.4, 1.9),
        call("dynamodb", "TransactWriteItems", "Attempts", 1, 0.5, 3.2),
        call("dynamodb", "TransactWriteItems", "Sessions AuditEvents", 2, 41.0, 4.4),
        call("kms", "Sign", "", 2, 41.1, 7.8),
    ];
    let mut faulty = vec![
        call("dynamodb", "GetItem", "Sessions", 1, 0.3, 1.1),
        call("dynamodb", "GetItem", "Users", 1, 0.3, 60.0),
        call("ses", "SendEmail", "", 2, 62.0, 9.0),
    ];
    faulty[1].status = 400;
    faulty[1].fault = Some("throttle".to_owned());
    CallsPage {
        requests: vec![
            request("01JD5W8Z7Q4M", "POST", "/auth/login", 200, 50.2, login),
            request("01JD5W8Y2K9A", "POST", "/auth/refresh", 503, 72.6, faulty),
            request(
                "01JD5W8X0B3C",
                "POST",
                "/auth/login",
                401,
                38.0,
                vec![call("dynamodb", "GetItem", "Logins", 1, 0.4, 1.9)],
            ),
            request(
                "01JD5W8W6T1E",
                "GET",
                "/auth/organizations/slug-available/a-rather-long-slug-to-wrap",
                200,
                1.2,
                vec![call("dynamodb", "GetItem", "Organizations", 1, 0.2, 0.8)],
            ),
            request("01JD5W8V9R0H", "GET", "/.well-known/jwks.json", 200, 0.3, Vec::new()),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_shows_its_calls_its_units_and_its_price() {
        let html = sample().render().unwrap();
        for part in ["/auth/login", "01JD5W8Z7Q4M", "TransactWriteItems", "Sessions, AuditEvents", "18.34", "throttle"]
        {
            assert!(html.contains(part), "{part}");
        }
        super::super::tests::check(&html);
    }

    #[test]
    fn bars_stay_inside_their_row() {
        let mut page = sample();
        let request = &mut page.requests[0];
        request.duration_ms = 0.0;
        assert_eq!(request.bar(&request.calls[0]), "margin-left:0.82%;width:3.89%");
        let late = CallRow { start_ms: 1e9, duration_ms: 0.0, ..page.requests.remove(1).calls.remove(0) };
        assert_eq!(page.requests[0].bar(&late), "margin-left:99.20%;width:0.80%");
        let nothing = RequestRow { duration_ms: 0.0, calls: Vec::new(), ..page.requests.remove(0) };
        assert!(!nothing.bar(&late).contains("NaN"));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 0.5, 12.0, 18.342, 100.0].map(short), ["0", "0.5", "12", "18.34", "100"]);
    }
}
