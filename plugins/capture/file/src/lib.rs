//! Audio source that plays a WAV file, and audio sink that records one.
