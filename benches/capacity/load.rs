//! The load generator: all participants' sockets in one thread. It encodes and decodes nothing, so it takes little from the server.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};

use crate::Error;
use crate::speech::{self, Packets, Said};

/// The payload type of Opus, and the number of the header extension for the audio level (RFC 6464).
const OPUS: u8 = 111;
const LEVEL: u8 = 1;
/// Participants are spread over the milliseconds of a packet.
const SLOTS: usize = 20;
/// Who is silent sends one frame in so many (400 ms), after the first.
const SPARSE: usize = 20;
/// How many packets are kept to listen to.
const RECENT: usize = 100;

/// All participants.
pub(crate) struct Load {
    poll: Poll,
    events: Events,
    people: Vec<Person>,
    /// Milliseconds since the start that have been served.
    slot: usize,
    start: Instant,
}

struct Person {
    socket: UdpSocket,
    said: Said,
    talks: bool,
    sequence_number: u16,
    timestamp: u32,
    received: u64,
    /// The last two seconds of payloads, to be listened to afterwards.
    recent: VecDeque<Vec<u8>>,
    last: Option<Instant>,
    longest_gap: Duration,
}

/// What the participants got while it counted.
pub(crate) struct Heard {
    /// Of the participant that got least.
    pub(crate) fewest_per_second: f64,
    /// The longest that anybody waited for a packet.
    pub(crate) longest_gap_ms: f64,
    /// The level that the participant heard who heard least, in dBov.
    pub(crate) quietest_dbov: f32,
}

impl Load {
    pub(crate) fn new(participants: usize, talkers: usize, packets: &Packets) -> Result<Self, Error> {
        let poll = Poll::new()?;
        let mut people = Vec::with_capacity(participants);
        for n in 0..participants {
            let mut socket = UdpSocket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
            poll.registry()
                .register(&mut socket, Token(n), Interest::READABLE)?;
            let talks = n < talkers;
            let said = if talks { &packets.voice } else { &packets.silence };
            people.push(Person {
                socket,
                said: Said::clone(said),
                talks,
                sequence_number: 1_000,
                timestamp: 50_000,
                received: 0,
                recent: VecDeque::with_capacity(RECENT + 1),
                last: None,
                longest_gap: Duration::ZERO,
            });
        }
        Ok(Self {
            poll,
            events: Events::with_capacity(256),
            people,
            slot: 0,
            start: Instant::now(),
        })
    }

    /// Where a participant is.
    pub(crate) fn address(&self, participant: usize) -> Result<SocketAddr, Error> {
        Ok(self.people[participant].socket.local_addr()?)
    }

    /// Where it sends to.
    pub(crate) fn connect(&mut self, participant: usize, remote: SocketAddr) -> Result<(), Error> {
        Ok(self.people[participant].socket.connect(remote)?)
    }

    /// From now on what comes counts.
    pub(crate) fn begin(&mut self) {
        let now = Instant::now();
        for person in &mut self.people {
            (person.received, person.longest_gap) = (0, Duration::ZERO);
            person.last = Some(now);
        }
    }

    /// Sends and receives for a while.
    pub(crate) fn run(&mut self, time: Duration) -> Result<(), Error> {
        let begin = Instant::now();
        self.start = begin - Duration::from_millis(self.slot as u64);
        while begin.elapsed() < time {
            while self.start.elapsed() >= Duration::from_millis(self.slot as u64) {
                self.send();
                self.slot += 1;
            }
            self.poll.poll(&mut self.events, Some(Duration::from_millis(1)))?;
            let now = Instant::now();
            for event in &self.events {
                self.people[event.token().0].receive(now);
            }
        }
        Ok(())
    }

    fn send(&mut self) {
        let (frame, slot) = (self.slot / SLOTS, self.slot % SLOTS);
        for (n, person) in self.people.iter_mut().enumerate().skip(slot).step_by(SLOTS) {
            person.send(n, frame);
        }
    }

    /// What they got since [`Load::begin`], `time` ago.
    pub(crate) fn heard(&self, time: Duration) -> Heard {
        let fewest = self.people.iter().map(|p| p.received).min().unwrap_or(0);
        let gap = self
            .people
            .iter()
            .map(|p| p.longest_gap)
            .max()
            .unwrap_or_default();
        Heard {
            fewest_per_second: fewest as f64 / time.as_secs_f64(),
            longest_gap_ms: gap.as_secs_f64() * 1e3,
            quietest_dbov: self
                .people
                .iter()
                .map(|p| speech::loudest_dbov(&p.recent))
                .fold(0.0, f32::min),
        }
    }
}

impl Person {
    fn send(&mut self, n: usize, frame: usize) {
        self.timestamp = self.timestamp.wrapping_add(960);
        if !self.talks && !(frame + n).is_multiple_of(SPARSE) && frame > 25 {
            return;
        }
        self.sequence_number = self.sequence_number.wrapping_add(1);
        // Everybody is at another place of the recording.
        let (payload, level) = &self.said[(frame + n * 37) % self.said.len()];
        let mut packet = Vec::with_capacity(20 + payload.len());
        packet.extend([0x90, OPUS]);
        packet.extend(self.sequence_number.to_be_bytes());
        packet.extend(self.timestamp.to_be_bytes());
        packet.extend((n as u32 + 1_000).to_be_bytes());
        let level = (-level).clamp(0.0, 127.0) as u8;
        packet.extend([0xBE, 0xDE, 0, 1, LEVEL << 4, level, 0, 0]);
        packet.extend(payload);
        // A full socket is a loss like any other.
        let _ = self.socket.send(&packet);
    }

    fn receive(&mut self, now: Instant) {
        let mut packet = [0; 2_048];
        loop {
            match self.socket.recv(&mut packet) {
                // RTCP (RFC 5761 section 4) is not counted.
                Ok(len) if len > 12 && !(200..=207).contains(&packet[1]) => {
                    self.received += 1;
                    self.recent.push_back(packet[..len].to_vec());
                    if self.recent.len() > RECENT {
                        self.recent.pop_front();
                    }
                    if let Some(last) = self.last.replace(now) {
                        self.longest_gap = self.longest_gap.max(now - last);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // The server has not opened its port yet: told once per packet.
                Ok(_) | Err(_) => {}
            }
        }
    }
}
