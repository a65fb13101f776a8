//! Area: jitter buffer. Decides what is played next; it owns neither packets nor decoder nor clock, so that one policy can be compared
//! with another on the same decoder and the same time stretcher.
//!
//! The host keeps the payloads and names them by handles. On a swap it inserts every packet that is still waiting into the newcomer, so
//! nothing is lost.

use jackfield_abi::Fault;
use jackfield_macros::{area, callback, ffi, ffi_enum};

use crate::module::Module;
use crate::swap::{Join, SwapRules};
use crate::time::Timestamp;
use crate::units::{SampleRate, TimeDelta};

/// How one is swapped. In the shadow it decides about the same packets; then every packet that waits is inserted again.
pub const JITTER_BUFFER_SWAP: SwapRules = SwapRules {
    shadow: TimeDelta::ms(300),
    join: Join::HandOver,
    probation: TimeDelta::ms(400),
};

/// Puts packets in order and decides when each is played.
///
/// Life: `activate`; in a swap `take_over`, then `insert` for each packet that waits; then `insert` whenever a packet comes and `next`
/// until 10 ms are filled, every 10 ms. It holds handles, never packets, and each handle that it accepts it gives back exactly once.
///
/// # Example
/// ```
/// use jackfield_sdk::prelude::*;
/// use jackfield_sdk::jitter::{DelayBuffer, DelayPolicy};
///
/// /// Always waits 40 ms.
/// # struct Forty {
/// #     parameters: (),
/// # }
/// # impl Plugin for Forty {
/// #     const DESCRIPTOR: Descriptor = Descriptor::new("example.forty", "Forty", "0.1.0");
/// #     type Parameters = ();
/// #     fn create(_: &Environment) -> Result<Self, Fault> {
/// #         Ok(Self { parameters: () })
/// #     }
/// #     fn parameters(&mut self) -> &mut () {
/// #         &mut self.parameters
/// #     }
/// # }
///
/// impl DelayPolicy for Forty {
///     fn arrived(&mut self, _now: Timestamp, _packet: &PacketArrival) {}
///     fn target(&self) -> TimeDelta {
///         TimeDelta::ms(40)
///     }
/// }
///
/// struct Released;
/// impl HandleSink for Released {
///     fn release(&mut self, _handle: u64) -> Result<(), Fault> {
///         Ok(())
///     }
/// }
///
/// let mut buffer = DelayBuffer::<Forty>::create(&Environment::seeded(1))?;
/// buffer.activate(&JitterConfig::new(SampleRate::HZ_48000, 100))?;
/// let packet = PacketArrival {
///     arrival: Timestamp::ZERO,
///     handle: 7,
///     sequence_number: 1,
///     timestamp: 0,
///     ticks: 480,
///     redundancy: 0,
///     dtx: 0,
///     marker: 1,
/// };
/// buffer.insert(Timestamp::ZERO, &packet, &mut Released)?;
/// assert_eq!(buffer.delay(Timestamp::ZERO)?.target, TimeDelta::ms(40));
/// # Ok::<(), Fault>(())
/// ```
#[area(id = "jackfield.jitter-buffer/1")]
pub trait JitterBuffer: Module {
    /// Fixes the stream's clock and the most packets held. Before anything else; again only while no packet waits, else it fails with
    /// `State`. [control]
    fn activate(&mut self, config: &JitterConfig) -> Result<(), Fault>;

    /// A packet has come. When it is accepted its handle stays with the buffer until `next` gives it out or `released` takes it. When it is
    /// refused (late, duplicate) the handle stays with the caller. Packets come in any order and with any numbers. Must not allocate, lock
    /// or block. [audio]
    fn insert(
        &mut self,
        now: Timestamp,
        packet: &PacketArrival,
        released: &mut dyn HandleSink,
    ) -> Result<Insertion, Fault>;

    /// The host needs more samples: what shall it do? Called as often as it takes to fill 10 ms, so each answer must make some. Handles of
    /// packets that will never be played go to `released`. Must not allocate, lock or block. [audio]
    fn next(
        &mut self,
        now: Timestamp,
        playout: &Playout,
        released: &mut dyn HandleSink,
    ) -> Result<Action, Fault>;

