//! What can be read off an Opus packet without decoding it (RFC 6716 sections 3.1, 3.2 and 4.2.3).

/// The head of a packet: its table of contents and the first byte of its first frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Whether the frames start with the flags of the SILK layer (SILK-only and hybrid modes).
    speech_layer: bool,
    /// 20 ms frames of the SILK layer in each frame: 1 to 3.
    speech_frames: u32,
    stereo: bool,
    /// Length of one frame in units of 2.5 ms.
    quarter_blocks: u32,
    /// The first byte of the first frame; `None` if that frame is empty.
    first: Option<u8>,
}

impl Head {
    /// Reads the head; `None` if the packet ends before its first frame is known.
    pub(crate) fn parse(packet: &[u8]) -> Option<Self> {
        let (&toc, rest) = packet.split_first()?;
        let config = toc >> 3;
        let quarter_blocks = match config {
            0..12 => [4, 8, 16, 24][usize::from(config & 3)],
            12..16 => [4, 8][usize::from(config & 1)],
            _ => [1, 2, 4, 8][usize::from(config & 3)],
        };
        Some(Self {
            speech_layer: config < 16,
            speech_frames: (quarter_blocks / 8).max(1),
            stereo: toc & 4 != 0,
            quarter_blocks,
            first: first_frame(toc & 3, rest)?.first().copied(),
        })
    }

    /// Samples per channel of one frame at `sample_rate`.
    pub(crate) fn frame_samples(&self, sample_rate: u32) -> u32 {
        self.quarter_blocks * (sample_rate / 400)
    }

    /// Whether the first frame carries a low-bitrate copy of the frame before it (LBRR, RFC 6716 section 4.2.4). The flag follows the
    /// voice flags of each channel; being equally likely bits, they are the top bits of the frame.
    pub(crate) fn has_redundancy(&self) -> bool {
        let Some(first) = self.flags() else { return false };
        let middle = first >> (7 - self.speech_frames) & 1 != 0;
        let side = self.stereo && first >> (6 - 2 * self.speech_frames) & 1 != 0;
        middle || side
    }

    /// Whether the SILK layer's voice flags say that the first frame is speech; `None` if the mode has no such flags.
    pub(crate) fn has_voice(&self) -> Option<bool> {
        let first = self.flags()?;
        Some(first >> (8 - self.speech_frames) != 0)
    }

    fn flags(&self) -> Option<u8> {
        if self.speech_layer { self.first } else { None }
    }
}

/// The first frame of a packet whose frame-count code is `code` (RFC 6716 section 3.2).
fn first_frame(code: u8, rest: &[u8]) -> Option<&[u8]> {
    match code {
        0 => Some(rest),
        1 => rest.get(..rest.len() / 2),
        2 => {
            let (size, rest) = frame_size(rest)?;
            rest.get(..size)
        }
        _ => {
            let (&count, mut rest) = rest.split_first()?;
            let frames = usize::from(count & 0x3f);
            if frames == 0 {
                return None;
            }
            let mut padding = 0;
            if count & 0x40 != 0 {
                loop {
                    let (&length, after) = rest.split_first()?;
                    rest = after;
                    padding += usize::from(length).min(254);
                    if length != 255 {
                        break;
                    }
                }
            }
            rest = rest.get(..rest.len().checked_sub(padding)?)?;
            if count & 0x80 == 0 || frames == 1 {
                return rest.get(..rest.len() / frames);
            }
            let (size, mut rest) = frame_size(rest)?;
            for _ in 2..frames {
                rest = frame_size(rest)?.1;
            }
            rest.get(..size)
        }
    }
}

/// A frame length of one or two bytes (RFC 6716 section 3.2.1), and what follows it.
fn frame_size(data: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = data.split_first()?;
    if first < 252 {
        return Some((usize::from(first), rest));
    }
    let (&second, rest) = rest.split_first()?;
    Some((usize::from(second) * 4 + usize::from(first), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// libopus's own parser is the judge: whatever it takes, the head agrees with it.
        #[test]
        fn the_head_agrees_with_libopus(packet in prop::collection::vec(any::<u8>(), 0..200)) {
            let head = Head::parse(&packet);
            if let Ok(parsed) = opus::packet::parse(&packet) {
                let head = head.expect("libopus takes it");
                prop_assert_eq!(head.first, parsed.frames[0].first().copied());
                let samples = opus::packet::get_samples_per_frame(&packet, 48_000).expect("not empty");
                prop_assert_eq!(head.frame_samples(48_000) as usize, samples);
                head.has_redundancy();
                head.has_voice();
            }
        }
    }

    #[test]
    fn flags_stand_where_rfc_6716_puts_them() {
        let mono_20 = |first| Head::parse(&[9 << 3, first, 0, 0]).expect("complete");
        assert!(mono_20(0b0100_0000).has_redundancy());
        assert!(!mono_20(0b1010_0000).has_redundancy());
        assert_eq!(mono_20(0b1000_0000).has_voice(), Some(true));
        assert_eq!(mono_20(0b0111_1111).has_voice(), Some(false));

        let stereo_60 = |first| Head::parse(&[11 << 3 | 4, first, 0, 0]).expect("complete");
        assert!(stereo_60(0b0001_0000).has_redundancy(), "of the middle channel");
        assert!(stereo_60(0b0000_0001).has_redundancy(), "of the side channel");
        assert!(!stereo_60(0b1110_1110).has_redundancy());

        let music = Head::parse(&[31 << 3, 0xff]).expect("complete");
        assert!(!music.has_redundancy(), "the CELT layer has none");
        assert_eq!(music.has_voice(), None);
    }
}
