//! Swaps that are under way: where they stand, and what somebody decides about them.

use jackfield_graph::command::Command;
use jackfield_graph::transaction::Step;

use super::{Inner, Room};
use crate::error::SocketError;
use crate::view::{RoomEvent, RoomSwaps, SwapUnderWay};

impl Room {
    /// The swaps of the room: those under way, and the last that ended, oldest first.
    pub fn swaps(&self) -> RoomSwaps {
        let state = self.inner.state();
        RoomSwaps {
            room: self.inner.name.clone(),
            under_way: state.progress.values().cloned().collect(),
            ended: state.history.iter().cloned().collect(),
        }
    }

    /// Lets the swap go on now: from the shadow to being heard, from probation to stay.
    ///
    /// # Errors
    /// If it is not under way, or not so far that there is something to decide.
    pub async fn promote_swap(&self, swap: u64) -> Result<SwapUnderWay, SocketError> {
        self.inner.decide(swap, true).await
    }

    /// Takes the swap back: what stood in the socket before stays, or is heard again.
    ///
    /// # Errors
    /// If it is not under way, or not so far that there is something to decide.
    pub async fn abort_swap(&self, swap: u64) -> Result<SwapUnderWay, SocketError> {
        self.inner.decide(swap, false).await
    }
}

impl Inner {
    async fn decide(&self, swap: u64, promote: bool) -> Result<SwapUnderWay, SocketError> {
        let under_way = {
            let mut state = self.state();
            let Some(under_way) = state.progress.get(&swap).cloned() else {
                let ended = state.history.iter().find(|report| report.swap == swap);
                return Err(SocketError::NotUnderWay {
                    swap,
                    why: ended
                        .map_or("this room has had no such swap", |_| "it has ended")
                        .to_owned(),
                });
            };
            if under_way.step < Step::Shadow {
                return Err(SocketError::NotUnderWay {
                    swap,
                    why: "its plugin is still being made: try again in a moment".to_owned(),
                });
            }
            if state.is_moving(swap) {
                return Err(SocketError::NotUnderWay {
                    swap,
                    why: "a transport takes over by itself as soon as it has connected: swap the one before in again"
                        .to_owned(),
                });
            }
            if !state.order(Command::DecideSwap { swap, promote }) {
                return Err(SocketError::NoAnswer);
            }
            under_way
        };
        self.shared.network.decide_swap(self.key, swap, promote).await;
        Ok(under_way)
    }

    /// A swap has come to another step.
    pub(super) fn progress(&self, swap: u64, step: Step) {
        let mut state = self.state();
        let Some(under_way) = state.progress.get_mut(&swap) else {
            return;
        };
        // Of many places the one that has come the farthest is shown.
        if step <= under_way.step {
            return;
        }
        under_way.step = step;
        let told = under_way.clone();
        drop(state);
        self.tell(RoomEvent::SwapProgress(told));
    }
}