    /// Bounds of the delay that it may aim for, from now on. At any time. Fails with `Invalid` if they are negative or the wrong way round.
    /// [audio]
    fn set_bounds(&mut self, minimum: TimeDelta, maximum: TimeDelta) -> Result<(), Fault>;

    /// The delay that it aims for and the one that it has. After `activate`, at any time. Must not allocate, lock or block. [audio]
    fn delay(&mut self, now: Timestamp) -> Result<JitterDelay, Fault>;

    /// What it has learnt of the network, and where playing stands, for a successor. After `activate`; it goes on working until the
    /// successor is heard. Must not allocate, lock or block. [audio]
    fn hand_over(&mut self, now: Timestamp) -> Result<JitterHandover, Fault>;

    /// Starts from what a predecessor had learnt. After `activate`, before anything is inserted; the packets that wait are inserted
    /// afterwards. Must not allocate, lock or block. [audio]
    fn take_over(&mut self, now: Timestamp, state: &JitterHandover) -> Result<(), Fault>;

    /// A packet of a telephone event (RFC 4733) has come: a tone that somebody dials. When it is accepted its handle stays with the buffer
    /// until `next` gives it out with `Operation::Tone` or `released` takes it; a buffer that knows no tones calls it `Late`. Must not
    /// allocate, lock or block. [audio]
    #[since(2)]
    fn insert_event(
        &mut self,
        now: Timestamp,
        event: &EventArrival,
        released: &mut dyn HandleSink,
    ) -> Result<Insertion, Fault> {
        let _ = (now, event, released);
        Ok(Insertion::Late)
    }
}

/// Takes handles back.
#[callback]
pub trait HandleSink {
    /// The packet with this handle will not be played.
    fn release(&mut self, handle: u64) -> Result<(), Fault>;
}

/// How a jitter buffer is set up.
#[ffi(grows)]
pub struct JitterConfig {
    /// The size of this struct in bytes.
    pub size: u32,
    /// The RTP clock of the stream.
    pub clock_rate: SampleRate,
    /// The most packets that may wait at once.
    pub max_packets: u32,
    /// Zero.
    pub reserved: u32,
}

impl JitterConfig {
    /// A stream at `clock_rate`, at most `max_packets` waiting.
    pub const fn new(clock_rate: SampleRate, max_packets: u32) -> Self {
        Self {
            size: size_of::<Self>() as u32,
            clock_rate,
            max_packets,
            reserved: 0,
        }
    }
}

/// A packet as the jitter buffer sees it.
#[ffi]
#[derive(Eq)]
pub struct PacketArrival {
    /// When it came.
    pub arrival: Timestamp,
    /// The host's name for the payload.
    pub handle: u64,
    /// RTP sequence number, extended so that it never wraps.
    pub sequence_number: i64,
    /// RTP timestamp, extended so that it never wraps, in ticks of the clock.
    pub timestamp: i64,
    /// Ticks that the packet lasts.
    pub ticks: u32,
    /// 1 if it holds redundancy for the packet before it, else 0.
    pub redundancy: u32,
    /// 1 if it is comfort noise, else 0.
    pub dtx: u32,
    /// 1 if the marker bit is set (start of a talkspurt), else 0.
    pub marker: u32,
}

/// A packet of a telephone event (RFC 4733 section 2.3) as the jitter buffer sees it.
#[ffi(grows)]
#[derive(Eq)]
pub struct EventArrival {
    /// The size of this struct in bytes.
    pub size: u32,
    /// The event: 0 to 15 are the digits, star, pound and A to D (RFC 4733 section 3.2).
    pub event: u32,
    /// When it came.
    pub arrival: Timestamp,
    /// The host's name for the packet.
    pub handle: u64,
    /// RTP sequence number, extended so that it never wraps.
    pub sequence_number: i64,
    /// RTP timestamp at which the event began, extended so that it never wraps, in ticks of the clock.
    pub timestamp: i64,
    /// Ticks that it has lasted so far.
    pub ticks: u32,
    /// 1 if it is over, else 0.
    pub ended: u32,
}

