//! What a call costs at the prices of `embedded_aws::prices`, and how long it would take where a round trip takes its time.
//!
//! The model of time is `processor time at the function's share of a processor + round trips × 5 ms`, and for what answers on a
//! beat the time until the next one. It leaves out what only AWS can show: the way to the function, TLS handshakes, throttling. The share is a bound from above: Lambda gives short bursts
//! more than the share that memory buys.

use embedded_aws::prices;

use crate::figures::{Counted, Row};

/// What a round trip to DynamoDB, KMS or SES within a region is taken to last, in milliseconds. AWS promises single-digit
/// milliseconds of DynamoDB at any scale, and publishes nothing of KMS; the local stack takes less than one.
pub const ROUND_TRIP_MS: f64 = 5.0;

/// With so much memory a function has one processor to itself, with less a part of it. Source: AWS Lambda, "Configure Lambda
/// function memory".
const MB_OF_ONE_PROCESSOR: f64 = 1769.0;

/// One call in so many finds no warm instance. AWS says "under 1 %" of production workloads (AWS Compute Blog, 2025-04-29).
const COLD: f64 = 0.01;

/// What Lambda itself logs of a call (`platform.start` and `platform.report` in JSON), and API Gateway by our format, in bytes: estimates
/// by the forms of these lines, with the 26 bytes that each is billed more.
const PLATFORM_LOG_BYTES: f64 = 560.0;
const ACCESS_LOG_BYTES: f64 = 260.0;

const GB: f64 = 1024.0 * 1024.0 * 1024.0;

/// Dollars, by who is paid. Of one call, or of a month, or of a million.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dollars {
    pub lambda: f64,
    pub gateway: f64,
    pub dynamodb: f64,
    pub kms: f64,
    pub mail: f64,
    pub logs: f64,
}

impl Dollars {
    pub fn sum(&self) -> f64 {
        self.lambda + self.gateway + self.dynamodb + self.kms + self.mail + self.logs
    }

    #[must_use]
    pub fn times(&self, n: f64) -> Self {
        Self {
            lambda: self.lambda * n,
            gateway: self.gateway * n,
            dynamodb: self.dynamodb * n,
            kms: self.kms * n,
            mail: self.mail * n,
            logs: self.logs * n,
        }
    }

    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            lambda: self.lambda + other.lambda,
            gateway: self.gateway + other.gateway,
            dynamodb: self.dynamodb + other.dynamodb,
            kms: self.kms + other.kms,
            mail: self.mail + other.mail,
            logs: self.logs + other.logs,
        }
    }
}

/// How long so much processor time lasts on a function of this memory.
fn at_its_share(cpu_ms: f64, memory_mb: u32) -> f64 {
    cpu_ms * (MB_OF_ONE_PROCESSOR / f64::from(memory_mb)).max(1.0)
}

/// How long a warm call would last, in milliseconds.
pub fn warm_ms(row: &Row) -> f64 {
    let busy = at_its_share(row.measured.cpu_ms, row.memory_mb) + f64::from(row.counted.round_trips) * ROUND_TRIP_MS;
    if row.beat_ms > 0.0 { ((busy / row.beat_ms).floor() + 1.0) * row.beat_ms } else { busy }
}

/// How much longer an instance's first answer would take than a warm one. A start has a whole processor to itself.
pub fn cold_ms(row: &Row) -> f64 {
    let more_trips = f64::from(row.first.round_trips.saturating_sub(row.counted.round_trips));
    row.measured.init_cpu_ms + more_trips * ROUND_TRIP_MS
}

/// What Lambda bills of a call, in GB-ms, the share of starts in it.
pub fn gb_ms(row: &Row) -> f64 {
    (warm_ms(row).ceil() + COLD * cold_ms(row).ceil()) * f64::from(row.memory_mb) / 1024.0
}

fn asked(counted: &Counted) -> Dollars {
    Dollars {
        dynamodb: prices::dynamodb(counted.read_units, counted.write_units),
        kms: f64::from(counted.kms_calls - counted.kms_curve_calls) * prices::KMS_CALL
            + f64::from(counted.kms_curve_calls) * prices::KMS_ASYMMETRIC_CALL,
        mail: f64::from(counted.mails) * prices::MAIL,
        ..Dollars::default()
    }
}

