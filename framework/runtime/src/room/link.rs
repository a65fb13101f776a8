//! What is used of the links of participants.

use jackfield_graph::network::BitrateProfile;
use jackfield_loader::{LinkClass, LinkProfiles};
use jackfield_session::signalling::{Link, LinkAdapter, LinkDevice};

use super::Inner;
use super::negotiate::Participant;

impl Participant {
    /// Its peer has told what it knows of its link, or that this has become another: so much is used of it from now on as the manifest says for such
    /// a link.
    pub fn set_link(&self, link: Link) {
        self.room().inner.set_link(self.number(), link);
    }
}

impl Inner {
    /// What is used of such a link.
    pub(super) fn profile_of(&self, link: Link) -> BitrateProfile {
        profile(&self.shared.manifest.profiles, link)
    }

    fn set_link(&self, number: u32, link: Link) {
        let mut state = self.state();
        let Some(member) = state.member_mut(number) else {
            return;
        };
        let before = std::mem::replace(&mut member.link, link);
        let connected = member.network.is_some();
        drop(state);
        if connected && before != link {
            let moved = (before.device, before.adapter) != (link.device, link.adapter);
            self.shared
                .network
                .set_profile(self.key, number, self.profile_of(link), moved);
        }
    }
}

/// The kind of a link.
pub(super) fn class(link: Link) -> LinkClass {
    match (link.device, link.adapter) {
        (_, LinkAdapter::Cellular) => LinkClass::MobileCellular,
        (LinkDevice::Mobile, _) => LinkClass::MobileWifi,
        _ => LinkClass::Desktop,
    }
}

fn profile(profiles: &LinkProfiles, link: Link) -> BitrateProfile {
    let of_class = profiles.of(class(link));
    BitrateProfile {
        bounds: of_class.bounds(link.metered),
        padding: of_class.probes && !link.metered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(device: LinkDevice, adapter: LinkAdapter, metered: bool) -> Link {
        Link {
            device,
            adapter,
            metered,
        }
    }

    #[test]
    fn d5_1_a_link_is_of_the_kind_that_its_device_and_its_adapter_say() {
        use LinkAdapter::{Cellular, Ethernet, Unknown, Wifi};
        use LinkDevice::{Desktop, Mobile};
        for (device, adapter, kind) in [
            (Desktop, Unknown, LinkClass::Desktop),
            (Desktop, Ethernet, LinkClass::Desktop),
            (Desktop, Wifi, LinkClass::Desktop),
            (Desktop, Cellular, LinkClass::MobileCellular),
            (Mobile, Wifi, LinkClass::MobileWifi),
            (Mobile, Unknown, LinkClass::MobileWifi),
            (Mobile, Cellular, LinkClass::MobileCellular),
        ] {
            assert_eq!(class(link(device, adapter, false)), kind);
        }
    }

    #[test]
    fn d5_3_where_every_byte_costs_less_is_sent_and_nothing_that_is_no_media() {
        let profiles = LinkProfiles::default();
        let of = |metered| profile(&profiles, link(LinkDevice::Desktop, LinkAdapter::Wifi, metered));
        assert_eq!(of(false), BitrateProfile::DESKTOP);
        assert_eq!(of(true).bounds.maximum, profiles.desktop.metered_maximum);
        assert!(!of(true).padding);
        let cellular = profile(&profiles, link(LinkDevice::Mobile, LinkAdapter::Cellular, false));
        assert!(!cellular.padding && cellular.bounds.maximum < of(false).bounds.maximum);
    }
}
