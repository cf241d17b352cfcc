//! Verification: holds the trail against the chain and the chain against its signatures, trusting neither table.

mod signatures;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::checkpoint::{Checkpoint, Witness};
use super::segment::{Change, Segment};
use crate::audit::erase;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::store::{Found, Store};

/// What was found.
#[derive(Debug, Default)]
pub struct Verification {
    pub segments: usize,
    pub checkpoints: usize,
    pub events: usize,
    /// The newest signature.
    pub signed_at: Option<Timestamp>,
    /// Events of the chain that are gone because of their age, or by the erasure of a person.
    pub purged: usize,
    pub erased: usize,
    /// Events so young that the chain need not hold them yet.
    pub waiting: usize,
    /// Events from before there was a key to sign them.
    pub before: usize,
    /// In the order of time; the first is the first record that was changed, removed or added.
    pub faults: Vec<Fault>,
}

/// Something that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Instant and id of the event; of the chain itself, the instant of its link.
    pub record: String,
    pub what: String,
}

/// The stream is usually seconds behind.
const LAG: Duration = Duration::from_secs(3600);

/// A checkpoint at which the chain was cut off must be older than all that is kept, by this much.
pub(in crate::audit) const CUT_MARGIN: Duration = Duration::from_secs(24 * 3600);

const PAGE: i32 = 200;

/// What the chain says of one event.
#[derive(Default)]
struct Told {
    /// Every content it has had, the first one first.
    fingerprints: Vec<String>,
    /// When it was written first, by the stream's own clock.
    written_at: Option<Timestamp>,
    /// When the stream told of another content, and of the end.
    changed_at: Option<Timestamp>,
    removed_at: Option<Timestamp>,
    is_present: bool,
}

struct Verifier<'a> {
    store: &'a Store,
    witness: &'a Witness,
    stack: &'a str,
    now: Timestamp,
    found: Verification,
    /// The newest signed instant before which events may be gone.
    kept_since: Option<Timestamp>,
    /// Links of the chain below this number may be gone: they tell of nothing that is kept.
    cut: u64,
    told: BTreeMap<String, Told>,
    erased: BTreeSet<String>,
    /// Events that were written long after what they tell of, and the ids of those that an erasure has made.
    late: Vec<(String, Timestamp)>,
    rewritten: BTreeSet<String>,
}

/// Verifies everything that is there.
///
/// # Errors
/// When a table does not answer; whatever is wrong with what they hold is in the report.
pub async fn verify(store: &Store, witness: &Witness, stack: &str, now: Timestamp) -> Result<Verification> {
    let verifier = Verifier {
        store,
        witness,
        stack,
        now,
        found: Verification::default(),
        kept_since: None,
        cut: 0,
        told: BTreeMap::new(),
        erased: BTreeSet::new(),
        late: Vec::new(),
        rewritten: BTreeSet::new(),
    };
    verifier.run().await
}

