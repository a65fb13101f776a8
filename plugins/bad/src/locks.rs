//! Holds a lock in `process` that all its instances share.

use std::sync::{Mutex, PoisonError};

use jackfield_sdk::prelude::*;

use crate::{Block, Sin, descriptor};

/// How many blocks all instances have processed.
static BLOCKS: Mutex<u64> = Mutex::new(0);

/// Holds a lock in `process` that all its instances share.
#[derive(Default)]
pub struct Locks(());

impl Sin for Locks {
    const DESCRIPTOR: Descriptor = descriptor(
        "jackfield.bad.locks",
        "Locks",
        "Holds a lock that all its instances share while it processes.",
    );

    fn commit(&mut self, block: Block<'_>) -> Result<(), Fault> {
        let mut blocks = BLOCKS.lock().unwrap_or_else(PoisonError::into_inner);
        *blocks += 1;
        // Long enough for another instance to come by.
        let mut x = 1.0_f32;
        for _ in 0..20_000 {
            x = std::hint::black_box(x * 0.999_999_9);
        }
        block.near[0] += x * 1e-12;
        Ok(())
    }
}