/// What became of an inserted packet.
#[ffi_enum]
pub enum Insertion {
    /// It waits.
    Accepted = 0,
    /// Its time to be played has passed.
    Late = 1,
    /// It was there already.
    Duplicate = 2,
    /// It waits, and the buffer was emptied for it (their handles went to `released`).
    Flushed = 3,
}

/// Where playing stands when the host asks for more.
#[ffi(grows)]
pub struct Playout {
    /// The size of this struct in bytes.
    pub size: u32,
    /// Ticks that are decoded and not played yet.
    pub ready_ticks: u32,
    /// What the host did last.
    pub last: Operation,
    /// 1 if the samples last decoded were speech, else 0.
    pub voice: u32,
    /// The greatest operation that the host knows. `Silence` stands for a host of before, which knows up to `Recover`: ask
    /// [`Playout::knows`].
    pub greatest: Operation,
    /// 1 if nobody hears what is played, so that packets are consumed undecoded; else 0.
    pub muted: u32,
}

impl Playout {
    /// Whether the host can do `operation`.
    pub fn knows(&self, operation: Operation) -> bool {
        let greatest = if self.greatest == Operation::Silence {
            Operation::Recover
        } else {
            self.greatest
        };
        operation.0 <= greatest.0
    }

    /// Nothing decoded, nothing done yet.
    pub const START: Self = Self {
        size: size_of::<Self>() as u32,
        ready_ticks: 0,
        last: Operation::Silence,
        voice: 0,
        greatest: Operation::ComfortNoise,
        muted: 0,
    };
}

/// What the host is to do next.
#[ffi]
#[derive(Eq)]
pub struct Action {
    /// The operation.
    pub operation: Operation,
    /// For `Conceal`, `Recover`, `Silence`, `ComfortNoise` and `Tone`: ticks to make. For the others 0: as many as the packet holds.
    pub ticks: u32,
    /// The packet to decode (it leaves the buffer), or for `Recover` the later packet whose redundancy to use (it stays), or for `Tone` the
    /// event (it leaves the buffer when it is given for the last time).
    pub handle: u64,
    /// For `Recover`: how long before the later packet the missing samples lie.
    pub back: TimeDelta,
}

/// The operations of playing, after NetEq's. Those behind `Recover` are for hosts that know them only: see [`Playout::knows`].
#[ffi_enum]
pub enum Operation {
    /// Play silence: nothing has come yet, or the sender is silent.
    Silence = 0,
    /// Decode the packet and play it as it is.
    Normal = 1,
    /// Decode the packet, join it to what was concealed.
    Merge = 2,
    /// Decode the packet, play it faster by a pitch period.
    Accelerate = 3,
    /// Decode the packet, play it slower by a pitch period.
    PreemptiveExpand = 4,
    /// The packet is missing: make it up.
    Conceal = 5,
    /// The packet is missing: recover it from a later one.
    Recover = 6,
    /// Decode the packet, play it faster by as many pitch periods as can be taken out of it.
    FastAccelerate = 7,
    /// The sender has said what its silence sounds like (a packet with `dtx`, of the codec or of RFC 3389) and says nothing more: let the
    /// decoder go on with that.
    ComfortNoise = 8,
    /// Play the tones of a telephone event.
    Tone = 9,
}

/// The delay of a jitter buffer.
#[ffi]
#[derive(Eq, Default)]
pub struct JitterDelay {
    /// What it aims for.
    pub target: TimeDelta,
    /// What waits in it now.
    pub current: TimeDelta,
}

/// What one jitter buffer tells its successor.
#[ffi]
#[derive(Eq, Default)]
pub struct JitterHandover {
    /// 1 if playing has begun, so that the two numbers below mean something; else 0.
    pub started: u32,
    /// Zero.
    pub reserved: u32,
    /// Extended sequence number of the packet that is due next.
    pub next_sequence_number: i64,
    /// Extended timestamp that is due next.
    pub next_timestamp: i64,
    /// The delay that it aimed for.
    pub target: TimeDelta,
}
