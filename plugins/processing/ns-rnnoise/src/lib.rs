//! Noise suppressor: RNNoise by nnnoiseless.
