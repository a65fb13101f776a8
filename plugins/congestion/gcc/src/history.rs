//! What has to be remembered of what left until feedback comes: sizes that only the sender knows, and what probes were meant to be.

use std::collections::VecDeque;

use jackfield_sdk::prelude::*;

/// So many packets with something untracked before them are remembered.
const MOST_PACKETS: usize = 2_048;
/// So many probes.
const MOST_PROBES: usize = 64;

/// Remembers.
pub(crate) struct History {
    /// By sequence number.
    untracked: VecDeque<(i64, DataSize)>,
    probes: VecDeque<ProbeCluster>,
}

impl History {
    pub(crate) fn new() -> Self {
        Self {
            untracked: VecDeque::with_capacity(MOST_PACKETS),
            probes: VecDeque::with_capacity(MOST_PROBES),
        }
    }

    /// A packet left, and before it so much that no feedback will be about.
    pub(crate) fn sent(&mut self, sequence_number: i64, untracked: DataSize) {
        let in_order = self
            .untracked
            .back()
            .is_none_or(|(last, _)| *last < sequence_number);
        if untracked <= DataSize::ZERO || !in_order {
            return;
        }
        if self.untracked.len() == MOST_PACKETS {
            self.untracked.pop_front();
        }
        self.untracked.push_back((sequence_number, untracked));
    }

    /// What left untracked before a packet; told once.
    pub(crate) fn take_untracked(&mut self, sequence_number: i64) -> DataSize {
        match self
            .untracked
            .binary_search_by_key(&sequence_number, |(number, _)| *number)
        {
            Ok(at) => std::mem::take(&mut self.untracked[at].1),
            Err(_) => DataSize::ZERO,
        }
    }

    /// A probe was asked for.
    pub(crate) fn asked(&mut self, probe: ProbeCluster) {
        if self.probes.len() == MOST_PROBES {
            self.probes.pop_front();
        }
        self.probes.push_back(probe);
    }

    /// What a probe was meant to be.
    pub(crate) fn probe(&self, id: u32) -> Option<&ProbeCluster> {
        self.probes.iter().rev().find(|probe| probe.id == id)
    }
}
