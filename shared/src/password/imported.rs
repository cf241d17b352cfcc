//! Stored hashes of every kind that verifies: Argon2, and bcrypt, scrypt and PBKDF2 as an import brings them (SIGN-6).
//!
//! Parameters come from the stored string, so they are capped before anything is computed with them. Nothing here makes a
//! hash to be stored, or knows of threads and permits (`hasher`). Not read: MCF variants of scrypt and PBKDF2 (passlib's,
//! Django's) and Firebase's scrypt (an importer rewrites those as PHC strings first), and salts under 8 bytes and PBKDF2
//! under 1,000 rounds, which the libraries refuse.

use argon2::password_hash::CustomizedPasswordHasher;
use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

use super::pool::Pool;
use crate::secret::constant_time_eq;

/// The most memory one verification may take, in KiB: 128 MiB, what scrypt at N = 2^17, r = 8 asks for.
const MAX_MEMORY_KIB: u64 = 128 * 1_024;
/// The most memory one verification may pass over, in KiB: 1 GiB, about a second.
const MAX_WORK_KIB: u64 = 1_024 * 1_024;
/// Lanes cost threads or nothing; more than this is no setting anybody uses.
const MAX_LANES: u32 = 16;
/// scrypt's block size: with so few lanes the memory besides V is 128 KiB. Everybody takes 8.
const MAX_SCRYPT_BLOCK: u32 = 64;
/// bcrypt 14 takes about a second; each step doubles it.
const MAX_BCRYPT_COST: u32 = 14;
/// Of one block of output; a longer hash has every round for each block.
const MAX_PBKDF2_ROUNDS: u64 = 2_000_000;

/// Why a password could not be hashed or verified. Says nothing about the password, and never contains the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashFault {
    /// The stored string is no hash, or one with parameters its algorithm does not have.
    #[error("the stored password hash cannot be read")]
    Malformed,
    /// A hash, but of an algorithm that is not verified here.
    #[error("the stored password hash is of an unknown kind")]
    Unsupported,
    /// The stored parameters ask for more memory or time than one login may take.
    #[error("the stored password hash asks for too much memory or time")]
    TooCostly,
    /// The computation did not end: a panic, or a runtime that is shutting down.
    #[error("hashing was interrupted")]
    Interrupted,
}

impl HashFault {
    /// Stable, for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "hash_malformed",
            Self::Unsupported => "hash_unsupported",
            Self::TooCostly => "hash_too_costly",
            Self::Interrupted => "hash_interrupted",
        }
    }
}

/// Whether a hash that somebody else made can be stored: of a kind that verifies, whole, and within the caps. Computes
/// nothing.
///
/// # Errors
/// What [`super::Hasher::verify`] would say of it.
pub fn check(stored: &str) -> Result<(), HashFault> {
    Stored::parse(stored).map(drop)
}

/// A stored hash, read and within the caps.
pub(super) enum Stored {
    Argon2 { algorithm: Algorithm, version: Version, params: Params, salt: Vec<u8>, hash: Output },
    Bcrypt(String),
    Scrypt { params: scrypt::Params, salt: Vec<u8>, hash: Output },
    Pbkdf2 { algorithm: pbkdf2::Algorithm, params: pbkdf2::Params, salt: Vec<u8>, hash: Output },
}

