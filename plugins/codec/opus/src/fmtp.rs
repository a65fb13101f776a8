//! The format parameters of Opus in SDP (RFC 7587 section 6.1).

/// What the end that wrote the line wants to receive. Unknown and malformed parameters are ignored, as RFC 7587 section 7 asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fmtp {
    /// The highest rate that it can play, in hertz.
    pub(crate) max_playback_rate: u32,
    /// The highest average rate that it wants, in bit/s, if it says.
    pub(crate) max_average_bitrate: Option<u32>,
    /// It prefers stereo.
    pub(crate) stereo: bool,
    /// It is likely to send stereo.
    pub(crate) sender_is_stereo: bool,
    /// It prefers a constant rate.
    pub(crate) constant_rate: bool,
    /// Its decoder makes use of in-band FEC.
    pub(crate) in_band_fec: bool,
    /// It prefers that silence is not sent.
    pub(crate) dtx: bool,
    /// The length of packet that it prefers, in ms, if it says.
    pub(crate) packet_ms: Option<u32>,
    /// The shortest packet that it wants, in ms.
    pub(crate) min_packet_ms: u32,
    /// The longest packet that it wants, in ms.
    pub(crate) max_packet_ms: u32,
}

impl Fmtp {
    /// What holds where a line says nothing.
    pub(crate) const UNSAID: Self = Self {
        max_playback_rate: 48_000,
        max_average_bitrate: None,
        stereo: false,
        sender_is_stereo: false,
        constant_rate: false,
        in_band_fec: false,
        dtx: false,
        packet_ms: None,
        min_packet_ms: 3,
        max_packet_ms: 120,
    };

    /// Reads the text after the payload type of an `a=fmtp` line.
    pub(crate) fn parse(text: &str) -> Self {
        let mut said = Self::UNSAID;
        for pair in text.split(';') {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let (name, Ok(value)) = (name.trim(), value.trim().parse::<u32>()) else {
                continue;
            };
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            if is("maxplaybackrate") && (8_000..=48_000).contains(&value) {
                said.max_playback_rate = value;
            } else if is("maxaveragebitrate") && value > 0 {
                said.max_average_bitrate = Some(value);
            } else if is("stereo") {
                said.stereo = value == 1;
            } else if is("sprop-stereo") {
                said.sender_is_stereo = value == 1;
            } else if is("cbr") {
                said.constant_rate = value == 1;
            } else if is("useinbandfec") {
                said.in_band_fec = value == 1;
            } else if is("usedtx") {
                said.dtx = value == 1;
            } else if is("ptime") && (3..=120).contains(&value) {
                said.packet_ms = Some(value);
            } else if is("minptime") && (3..=120).contains(&value) {
                said.min_packet_ms = value;
            } else if is("maxptime") && (3..=120).contains(&value) {
                said.max_packet_ms = value;
            }
        }
        said
    }

    /// The audio bandwidth beyond which it hears nothing.
    pub(crate) fn max_bandwidth(&self) -> opus::Bandwidth {
        match self.max_playback_rate {
            ..12_000 => opus::Bandwidth::Narrowband,
            12_000..16_000 => opus::Bandwidth::Mediumband,
            16_000..24_000 => opus::Bandwidth::Wideband,
            24_000..48_000 => opus::Bandwidth::Superwideband,
            48_000.. => opus::Bandwidth::Fullband,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_chromium_offers_is_understood() {
        let said = Fmtp::parse("minptime=10;useinbandfec=1");
        assert_eq!(
            said,
            Fmtp {
                min_packet_ms: 10,
                in_band_fec: true,
                ..Fmtp::UNSAID
            }
        );
    }

    #[test]
    fn every_parameter_of_rfc_7587_is_read() {
        let text = "maxplaybackrate=16000; sprop-maxcapturerate=16000; maxaveragebitrate=20000; stereo=1; sprop-stereo=1; cbr=1; \
                    useinbandfec=1; usedtx=1; ptime=40; maxptime=60; minptime=20";
        let said = Fmtp::parse(text);
        assert_eq!(said.max_bandwidth(), opus::Bandwidth::Wideband);
        assert_eq!(said.max_average_bitrate, Some(20_000));
        assert!(said.stereo && said.sender_is_stereo && said.constant_rate && said.in_band_fec && said.dtx);
        assert_eq!(
            (said.packet_ms, said.min_packet_ms, said.max_packet_ms),
            (Some(40), 20, 60)
        );
    }

    #[test]
    fn nonsense_changes_nothing() {
        for text in [
            "",
            ";;;",
            "stereo",
            "stereo=yes",
            "=1",
            "maxaveragebitrate=-4;maxplaybackrate=1",
            "ptime=9999999999",
        ] {
            assert_eq!(Fmtp::parse(text), Fmtp::UNSAID, "{text}");
        }
    }
}