impl Verifier<'_> {
    async fn run(mut self) -> Result<Verification> {
        let checkpoints = self.checkpoints().await?;
        self.signatures(&checkpoints);
        self.logged(&checkpoints);
        self.segments(&checkpoints).await?;
        // After the chain: an event that is written meanwhile waits, and none seems to be gone.
        self.trail().await?;
        self.missing();
        self.backdated();
        self.found.faults.sort();
        Ok(self.found)
    }

    fn fault(&mut self, record: impl ToString, what: impl Into<String>) {
        self.found.faults.push(Fault { record: record.to_string(), what: what.into() });
    }

    async fn segments(&mut self, checkpoints: &[Checkpoint]) -> Result<()> {
        let mut by_number: BTreeMap<u64, &Checkpoint> = BTreeMap::new();
        for checkpoint in checkpoints.iter().filter(|checkpoint| checkpoint.number > 0) {
            by_number.entry(checkpoint.number).or_insert(checkpoint);
        }
        let mut last: Option<Segment> = None;
        loop {
            let page = self.store.segments(last.as_ref().map_or(0, |last| last.number + 1), PAGE).await?;
            if page.is_empty() {
                break;
            }
            for segment in page {
                self.link(last.as_ref(), &segment);
                if let Some(checkpoint) = by_number.get(&segment.number)
                    && checkpoint.hash != segment.computed()
                {
                    self.fault(segment.at, format!("segment {} is not the one that was signed", segment.number));
                }
                self.read(&segment);
                self.found.segments += 1;
                last = Some(segment);
            }
        }
        let end = last.map_or(0, |last| last.number);
        if let Some((lost, checkpoint)) = by_number.range(end + 1..).next() {
            let what = format!("the chain ends with segment {end}, but segment {lost} was signed");
            self.fault(checkpoint.at, what);
        }
        Ok(())
    }

    /// Whether a segment fits the one before it.
    fn link(&mut self, last: Option<&Segment>, segment: &Segment) {
        let number = segment.number;
        if segment.computed() != segment.hash {
            self.fault(segment.at, format!("segment {number} was changed"));
        }
        let (before, hash) = last.map_or((0, ""), |last| (last.number, last.hash.as_str()));
        if number != before + 1 {
            // A purge that was interrupted may have left some of what it cuts off.
            if number > self.cut {
                self.fault(segment.at, format!("the segments from {} to {} are gone", before + 1, number - 1));
            }
        } else if segment.previous != hash {
            self.fault(segment.at, format!("segment {number} does not follow segment {before}"));
        }
    }

    fn read(&mut self, segment: &Segment) {
        for entry in &segment.entries {
            match Change::of_entry(entry) {
                Some(Change::Written { at, fingerprint, written_at }) => {
                    let told = self.told.entry(at).or_default();
                    told.written_at.get_or_insert(written_at);
                    if !told.fingerprints.contains(&fingerprint) {
                        if !told.fingerprints.is_empty() {
                            told.changed_at.get_or_insert(segment.at);
                        }
                        told.fingerprints.push(fingerprint);
                    }
                }
                Some(Change::Removed { at }) => {
                    self.told.entry(at).or_default().removed_at = Some(segment.at);
                }
                None => self.fault(segment.at, format!("segment {} has an entry of no known kind", segment.number)),
            }
        }
    }

    async fn trail(&mut self) -> Result<()> {
        let mut next = None;
        loop {
            let (page, after) = self.store.whole_trail(next).await?;
            for found in page {
                self.found.events += 1;
                self.event(found);
            }
            next = after;
            if next.is_none() {
                return Ok(());
            }
        }
    }

    fn event(&mut self, Found { at, fingerprint, event }: Found) {
        let is_young = at >= (self.now - LAG).to_string();
        let Some(told) = self.told.get_mut(&at).filter(|told| !told.fingerprints.is_empty()) else {
            let is_before = at < (self.witness.begun_at - LAG).to_string();
            if is_young {
                self.found.waiting += 1;
                self.claims(event.as_ref());
            } else if is_before {
                self.found.before += 1;
            } else {
                self.fault(at, "was added behind the chain's back");
            }
            return;
        };
        told.is_present = true;
        let (changed_at, written_at) = (told.changed_at, told.written_at);
        if told.fingerprints.first() != Some(&fingerprint) {
            let when = changed_at.map_or_else(String::new, |at| format!(", about {at}"));
            self.fault(at, format!("was changed{when}"));
            return;
        }
        if let Some(when) = changed_at {
            self.fault(&at, format!("was changed, about {when}, and changed back"));
        }
        let happened = at.split('#').next().and_then(Timestamp::parse);
        if let (Some(happened), Some(written_at)) = (happened, written_at)
            && written_at.since(happened) > LAG
        {
            self.late.push((at, written_at));
        }
        self.claims(event.as_ref());
    }

    /// An erasure says which events it removed, and is signed.
    fn claims(&mut self, event: Option<&crate::audit::Recorded>) {
        let Some(event) = event.filter(|event| event.kind == erase::KIND) else { return };
        match erase::read(event, &self.witness.key, self.stack) {
            Some(erasure) => {
                self.erased.extend(erasure.removed);
                self.rewritten.extend(erasure.rewritten);
            }
            None => self.fault(&event.at, "claims to be an erasure, and is not signed by the key"),
        }
    }

    /// What was written long after its time. An erasure does that, and says so.
    fn backdated(&mut self) {
        for (at, written_at) in std::mem::take(&mut self.late) {
            let id = at.rsplit('#').next().unwrap_or_default();
            if !self.rewritten.contains(id) {
                self.fault(at, format!("was added later, about {written_at}"));
            }
        }
    }

    /// What the chain tells of, and the trail does not hold.
    fn missing(&mut self) {
        let kept_since = self.kept_since.map(|kept| kept.to_string());
        let told = std::mem::take(&mut self.told);
        for (at, told) in told.into_iter().filter(|(_, told)| !told.is_present && !told.fingerprints.is_empty()) {
            let id = at.rsplit('#').next().unwrap_or_default();
            if kept_since.as_ref().is_some_and(|kept| at < *kept) {
                self.found.purged += 1;
            } else if self.erased.contains(id) {
                self.found.erased += 1;
            } else {
                let when = told.removed_at.map_or_else(String::new, |at| format!(", about {at}"));
                self.fault(at, format!("was removed{when}"));
            }
        }
    }
}
