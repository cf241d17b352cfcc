//! Configurations, good and bad.

use super::*;

fn good() -> Vec<(&'static str, &'static str)> {
    let mut variables = vec![
        ("STAGE", "production"),
        ("PUBLIC_URL", "https://auth.example.com"),
        ("AUDIENCE", "postern"),
        ("FRONTEND_ORIGINS", "https://app.example.com, https://example.com"),
        ("APP_URL", "https://app.example.com/account/"),
        ("COOKIE_DOMAIN", "example.com"),
        ("MAIL_FROM", "no-reply@example.com"),
        ("PRODUCT_NAME", "Example"),
        ("STACK_NAME", "postern"),
        ("SECRETS_KEY_ID", "key"),
        ("AUDIT_KEY_ID", "key"),
    ];
    for table in [
        "USERS",
        "LOGINS",
        "SESSIONS",
        "ATTEMPTS",
        "CHALLENGES",
        "ORGANIZATIONS",
        "AUDIT_EVENTS",
        "AUDIT_CHAIN",
        "OUTBOX",
        "SIGNING_KEYS",
        "SETTINGS",
        "METRICS",
        "DELIVERIES",
    ] {
        variables.push((Box::leak(format!("{table}_TABLE").into_boxed_str()), "t"));
    }
    variables
}

pub(crate) fn read_with(changes: &[(&'static str, &'static str)]) -> Result<Settings, ConfigurationFaults> {
    Settings::read(&good().into_iter().chain(changes.iter().copied()).collect())
}

#[test]
fn a_good_configuration_is_read() {
    let settings = read_with(&[]).unwrap();
    assert_eq!(settings.app_url, "https://app.example.com/account");
    assert_eq!(settings.frontend_origins, ["https://app.example.com", "https://example.com"]);
    assert!(settings.is_same_site());
    assert!(!read_with(&[("FRONTEND_ORIGINS", "https://other.example.net")]).unwrap().is_same_site());
}

#[test]
fn case_305_every_fault_is_named_at_once() {
    let faults = Settings::read(&Environment::default()).unwrap_err();
    assert_eq!(faults.0.len(), 22, "{faults}");
    let faults = read_with(&[
        ("STAGE", "prod"),
        ("PUBLIC_URL", "https://auth.example.com/"),
        ("FRONTEND_ORIGINS", "http://app.example.com,*,https://a.example/x"),
        ("APP_URL", "ftp://example.com"),
        ("MAIL_FROM", "Example <no-reply@example.com>"),
        ("PASSWORD_POLICY", "lax"),
        ("SIGNING_ALGORITHM", "HS256"),
        ("PROFILE", "forever"),
        ("ROTATION_DAYS", "0"),
        ("SECRET_ROTATION_DAYS", "366"),
        ("EDGE", "nginx"),
        ("AUDIT_RETENTION_DAYS", "29"),
        ("LOG_SAMPLE_HOT", "0"),
        ("LOCK_AFTER", "2"),
        ("LOCK_MINUTES", "soon"),
        ("ROUTE_BURST", "11"),
        ("COOKIE_DOMAIN", "example.org"),
    ])
    .unwrap_err();
    assert_eq!(faults.0.len(), 19, "{faults}");
    let together = read_with(&[("SUSPICIOUS_AFTER", "3"), ("LOCK_AFTER", "3")]).unwrap_err();
    assert!(together.to_string().contains("SUSPICIOUS_AFTER: must be less than LOCK_AFTER"), "{together}");
}

#[test]
fn ops_2_a_profile_sets_what_is_not_set_by_itself() {
    let of = |changes: &[(&'static str, &'static str)]| {
        let settings = read_with(changes).unwrap();
        (settings.password_policy, settings.signing_algorithm, settings.sessions.idle.as_secs() / 60)
    };
    assert_eq!(of(&[]), (Policy::Balanced, Algorithm::RS256, 7 * 24 * 60));
    assert_eq!(of(&[("PROFILE", "aal2")]), (Policy::Balanced, Algorithm::RS256, 60));
    assert_eq!(of(&[("PROFILE", "aal3")]), (Policy::Balanced, Algorithm::RS256, 15));
    assert_eq!(of(&[("PROFILE", "asvs")]), (Policy::Passphrase, Algorithm::ES256, 60));
    let own = [("PROFILE", "asvs"), ("PASSWORD_POLICY", "classic"), ("SIGNING_ALGORITHM", "RS256")];
    assert_eq!(of(&own), (Policy::Classic, Algorithm::RS256, 60));
}

#[test]
fn only_development_may_use_plain_http() {
    assert!(read_with(&[("STAGE", "preview"), ("PUBLIC_URL", "http://localhost:4000")]).is_err());
    assert!(
        read_with(&[("STAGE", "development"), ("PUBLIC_URL", "http://localhost:4000"), ("COOKIE_DOMAIN", "")]).is_ok()
    );
}

#[test]
fn the_grace_ends_before_a_successor_can_be_rotated() {
    for profile in [Profile::Consumer, Profile::Aal2, Profile::Aal3, Profile::Asvs] {
        let rules = profile.sessions();
        assert!(rules.grace < rules.fresh && rules.fresh < rules.access_life && rules.idle < rules.absolute);
    }
}
