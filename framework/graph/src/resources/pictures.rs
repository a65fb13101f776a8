//! What pictures may be at most, and the ladder down which they are taken: now fewer a second, now smaller ones.

/// Pictures a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameRate(u32);

impl FrameRate {
    /// As many as there are.
    pub const UNLIMITED: Self = Self(u32::MAX);

    /// So many a second.
    pub const fn fps(fps: u32) -> Self {
        Self(fps)
    }

    /// So many a second.
    pub const fn as_fps(self) -> u32 {
        self.0
    }
}

/// How many pictures a second, and of how many pixels each (libwebrtc's `VideoSourceRestrictions`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pictures {
    /// How many a second.
    pub frame_rate: FrameRate,
    /// Of how many pixels each; `u32::MAX` for as many as there are.
    pub pixels: u32,
}

/// Up to so many pixels, so many a second are enough (libwebrtc's `BalancedDegradationSettings`).
const ENOUGH: [(u32, FrameRate); 3] = [
    (320 * 240, FrameRate::fps(7)),
    (480 * 360, FrameRate::fps(10)),
    (640 * 480, FrameRate::fps(15)),
];
/// Smaller pictures are not asked for (libwebrtc's `kDefaultMinPixelsPerFrame`).
const LEAST_PIXELS: u32 = 320 * 180;

impl Pictures {
    /// As they are.
    pub const UNLIMITED: Self = Self::new(FrameRate::UNLIMITED, u32::MAX);

    /// So many a second of so many pixels.
    pub const fn new(frame_rate: FrameRate, pixels: u32) -> Self {
        Self { frame_rate, pixels }
    }

    /// What keeps within both, in each of the two dimensions.
    #[must_use]
    pub fn most_limiting(self, other: Self) -> Self {
        Self::new(
            self.frame_rate.min(other.frame_rate),
            self.pixels.min(other.pixels),
        )
    }

    /// One step down, balanced (`VideoStreamAdapter::GetAdaptationDownStep` with `DegradationPreference::BALANCED`): fewer a second if there are more
    /// than enough for their size, else three fifths of the pixels. `None` if they are the least that is asked for.
    pub fn lower(self) -> Option<Self> {
        let enough = ENOUGH.iter().find(|(pixels, _)| self.pixels <= *pixels);
        if let Some((_, frame_rate)) = enough
            && *frame_rate < self.frame_rate
        {
            return Some(Self::new(*frame_rate, self.pixels));
        }
        let pixels = u32::try_from(u64::from(self.pixels) * 3 / 5).unwrap_or(self.pixels);
        (pixels >= LEAST_PIXELS).then_some(Self::new(self.frame_rate, pixels))
    }

    /// So many steps down, or as far as it goes. Steps up are the same ladder with fewer steps, so that there are as many up as down.
    #[must_use]
    pub fn lowered(self, steps: usize) -> Self {
        std::iter::successors(Some(self), |pictures| pictures.lower())
            .take(steps + 1)
            .last()
            .unwrap_or(self)
    }
}
