//! The C boundary between a Jackfield host and its plugins: what crosses, how it is described, and how both sides call each other.
//!
//! The one contract: the caller owns every buffer that it passes, pointers hold until the call returns, whoever allocates frees, and no
//! unwinding crosses. Everything here is `repr(C)`; no Rust type crosses. This crate must never read a clock, start a thread or touch a
//! file, and it is the place (with the code that `jackfield-macros` generates) where the project's `unsafe` stands.
//!
//! Plugin authors do not use it: `jackfield-sdk` is theirs. Loaders and header generators do.
//!
//! ```
//! use jackfield_abi::{Fault, FaultCode};
//! let fault = Fault::invalid("pass 480 samples");
//! assert_eq!(fault.code(), FaultCode::Invalid);
//! assert_eq!(FaultCode::from_status(fault.code().status()), FaultCode::Invalid);
//! ```

#![allow(
    unsafe_code,
    reason = "this crate is the boundary: every unsafe block says why it is sound"
)]

pub mod cross;
pub mod entry;
pub mod fault;
pub mod header;
mod instance;
pub mod proof;
pub mod shape;
pub mod shell;
pub mod thread;
pub mod wire;

pub use cross::{Pod, Scalar, StrRaw};
pub use fault::{Fault, FaultCode, FaultRaw};
pub use instance::{Area, Import, ImportError, Instance, InstanceRaw, TableHead};

/// The major version of the boundary: host and plugin must agree on it.
pub const ABI_MAJOR: u16 = 1;
/// The minor version: any works with any.
pub const ABI_MINOR: u16 = 0;
