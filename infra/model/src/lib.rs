//! Refresh rotation under a model checker (SECURITY.md D3): the rule of `shared::tokens::rotation` itself, not a copy,
//! against every schedule of two tabs that share a cookie jar, answers lost and late, a thief, a logout and a forger.
//!
//! - [`rule`] is what is checked, and [`mutants`] are rules that look right and are not: each must be caught.
//! - [`state`] and [`world`] are the clients, the network and the clock around it; [`judge`] says what must hold.
//! - [`check`] runs a setting to its end and tells what came of it.
//! - [`schedules`] turns what was found into plain steps, for a test that replays them over HTTP.
//!
//! What it found of D3's bound: nobody honest is signed out while grace ≥ (L+1)·T + L·W + R, with T the time a client
//! waits for an answer, W its longest wait before it tries again, R the longest way of a request, and L attempts lost in
//! a row; where each of them is at most D that is (2L+2)·D, and tight. It takes a commit to follow its decision sooner than W: a slower one
//! meets the client's next attempt, whose 409 then counts as one more loss.
//!
//! Deliberately absent: HTTP, storage and signatures, and the idle and absolute ends of a family, which no race touches
//! (the rule's own tests and the schedules have those).

pub mod check;
pub mod judge;
pub mod mutants;
pub mod rule;
pub mod schedules;
pub mod state;
pub mod world;
