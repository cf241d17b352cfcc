//! Counts the AWS calls of each request, and names the request in each of them.
//!
//! Two uses: the access log says what a request cost, and CloudTrail shows in its user-agent column which request a
//! KMS call was made for. The wire budget's tests (DESIGN §8) read the same marks in the local stack.

use std::cell::Cell;
use std::future::Future;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, BeforeTransmitInterceptorContextMut, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

/// What one request has asked of AWS so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trips {
    /// Calls made, retries not counted.
    pub calls: u32,
    /// Sequential round trips: calls under way together count once.
    pub round_trips: u32,
    under_way: u32,
}

struct Ledger {
    request_id: String,
    trips: Cell<Trips>,
}

tokio::task_local! {
    static LEDGER: Ledger;
}

/// Runs `work` as the work of one request, and tells what it asked of AWS.
pub async fn counted<F: Future>(request_id: &str, work: F) -> (F::Output, Trips) {
    let ledger = Ledger { request_id: request_id.to_owned(), trips: Cell::default() };
    LEDGER
        .scope(ledger, async {
            let output = work.await;
            (output, LEDGER.with(|ledger| ledger.trips.get()))
        })
        .await
}

/// The interceptor that every client gets.
#[derive(Debug)]
pub struct CountTrips;

#[derive(Debug)]
struct Wave(u32);

impl Storable for Wave {
    type Storer = StoreReplace<Self>;
}

impl Intercept for CountTrips {
    fn name(&self) -> &'static str {
        "CountTrips"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let wave = LEDGER.try_with(|ledger| {
            let mut trips = ledger.trips.get();
            trips.calls += 1;
            trips.round_trips += u32::from(trips.under_way == 0);
            trips.under_way += 1;
            ledger.trips.set(trips);
            trips.round_trips
        });
        if let Ok(wave) = wave {
            bag.interceptor_state().store_put(Wave(wave));
        }
        Ok(())
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Wave(wave)) = bag.load::<Wave>() else { return Ok(()) };
        let Ok(id) = LEDGER.try_with(|ledger| ledger.request_id.clone()) else { return Ok(()) };
        let headers = context.request_mut().headers_mut();
        let agent = headers.get("user-agent").unwrap_or_default().to_owned();
        headers.insert("user-agent", format!("{agent} md/request#{id} md/wave#{wave}"));
        Ok(())
    }

    fn read_after_execution(
        &self,
        _: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if bag.load::<Wave>().is_some() {
            // Outside a request there is nothing to count back.
            let _ = LEDGER.try_with(|ledger| {
                let mut trips = ledger.trips.get();
                trips.under_way = trips.under_way.saturating_sub(1);
                ledger.trips.set(trips);
            });
        }
        Ok(())
    }
}
