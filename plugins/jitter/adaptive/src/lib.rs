//! Jitter buffer whose delay follows the network.
