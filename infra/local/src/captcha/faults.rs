//! What goes wrong with the provider, on demand.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Captcha;
use crate::provision::Fault;

/// A fault of the provider's.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CaptchaFault {
    service: ServiceName,
    pub(super) kind: CaptchaFaultKind,
    /// How many calls it hits; until cleared if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    /// For `delay`, and only for it: how long a call waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) delay_ms: Option<u64>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ServiceName {
    Captcha,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CaptchaFaultKind {
    /// It answers 500, and the token stays good.
    Error,
    /// It answers, but later.
    Delay,
}

impl Captcha {
    /// Whether a fault is meant for this provider and not for AWS.
    pub(crate) fn is_meant_by(fault: &Value) -> bool {
        fault["service"] == "captcha"
    }

    /// Puts a fault in force, after those already there.
    ///
    /// # Errors
    /// In words, when it contradicts itself.
    pub(crate) fn add_fault(&self, fault: Value) -> Result<Value, Fault> {
        let fault: CaptchaFault = serde_json::from_value(fault).map_err(|error| error.to_string())?;
        if (fault.kind == CaptchaFaultKind::Delay) != fault.delay_ms.is_some() {
            return Err("delayMs goes with kind delay, and only with it".to_owned());
        }
        if fault.times == Some(0) {
            return Err("times is at least 1".to_owned());
        }
        let taken = json!(fault);
        self.faults().push(fault);
        Ok(taken)
    }

    /// What this call has to suffer. A fault that is used up is forgotten.
    pub(super) fn take_fault(&self) -> Option<CaptchaFault> {
        let mut faults = self.faults();
        let fault = faults.first_mut()?;
        let taken = fault.clone();
        if let Some(times) = &mut fault.times {
            *times -= 1;
            if *times == 0 {
                faults.remove(0);
            }
        }
        Some(taken)
    }
}
