//! The runtime's tests: one file per behaviour.

#![allow(
    clippy::disallowed_methods,
    reason = "callers have real sockets and the machine's clock"
)]

mod caller;
mod calls;
mod custom_codec;
mod ledger;
mod node_tracing;
mod parameter_values;
mod renewed_codec;

use jackfield_sdk::prelude::*;

use custom_codec::{Root, RootDecoder, RootEncoder};
use ledger::{Brittle, Spoilt};

// The plugins of the tests; a program has one such list.
jackfield_sdk::export! {
    AudioCodec => Root, AudioEncoder => RootEncoder, AudioDecoder => RootDecoder,
    AudioProcessor => Brittle, AudioProcessor => Spoilt
}
