//! Who sends: models of encoders and of cross traffic.

pub(crate) mod cross;
pub(crate) mod traffic;
pub(crate) mod video;
