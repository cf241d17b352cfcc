//! What Amazon Cognito's user pools charge for the same people, by the feature plan.
//!
//! Per month and person who did anything that month, a token refresh included; us-east-1. Mails, text messages and federation by
//! SAML and OIDC come on top. Sources: <https://aws.amazon.com/cognito/pricing/> as stored copies of November 2026 quote it (Lite:
//! 10,000 free, $0.0055 for the next 90,000, then $0.0046; Essentials: 10,000 free, $0.015; Plus: none free, $0.02). The last
//! two steps of Lite ($0.00325 and $0.0025) are from memory of the same page.

/// A feature plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Passwords, social sign-in, one-time passwords by app; no passkeys, no rotation of refresh tokens.
    Lite,
    /// The default: passkeys, passwordless sign-in, rotation of refresh tokens.
    Essentials,
    /// Leaked passwords, risk of sign-ins, export of events.
    Plus,
}

impl Plan {
    pub const ALL: [Self; 3] = [Self::Lite, Self::Essentials, Self::Plus];

    pub fn name(self) -> &'static str {
        match self {
            Self::Lite => "Lite",
            Self::Essentials => "Essentials",
            Self::Plus => "Plus",
        }
    }

    /// Up to so many people, a person costs so many dollars.
    fn steps(self) -> &'static [(f64, f64)] {
        match self {
            Self::Lite => &[
                (10_000.0, 0.0),
                (100_000.0, 0.0055),
                (1_000_000.0, 0.0046),
                (10_000_000.0, 0.003_25),
                (f64::MAX, 0.0025),
            ],
            Self::Essentials => &[(10_000.0, 0.0), (f64::MAX, 0.015)],
            Self::Plus => &[(f64::MAX, 0.02)],
        }
    }

    /// The bill of a month, in dollars.
    pub fn month(self, people: f64) -> f64 {
        let mut from = 0.0;
        let mut dollars = 0.0;
        for (to, price) in self.steps() {
            dollars += (people.min(*to) - from).max(0.0) * price;
            from = *to;
        }
        dollars
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bill_climbs_its_steps() {
        let bill = |plan: Plan, people| (plan.month(people) * 100.0).round() / 100.0;
        assert_eq!((bill(Plan::Lite, 10_000.0), bill(Plan::Lite, 100_000.0)), (0.0, 495.0));
        assert_eq!(bill(Plan::Lite, 1_000_000.0), 495.0 + 4140.0);
        assert_eq!((bill(Plan::Essentials, 10_000.0), bill(Plan::Essentials, 1_000_000.0)), (0.0, 14_850.0));
        assert_eq!((bill(Plan::Plus, 10_000.0), bill(Plan::Plus, 1_000_000.0)), (200.0, 20_000.0));
    }
}
