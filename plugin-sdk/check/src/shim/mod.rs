//! Where the validator touches the machine below the standard library: it stands between the plugin and the C library, fences buffers with
//! pages that nobody may touch, and tells a crash from where it came. All that is `unsafe` in this crate is in this folder.
//!
//! Everything here belongs to the child process of one case, which ends when the case does.

pub(crate) mod calls;
pub(crate) mod fence;
pub(crate) mod imports;
pub(crate) mod live;
pub(crate) mod machine;
pub(crate) mod sights;
pub(crate) mod signals;
