//! DTLS 1.2 (RFC 6347) with ECDSA and RSA, by `rtc-dtls`.
//!
//! That library forgets its timer when a flight of the peer's comes in part or comes again, repeats at a constant interval and gives up
//! after seven repetitions. So a flight that has been heard is not passed on a second time, and what we have said last is repeated from
//! here until it is answered: now by the library, which makes it anew, now from our own copy.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use jackfield_sdk::secure_transport::srtp::{Keys, Profile};
use rtc_dtls::cipher_suite::CipherSuiteId;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::error::Error;
use rtc_shared::{TransportContext, TransportProtocol};
use rtc_srtp::config::LABEL_EXTRACTOR_DTLS_SRTP;

use super::{Engine, Failure, Output, Settings, record};
use crate::certificate::KeyKind;

/// The first repetition comes after this long, each further one after twice the last.
const FIRST_REPETITION: Duration = Duration::from_millis(100);
/// The longest wait between two repetitions.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// When the peer has begun to answer, it is left this long to finish: many repeat after a second, and some forget to if they are
/// interrupted.
const PATIENCE: Duration = Duration::from_millis(3_200);
/// So many repetitions, about half a minute, and the peer is given up.
const REPETITIONS: u32 = 32;
/// Of these the library makes as many before it gives up by itself.
const ANEW: u32 = 6;
/// What fits into one datagram on any path.
const MTU: usize = 1200;
/// More pieces than a handshake has.
const PIECES: usize = 512;
/// What the verifier says, so that we know it from other errors.
const WRONG_FINGERPRINT: &str = "fingerprint mismatch";

pub(super) struct Legacy {
    endpoint: Endpoint,
    /// The library tells associations apart by address. We have one, whatever way its datagrams take.
    peer: SocketAddr,
    complete: bool,
    over: bool,
    /// The pieces of handshake messages that the engine has heard.
    heard: HashSet<record::Piece>,
    /// What we said last, to be said again until it is answered.
    flight: Vec<Vec<u8>>,
    repetitions: u32,
    repeat_at: Option<Instant>,
    /// The next sequence number for a record in the clear.
    sequence: u64,
}

impl Legacy {
    /// A server that waits for a hello.
    pub(super) fn server(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self::new(Some(configuration(settings, false)?)))
    }

    /// A client; its hello is in `output`.
    pub(super) fn client(settings: &Settings, now: Instant, output: &mut Output) -> Result<Self, Failure> {
        let mut client = Self::new(None);
        let configuration = configuration(settings, true)?;
        client
            .endpoint
            .connect(now, client.peer, configuration, None)
            .map_err(|error| broken(&error))?;
        client.drain(now, output);
        Ok(client)
    }

    fn new(server: Option<Arc<HandshakeConfig>>) -> Self {
        let nowhere = TransportContext::default();
        Self {
            endpoint: Endpoint::new(nowhere.local_addr, TransportProtocol::UDP, server),
            peer: nowhere.peer_addr,
            complete: false,
            over: false,
            heard: HashSet::new(),
            flight: Vec::new(),
            repetitions: 0,
            repeat_at: None,
            sequence: 0,
        }
    }

    /// Takes what the library wants to send; tells whether it was a flight that has to be repeated.
    fn drain(&mut self, now: Instant, output: &mut Output) -> bool {
        let mut said = Vec::new();
        while let Some(transmit) = self.endpoint.poll_transmit() {
            let mut datagram = transmit.message.to_vec();
            record::renumber(&mut datagram, &mut self.sequence);
            said.push(datagram);
        }
        output.datagrams.extend_from_slice(&said);
        let flight = said
            .first()
            .is_some_and(|datagram| record::is_to_be_repeated(datagram));
        if flight {
            self.flight = said;
            self.repeat_at = Some(now + self.wait());
        }
        flight
    }

    fn wait(&self) -> Duration {
        FIRST_REPETITION
            .saturating_mul(1 << self.repetitions.min(10))
            .min(LONGEST_WAIT)
    }

    /// Whether the engine has heard all of this before, while it still has to make its own next flight heard.
    fn is_repetition(&mut self, datagram: &[u8]) -> bool {
        let Some(pieces) = (!self.complete)
            .then(|| record::plain_handshake(datagram))
            .flatten()
        else {
            return false;
        };
        if self.heard.len() + pieces.len() > PIECES {
            self.heard.clear();
        }
        let mut known = true;
        for piece in pieces {
            known &= !self.heard.insert(piece);
        }
        known
    }

    fn take(&mut self, event: EndpointEvent, output: &mut Output) -> Result<(), Failure> {
        match event {
            EndpointEvent::HandshakeComplete => {
                self.complete = true;
                self.heard = HashSet::new();
                self.flight = Vec::new();
                self.repeat_at = None;
                output.keys = Some(self.keys()?);
            }
            EndpointEvent::ApplicationData(data) => output.application_data.push(data.to_vec()),
            EndpointEvent::PeerClosed => {
                self.over = true;
                output.closed = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn keys(&self) -> Result<Keys, Failure> {
        let state = self
            .endpoint
            .get_connection_state(self.peer)
            .ok_or(Failure::NoProfile)?;
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => Profile::Aes128CmSha1_80,
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Profile::AeadAes128Gcm,
            SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm => Profile::AeadAes256Gcm,
            _ => return Err(Failure::NoProfile),
        };
        let material = state
            .export_keying_material(LABEL_EXTRACTOR_DTLS_SRTP, &[], profile.keying_material_len())
            .map_err(|error| broken(&error))?;
        Ok(Keys {
            profile,
            material: material.as_ref().to_vec(),
            client: state.is_client(),
        })
    }
}

impl Engine for Legacy {
    fn receive(&mut self, now: Instant, datagram: &[u8], output: &mut Output) -> Result<(), Failure> {
        // Once the peer has gone the library would take its next datagram for a new association.
        if self.over || self.is_repetition(datagram) {
            return Ok(());
        }
        let result = self.endpoint.read(now, self.peer, None, BytesMut::from(datagram));
        if self.drain(now, output) {
            self.repetitions = 0;
        } else if self.repeat_at.is_some() {
            self.repeat_at = Some(now + PATIENCE);
        }
        match result {
            Ok(events) => events.into_iter().try_for_each(|event| self.take(event, output)),
            // A finished association survives whatever is not an authenticated alert.
            Err(error) if self.complete && error != Error::ErrAlertFatalOrClose => Ok(()),
            Err(error) => Err(broken(&error)),
        }
    }

    fn handle_timeout(&mut self, now: Instant, output: &mut Output) -> Result<(), Failure> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Ok(());
        }
        self.repetitions += 1;
        if self.repetitions > REPETITIONS {
            return Err(Failure::Broken(
                "the DTLS handshake failed: the peer does not answer any more".into(),
            ));
        }
        self.repeat_at = Some(now + self.wait());
        let due = self.endpoint.poll_timeout(&self.peer).is_some_and(|at| at <= now);
        if due && self.repetitions % 2 == 1 && self.repetitions / 2 < ANEW {
            self.endpoint
                .handle_timeout(self.peer, now)
                .map_err(|error| broken(&error))?;
            self.drain(now, output);
        } else {
            for datagram in &mut self.flight {
                record::renumber(datagram, &mut self.sequence);
                output.datagrams.push(datagram.clone());
            }
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        self.repeat_at.filter(|_| !self.complete && !self.over)
    }

    fn close(&mut self, now: Instant, output: &mut Output) {
        if !self.over && self.complete {
            self.endpoint.stop(now, self.peer);
            self.drain(now, output);
        }
        self.over = true;
    }

    fn version(&self) -> &'static str {
        "1.2"
    }

    fn cipher(&self) -> String {
        let suite = self
            .endpoint
            .get_connection_state(self.peer)
            .and_then(|state| state.cipher_suite());
        suite.map(|suite| suite.id().to_string()).unwrap_or_default()
    }
}

