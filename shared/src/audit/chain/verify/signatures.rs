//! Verification of the signatures: which of them are good, and whether any is missing.

use std::collections::BTreeMap;

use super::super::checkpoint::Checkpoint;
use super::super::sign::LONGEST_GAP;
use super::{CUT_MARGIN, PAGE, Verifier};
use crate::clock::Timestamp;
use crate::error::Result;

impl Verifier<'_> {
    /// The checkpoints whose signature is good, in their order.
    pub(super) async fn checkpoints(&mut self) -> Result<Vec<Checkpoint>> {
        let (mut good, mut from) = (Vec::new(), 0);
        loop {
            let page = self.store.checkpoints(from, PAGE).await?;
            let Some(last) = page.last() else { break };
            from = last.ordinal + 1;
            for checkpoint in page {
                self.found.checkpoints += 1;
                if checkpoint.is_signed_by(&self.witness.key, self.stack) {
                    self.kept_since = self.kept_since.max(Some(checkpoint.kept_since));
                    self.found.signed_at = self.found.signed_at.max(Some(checkpoint.at));
                    good.push(checkpoint);
                } else {
                    self.fault(checkpoint.at, "a checkpoint was not signed by the key");
                }
            }
        }
        self.cut = good.iter().filter(|it| self.may_be_cut_at(it)).map(|it| it.number).max().unwrap_or_default();
        Ok(good)
    }

    /// Whether signatures are missing: each names the one before, and none is long after it.
    pub(super) fn signatures(&mut self, checkpoints: &[Checkpoint]) {
        let mut last: Option<&Checkpoint> = None;
        for checkpoint in checkpoints {
            let at = checkpoint.at;
            match last {
                Some(last) => {
                    if checkpoint.previous != last.digest(self.stack) {
                        self.fault(at, format!("the signatures between {} and {at} are gone", last.at));
                    }
                    self.is_signed_within(last.at, at);
                }
                None if checkpoint.previous.is_empty() => self.is_signed_within(self.witness.begun_at, at),
                None if self.may_be_cut_at(checkpoint) => {}
                None => self.fault(at, format!("the signatures before {at} are gone")),
            }
            last = Some(checkpoint);
        }
        self.is_signed_within(last.map_or(self.witness.begun_at, |last| last.at), self.now);
    }

    fn is_signed_within(&mut self, from: Timestamp, to: Timestamp) {
        if to.since(from) > LONGEST_GAP {
            self.fault(
                to,
                format!("nothing was signed from {from} to {to}: the job did not run, or signatures are gone"),
            );
        }
    }

    /// Whether a purge may have cut the chain off before a checkpoint: all that is kept is younger.
    fn may_be_cut_at(&self, checkpoint: &Checkpoint) -> bool {
        self.kept_since.is_some_and(|kept| checkpoint.at + CUT_MARGIN <= kept)
    }

    /// Whether what the log tells of is there. It is the only thing that shows the loss of the newest signatures.
    pub(super) fn logged(&mut self, checkpoints: &[Checkpoint]) {
        let by_ordinal: BTreeMap<u64, &Checkpoint> = checkpoints.iter().map(|it| (it.ordinal, it)).collect();
        let first = checkpoints.first().map_or(0, |first| first.ordinal);
        for logged in self.witness.logged.iter().filter(|logged| logged.ordinal >= first) {
            let ordinal = logged.ordinal;
            match by_ordinal.get(&ordinal) {
                Some(checkpoint) if checkpoint.digest(self.stack) == logged.digest => {}
                Some(checkpoint) => {
                    self.fault(checkpoint.at, format!("checkpoint {ordinal} is not the one of the log"))
                }
                None => self.fault(self.now, format!("checkpoint {ordinal} is in the log and is gone")),
            }
        }
    }
}
