//! Which lines of an import make an account.

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_795_225_800);
const HASH: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

fn line(json: &str) -> Record {
    serde_json::from_str(json).unwrap()
}

fn with(member: &str) -> Record {
    line(&format!(r#"{{"email":"ada@example.com","passwordHash":"{HASH}",{member}}}"#))
}

fn code(record: &Record) -> &'static str {
    record.check(ImportRules::default(), NOW).err().map_or("", |reject| reject.code)
}

#[test]
fn sign_6_an_address_and_a_hash_are_enough() {
    let made = line(&format!(r#"{{"email":"Ada@Example.com","passwordHash":"{HASH}"}}"#));
    let Ok(made) = made.check(ImportRules::default(), NOW) else { panic!("a good line") };
    assert_eq!((made.user.email.as_str(), made.user.name.as_str()), ("ada@example.com", "ada"));
    assert_eq!((made.user.roles, made.user.created_at, made.user.token_version), (vec!["owner".to_owned()], NOW, 0));
    assert!(!made.user.email_verified && !made.has_own_id && made.login.password_hash == HASH);
    assert_eq!(made.login.organization_id, made.organization.org_id);
}

#[test]
fn client_6_what_is_written_is_read_again_as_the_same() {
    let text = format!(
        r#"{{"id":"01a1fc34-ef94-7ec0-8000-000000000001","email":"ada@example.com","emailVerified":true,"name":"Ada","status":"disabled","roles":["owner","billing-admin"],"passwordHash":"{HASH}","createdAt":"2026-01-02T03:04:05.006Z","tokenVersion":7,"signedIn":true,"organization":{{"id":"01a1fc34-ef94-7ec0-8000-000000000002","name":"Engines","slug":"engines","createdAt":"2026-01-02T03:04:05.006Z"}}}}"#
    );
    let Ok(made) = line(&text).check(ImportRules::default(), NOW) else { panic!("a good line") };
    let again = Record::of(&made.user, &made.login, Some(&made.organization));
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
}

#[test]
fn sign_6_what_a_sign_up_would_refuse_is_refused_with_its_reason() {
    assert_eq!(code(&line(&format!(r#"{{"email":"ada","passwordHash":"{HASH}"}}"#))), "email_invalid");
    for (member, expected) in [
        (r#""name":"a\nb""#, "name_invalid"),
        (r#""status":"gone""#, "status_invalid"),
        (r#""roles":["Owner"]"#, "role_invalid"),
        (r#""roles":["owner","admin"]"#, "role_admin"),
        (r#""tokenVersion":2147483649"#, "token_version_invalid"),
        (r#""tokenVersion":4294967295"#, "token_version_invalid"),
        (r#""id":"42""#, "id_invalid"),
        (r#""id":"01a1fc34-ef94-8ec0-8000-000000000001""#, "id_invalid"),
        (r#""createdAt":"yesterday""#, "created_at_invalid"),
        (r#""createdAt":"2999-01-01T00:00:00Z""#, "created_at_invalid"),
        (r#""organization":{"slug":"admin"}"#, "slug_invalid"),
        (r#""organization":{"id":"42"}"#, "organization_id_invalid"),
        (r#""organization":{"name":"\u200b"}"#, "organization_name_invalid"),
    ] {
        assert_eq!(code(&with(member)), expected, "{member}");
    }
    let admins = ImportRules { admins: true, ..ImportRules::default() };
    assert!(with(r#""roles":["owner","admin"]"#).check(admins, NOW).is_ok());
}

#[test]
fn sign_6_a_hash_that_could_not_be_verified_is_refused_before_it_is_stored() {
    let tail = "$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for (hash, expected) in [
        ("hunter2".to_owned(), "hash_malformed"),
        ("5f4dcc3b5aa765d61d8327deb882cf99".to_owned(), "hash_malformed"),
        (format!("$md5{tail}"), "hash_unsupported"),
        (format!("$argon2id$v=19$m=4194304,t=1,p=1{tail}"), "hash_too_costly"),
        (format!("$argon2id$v=19$m=8,t=4294967295,p=1{tail}"), "hash_too_costly"),
        (format!("$scrypt$ln=31,r=8,p=1{tail}"), "hash_too_costly"),
        (format!("$pbkdf2-sha256$i=4294967295{tail}"), "hash_too_costly"),
        ("$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".to_owned(), "hash_too_costly"),
        // Sixty characters that no bcrypt has.
        ("$2b$05$!!!!!!!!!!!!!!!!!!!!!!E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".to_owned(), "hash_malformed"),
    ] {
        let record = line(&format!(r#"{{"email":"ada@example.com","passwordHash":"{hash}"}}"#));
        let Err(reject) = record.check(ImportRules::default(), NOW) else { panic!("{hash} was taken") };
        assert_eq!(reject.code, expected, "{hash}");
        assert!(!reject.reason.contains(&hash));
    }
    let mixed_up = with(&format!(r#""roles":["{HASH}"]"#));
    assert!(mixed_up.check(ImportRules::default(), NOW).is_err_and(|reject| !reject.reason.contains(HASH)));
    let none = line(r#"{"email":"ada@example.com"}"#);
    assert_eq!(code(&none), "hash_missing");
    let rules = ImportRules { without_password: true, ..ImportRules::default() };
    assert!(none.check(rules, NOW).is_ok_and(|made| !made.has_password()));
}
