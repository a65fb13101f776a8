//! What is lost on the way: as a function of time, so that two runs meet the same weather.

use crate::clock::VirtualTime;
use crate::random::{CounterRandom, Purpose};
use crate::scenario::LossSpec;
use crate::steps::{Steps, instant, ns};

/// Decides which packets are lost.
#[derive(Debug)]
pub(crate) enum Loss {
    None,
    Random(Steps<f64>),
    Chain(Chain),
    List { packets: Vec<u64>, next: usize },
}

/// The chain of Gilbert and Elliott in continuous time: the n-th stay in a state is drawn by its number.
#[derive(Debug)]
pub(crate) struct Chain {
    means: [f64; 2],
    losses: [f64; 2],
    stays: u64,
    until: VirtualTime,
}

impl Loss {
    pub(crate) fn new(spec: &LossSpec) -> Self {
        match spec {
            LossSpec::None => Self::None,
            LossSpec::Random { share } => {
                Self::Random(Steps::new(share.iter().map(|(at, share)| (instant(*at), *share))))
            }
            LossSpec::GilbertElliott {
                good,
                bad,
                loss_good,
                loss_bad,
            } => Self::Chain(Chain {
                means: [ns(*good) as f64, ns(*bad) as f64],
                losses: [*loss_good, *loss_bad],
                stays: 0,
                until: VirtualTime::ZERO,
            }),
            LossSpec::List(packets) => Self::List {
                packets: packets.clone(),
                next: 0,
            },
        }
    }

    /// Whether the `carried`-th packet of the link, the `ordinal`-th in `slot`, is lost at `now`.
    pub(crate) fn hits(
        &mut self,
        now: VirtualTime,
        carried: u64,
        random: &CounterRandom,
        link: u16,
        (slot, ordinal): (u64, u32),
    ) -> bool {
        let share = match self {
            Self::None => return false,
            Self::Random(steps) => steps.at(now),
            Self::Chain(chain) => chain.share(now, random, link),
            Self::List { packets, next } => {
                while packets.get(*next).is_some_and(|packet| *packet < carried) {
                    *next += 1;
                }
                return packets.get(*next) == Some(&carried);
            }
        };
        share > 0.0 && random.unit(link, Purpose::Loss, slot, ordinal) < share
    }
}

impl Chain {
    fn share(&mut self, now: VirtualTime, random: &CounterRandom, link: u16) -> f64 {
        while self.until <= now {
            let state = (self.stays % 2) as usize;
            let draw = random.exponential(link, Purpose::Chain, self.stays, 0);
            self.until = self.until.later(((self.means[state] * draw) as u64).max(1));
            self.stays += 1;
        }
        // The stay that lasts now is the one drawn last.
        self.losses[((self.stays + 1) % 2) as usize]
    }
}
