use crate::candidate::{Candidate, CandidateProtocol};
use crate::error::SessionError;
use crate::sdp::{Fingerprint, MediaDescription, SessionDescription, Setup, TransportAttributes};

/// Our side of ICE and DTLS, as a transport plugin tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportDescription {
    /// The name part of the ICE credentials.
    pub ice_ufrag: String,
    /// The password.
    pub ice_pwd: String,
    /// ICE options, such as `trickle`.
    pub ice_options: Vec<String>,
    /// The hash of our certificate.
    pub fingerprint: Fingerprint,
    /// The DTLS role that we take; `actpass` leaves the choice to the negotiation.
    pub setup: Setup,
    /// Whether we are ICE-lite.
    pub ice_lite: bool,
    /// What is gathered so far: values of `a=candidate`, without the prefix.
    pub candidates: Vec<String>,
    /// Whether that is all.
    pub end_of_candidates: bool,
}

/// The remote end's side of ICE and DTLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteTransport {
    /// The name part of the ICE credentials.
    pub ice_ufrag: String,
    /// The password.
    pub ice_pwd: String,
    /// ICE options, such as `trickle`.
    pub ice_options: Vec<String>,
    /// The hash of its certificate that is to be checked: SHA-256 if it is told.
    pub fingerprint: Fingerprint,
    /// All hashes of its certificate that it tells.
    pub fingerprints: Vec<Fingerprint>,
    /// The DTLS role that it takes or leaves open.
    pub setup: Setup,
    /// What is known of its candidates so far.
    pub candidates: Vec<String>,
    /// Whether that is all.
    pub end_of_candidates: bool,
    /// Whether it is ICE-lite: then we are controlling.
    pub ice_lite: bool,
    /// Counts its credentials: one more is an ICE restart.
    pub generation: u32,
}

impl TransportDescription {
    /// From the attributes that a transport plugin tells: `ice-ufrag`, `ice-pwd`, `ice-options`, `fingerprint`, `setup`, `ice-lite`. Without
    /// `ice-options` it is `trickle`; other names are let pass.
    ///
    /// # Errors
    /// If one of the necessary attributes is missing or malformed.
    pub fn from_attributes<'a>(
        attributes: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, SessionError> {
        const MISSING: SessionError = SessionError::Argument(
            "a transport must tell ice-ufrag, ice-pwd, fingerprint and setup, well-formed",
        );
        let (mut ufrag, mut pwd, mut options, mut fingerprint, mut setup, mut lite) =
            (None, None, vec!["trickle".to_owned()], None, None, false);
        for (name, value) in attributes {
            match name {
                "ice-ufrag" => ufrag = Some(value.to_owned()),
                "ice-pwd" => pwd = Some(value.to_owned()),
                "ice-options" => options = value.split_ascii_whitespace().map(Into::into).collect(),
                "fingerprint" => fingerprint = Some(Fingerprint::parse(value).map_err(|_| MISSING)?),
                "setup" => setup = Some(Setup::from_name(value).ok_or(MISSING)?),
                "ice-lite" => lite = true,
                _ => {}
            }
        }
        let sound = |text: &String, shortest| {
            (shortest..=256).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b))
        };
        Ok(Self {
            ice_ufrag: ufrag.filter(|ufrag| sound(ufrag, 4)).ok_or(MISSING)?,
            ice_pwd: pwd.filter(|pwd| sound(pwd, 22)).ok_or(MISSING)?,
            ice_options: options,
            fingerprint: fingerprint.ok_or(MISSING)?,
            setup: setup.ok_or(MISSING)?,
            ice_lite: lite,
            candidates: Vec::new(),
            end_of_candidates: false,
        })
    }

    pub(super) fn attributes(&self, setup: Setup) -> TransportAttributes {
        TransportAttributes {
            ice_ufrag: Some(self.ice_ufrag.clone()),
            ice_pwd: Some(self.ice_pwd.clone()),
            ice_options: self.ice_options.clone(),
            fingerprints: vec![self.fingerprint.clone()],
            setup: Some(setup),
        }
    }

    /// Puts the candidates into an m-line, and the first UDP one as its default destination (RFC 8839 section 4.2.1).
    pub(super) fn place_candidates(&self, media: &mut MediaDescription) -> Result<(), SessionError> {
        for text in &self.candidates {
            let candidate =
                Candidate::parse(text).map_err(|error| SessionError::Candidate(error.to_string()))?;
            if media.port == super::offer::DISCARD_PORT
                && candidate.protocol == CandidateProtocol::Udp
                && let Some(address) = candidate
                    .socket_address()
                    .filter(|address| address.is_ipv4() && address.port() != 0)
            {
                media.port = address.port();
                media.connection = Some(format!("IN IP4 {}", address.ip()));
            }
            media.candidates.push(candidate.to_string());
        }
        media.end_of_candidates = self.end_of_candidates;
        Ok(())
    }
}

impl RemoteTransport {
    /// What a transport plugin's `set_remote_attribute` wants, in order.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![
            ("ice-ufrag", self.ice_ufrag.clone()),
            ("ice-pwd", self.ice_pwd.clone()),
            ("ice-options", self.ice_options.join(" ")),
            ("fingerprint", self.fingerprint.to_string()),
            ("setup", self.setup.to_string()),
        ];
        if self.ice_lite {
            attributes.push(("ice-lite", String::new()));
        }
        attributes
    }

    /// From a description: of the first member of its BUNDLE group that tells something, or of its first m-line that is not rejected.
    pub(super) fn of(description: &SessionDescription, generation: u32) -> Option<Self> {
        let bundle = description
            .bundle()
            .iter()
            .filter_map(|mid| description.media_of_mid(mid))
            .map(|(_, media)| media);
        let media = bundle
            .chain(description.media.iter().filter(|media| !media.is_rejected()))
            .find(|media| description.transport_of(media).ice_ufrag.is_some())?;
        let transport = description.transport_of(media);
        let sha_256 = transport
            .fingerprints
            .iter()
            .find(|fingerprint| fingerprint.hash == "sha-256");
        Some(Self {
            ice_ufrag: transport.ice_ufrag?,
            ice_pwd: transport.ice_pwd?,
            ice_options: transport.ice_options,
            fingerprint: sha_256.or(transport.fingerprints.first())?.clone(),
            fingerprints: transport.fingerprints,
            setup: transport.setup?,
            candidates: media.candidates.clone(),
            end_of_candidates: media.end_of_candidates,
            ice_lite: description.ice_lite,
            generation,
        })
    }
}

/// The DTLS role that we answer with (RFC 8842 section 5.3): the one wanted if the offer leaves the choice, else the opposite of the offered.
pub(super) fn answered_setup(offered: Option<Setup>, wanted: Setup) -> Setup {
    match (offered, wanted) {
        (Some(Setup::Active), _) => Setup::Passive,
        (Some(Setup::Passive), _) | (_, Setup::Active) => Setup::Active,
        _ => Setup::Passive,
    }
}
