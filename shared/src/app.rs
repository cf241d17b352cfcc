//! What a function has at hand: settings, clients and caches, built once per cold start.

use std::sync::{Arc, OnceLock};

use aws_types::SdkConfig;

use crate::attempts::Lines;
use crate::aws::kms::Kms;
use crate::aws::sdk_config;
use crate::aws::ses::Ses;
use crate::captcha;
use crate::clock::{Clock, Timestamp};
use crate::environment::Environment;
use crate::error::{Error, Result};
use crate::health::Probes;
use crate::keys::cache::{KeyCache, SigningRing};
use crate::keys::secrets::Secrets;
use crate::log::Sampler;
use crate::metrics::Gathered;
use crate::metrics::access::ScrapeToken;
use crate::outbound::Outbound;
use crate::password::Hasher;
use crate::settings::Settings;
use crate::store::Store;
use crate::webhooks::Vault;
use crate::webhooks::delivery::Breakers;

pub struct App {
    pub settings: Settings,
    pub clock: Clock,
    pub store: Store,
    pub kms: Kms,
    pub(crate) lines: Lines,
    keys: KeyCache,
    captcha: captcha::Client,
    probes: Probes,
    hot_log: Sampler,
    gathered: Gathered,
    scrape_token: ScrapeToken,
    outbound: Outbound,
    vault: Vault,
    breakers: Breakers,
    /// Only a few functions hash or mail: the others do not pay for it.
    hasher: OnceLock<Hasher>,
    ses: OnceLock<Ses>,
    sdk: SdkConfig,
}

impl App {
    /// # Errors
    /// Names every fault of the configuration at once. A function with one serves nothing (case 305).
    pub fn new(environment: &Environment, clock: Clock) -> Result<Self> {
        let settings = Settings::read(environment).map_err(Error::internal)?;
        Ok(Self::on(sdk_config(environment)?, settings, clock))
    }

    /// The same for who reaches AWS in another way than functions do: an operator, with their own credentials.
    pub fn on(sdk: SdkConfig, settings: Settings, clock: Clock) -> Self {
        Self {
            store: Store::new(&sdk, settings.tables.clone(), clock.clone()),
            kms: Kms::new(&sdk, &settings.secrets_key_id, &settings.stack_name),
            lines: Lines::default(),
            keys: KeyCache::default(),
            captcha: captcha::Client::default(),
            probes: Probes::default(),
            hot_log: Sampler::new(settings.log_sample_hot),
            gathered: Gathered::default(),
            scrape_token: ScrapeToken::default(),
            outbound: Outbound::default(),
            vault: Vault::default(),
            breakers: Breakers::default(),
            hasher: OnceLock::new(),
            ses: OnceLock::new(),
            clock,
            settings,
            sdk,
        }
    }

    pub fn hasher(&self) -> &Hasher {
        self.hasher.get_or_init(Hasher::default)
    }

    pub fn ses(&self) -> &Ses {
        self.ses.get_or_init(|| Ses::new(&self.sdk, &self.settings.mail_from))
    }

    pub fn captcha(&self) -> &captcha::Client {
        &self.captcha
    }

    /// What all clients of AWS share, for the client of a service that only one function needs.
    pub fn sdk(&self) -> &SdkConfig {
        &self.sdk
    }

    /// Which of the hot routes' successes are logged.
    pub(crate) fn hot_log(&self) -> &Sampler {
        &self.hot_log
    }

    /// What this instance knows of its dependencies' health.
    pub(crate) fn probes(&self) -> &Probes {
        &self.probes
    }

    /// What this process has counted and not written yet.
    pub fn gathered(&self) -> &Gathered {
        &self.gathered
    }

    pub(crate) fn scrape_token(&self) -> &ScrapeToken {
        &self.scrape_token
    }

    /// The way to what is not AWS.
    pub(crate) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    pub(crate) fn breakers(&self) -> &Breakers {
        &self.breakers
    }

    /// The signing ring, not older than a minute.
    pub async fn ring(&self, now: Timestamp) -> Result<Arc<SigningRing>> {
        self.keys.ring(&self.store, now).await
    }

    /// A ring for a token with this `kid`; looks again if the one at hand does not know it.
    pub async fn ring_with(&self, kid: &str, now: Timestamp) -> Result<Arc<SigningRing>> {
        self.keys.ring_with(kid, &self.store, now).await
    }

    /// The signing ring as it is in the table now.
    pub async fn ring_read_anew(&self, now: Timestamp) -> Result<Arc<SigningRing>> {
        self.keys.read_anew(&self.store, now).await
    }

    /// The secrets, not older than five minutes. Best asked for in parallel with a first read.
    pub async fn secrets(&self, now: Timestamp) -> Result<Secrets> {
        self.keys.secrets(&self.store, &self.kms, now).await
    }

    /// Secrets for something that says it was made with this version; looks again if those at hand do not know it.
    pub async fn secrets_with(&self, version: u8, now: Timestamp) -> Result<Secrets> {
        self.keys.secrets_with(version, &self.store, &self.kms, now).await
    }

    /// What `read` makes of something that does not say its version, if we made it: with the secrets at hand or, should
    /// those be old, with those of now.
    pub async fn made_by_us<T>(&self, now: Timestamp, read: impl Fn(&Secrets) -> Option<T>) -> Result<Option<T>> {
        self.keys.made_by_us(read, &self.store, &self.kms, now).await
    }
}
