//! Swaps of what stands in the network sockets of a room.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::CongestionController;
use jackfield_core::pacer::Pacer;
use jackfield_core::time::Timestamp;
use jackfield_core::transport::Transport;

use super::NetworkDomain;
use crate::network::controller::ControllerSwapped;
use crate::network::event::{DatagramSink, NetworkError};
use crate::stopwatch::Stopwatch;
use crate::swap::SwapMeasure;
use crate::transaction::Step;

/// What a swap of a plugin gives back.
pub struct Swapped<P: ?Sized> {
    /// Its figures.
    pub measure: SwapMeasure,
    /// To be dropped where that may take time: the predecessor, or the newcomer if it was rolled back.
    pub retired: Box<P>,
}

impl NetworkDomain {
    /// Begins to swap the transport, make before break: `newcomer` (activated) is negotiated by [`NetworkDomain::with_transport`]; when it
    /// connects it becomes the one that sends, and its predecessor goes on listening for 2 s. `NetworkEvent::TransportSwapped` tells the end.
    ///
    /// # Errors
    /// If nobody has this number.
    pub fn swap_transport(
        &mut self,
        now: Timestamp,
        id: u32,
        newcomer: Box<dyn Transport>,
        sink: &mut dyn DatagramSink,
    ) -> Result<(), NetworkError> {
        let (participant, commons) = self.both(id)?;
        participant.swap_transport(now, newcomer, commons, sink);
        Ok(())
    }

    /// Swaps the pacer; what waits goes over in the same order.
    ///
    /// # Errors
    /// If nobody has this number. A newcomer that fails is rolled back and told in the figures.
    pub fn swap_pacer(
        &mut self,
        now: Timestamp,
        id: u32,
        newcomer: Box<dyn Pacer>,
        watch: &mut dyn Stopwatch,
    ) -> Result<Swapped<dyn Pacer>, NetworkError> {
        let participant = self.participant(id)?;
        let start = watch.us();
        let swapped = participant.swap_pacer(now, newcomer);
        participant.deadline = now;
        Ok(figures(swapped, watch.us() - start))
    }

    /// Begins to swap the congestion controller: `newcomer` is activated, starts from what its predecessor knows and is told everything; it decides
    /// from the end of its time in the shadow on, or when it is promoted if the swap is on `hold`. [`NetworkDomain::take_swapped`] gives the end.
    ///
    /// # Errors
    /// If nobody has this number. A newcomer that fails is rolled back and told in the figures.
    pub fn swap_congestion(
        &mut self,
        now: Timestamp,
        id: u32,
        swap: u64,
        newcomer: Box<dyn CongestionController>,
        hold: bool,
    ) -> Result<(), NetworkError> {
        let participant = self.participant(id)?;
        participant.swap_congestion(now, swap, newcomer, hold);
        participant.deadline = now;
        Ok(())
    }

    /// Begins to swap the estimator, as [`NetworkDomain::swap_congestion`] does the congestion controller.
    ///
    /// # Errors
    /// If nobody has this number, or nothing estimates there.
    pub fn swap_estimator(
        &mut self,
        now: Timestamp,
        id: u32,
        swap: u64,
        newcomer: Box<dyn CongestionController>,
        hold: bool,
    ) -> Result<(), NetworkError> {
        let participant = self.participant(id)?;
        participant.deadline = now;
        let begun = participant.swap_estimator(now, swap, newcomer, hold);
        begun.then_some(()).ok_or(NetworkError::NoEstimator(id))
    }

    /// Somebody decided about a swap of a congestion controller or an estimator, wherever it is under way: it goes on now, or is taken back.
    pub fn decide_swap(&mut self, now: Timestamp, swap: u64, promote: bool) {
        for participant in &mut self.participants {
            let controllers = participant.media.controllers();
            controllers.for_each(|controller| controller.decide(now, swap, promote));
            participant.deadline = now;
        }
    }

    /// The step of a swap of a congestion controller or an estimator, where it has come the least far; `None` if it is under way nowhere.
    pub fn swap_step(&mut self, swap: u64) -> Option<Step> {
        let controllers = self.participants.iter_mut().flat_map(|p| p.media.controllers());
        controllers
            .filter_map(|controller| controller.swap_step(swap))
            .min()
    }

    /// The end of a swap of `id`'s congestion controller or estimator, once; `None` while it is under way.
    ///
    /// # Errors
    /// If nobody has this number.
    pub fn take_swapped(&mut self, id: u32, swap: u64) -> Result<Option<ControllerSwapped>, NetworkError> {
        let mut controllers = self.participant(id)?.media.controllers();
        Ok(controllers.find_map(|controller| controller.take_ended(swap)))
    }
}

fn figures<P: ?Sized>(swapped: Result<Box<P>, (Box<P>, Fault)>, stall_us: f64) -> Swapped<P> {
    let clean = SwapMeasure {
        stall_us,
        ..SwapMeasure::CLEAN
    };
    match swapped {
        Ok(retired) => Swapped {
            measure: clean,
            retired,
        },
        Err((retired, _)) => Swapped {
            measure: clean.rolled_back("it failed while it took over"),
            retired,
        },
    }
}
