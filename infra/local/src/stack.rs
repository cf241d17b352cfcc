//! A running stack: what is made, what is listened to, what goes on in the background, and its end.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use embedded_aws::EmbeddedAws;
use serde_json::Value;
use shared::app::App;
use shared::clock::Clock;
use shared::environment::Environment;
use template::Template;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::captcha::{self, Captcha};
use crate::clock::MovableClock;
use crate::instances::Instances;
use crate::names::Named;
use crate::options::{Options, StartError};
use crate::provision::Provisioner;
use crate::receiver::{self, Receiver};
use crate::requests::RequestLog;
use crate::routes::Routes;
use crate::{control, functions, gateway, lambda, laptop, samples, schedules, setup, streams};

/// A running stack. Dropping it stops it.
pub struct Stack {
    pub(crate) inner: Arc<Inner>,
    pub(crate) consumers: JoinSet<()>,
    tasks: JoinSet<()>,
}

pub(crate) struct Inner {
    pub(crate) url: String,
    pub(crate) aws: EmbeddedAws,
    pub(crate) clock: MovableClock,
    pub(crate) captcha: Arc<Captcha>,
    receiver: Arc<Receiver>,
    metrics_token: String,
    pub(crate) edge_secret: Option<String>,
    pub(crate) routes: Routes,
    pub(crate) requests: RequestLog,
    pub(crate) template: Template,
    pub(crate) instances: Instances,
    dead_letters: Mutex<VecDeque<Value>>,
    pub(crate) published: lambda::Published,
    pub(crate) samples: bool,
    resetting: tokio::sync::Mutex<()>,
}

impl Stack {
    /// Reads the template, makes what it declares, and serves it.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let listener = listen(options.port).await?;
        let port = listener.local_addr().map_err(|error| StartError::CannotListen(options.port, error))?.port();
        let url = format!("http://localhost:{port}");
        let mut parameters = laptop::parameters(&url, options.parameters);
        let edge_secret = laptop::edge_secret(&mut parameters);

        // Read once to learn which keys to make and which functions there are, and once more when they have names.
        let draft = read(&options.template, &parameters, &Named::default())?;
        let clock = MovableClock::default();
        let aws_options = embedded_aws::Options {
            data_dir: options.data_dir,
            clock: clock.for_aws(),
            elsewhere: options.elsewhere,
            ..embedded_aws::Options::default()
        };
        let aws = EmbeddedAws::start(aws_options).await.map_err(StartError::Aws)?;
        let client_settings = laptop::client_settings(aws.endpoint());
        let provisioner =
            Provisioner::new(&client_settings.clone().into_iter().collect()).map_err(StartError::Setup)?;
        let keys = provisioner.keys(&draft.keys).await.map_err(StartError::Setup)?;
        let captcha = Arc::new(Captcha::new(clock.clone()));
        let captcha_listener = listen(0).await?;
        captcha.configure(&mut parameters, &captcha_listener, &provisioner, &keys).await.map_err(StartError::Setup)?;
        let metrics_token =
            laptop::metrics_token(&mut parameters, &provisioner, &keys).await.map_err(StartError::Setup)?;
        let stack_name = parameters.get("AWS::StackName").cloned().unwrap_or_default();
        let named = Named { functions: lambda::functions(&draft, &stack_name), keys };
        let template = read(&options.template, &parameters, &named)?;
        functions::check(&template).map_err(StartError::Setup)?;
        if !template.broken_rules.is_empty() {
            return Err(StartError::Rules(template.broken_rules.join("\n")));
        }
        for table in &template.tables {
            provisioner.table(table).await.map_err(StartError::Setup)?;
        }