fn configuration(settings: &Settings, client: bool) -> Result<Arc<HandshakeConfig>, Failure> {
    let provider = rtc_crypto::default_provider()
        .map_err(|error| Failure::Broken(format!("no cryptography: {error}")))?;
    let key = provider
        .crypto()
        .import_signing_key(
            match settings.certificate.key {
                KeyKind::EcdsaP256 => rtc_crypto::SignatureScheme::EcdsaP256Sha256,
                KeyKind::Rsa => rtc_crypto::SignatureScheme::RsaPkcs1Sha256,
            },
            &settings.certificate.private_key,
        )
        .map_err(|error| Failure::Broken(format!("our own key is of no use: {error}")))?;
    let certificate = Certificate::from_signing_key(vec![settings.certificate.der.clone().into()], key);
    let expected = settings.expected.clone();
    let profiles = settings.profiles.iter().map(|profile| match profile {
        Profile::Aes128CmSha1_80 => SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        Profile::AeadAes128Gcm => SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
        Profile::AeadAes256Gcm => SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
    });
    let built = ConfigBuilder::default()
        .with_crypto_provider(provider)
        .with_certificates(vec![certificate])
        .with_cipher_suites(vec![
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256,
            CipherSuiteId::Tls_Ecdhe_Rsa_With_Aes_128_Gcm_Sha256,
            CipherSuiteId::Tls_Ecdhe_Ecdsa_With_ChaCha20_Poly1305_Sha256,
            CipherSuiteId::Tls_Ecdhe_Rsa_With_ChaCha20_Poly1305_Sha256,
        ])
        .with_srtp_protection_profiles(profiles.collect())
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_flight_interval(FIRST_REPETITION)
        .with_mtu(MTU)
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        // There is no authority whose chain could be verified: the fingerprint is the proof, and it is checked before there are keys.
        .with_insecure_skip_verify(true)
        .with_verify_peer_certificate(Some(Arc::new(move |certificates, _| {
            let shown = certificates.first().is_some_and(|der| expected.iter().any(|fingerprint| fingerprint.matches(der)));
            if shown { Ok(()) } else { Err(Error::Other(WRONG_FINGERPRINT.into())) }
        })))
        .build(client, None);
    built.map(Arc::new).map_err(|error| broken(&error))
}

fn broken(error: &Error) -> Failure {
    match error {
        Error::Other(text) if text == WRONG_FINGERPRINT => Failure::WrongFingerprint,
        Error::ErrServerNoMatchingSrtpProfile
        | Error::ErrClientNoMatchingSrtpProfile
        | Error::ErrRequestedButNoSrtpExtension => Failure::NoProfile,
        error => Failure::Broken(format!("the DTLS handshake failed: {error}")),
    }
}
