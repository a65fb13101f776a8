//! Audio source that generates a tone, and audio sink that measures one.
