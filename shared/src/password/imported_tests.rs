//! Published vectors for every kind of hash that verifies, and the caps. The sources stand beside the vectors.

use super::*;

fn check(stored: &str, password: &str) -> Result<bool, HashFault> {
    Stored::parse(stored)?.matches(password.as_bytes(), &Pool::new(0))
}

fn fault(stored: &str) -> HashFault {
    check(stored, "password").unwrap_err()
}

/// Password, hash. Every one must match its own password and no other.
const VECTORS: [(&str, &str); 15] = [
    // libargon2, src/test.c
    ("password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
    ("password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"),
    ("password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"),
    ("password", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"),
    // The same, version 1.0: the string carries no version.
    ("password", "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ"),
    (
        "password",
        "$argon2d$v=19$m=65536,t=2,p=1$YzI5dFpYTmhiSFFBQUFBQUFBQUFBQQ$Jxy74cswY2mq9y+u+iJcJy8EqOp4t/C7DWDzGwGB3IM",
    ),
    ("password", "$argon2d$v=16$m=32,t=2,p=3,data=Dw8PDw8P$AAAAAAAAAAA$KnH4gniiaFnDvlA1xev3yovC4cnrrI6tnHOYtmja90o"),
    // crypt_blowfish, wrapper.c
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
    ("U*U*U", "$2y$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
    ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"),
    // passlib's documentation
    ("password", "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"),
    // RFC 7914, section 12
    (
        "pleaseletmein",
        "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
    ),
    // RFC 6070's inputs under SHA-256 and SHA-512, as in the PBKDF2 test vectors of RustCrypto and others
    (
        "passwordPASSWORDpassword",
        "$pbkdf2-sha256$i=4096,l=40$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$NIyJ28vTKy8y2BS4EW6EzysXNH68GAAYHE4qH7jdU+HGNVGMfaxH6Q",
    ),
    (
        "passwordPASSWORDpassword",
        "$pbkdf2-sha512$i=4096,l=64$c2FsdFNBTFRzYWx0U0FMVHNhbHRTQUxUc2FsdFNBTFRzYWx0$jAUR9Mbll8asYxXY8DYuIl88UBSVuiO4aMAFF03E7nERW1n55gzZUy+jPg91rv4wIlxYOhhs2CvU2uqXJKPTuA",
    ),
];

#[test]
fn published_vectors_match_their_password_and_no_other() {
    for (password, stored) in VECTORS {
        assert_eq!(check(stored, password), Ok(true), "{stored}");
        assert_eq!(check(stored, &format!("{password}x")), Ok(false), "{stored}");
    }
}

#[test]
fn memory_used_before_does_not_change_a_hash() {
    let pool = Pool::new(65_536);
    for _ in 0..2 {
        for (password, stored) in &VECTORS[..7] {
            assert_eq!(
                Stored::parse(stored).unwrap_or_else(|e| panic!("{e}")).matches(password.as_bytes(), &pool),
                Ok(true),
                "{stored}"
            );
        }
    }
}

#[test]
fn case_008_bcrypt_counts_nul_and_ignores_what_follows_72_bytes() {
    let salt = [7; 16];
    let stored = bcrypt::hash_with_salt("left\0right", 4, salt).unwrap().to_string();
    assert_eq!(check(&stored, "left\0right"), Ok(true));
    assert_eq!(check(&stored, "left"), Ok(false));
    // crypt_blowfish, wrapper.c
    let stored = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";
    let seventy_two = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    assert_eq!(check(stored, &format!("{seventy_two}chars after 72 are ignored")), Ok(true));
    assert_eq!(check(stored, &seventy_two[..71]), Ok(false));
}

#[test]
fn a_hash_that_asks_for_too_much_is_refused_before_it_gets_it() {
    let tail = "$c29tZXNhbHRzb21lc2FsdA$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for parameters in [
        "$argon2id$v=19$m=4194304,t=1,p=1",
        "$argon2id$v=19$m=131073,t=1,p=1",
        "$argon2id$v=19$m=131072,t=9,p=1",
        "$argon2d$v=19$m=8,t=4294967295,p=1",
        "$argon2id$v=19$m=8192,t=1,p=17",
        "$scrypt$ln=18,r=8,p=1",
        "$scrypt$ln=17,r=9,p=1",
        "$scrypt$ln=14,r=8,p=33",
        "$scrypt$ln=31,r=8,p=1",
        // Little in V, and 512 MiB beside it.
        "$scrypt$ln=0,r=1048576,p=4",
        "$scrypt$ln=1,r=524288,p=4",
        "$scrypt$ln=10,r=65,p=1",
        // r·p is more than 32 bits hold.
        "$scrypt$ln=1,r=65536,p=65536",
        "$scrypt$ln=1,r=4294967295,p=4294967295",
        "$pbkdf2-sha512$i=2000001",
        "$pbkdf2-sha256$i=4294967295",
    ] {
        assert_eq!(fault(&format!("{parameters}{tail}")), HashFault::TooCostly, "{parameters}");
    }
    assert_eq!(fault("$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"), HashFault::TooCostly);
    assert_eq!(fault("$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"), HashFault::TooCostly);
    let long = "$c29tZXNhbHRzb21lc2FsdA$bLdZqRYmyd7dZrL8pBX1uxyIDv3MeoDOIFTwq7mOk7EKNUDCYvFBN+6PyuLjh1chtqM+I9Uhv9gVgBd3m3G08g";
    assert_eq!(fault(&format!("$pbkdf2-sha256$i=1000001,l=64{long}")), HashFault::TooCostly, "two blocks");
    assert!(Stored::parse(&format!("$pbkdf2-sha512$i=2000000,l=64{long}")).is_ok(), "one block");
    for parameters in [
        "$argon2id$v=19$m=131072,t=8,p=1",
        "$argon2id$v=19$m=102400,t=2,p=8",
        "$scrypt$ln=17,r=8,p=1",
        "$scrypt$ln=13,r=8,p=10",
        "$pbkdf2-sha256$i=2000000",
    ] {
        assert!(Stored::parse(&format!("{parameters}{tail}")).is_ok(), "{parameters}");
    }
}

#[test]
fn what_is_no_hash_is_a_fault_and_never_a_panic() {
    for stored in [
        "",
        "$",
        "password",
        "$argon2id$",
        "$argon2id$v=19$m=19456,t=2,p=1",
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
        "$argon2id$v=18$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=0,t=0,p=0$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$2b$",
        "$2b$xx$",
        "$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOé",
        "$2b$05$!!!!!!!!!!!!!!!!!!!!!!E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$scrypt$ln=0,r=0,p=0$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$pbkdf2-sha256$i=80000$TmFDbA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$pbkdf2-sha256$i=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    ] {
        assert_eq!(fault(stored), HashFault::Malformed, "{stored}");
    }
    for stored in [
        "$md5$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$pbkdf2-sha1$i=5000$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    ] {
        assert_eq!(fault(stored), HashFault::Unsupported, "{stored}");
    }
}

proptest::proptest! {
    #[test]
    fn reading_a_stored_hash_never_panics(stored in "\\PC{0,80}", tail in "[ -~é]{0,70}") {
        let _ = Stored::parse(&stored);
        for head in ["$2b$", "$argon2id$", "$scrypt$", "$pbkdf2-sha256$"] {
            let _ = Stored::parse(&format!("{head}{tail}"));
        }
    }
}
