//! What the participants say: Opus packets of recorded speech, and of silence, made before anything is measured.

use std::sync::Arc;

use jackfield_benches::{Hall, plugins};

use crate::Error;

/// Payloads with their levels in dBov, 20 ms each.
pub(crate) type Said = Arc<Vec<(Vec<u8>, f32)>>;

/// What there is to say.
pub(crate) struct Packets {
    pub(crate) voice: Said,
    pub(crate) silence: Said,
}

/// Ten seconds of a voice, in which somebody speaks nearly all the time, and of nothing.
pub(crate) fn packets() -> Result<Packets, Error> {
    const SECONDS: usize = 10;
    Ok(Packets {
        voice: Hall::packets(&plugins::speech("reader-1", SECONDS)),
        silence: Hall::packets(&vec![0.0; SECONDS * 48_000]),
    })
}
