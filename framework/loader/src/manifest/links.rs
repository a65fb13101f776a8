//! What a host uses of the links of its participants, by the kind of link.

use jackfield_core::congestion_controller::RateConstraints;
use jackfield_core::units::DataRate;
use serde::{Serialize, Serializer};

/// The kinds of links that are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LinkClass {
    /// A computer, by cable or radio; and whatever is not known.
    #[default]
    Desktop,
    /// A telephone or tablet on Wi-Fi.
    MobileWifi,
    /// One on the network of its operator.
    MobileCellular,
}

impl LinkClass {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Desktop, Self::MobileWifi, Self::MobileCellular];

    /// The name that manifests use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::MobileWifi => "mobile-wifi",
            Self::MobileCellular => "mobile-cellular",
        }
    }
}

/// What is used of a link of one kind: rates of all that we send over it, headers included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LinkProfile {
    /// Never less, however little the path seems to bear.
    #[serde(serialize_with = "as_kbps")]
    pub minimum: DataRate,
    /// To start from. RTCP takes a twentieth of it.
    #[serde(serialize_with = "as_kbps")]
    pub start: DataRate,
    /// Never more.
    #[serde(serialize_with = "as_kbps")]
    pub maximum: DataRate,
    /// Never more where every byte costs.
    #[serde(serialize_with = "as_kbps")]
    pub metered_maximum: DataRate,
    /// Whether the path may be measured by packets that hold nothing; never where every byte costs.
    pub probes: bool,
}

impl LinkProfile {
    /// Between which the rate stays on such a link; `metered` if every byte of it costs.
    pub fn bounds(&self, metered: bool) -> RateConstraints {
        let maximum = if metered {
            self.maximum.min(self.metered_maximum)
        } else {
            self.maximum
        };
        RateConstraints {
            minimum: self.minimum.min(maximum),
            maximum,
            start: self.start.min(maximum),
        }
    }
}

/// The profiles of all kinds of links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LinkProfiles {
    /// Of computers.
    pub desktop: LinkProfile,
    /// Of telephones on Wi-Fi.
    pub mobile_wifi: LinkProfile,
    /// Of telephones on the network of their operator.
    pub mobile_cellular: LinkProfile,
}

impl LinkProfiles {
    /// That of one kind.
    pub const fn of(&self, class: LinkClass) -> &LinkProfile {
        match class {
            LinkClass::Desktop => &self.desktop,
            LinkClass::MobileWifi => &self.mobile_wifi,
            LinkClass::MobileCellular => &self.mobile_cellular,
        }
    }

    pub(super) const fn of_mut(&mut self, class: LinkClass) -> &mut LinkProfile {
        match class {
            LinkClass::Desktop => &mut self.desktop,
            LinkClass::MobileWifi => &mut self.mobile_wifi,
            LinkClass::MobileCellular => &mut self.mobile_cellular,
        }
    }
}

impl Default for LinkProfiles {
    /// What holds without a manifest that says otherwise: the built-in manifest writes it out, and a test holds both together.
    fn default() -> Self {
        let profile = |minimum, start, maximum, metered_maximum, probes| LinkProfile {
            minimum: DataRate::kbps(minimum),
            start: DataRate::kbps(start),
            maximum: DataRate::kbps(maximum),
            metered_maximum: DataRate::kbps(metered_maximum),
            probes,
        };
        Self {
            desktop: profile(16, 64, 640, 96, true),
            mobile_wifi: profile(16, 64, 256, 96, true),
            mobile_cellular: profile(16, 64, 128, 64, false),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn as_kbps<S: Serializer>(rate: &DataRate, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(rate.as_bps() / 1_000)
}
