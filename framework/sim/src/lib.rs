//! Virtual time: clock and network for graphs and transports.
