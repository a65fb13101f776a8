//! Plugins in processes of their own, with real processes: what goes through is what goes through in one process, and what goes wrong costs a
//! block and not the host.

mod answers;
mod areas;
mod bad_plugins;
/// Callers over real sockets, as the runtime's own tests have them.
#[path = "../../../../framework/runtime/tests/it/caller.rs"]
#[allow(
    dead_code,
    clippy::disallowed_methods,
    reason = "it offers more than is asked of it here; callers have real sockets and the machine's clock"
)]
mod caller;
mod conference;
/// The room in virtual time of the graph's own tests: real codecs, jitter buffers and mixers.
#[path = "../../../../framework/graph/tests/conference"]
#[allow(dead_code, reason = "it offers more than is asked of it here")]
mod graph_conference {
    pub(crate) mod plugins;
    pub(crate) mod room;
    pub(crate) mod sound;
    pub(crate) mod trial;
}
mod confinement;
mod faults;
mod host;
mod live_room;
mod restarts;
mod same;
mod support;
