//! What every congestion controller does alike, whatever its algorithm.

use jackfield_core::Fault;
use jackfield_core::congestion_controller::{CongestionHandover, RateConstraints};
use jackfield_core::units::{DataRate, DataSize, TimeDelta};

/// The bounds of the session, from `activate` on. A controller that keeps its bounds here refuses what all refuse, with the same words.
///
/// ```
/// use jackfield_sdk::congestion::SessionBounds;
/// use jackfield_sdk::prelude::*;
///
/// let mut bounds = SessionBounds::default();
/// assert!(bounds.activated().is_err());
/// bounds.activate(&RateConstraints { minimum: DataRate::kbps(30), maximum: DataRate::kbps(500), start: DataRate::kbps(100) })?;
/// bounds.activated()?;
/// assert_eq!(bounds.hold(DataRate::kbps(900)), DataRate::kbps(500));
/// # Ok::<(), Fault>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionBounds {
    told: Option<RateConstraints>,
}

impl SessionBounds {
    /// Takes the bounds of `activate`.
    ///
    /// # Errors
    /// If they cross; the bounds before them still hold.
    pub fn activate(&mut self, bounds: &RateConstraints) -> Result<(), Fault> {
        Self::check(bounds)?;
        self.renew(bounds);
        Ok(())
    }

    /// For the beginning of `activate`, where the bounds are kept elsewhere.
    ///
    /// # Errors
    /// If they cross.
    pub fn check(bounds: &RateConstraints) -> Result<(), Fault> {
        if bounds.minimum > bounds.maximum {
            return Err(Fault::invalid(
                "the smallest rate is above the largest: swap `minimum` and `maximum`",
            ));
        }
        Ok(())
    }

    /// What an event before `activate` is answered with.
    pub fn missing() -> Fault {
        Fault::state("call `activate` with the session's bounds first")
    }

    /// Takes new bounds while it runs (`RouteChange`, `TargetRateConstraints`). Those that cross do no harm: the maximum holds.
    pub fn renew(&mut self, bounds: &RateConstraints) {
        self.told = Some(*bounds);
    }

    /// For the beginning of `on_event`.
    ///
    /// # Errors
    /// Before `activate`.
    pub fn activated(&self) -> Result<(), Fault> {
        self.told.map(|_| ()).ok_or_else(Self::missing)
    }

    /// The bounds; nothing before `activate`.
    pub fn told(&self) -> Option<RateConstraints> {
        self.told
    }

    /// The rate to start from; zero if none was told.
    pub fn start(&self) -> DataRate {
        self.told.map_or(DataRate::ZERO, |bounds| bounds.start)
    }

    /// The greatest rate; zero if none was told.
    pub fn maximum(&self) -> DataRate {
        self.told.map_or(DataRate::ZERO, |bounds| bounds.maximum)
    }

    /// The rate, moved into the bounds. Not by `clamp`, which panics if a host gives a minimum above the maximum.
    pub fn hold(&self, rate: DataRate) -> DataRate {
        self.told
            .map_or(rate, |bounds| rate.max(bounds.minimum).min(bounds.maximum))
    }
}

/// What a controller believes of the path when a successor comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    /// What the path bears.
    pub estimate: DataRate,
    /// The present target.
    pub target: DataRate,
    /// The round-trip time; zero if unknown.
    pub round_trip: TimeDelta,
    /// The shortest round-trip time; zero if unknown.
    pub minimum_round_trip: TimeDelta,
    /// Data that is under way.
    pub in_flight: DataSize,
    /// The share of packets lost, 0 to 1.
    pub loss: f64,
}

impl From<Belief> for CongestionHandover {
    fn from(belief: Belief) -> Self {
        Self {
            estimate: belief.estimate,
            target: belief.target,
            round_trip: belief.round_trip,
            minimum_round_trip: belief.minimum_round_trip,
            in_flight: belief.in_flight,
            loss_ppm: (belief.loss * 1e6).round() as u32,
            reserved: 0,
        }
    }
}

/// Tells the statistics: `own` in the order in which they are described, as many as the host has room for.
pub fn tell_statistics(values: &mut [f64], own: &[f64]) {
    for (value, own) in values.iter_mut().zip(own) {
        *value = *own;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: RateConstraints = RateConstraints {
        minimum: DataRate::kbps(30),
        maximum: DataRate::kbps(500),
        start: DataRate::kbps(100),
    };

    #[test]
    fn bounds_that_cross_are_refused_at_the_beginning_and_harmless_later() {
        let crossed = RateConstraints {
            minimum: DataRate::kbps(600),
            ..BOUNDS
        };
        let mut bounds = SessionBounds::default();
        assert!(bounds.activate(&crossed).is_err());
        assert!(bounds.activated().is_err());
        bounds.activate(&BOUNDS).expect("they do not cross");
        bounds.renew(&crossed);
        assert_eq!(bounds.hold(DataRate::kbps(10)), BOUNDS.maximum);
    }

    #[test]
    fn a_belief_is_handed_over_in_parts_per_million() {
        let belief = Belief {
            estimate: DataRate::kbps(400),
            target: DataRate::kbps(300),
            round_trip: TimeDelta::ms(80),
            minimum_round_trip: TimeDelta::ms(50),
            in_flight: DataSize::bytes(4_000),
            loss: 0.07,
        };
        let state = CongestionHandover::from(belief);
        assert_eq!((state.loss_ppm, state.target), (70_000, belief.target));
    }

    #[test]
    fn a_host_that_has_room_for_fewer_statistics_is_told_the_first() {
        let mut values = [0.0; 2];
        tell_statistics(&mut values, &[1.0, 2.0, 3.0]);
        assert_eq!(values, [1.0, 2.0]);
    }
}