impl Stored {
    /// Reads a stored hash and checks its parameters against the caps.
    pub(super) fn parse(text: &str) -> Result<Self, HashFault> {
        if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix)) {
            return parse_bcrypt(text);
        }
        let phc = PasswordHash::new(text).map_err(|_| HashFault::Malformed)?;
        let (Some(salt), Some(hash)) = (phc.salt, phc.hash) else {
            return Err(HashFault::Malformed);
        };
        let salt = salt.to_vec();
        match phc.algorithm.as_str() {
            "argon2id" | "argon2i" | "argon2d" => {
                let algorithm = Algorithm::new(phc.algorithm.as_str()).map_err(|_| HashFault::Malformed)?;
                // A string without a version is of the first one (libargon2's decoder).
                let version = Version::try_from(phc.version.unwrap_or(0x10)).map_err(|_| HashFault::Malformed)?;
                let params = Params::try_from(&phc).map_err(|_| HashFault::Malformed)?;
                let memory = u64::from(params.m_cost());
                within_caps(memory, memory * u64::from(params.t_cost()), params.p_cost())?;
                Ok(Self::Argon2 { algorithm, version, params, salt, hash })
            }
            "scrypt" => {
                // Before the library multiplies them: that overflows.
                let exceeds = |name: &str, most: u32| {
                    phc.params
                        .iter()
                        .any(|(it, value)| it.as_str() == name && value.decimal().is_ok_and(|it| it > most))
                };
                if exceeds("r", MAX_SCRYPT_BLOCK) || exceeds("p", MAX_LANES) {
                    return Err(HashFault::TooCostly);
                }
                let params = scrypt::Params::try_from(&phc).map_err(|_| HashFault::Malformed)?;
                // 128·r·N bytes; scrypt passes over it twice for each of p.
                let memory = params.n().saturating_mul(u64::from(params.r())) / 8;
                within_caps(memory, memory.saturating_mul(2 * u64::from(params.p())), params.p())?;
                Ok(Self::Scrypt { params, salt, hash })
            }
            "pbkdf2-sha256" | "pbkdf2-sha512" => {
                let algorithm = pbkdf2::Algorithm::new(phc.algorithm.as_str()).map_err(|_| HashFault::Malformed)?;
                let params = pbkdf2::Params::try_from(&phc).map_err(|_| HashFault::Malformed)?;
                let block = if algorithm == pbkdf2::Algorithm::Pbkdf2Sha512 { 64 } else { 32 };
                if u64::from(params.rounds()) * params.output_len().div_ceil(block) as u64 > MAX_PBKDF2_ROUNDS {
                    return Err(HashFault::TooCostly);
                }
                Ok(Self::Pbkdf2 { algorithm, params, salt, hash })
            }
            _ => Err(HashFault::Unsupported),
        }
    }

    /// Whether `password` is the one hashed. Blocks for as long as the parameters ask.
    ///
    /// bcrypt reads 72 bytes and no more, so a longer password matches by its beginning until the re-hash that follows.
    /// NUL is a byte like any other here; hashes made by C implementations end at it and will not match.
    pub(super) fn matches(&self, password: &[u8], pool: &Pool) -> Result<bool, HashFault> {
        let (computed, hash) = match self {
            Self::Bcrypt(text) => return bcrypt::verify(password, text).map_err(|_| HashFault::Malformed),
            Self::Argon2 { algorithm, version, params, salt, hash } => {
                (argon2(&Argon2::new(*algorithm, *version, params.clone()), password, salt, hash.len(), pool)?, hash)
            }
            Self::Scrypt { params, salt, hash } => {
                let mut computed = Zeroizing::new(vec![0; hash.len()]);
                scrypt::scrypt(password, salt, params, &mut computed).map_err(|_| HashFault::Malformed)?;
                (computed, hash)
            }
            Self::Pbkdf2 { algorithm, params, salt, hash } => {
                let computed = pbkdf2::Pbkdf2::default()
                    .hash_password_customized(password, salt, Some(algorithm.to_str()), None, *params)
                    .map_err(|_| HashFault::Malformed)?;
                let computed = computed.hash.ok_or(HashFault::Malformed)?;
                (Zeroizing::new(computed.as_bytes().to_vec()), hash)
            }
        };
        Ok(constant_time_eq(&computed, hash.as_bytes()))
    }

    /// Whether a new hash under `ours` would be no stronger than this one.
    pub(super) fn is_as_strong_as(&self, ours: &Params) -> bool {
        match self {
            Self::Argon2 { algorithm: Algorithm::Argon2id, version: Version::V0x13, params, salt, hash } => {
                params.m_cost() >= ours.m_cost()
                    && params.t_cost() >= ours.t_cost()
                    && params.p_cost() >= ours.p_cost()
                    && salt.len() >= super::hasher::SALT_BYTES
                    && hash.len() >= super::hasher::HASH_BYTES
            }
            Self::Argon2 { .. } | Self::Bcrypt(_) | Self::Scrypt { .. } | Self::Pbkdf2 { .. } => false,
        }
    }
}

/// One Argon2 computation in memory from the pool.
pub(super) fn argon2(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    length: usize,
    pool: &Pool,
) -> Result<Zeroizing<Vec<u8>>, HashFault> {
    let mut out = Zeroizing::new(vec![0; length]);
    pool.with_blocks(argon2.params().block_count(), |blocks| {
        argon2.hash_password_into_with_memory(password, salt, &mut out, blocks)
    })
    .map_err(|_| HashFault::Malformed)?;
    Ok(out)
}

fn parse_bcrypt(text: &str) -> Result<Stored, HashFault> {
    let cost = text.get(4..6).and_then(|cost| cost.parse::<u32>().ok()).ok_or(HashFault::Malformed)?;
    // Reads the salt and the hash, too: what cannot be read must not wait for its owner's next sign-in.
    if cost < 4 || text.parse::<bcrypt::HashParts>().is_err() {
        return Err(HashFault::Malformed);
    }
    if cost > MAX_BCRYPT_COST {
        return Err(HashFault::TooCostly);
    }
    Ok(Stored::Bcrypt(text.to_owned()))
}

/// `memory` and `work` in KiB.
fn within_caps(memory: u64, work: u64, lanes: u32) -> Result<(), HashFault> {
    if memory > MAX_MEMORY_KIB || work > MAX_WORK_KIB || lanes > MAX_LANES {
        return Err(HashFault::TooCostly);
    }
    Ok(())
}

#[cfg(test)]
#[path = "imported_tests.rs"]
mod tests;
