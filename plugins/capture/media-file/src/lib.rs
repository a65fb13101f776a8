//! Audio source that plays any media file that FFmpeg decodes.
