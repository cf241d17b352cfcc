//! The warm instances of the functions: each an `App` with caches of its own. One, unless a test asks for more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use shared::app::App;
use shared::clock::Clock;
use shared::environment::Environment;
use shared::error::Error;

use crate::clock::MovableClock;

pub(crate) struct Instances {
    environment: Environment,
    clock: MovableClock,
    serving: RwLock<Vec<Arc<App>>>,
    /// How many calls they have been given.
    calls: AtomicUsize,
}

impl Instances {
    /// One cold instance.
    ///
    /// # Errors
    /// In words, when the configuration has faults.
    pub(crate) fn start(environment: Environment, clock: MovableClock) -> Result<Self, String> {
        let instances = Self { environment, clock, serving: RwLock::default(), calls: AtomicUsize::default() };
        instances.serve_by(vec![Arc::new(instances.cold()?)]);
        Ok(instances)
    }

    /// What they were started with.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The instance whose turn it is.
    pub(crate) fn next(&self) -> Arc<App> {
        let serving = self.serving.read().unwrap_or_else(PoisonError::into_inner);
        serving[self.calls.fetch_add(1, Ordering::Relaxed) % serving.len()].clone()
    }

    /// Another one, cold; it serves nobody yet.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub(crate) fn cold(&self) -> Result<App, String> {
        self.cold_with(self.clock.for_handlers())
    }

    /// One with a clock of its own.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub(crate) fn cold_with(&self, clock: Clock) -> Result<App, String> {
        App::new(&self.environment, clock).map_err(|error| match error {
            Error::Internal(faults) => faults,
            other => other.to_string(),
        })
    }

    /// From now on these serve, one after the other.
    pub(crate) fn serve_by(&self, instances: Vec<Arc<App>>) {
        assert!(!instances.is_empty(), "somebody must serve");
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = instances;
    }
}
