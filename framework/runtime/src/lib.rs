//! The runtime: the one place that reads this machine's clock, starts threads and opens sockets. It glues graph, loader and session together
//! into rooms.
//!
//! Three threads serve all rooms: the audio thread ticks each room every 10 ms, the network thread moves datagrams, the control thread drops
//! what came back and tells the levels. Everything else runs on the caller's threads; nothing that a caller does can hold up a tick.
//!
//! ```no_run
//! use jackfield_loader::{Loader, LoaderOptions, Manifest};
//! use jackfield_runtime::{Engine, EngineOptions};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let manifest = Manifest::embedded_default();
//! let loader = Loader::new(LoaderOptions::default().with_manifest(&manifest))?;
//! let engine = Engine::start(EngineOptions::new(manifest, loader))?;
//! let room = engine.open_room("lobby")?;
//! println!("{}", room.graph().latency_ms);
//! engine.close().await;
//! # Ok(())
//! # }
//! ```

#![allow(
    clippy::disallowed_methods,
    reason = "the runtime is where clock, threads and sockets belong"
)]

mod audio_thread;
pub mod clock;
mod codecs;
pub mod cpu;
mod engine;
mod error;
mod event_log;
mod fitting;
mod histogram;
pub mod net;
mod network;
mod room;
mod swap_test;
mod urgency;
pub mod view;

pub use engine::{Engine, EngineOptions};
pub use error::{EngineError, NegotiationError, SocketError};
pub use event_log::EventLogOptions;
pub use fitting::negotiate_plan;
pub use room::{Participant, Room};
pub use swap_test::{SwapTestError, SwapTestOptions, SwapTestReport, swap_test};
pub use view::{ParticipantKind, ParticipantView, RoomEvent};
