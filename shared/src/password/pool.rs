//! Argon2's working memory, kept between hashes: fresh pages cost a third of a hash (BLOCKS, section 4).
//!
//! Not wiped between uses. What it holds is no more telling than the stored hash, and the process held the password itself.

use std::sync::{Mutex, PoisonError};

use argon2::Block;

/// Holds as many sets of blocks as ever were in use at once, which the hasher's permits bound.
pub(super) struct Pool {
    /// The size of a set that is kept; a larger one, for an imported hash, is given back to the system.
    keep: usize,
    free: Mutex<Vec<Vec<Block>>>,
}

impl Pool {
    pub(super) fn new(keep: usize) -> Self {
        Self { keep, free: Mutex::new(Vec::new()) }
    }

    /// Runs `work` with `count` blocks of undefined content. The lock is not held meanwhile; should `work` panic, its
    /// blocks are dropped.
    pub(super) fn with_blocks<T>(&self, count: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let taken = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut blocks = taken.unwrap_or_default();
        if blocks.len() < count {
            // Not `resize`: it would copy what nobody reads.
            blocks = vec![Block::new(); count];
        }
        let outcome = work(&mut blocks[..count]);
        if blocks.len() <= self.keep {
            self.free.lock().unwrap_or_else(PoisonError::into_inner).push(blocks);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_used_again_and_outsized_ones_are_not_kept() {
        let pool = Pool::new(8);
        let first = pool.with_blocks(8, |blocks| blocks.as_ptr());
        assert_eq!(pool.with_blocks(4, |blocks| (blocks.len(), blocks.as_ptr())), (4, first));
        pool.with_blocks(9, |_| ());
        assert!(pool.free.lock().unwrap().is_empty());
    }
}
