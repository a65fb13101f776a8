//! Both ends of TCP cross traffic: one connection that always has something to send, or short ones one after another.

use std::collections::VecDeque;

use jackfield_core::units::{DataSize, TimeDelta};

use crate::clock::VirtualTime;
use crate::packet::Ecn;
use crate::random::{CounterRandom, Purpose};
use crate::scenario::{ShortTcp, TcpSpec};
use crate::steps::ns;

use super::config::{TcpConfig, TcpStats};
use super::receiver::TcpReceiver;
use super::segment::{Acknowledgement, Segment};
use super::sender::TcpSender;

/// What goes through the network, one way or the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpPacket {
    /// From the sender to the receiver.
    Segment {
        /// The connection, counted from 0.
        connection: u32,
        /// What is sent.
        segment: Segment,
    },
    /// From the receiver to the sender.
    Acknowledgement {
        /// The connection, counted from 0.
        connection: u32,
        /// What is said.
        acknowledgement: Acknowledgement,
    },
}

impl TcpPacket {
    /// Its size at the IP layer.
    pub fn size(&self) -> DataSize {
        match self {
            Self::Segment { segment, .. } => segment.size(),
            Self::Acknowledgement { acknowledgement, .. } => acknowledgement.size(),
        }
    }

    /// The ECN codepoint that it leaves with.
    pub const fn ecn(&self) -> Ecn {
        match self {
            Self::Segment { segment, .. } => segment.ecn,
            Self::Acknowledgement { .. } => Ecn::NotEct,
        }
    }
}

/// Both ends. Whoever runs it polls [`poll_transmit`](Self::poll_transmit) until there is nothing more, after every other call: segments go
/// over the path, acknowledgements over the return path, and what comes out is given to [`receive`](Self::receive).
#[derive(Debug)]
pub struct TcpTraffic {
    spec: TcpSpec,
    number: u16,
    random: CounterRandom,
    stop: VirtualTime,
    /// It was asked for something at or after its end: the sender wants nothing more.
    stopped: bool,
    connection: u32,
    ends: Option<(TcpSender, TcpReceiver)>,
    /// When the next connection begins.
    begins: Option<VirtualTime>,
    answers: VecDeque<Acknowledgement>,
    completed: u64,
    received: u64,
    stats: TcpStats,
}

impl TcpTraffic {
    /// Sends from `start` to `stop`; what is in flight then is let be. Sizes and silences are drawn under `number`.
    pub fn new(
        spec: TcpSpec,
        start: VirtualTime,
        stop: VirtualTime,
        number: u16,
        random: CounterRandom,
    ) -> Self {
        let mut traffic = Self {
            spec,
            number,
            random,
            stop,
            stopped: false,
            connection: 0,
            ends: None,
            begins: None,
            answers: VecDeque::new(),
            completed: 0,
            received: 0,
            stats: TcpStats::default(),
        };
        let silence = match spec.short {
            Some(short) if !short.starts_on => traffic.silence(short),
            _ => 0,
        };
        traffic.begins = Some(start.later(silence)).filter(|begins| *begins < stop);
        traffic
    }

    /// What leaves at `now`, if anything does.
    pub fn poll_transmit(&mut self, now: VirtualTime) -> Option<TcpPacket> {
        let connection = self.connection;
        if let Some(acknowledgement) = self.answers.pop_front() {
            return Some(TcpPacket::Acknowledgement {
                connection,
                acknowledgement,
            });
        }
        if now >= self.stop {
            self.stopped = true;
            return None;
        }
        let (sender, _) = self.ends.as_mut()?;
        let segment = sender.poll_transmit(now)?;
        Some(TcpPacket::Segment { connection, segment })
    }

    /// A packet came out of the network, with this codepoint.
    pub fn receive(&mut self, now: VirtualTime, packet: &TcpPacket, ecn: Ecn) {
        let Some((sender, receiver)) = &mut self.ends else {
            return;
        };
        match packet {
            TcpPacket::Segment { connection, segment } if *connection == self.connection => {
                let before = receiver.received();
                self.answers.extend(receiver.receive(now, segment, ecn));
                self.received += receiver.received() - before;
            }
            TcpPacket::Acknowledgement {
                connection,
                acknowledgement,
            } if *connection == self.connection => {
                sender.acknowledge(now, acknowledgement);
                if sender.is_finished() {
                    self.finish(now);
                }
            }
            _ => {}
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called next, if ever.
    pub fn deadline(&mut self) -> Option<VirtualTime> {
        // What an acknowledgement sets free after the end would be due for ever: nobody takes it.
        let sends = !self.stopped;
        let ends = self.ends.as_mut().and_then(|(sender, receiver)| {
            let sender = sender.deadline().filter(|at| sends && *at < self.stop);
            [sender, receiver.deadline()].into_iter().flatten().min()
        });
        [ends, self.begins].into_iter().flatten().min()
    }

    /// A deadline has come.
    pub fn handle_timeout(&mut self, now: VirtualTime) {
        if self.begins.is_some_and(|begins| begins <= now) {
            self.begins = None;
            self.begin();
        }
        if let Some((sender, receiver)) = &mut self.ends {
            sender.handle_timeout(now);
            self.answers.extend(receiver.handle_timeout(now));
        }
    }

    /// How many short connections have transferred all that they had to.
    pub fn completed(&self) -> u64 {
        self.completed
    }

    /// How much came, in order and each byte once, over all connections.
    pub fn received(&self) -> DataSize {
        DataSize::bytes(self.received as i64)
    }

    /// What the senders of all connections have done.
    pub fn stats(&self) -> TcpStats {
        let current = self.ends.as_ref().map(|(sender, _)| sender.stats());
        current.map_or(self.stats, |current| self.stats.plus(current))
    }

    /// The sender of the connection that is open, for whoever wants to look at its window.
    pub fn sender(&self) -> Option<&TcpSender> {
        self.ends.as_ref().map(|(sender, _)| sender)
    }

    fn begin(&mut self) {
        let mut sender = TcpSender::new(TcpConfig {
            algorithm: self.spec.algorithm,
            ecn: self.spec.ecn,
            seed: self
                .random
                .bits(self.number, Purpose::Actor, u64::from(self.connection), 0),
            ..TcpConfig::default()
        });
        match self.spec.short {
            None => sender.write_endlessly(),
            Some(short) => sender.write(self.amount(short)),
        }
        self.ends = Some((sender, TcpReceiver::new()));
    }

    fn finish(&mut self, now: VirtualTime) {
        if let Some((sender, _)) = self.ends.take() {
            self.stats = self.stats.plus(sender.stats());
        }
        self.answers.clear();
        self.completed += 1;
        self.connection += 1;
        if let Some(short) = self.spec.short {
            let begins = now.later(self.silence(short).max(1));
            self.begins = Some(begins).filter(|begins| *begins < self.stop);
        }
    }

    fn amount(&self, short: ShortTcp) -> u64 {
        let (smallest, largest) = (short.smallest.as_bytes().max(1), short.largest.as_bytes().max(1));
        let share = self
            .random
            .unit(self.number, Purpose::Amount, u64::from(self.connection), 0);
        smallest as u64 + (share * (largest - smallest).max(0) as f64) as u64
    }

    /// Before the connection that comes next, in ns.
    fn silence(&self, short: ShortTcp) -> u64 {
        let share = self
            .random
            .exponential(self.number, Purpose::Arrival, u64::from(self.connection), 0);
        (ns(short.idle.max(TimeDelta::ZERO)) as f64 * share) as u64
    }
}
