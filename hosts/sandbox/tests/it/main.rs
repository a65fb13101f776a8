//! Plugins in processes of their own, with real processes: what goes through is what goes through in one process, and what goes wrong costs a
//! block and not the host.

mod answers;
mod areas;
mod conference;
mod confinement;
mod faults;
mod host;
mod restarts;
mod same;
mod support;
