//! The reference call host: rooms that people enter with a browser, and the interface by which what runs in them is seen and swapped.
//!
//! It speaks HTTP or HTTPS: the web page, the JSON interface (`docs/reference/http-api.md`), metrics, and a WebSocket for signalling
//! (`docs/reference/signalling.md`). The media run in an [`Engine`](jackfield_runtime::Engine), beside it.
//!
//! It must never touch media, and nothing that one client sends or fails to take may reach the others in a room: what is malformed is
//! answered with what is wrong, whoever is too fast or too slow is let go. Without `Access::Open` it does nothing for anyone who shows no
//! valid join token.
//!
//! ```
//! use std::time::Duration;
//!
//! use jackfield_call_host::token::{Claims, TokenIssuer, TokenVerifier};
//!
//! let secret = b"thirty-two bytes that nobody knows";
//! let mut claims = Claims::new("studio", Duration::from_secs(3600));
//! claims.name = Some("Ann".to_owned());
//! let token = TokenIssuer::from_file_text(secret)?.issue(&claims)?;
//!
//! let host = TokenVerifier::with_secret(secret)?;
//! assert!(host.verify(&token)?.opens("studio"));
//! assert!(!host.verify(&token)?.opens("lobby"));
//! # Ok::<(), jackfield_call_host::token::TokenError>(())
//! ```
#![allow(
    clippy::disallowed_methods,
    reason = "hosts own the machine's clock, sockets and tasks"
)]

mod access;
mod api;
pub mod change;
mod error_code;
mod metrics;
pub mod names;
mod options;
pub mod origin;
pub mod page;
pub mod rate;
mod refusal;
mod robots;
mod seats;
mod server;
mod shared;
mod socket;
mod tls;
mod watch;

pub use access::{Access, Grant, token_of};
pub use jackfield_join_token as token;
pub use options::{HostOptions, Limits};
pub use robots::{LOBBY, RobotError, Robots, recorded_speech};
pub use server::{CallHost, StartError};
pub use tls::{Tls, TlsError};