/// What a call costs, the share of first calls in it. Not what follows it: see [`crate::month`].
pub fn of_call(row: &Row) -> Dollars {
    let asked = asked(&row.counted).times(1.0 - COLD).plus(&asked(&row.first).times(COLD));
    let access_log = if row.is_behind_gateway { ACCESS_LOG_BYTES } else { 0.0 };
    Dollars {
        lambda: prices::LAMBDA_CALL + gb_ms(row) / 1e3 * prices::LAMBDA_GB_SECOND,
        gateway: if row.is_behind_gateway { prices::GATEWAY_CALL } else { 0.0 },
        logs: (row.measured.log_bytes + PLATFORM_LOG_BYTES + access_log) / GB * prices::LOG_GB,
        ..asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Measured;

    fn row() -> Row {
        Row {
            name: "x".to_owned(),
            about: String::new(),
            answer: "200".to_owned(),
            memory_mb: 1024,
            is_behind_gateway: true,
            beat_ms: 0.0,
            counted: Counted {
                round_trips: 2,
                read_units: 1.0,
                write_units: 10.0,
                kms_calls: 1,
                mails: 1,
                ..Counted::default()
            },
            first: Counted {
                round_trips: 4,
                read_units: 3.0,
                write_units: 10.0,
                kms_calls: 2,
                mails: 1,
                ..Counted::default()
            },
            measured: Measured { cpu_ms: 10.0, init_cpu_ms: 3.0, ..Measured::default() },
        }
    }

    fn is_near(value: f64, wanted: f64) {
        assert!((value - wanted).abs() < wanted.abs() * 1e-9, "{value}, not {wanted}");
    }

    #[test]
    fn known_work_costs_what_the_price_lists_say() {
        let cost = of_call(&row()).times(1e6);
        // 10 ms of a processor at 1024 of 1769 MB are 17.3 ms, and two round trips 10: 28 ms; a hundredth of 3 + 10 ms.
        is_near(gb_ms(&row()), 28.13);
        is_near(cost.lambda, 0.20 + 28.13e-3 * 1e6 * 0.000_016_666_7);
        is_near(cost.gateway, 1.0);
        is_near(cost.dynamodb, 0.99 * (0.125 + 6.25) + 0.01 * (0.375 + 6.25));
        is_near(cost.kms, 3.0 * 1.01);
        is_near(cost.mail, 100.0);
        is_near(cost.sum(), cost.lambda + cost.gateway + cost.dynamodb + cost.kms + cost.mail + cost.logs);
    }

    #[test]
    fn a_small_function_waits_for_its_share_of_a_processor() {
        let small = Row { memory_mb: 256, ..row() };
        is_near(warm_ms(&small), 10.0 * 1769.0 / 256.0 + 10.0);
        let large = Row { memory_mb: 3538, ..row() };
        is_near(warm_ms(&large), 20.0);
    }

    #[test]
    fn what_waits_for_a_beat_pays_for_the_wait() {
        let of = |cpu_ms| {
            let measured = Measured { cpu_ms, ..Measured::default() };
            warm_ms(&Row { beat_ms: 100.0, memory_mb: 1769, measured, ..row() })
        };
        // With two round trips.
        assert_eq!((of(36.0), of(89.9), of(90.0), of(150.0)), (100.0, 100.0, 200.0, 200.0));
    }

    #[test]
    fn a_key_of_a_curve_costs_more() {
        let mut signs = row();
        (signs.counted.kms_curve_calls, signs.first.kms_curve_calls) = (1, 1);
        is_near(of_call(&signs).times(1e6).kms, 0.99 * 15.0 + 0.01 * 18.0);
    }

    #[test]
    fn what_is_not_behind_the_gateway_does_not_pay_it() {
        let inside = Row { is_behind_gateway: false, ..row() };
        assert_eq!(of_call(&inside).gateway, 0.0);
        assert!(of_call(&inside).logs < of_call(&row()).logs);
    }
}
