//! The secret part of a key, parsed once, and every computation with it.
//!
//! Nothing here knows of key ids, states or JSON.

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{Digest, SHA256, SHA384, SHA512, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair as _, ParsedPublicKey, RsaEncoding, VerificationAlgorithm};
use aws_lc_rs::{hmac, rand, rsa};

use super::keys::{KeySpec, SigningAlgorithm as Algorithm};
use super::rsa_pool;

/// A GCM nonce, which stands before its ciphertext.
const NONCE: usize = 12;

/// A parsed secret.
pub(super) struct Material {
    /// PKCS#8 or the bare bytes, as they are kept in the file.
    secret: Vec<u8>,
    parsed: Parsed,
}

enum Parsed {
    Rsa(rsa::KeyPair),
    P256(EcdsaKeyPair),
    Hmac(Box<hmac::Key>),
    Aes(RandomizedNonceKey),
}

/// What is signed: a message, or a digest that the caller made of it.
pub(super) enum ToSign<'a> {
    Raw(&'a [u8]),
    Digest(&'a [u8]),
}

impl Material {
    /// Makes a new secret. An RSA key may take a second.
    pub(super) fn generate(spec: KeySpec) -> Result<Self, Unspecified> {
        if let Some(size) = spec.rsa_size() {
            let ready = if spec == KeySpec::Rsa2048 { rsa_pool::take() } else { None };
            let pair = ready.map_or_else(|| rsa::KeyPair::generate(size), Ok)?;
            let secret = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair)?.as_ref().to_vec();
            return Ok(Self { secret, parsed: Parsed::Rsa(pair) });
        }
        let secret = if spec == KeySpec::P256 {
            EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING)?.to_pkcs8v1()?.as_ref().to_vec()
        } else {
            random(32)?
        };
        Self::parse(spec, secret)
    }

    /// Reads a secret that was kept.
    pub(super) fn parse(spec: KeySpec, secret: Vec<u8>) -> Result<Self, Unspecified> {
        let parsed = match spec {
            KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => Parsed::Rsa(rsa::KeyPair::from_pkcs8(&secret)?),
            KeySpec::P256 => {
                Parsed::P256(EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_ASN1_SIGNING, &secret)?)
            }
            KeySpec::Hmac256 => Parsed::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &secret))),
            KeySpec::Symmetric => Parsed::Aes(RandomizedNonceKey::new(&AES_256_GCM, &secret)?),
        };
        Ok(Self { secret, parsed })
    }

    /// The form to keep.
    pub(super) fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// The public key as SubjectPublicKeyInfo, if there is one.
    pub(super) fn public_key(&self) -> Option<Vec<u8>> {
        let der = match &self.parsed {
            Parsed::Rsa(pair) => AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()),
            Parsed::P256(pair) => AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()),
            Parsed::Hmac(_) | Parsed::Aes(_) => return None,
        };
        der.ok().map(|der| der.as_ref().to_vec())
    }

    /// Signs; fails if the digest has the wrong length or the key is of another kind.
    pub(super) fn sign(&self, algorithm: Algorithm, message: &ToSign<'_>) -> Result<Vec<u8>, Unspecified> {
        let digest = digest_of(algorithm, message)?;
        match &self.parsed {
            Parsed::P256(pair) => Ok(pair.sign_digest(&digest)?.as_ref().to_vec()),
            Parsed::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign_digest(padding(algorithm)?, &digest, &mut signature)?;
                Ok(signature)
            }
            Parsed::Hmac(_) | Parsed::Aes(_) => Err(Unspecified),
        }
    }

    /// Whether the signature is this key's.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        message: &ToSign<'_>,
        signature: &[u8],
    ) -> Result<bool, Unspecified> {
        let digest = digest_of(algorithm, message)?;
        let der = self.public_key().ok_or(Unspecified)?;
        let public = ParsedPublicKey::new(verification(algorithm), der)?;
        Ok(public.verify_digest_sig(&digest, signature).is_ok())
    }

    /// The HMAC of a message.
    pub(super) fn mac(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let Parsed::Hmac(key) = &self.parsed else { return Err(Unspecified) };
        Ok(hmac::sign(key, message).as_ref().to_vec())
    }

    /// Whether the HMAC is this key's; compared in constant time.
    pub(super) fn verify_mac(&self, message: &[u8], mac: &[u8]) -> Result<bool, Unspecified> {
        let Parsed::Hmac(key) = &self.parsed else { return Err(Unspecified) };
        Ok(hmac::verify(key, message, mac).is_ok())
    }

    /// Encrypts under a fresh nonce, which goes first.
    pub(super) fn seal(&self, plaintext: &[u8], context: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let Parsed::Aes(key) = &self.parsed else { return Err(Unspecified) };
        let mut sealed = plaintext.to_vec();
        let nonce = key.seal_in_place_append_tag(Aad::from(context), &mut sealed)?;
        Ok([nonce.as_ref().as_slice(), &sealed].concat())
    }

    /// Decrypts what `seal` gave; fails if a bit of it, or the context, is another.
    pub(super) fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let Parsed::Aes(key) = &self.parsed else { return Err(Unspecified) };
        let (nonce, body) = sealed.split_at_checked(NONCE).ok_or(Unspecified)?;
        let mut body = body.to_vec();
        let nonce = Nonce::try_assume_unique_for_key(nonce)?;
        Ok(key.open_in_place(nonce, Aad::from(context), &mut body)?.to_vec())
    }
}

/// Bytes from the system's generator.
pub(super) fn random(length: usize) -> Result<Vec<u8>, Unspecified> {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes)?;
    Ok(bytes)
}

fn digest_of(algorithm: Algorithm, message: &ToSign<'_>) -> Result<Digest, Unspecified> {
    let hash = match algorithm {
        Algorithm::Pkcs1Sha256 | Algorithm::PssSha256 | Algorithm::EcdsaSha256 => &SHA256,
        Algorithm::Pkcs1Sha384 | Algorithm::PssSha384 => &SHA384,
        Algorithm::Pkcs1Sha512 | Algorithm::PssSha512 => &SHA512,
    };
    match message {
        ToSign::Raw(message) => Ok(digest(hash, message)),
        ToSign::Digest(bytes) => Digest::import_less_safe(bytes, hash),
    }
}

fn padding(algorithm: Algorithm) -> Result<&'static dyn RsaEncoding, Unspecified> {
    Ok(match algorithm {
        Algorithm::Pkcs1Sha256 => &signature::RSA_PKCS1_SHA256,
        Algorithm::Pkcs1Sha384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Pkcs1Sha512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::PssSha256 => &signature::RSA_PSS_SHA256,
        Algorithm::PssSha384 => &signature::RSA_PSS_SHA384,
        Algorithm::PssSha512 => &signature::RSA_PSS_SHA512,
        Algorithm::EcdsaSha256 => return Err(Unspecified),
    })
}

fn verification(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::Pkcs1Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Pkcs1Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Pkcs1Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PssSha256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::PssSha384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::PssSha512 => &signature::RSA_PSS_2048_8192_SHA512,
        Algorithm::EcdsaSha256 => &signature::ECDSA_P256_SHA256_ASN1,
    }
}
