//! Congestion controller that holds a fixed rate.