        let environment: Environment = template.environment.clone().into_iter().chain(client_settings).collect();
        let instances = Instances::start(environment, clock.clone()).map_err(StartError::Configuration)?;
        // A CAPTCHA of somebody else's is nothing that this program can solve.
        let samples = options.samples && (instances.next().settings.captcha.is_none() || captcha.is_played());
        let inner = Arc::new(Inner {
            url,
            aws,
            receiver: Arc::new(Receiver::new(clock.clone())),
            clock,
            captcha,
            metrics_token,
            edge_secret,
            routes: Routes::of(&template),
            requests: RequestLog::default(),
            template,
            instances,
            dead_letters: Mutex::default(),
            published: lambda::Published::default(),
            samples,
            resetting: tokio::sync::Mutex::default(),
        });
        let functions = lambda::functions(&inner.template, &stack_name);
        inner.aws.deploy(functions, lambda::run(Arc::downgrade(&inner)));
        let mut stack = Self { inner, consumers: JoinSet::new(), tasks: JoinSet::new() };
        stack.tasks.spawn(captcha::serve(captcha_listener, stack.inner.captcha.clone()));
        stack.run_in_background(options.schedules);
        setup::run(&stack.inner).await.map_err(StartError::Setup)?;
        stack.serve(listener);
        Ok(stack)
    }

    /// Where it is reached: `http://localhost:PORT`.
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// The sample accounts: e-mail address, password and roles of each.
    pub fn sample_accounts(&self) -> Vec<(String, String, Vec<String>)> {
        let accounts = if self.inner.samples { samples::accounts() } else { Vec::new() };
        accounts.into_iter().map(|account| (account.email, account.password, account.roles)).collect()
    }

    pub fn aws(&self) -> &EmbeddedAws {
        &self.inner.aws
    }

    /// Ends all faults, of AWS and of the CAPTCHA provider.
    pub fn clear_faults(&self) {
        self.inner.clear_faults();
    }

    /// The secret that the CAPTCHA provider knows this stack by, for tests that look where it must not be.
    pub fn captcha_secret(&self) -> &str {
        self.inner.captcha.secret()
    }

    /// The token that `/metrics` is read with.
    pub fn metrics_token(&self) -> &str {
        &self.inner.metrics_token
    }

    pub fn clock(&self) -> &MovableClock {
        &self.inner.clock
    }

    /// What the functions are given, for tests that look below the surface.
    pub fn app(&self) -> Arc<App> {
        self.inner.app()
    }

    /// From now on calls go to these instances, one after the other, as Lambda spreads them over those that are warm.
    pub fn serve_by(&self, instances: &[Arc<App>]) {
        self.inner.instances.serve_by(instances.to_vec());
    }

    pub fn template(&self) -> &Template {
        &self.inner.template
    }

    /// Calls a function with an event, as `aws lambda invoke` would.
    ///
    /// # Errors
    /// In words, when the function failed.
    pub async fn invoke(&self, function: &str, event: Value) -> Result<Value, String> {
        self.invoke_on(self.inner.app(), function, event).await
    }

    /// The same on an instance of its own, as Lambda starts many of.
    ///
    /// # Errors
    /// In words, when the function failed.
    pub async fn invoke_on(&self, instance: Arc<App>, function: &str, event: Value) -> Result<Value, String> {
        functions::invoke(instance, &self.inner.template, function, event).await.map_err(|failed| failed.to_string())
    }

    /// What an instance has at its cold start. It gets calls of the gateway's when [`Self::serve_by`] says so.
    pub fn cold_app(&self) -> App {
        self.inner
            .instances
            .cold()
            .unwrap_or_else(|error| unreachable!("these settings have been read before: {error}"))
    }

    /// The same with a clock that is ahead of everybody else's.
    pub fn fast_app(&self, ahead: Duration) -> App {
        let clock = self.inner.clock.clone();
        let clock = Clock::new(move || clock.now() + ahead);
        self.inner.instances.cold_with(clock).unwrap_or_else(|error| unreachable!("these were read before: {error}"))
    }

    /// From now on the published version of a function, by its binary, answers events like this: as a new version would that
    /// is deployed and gets no calls of the gateway's yet. `None` leaves an event to the code.
    pub fn publish(&self, binary: &str, version: impl Fn(&Value) -> Option<Value> + Send + Sync + 'static) {
        self.inner.published.put(binary, version);
    }

    /// Stream records that were given up.
    pub fn dead_letters(&self) -> Vec<Value> {
        self.inner.dead_letters.lock().map(|letters| letters.iter().cloned().collect()).unwrap_or_default()
    }

    fn run_in_background(&mut self, schedules: bool) {
        let stack = &self.inner;
        for function in &stack.template.functions {
            for source in &function.streams {
                let table = stack.template.tables.iter().find(|table| table.logical_id == source.table);
                if let Some(table) = table {
                    self.consumers.spawn(streams::consume(
                        stack.clone(),
                        function.binary.clone(),
                        source.clone(),
                        table.name.clone(),
                    ));
                }
            }
            for schedule in function.schedules.iter().filter(|schedule| schedules && schedule.enabled) {
                self.tasks.spawn(schedules::keep(stack.clone(), function.binary.clone(), schedule.clone()));
            }
        }
    }

    fn serve(&mut self, listener: TcpListener) {
        let captcha = captcha::router(self.inner.captcha.clone());
        let receiver = receiver::router(self.inner.receiver.clone());
        let router: Router =
            control::router().merge(captcha).merge(receiver).fallback(gateway::handle).with_state(self.inner.clone());
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        self.tasks.spawn(async move {
            if let Err(error) = axum::serve(listener, service).await {
                tracing::error!(%error, "the gateway stopped");
            }
        });
    }
}

impl Inner {
    /// The instance that gets the next call.
    pub(crate) fn app(&self) -> Arc<App> {
        self.instances.next()
    }

    pub(crate) fn clear_faults(&self) {
        self.aws.faults().clear();
        self.captcha.clear_faults();
    }

    pub(crate) fn dead_letter(&self, function: &str, record: Value) {
        if let Ok(mut letters) = self.dead_letters.lock() {
            letters.push_back(serde_json::json!({ "function": function, "record": record }));
        }
    }

    /// Back to how it was after its first start: no faults, no mail, the machine's time, nothing but the sample accounts.
    pub(crate) async fn reset(&self) -> Result<(), String> {
        let _one_at_a_time = self.resetting.lock().await;
        self.clear_faults();
        self.captcha.reset();
        self.receiver.reset();
        self.clock.reset();
        let provisioner = Provisioner::new(self.instances.environment())?;
        for table in &self.template.tables {
            provisioner.empty(table).await?;
        }
        // As after a cold start: nothing that was kept at hand is true any more.
        self.instances.serve_by(vec![Arc::new(self.instances.cold()?)]);
        self.aws.mailbox().clear();
        setup::run(self).await
    }
}

async fn listen(port: u16) -> Result<TcpListener, StartError> {
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken(port),
        _ => StartError::CannotListen(port, error),
    })
}

fn read(text: &str, parameters: &BTreeMap<String, String>, named: &Named) -> Result<Template, StartError> {
    let resource = |id: &str, attribute: &str| Some(named.attribute(id, attribute));
    Template::read(text, parameters, &resource).map_err(StartError::Template)
}
