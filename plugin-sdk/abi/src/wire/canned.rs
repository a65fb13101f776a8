//! A channel to nobody, for tests and fuzzing: it answers every call with bytes that were given beforehand, as a process might that has gone bad.

use super::{Answer, Channel, Memory, Method};
use crate::fault::{FaultCode, FaultRaw};
use crate::thread::Class;

/// Answers every call with the same bytes.
pub struct Canned {
    arguments: Box<[u128]>,
    records: Box<[u128]>,
    answer: Answer,
}

impl Canned {
    /// Answers with `status`; `told` is what a plugin would have told its callbacks, and what it says is `length` bytes long.
    pub fn new(status: i32, told: &[u8], length: usize) -> Self {
        let mut records = vec![0; told.len().div_ceil(16).max(1)].into_boxed_slice();
        for (place, bytes) in records.iter_mut().zip(told.chunks(16)) {
            let mut word = [0; 16];
            word[..bytes.len()].copy_from_slice(bytes);
            *place = u128::from_ne_bytes(word);
        }
        Self {
            arguments: vec![0; records.len().max(64)].into_boxed_slice(),
            answer: Answer {
                status,
                answered: true,
                records: length.min(size_of_val(&*records)),
            },
            records,
        }
    }
}

// SAFETY: both memories are boxed, aligned and ours; the answer says no more than there is.
unsafe impl Channel for Canned {
    fn begin(&mut self, _: Method, _: Class) -> Result<Memory, FaultCode> {
        Ok(Memory {
            arguments: self.arguments.as_mut_ptr().cast(),
            capacity: size_of_val(&*self.arguments),
            records: self.records.as_ptr().cast(),
        })
    }

    fn run(&mut self, _: usize) -> Answer {
        self.answer
    }

    fn abandon(&mut self) {}

    fn fault(&mut self, fault: &mut FaultRaw) {
        fault.set(self.answer.status, "canned");
    }
}
