//! TCP over a small bottleneck: what its controllers are known for, and that every byte arrives once.

mod bottleneck;
mod controllers;
mod recovery;
mod short;

use bottleneck::{Bottleneck, Pair, seconds};
