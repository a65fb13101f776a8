//! RTP and RTCP in the clear. **For tests on one machine and for measuring load; never for a call between people.**
//!
//! There is no handshake, no encryption and no proof of who the other end is: whoever sends to our address is the peer. The remote
//! address is the one last heard from, or the best candidate until something has been heard. It must never be the default of anything.
//!
//! ```
//! use jackfield_sdk::prelude::*;
//! use jackfield_transport_loopback::Loopback;
//!
//! struct Count(usize);
//! impl TransportSink for Count {
//!     fn transmit(&mut self, _: &Route, _: &[u8]) -> Result<(), Fault> {
//!         self.0 += 1;
//!         Ok(())
//!     }
//!     fn packet(&mut self, _: PacketKind, _: &[u8]) -> Result<(), Fault> { Ok(()) }
//!     fn state(&mut self, _: TransportState) -> Result<(), Fault> { Ok(()) }
//! }
//!
//! let mut transport = Loopback::create(&Environment::seeded(1))?;
//! transport.activate(Timestamp::ZERO, &TransportConfig::new(true, 0))?;
//! transport.add_local_candidate(Timestamp::ZERO, "1 1 udp 2130706431 127.0.0.1 5000 typ host")?;
//! transport.add_remote_candidate(Timestamp::ZERO, "1 1 udp 2130706431 127.0.0.1 6000 typ host")?;
//! let mut sink = Count(0);
//! transport.start(Timestamp::ZERO, &mut sink)?;
//! transport.send(Timestamp::ZERO, PacketKind::Rtcp, &[0x80, 201, 0, 1, 0, 0, 0, 7], &mut sink)?;
//! assert_eq!(sink.0, 1);
//! # Ok::<(), Fault>(())
//! ```

use jackfield_sdk::prelude::*;
use jackfield_sdk::transport::{Direct, Wrapping};

/// The transport.
pub type Loopback = Direct<Clear>;

/// Leaves packets as they are.
pub struct Clear {
    parameters: (),
}

impl Plugin for Clear {
    const DESCRIPTOR: Descriptor = Descriptor::new(
        "jackfield.transport.loopback",
        "Loopback, in the clear",
        env!("CARGO_PKG_VERSION"),
    )
    .vendor("Jackfield")
    .license("MIT OR Apache-2.0")
    .description(
        "FOR TESTS ONLY: RTP and RTCP in the clear, no encryption, no handshake, no proof of who the peer is",
    );
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        Ok(Self { parameters: () })
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.parameters
    }
}

impl Wrapping for Clear {
    const NAME: &'static str = "none: in the clear";

    fn wrap(&mut self, _packet: &mut Vec<u8>) {}

    fn unwrap(&mut self, _datagram: &mut Vec<u8>) -> bool {
        true
    }
}

jackfield_sdk::export! { Transport => Loopback }
