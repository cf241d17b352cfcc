//! Where the keys and aliases are kept: in memory, and in a file if there is a data directory.
//!
//! The file holds the secrets in the clear, readable by its owner alone: it is a laptop's, with keys that
//! protect nothing.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::keys::{Key, KeySpec, KeyState, alias_arn, key_arn};
use super::material::Material;
use super::refusal::Refusal;
use super::wire::Blob;
use crate::clock::Clock;
use crate::start::StartError;

/// All keys and aliases. Cloning is cheap: the secrets are shared.
#[derive(Clone, Default)]
pub(super) struct State {
    /// By id.
    pub(super) keys: BTreeMap<String, Key>,
    /// From `alias/name` to the key's id.
    pub(super) aliases: BTreeMap<String, String>,
}

impl State {
    /// The key that an id, an ARN, an alias or an alias's ARN names.
    pub(super) fn find(&self, name: &str) -> Result<&Key, Refusal> {
        let id = self.id(name)?;
        self.keys.get(id).ok_or_else(|| Refusal::not_found(format!("Key '{}' does not exist", key_arn(id))))
    }

    /// The same, to change it.
    pub(super) fn find_mut(&mut self, name: &str) -> Result<&mut Key, Refusal> {
        let id = self.find(name)?.id.clone();
        self.keys.get_mut(&id).ok_or_else(|| Refusal::not_found(id))
    }

    fn id<'a>(&'a self, name: &'a str) -> Result<&'a str, Refusal> {
        let name = name.strip_prefix("arn:").and_then(|arn| arn.rsplit(':').next()).unwrap_or(name);
        if name.starts_with("alias/") {
            let missing = || Refusal::not_found(format!("Alias {} is not found.", alias_arn(name)));
            return self.aliases.get(name).map(String::as_str).ok_or_else(missing);
        }
        Ok(name.strip_prefix("key/").unwrap_or(name))
    }

    /// Forgets the keys whose time has come, with their aliases.
    fn forget_due(&mut self, now_ms: i64) -> bool {
        let before = self.keys.len();
        self.keys.retain(|_, key| !matches!(key.state, KeyState::PendingDeletion { until_ms } if until_ms <= now_ms));
        let Self { keys, aliases } = self;
        aliases.retain(|_, id| keys.contains_key(id));
        keys.len() < before
    }
}

/// The state, its file and its clock.
pub(super) struct Store {
    state: Mutex<State>,
    file: Option<PathBuf>,
    clock: Clock,
}

impl Store {
    pub(super) fn open(file: Option<PathBuf>, clock: Clock) -> Result<Self, StartError> {
        let state = match &file {
            Some(path) if path.exists() => load(path)?,
            _ => State::default(),
        };
        Ok(Self { state: Mutex::new(state), file, clock })
    }

    /// Looks at the state at this moment. What takes long is done with a clone of the key, afterwards.
    pub(super) fn read<T>(&self, look: impl FnOnce(&State, i64) -> T) -> T {
        let (state, now_ms) = self.current();
        look(&state, now_ms)
    }

    /// Changes the state: all of it or, if refused or not written to the file, nothing.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State, i64) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let (mut state, now_ms) = self.current();
        let mut next = state.clone();
        let output = change(&mut next, now_ms)?;
        self.save(&next).map_err(|error| Refusal::internal(error.to_string()))?;
        *state = next;
        Ok(output)
    }

    fn current(&self) -> (MutexGuard<'_, State>, i64) {
        let now_ms = (self.clock)();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.forget_due(now_ms) {
            // If it fails, the key is still gone here, and gone from the file with the next change.
            let _ = self.save(&state);
        }
        (state, now_ms)
    }

    /// Written aside and moved into place, so that a crash leaves the old file or the new one.
    fn save(&self, state: &State) -> io::Result<()> {
        let Some(path) = &self.file else { return Ok(()) };
        let aside = path.with_extension("json.new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&aside)?;
        file.write_all(&serde_json::to_vec_pretty(&Kept::of(state))?)?;
        file.sync_all()?;
        fs::rename(aside, path)
    }
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    keys: Vec<KeptKey>,
    aliases: BTreeMap<String, String>,
}

/// A key in the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeptKey {
    id: String,
    spec: KeySpec,
    state: KeyState,
    description: String,
    created_ms: i64,
    tags: BTreeMap<String, String>,
    policy: String,
    secret: Blob,
}

impl Kept {
    fn of(state: &State) -> Self {
        let kept = |key: &Key| {
            let Key { id, spec, state, description, created_ms, tags, policy, material } = key.clone();
            KeptKey { id, spec, state, description, created_ms, tags, policy, secret: Blob(material.secret().to_vec()) }
        };
        Self { keys: state.keys.values().map(kept).collect(), aliases: state.aliases.clone() }
    }
}

fn load(path: &Path) -> Result<State, StartError> {
    let unreadable = |reason: String| StartError::Unreadable { file: path.to_owned(), reason };
    let kept: Kept = serde_json::from_slice(&fs::read(path)?).map_err(|error| unreadable(error.to_string()))?;
    let mut state = State { keys: BTreeMap::new(), aliases: kept.aliases };
    for KeptKey { id, spec, state: key_state, description, created_ms, tags, policy, secret } in kept.keys {
        let material = Material::parse(spec, secret.0).map_err(|_| unreadable(format!("the secret of key {id}")))?;
        let material = Arc::new(material);
        let key = Key { id: id.clone(), spec, state: key_state, description, created_ms, tags, policy, material };
        state.keys.insert(id, key);
    }
    Ok(state)
}
