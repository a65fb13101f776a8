//! A peer of another make: the same protocols, but driven by nothing of this plugin, with DTLS 1.2 and a certificate of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use is::stun::{StunMessage, StunPacket};
use is::{Candidate, IceAgent, IceAgentEvent, IceCreds, Protocol};
use jackfield_sdk::prelude::*;
use rtc_crypto::SignatureScheme;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::{TransportContext, TransportProtocol};
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;
use sha2::{Digest, Sha256};

const CERTIFICATE: &[u8] = include_bytes!("../data/rsa-test-certificate.der");
const KEY: &[u8] = include_bytes!("../data/rsa-test-key.pkcs8.der");

/// An end with an RSA certificate.
pub(crate) struct RsaPeer {
    origin: Instant,
    agent: IceAgent,
    remote: (String, String),
    endpoint: Endpoint,
    client: bool,
    begun: bool,
    route: Option<Route>,
    srtp: Option<(Context, Context)>,
    told: bool,
}

impl Plugin for RsaPeer {
    const DESCRIPTOR: Descriptor = Descriptor::new("test.transport.rsa", "RSA peer", "1.0.0");
    type Parameters = ();

    fn create(_: &Environment) -> Result<Self, Fault> {
        #[allow(
            clippy::disallowed_methods,
            reason = "an origin for a type that has no other constructor"
        )]
        let origin = Instant::now();
        let credentials = IceCreds {
            ufrag: "RSApeer1".into(),
            pass: "a-password-of-the-RSA-peer".replace('-', "+"),
        };
        Ok(Self {
            origin,
            agent: IceAgent::new(credentials),
            remote: Default::default(),
            endpoint: endpoint(),
            client: false,
            begun: false,
            route: None,
            srtp: None,
            told: false,
        })
    }

    fn parameters(&mut self) -> &mut () {
        Box::leak(Box::new(()))
    }
}

fn peer() -> SocketAddr {
    TransportContext::default().peer_addr
}

fn endpoint() -> Endpoint {
    Endpoint::new(
        TransportContext::default().local_addr,
        TransportProtocol::UDP,
        Some(configuration(false)),
    )
}

fn configuration(client: bool) -> Arc<HandshakeConfig> {
    let provider = rtc_crypto::default_provider().unwrap();
    let key = provider
        .crypto()
        .import_signing_key(SignatureScheme::RsaPkcs1Sha256, KEY)
        .unwrap();
    let configuration = ConfigBuilder::default()
        .with_crypto_provider(provider)
        .with_certificates(vec![Certificate::from_signing_key(
            vec![CERTIFICATE.to_vec().into()],
            key,
        )])
        .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80])
        .with_extended_master_secret(ExtendedMasterSecretType::Require)
        .with_client_auth(ClientAuthType::RequireAnyClientCert)
        .with_insecure_skip_verify(true)
        .build(client, None)
        .unwrap();
    Arc::new(configuration)
}

impl RsaPeer {
    fn instant(&self, now: Timestamp) -> Instant {
        self.origin + Duration::from_micros(now.us().unsigned_abs())
    }

    fn settle(&mut self, now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        let instant = self.instant(now);
        self.agent.handle_timeout(instant);
        while let Some(event) = self.agent.poll_event() {
            if let IceAgentEvent::NominatedSend {
                source, destination, ..
            } = event
            {
                self.route = Some(Route::new(source, destination));
            }
        }
        while let Some(transmit) = self.agent.poll_transmit() {
            sink.transmit(
                &Route::new(transmit.source, transmit.destination),
                &transmit.contents,
            )?;
        }
        if self.client && !self.begun && self.route.is_some() {
            self.begun = true;
            self.endpoint
                .connect(instant, peer(), configuration(true), None)
                .unwrap();
        }
        while let Some(transmit) = self.endpoint.poll_transmit() {
            if let Some(route) = self.route {
                sink.transmit(&route, &transmit.message)?;
            }
        }
        if !self.told && self.srtp.is_some() && self.route.is_some() {
            self.told = true;
            sink.state(TransportState::Connected)?;
        }
        Ok(())
    }

    fn take_keys(&mut self) {
        let state = self.endpoint.get_connection_state(peer()).unwrap();
        let mut config = rtc_srtp::config::Config {
            profile: ProtectionProfile::Aes128CmHmacSha1_80,
            ..Default::default()
        };
        let material = state
            .export_keying_material("EXTRACTOR-dtls_srtp", &[], config.keying_material_len())
            .unwrap();
        config
            .set_session_keys_from_keying_material(material.as_ref(), state.is_client())
            .unwrap();
        let provider = rtc_crypto::default_provider().unwrap();
        let context = |key: &[u8], salt: &[u8]| {
            Context::new(key, salt, config.profile, None, None, provider.crypto()).unwrap()
        };
        let out = context(&config.keys.local_master_key, &config.keys.local_master_salt);
        let into = context(&config.keys.remote_master_key, &config.keys.remote_master_salt);
        self.srtp = Some((out, into));
    }
}

impl Transport for RsaPeer {
    fn activate(&mut self, now: Timestamp, config: &TransportConfig) -> Result<(), Fault> {
        self.agent.set_controlling(config.controlling != 0);
        self.client = config.role == DtlsRole::Client;
        let instant = self.instant(now);
        self.agent.handle_timeout(instant);
        Ok(())
    }

    fn local_description(&mut self, sink: &mut dyn AttributeSink) -> Result<(), Fault> {
        let credentials = self.agent.local_credentials();
        sink.attribute("ice-ufrag", &credentials.ufrag)?;
        sink.attribute("ice-pwd", &credentials.pass)?;
        let hash: Vec<String> = Sha256::digest(CERTIFICATE)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        sink.attribute("fingerprint", &format!("SHA-256 {}", hash.join(":")))?;
        sink.attribute("setup", if self.client { "active" } else { "passive" })
    }

    fn set_remote_attribute(&mut self, _: Timestamp, name: &str, value: &str) -> Result<(), Fault> {
        match name {
            "ice-ufrag" => self.remote.0 = value.into(),
            "ice-pwd" => self.remote.1 = value.into(),
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        self.agent.set_remote_credentials(IceCreds {
            ufrag: self.remote.0.clone(),
            pass: self.remote.1.clone(),
        });
        self.settle(now, sink)
    }

    fn restart(&mut self, _: Timestamp) -> Result<(), Fault> {
        Ok(())
    }

    fn add_local_candidate(&mut self, _: Timestamp, candidate: &str) -> Result<(), Fault> {
        let candidate = Candidate::from_sdp_string(&format!("candidate:{candidate}")).unwrap();
        self.agent
            .add_local_candidate(Candidate::host(candidate.addr(), Protocol::Udp).unwrap());
        Ok(())
    }

    fn add_remote_candidate(&mut self, _: Timestamp, candidate: &str) -> Result<(), Fault> {
        self.agent
            .add_remote_candidate(Candidate::from_sdp_string(&format!("candidate:{candidate}")).unwrap());
        Ok(())
    }

    fn receive(
        &mut self,
        now: Timestamp,
        route: &Route,
        datagram: &[u8],
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        let instant = self.instant(now);
        match datagram[0] {
            0..=3 => {
                let message = StunMessage::parse(datagram).unwrap();
                let (source, destination) = (route.remote.into(), route.local.into());
                self.agent.handle_packet(
                    instant,
                    StunPacket {
                        proto: Protocol::Udp,
                        source,
                        destination,
                        message,
                    },
                );
            }
            20..=63 => {
                self.route = self.route.or(Some(*route));
                match self
                    .endpoint
                    .read(instant, peer(), None, BytesMut::from(datagram))
                {
                    Ok(events)
                        if events
                            .iter()
                            .any(|event| matches!(event, EndpointEvent::HandshakeComplete)) =>
                    {
                        self.take_keys();
                    }
                    Ok(_) => {}
                    Err(_) => {
                        // Sends its alert and stands ready for another hello.
                        self.settle(now, sink)?;
                        self.endpoint = endpoint();
                    }
                }
            }
            _ => {
                let (_, into) = self.srtp.as_mut().unwrap();
                sink.packet(PacketKind::Rtp, &into.decrypt_rtp(datagram).unwrap())?;
            }
        }
        self.settle(now, sink)
    }

    fn deadline(&mut self) -> Result<Timestamp, Fault> {
        let next = [self.agent.poll_timeout(), self.endpoint.poll_timeout(&peer())]
            .into_iter()
            .flatten()
            .min();
        let us = |instant: Instant| {
            Timestamp::from_us(
                instant
                    .saturating_duration_since(self.origin)
                    .as_nanos()
                    .div_ceil(1_000) as i64,
            )
        };
        Ok(next.map_or(Timestamp::NEVER, us))
    }

    fn handle_timeout(&mut self, now: Timestamp, sink: &mut dyn TransportSink) -> Result<(), Fault> {
        let _ = self.endpoint.handle_timeout(peer(), self.instant(now));
        self.settle(now, sink)
    }

    fn send(
        &mut self,
        _: Timestamp,
        _: PacketKind,
        packet: &[u8],
        sink: &mut dyn TransportSink,
    ) -> Result<(), Fault> {
        let (out, _) = self.srtp.as_mut().ok_or_else(|| Fault::state("no keys"))?;
        sink.transmit(&self.route.unwrap(), &out.encrypt_rtp(packet).unwrap())
    }

    fn close(&mut self, _: Timestamp, _: &mut dyn TransportSink) -> Result<(), Fault> {
        Ok(())
    }

    fn path(&mut self, _: &mut dyn AttributeSink) -> Result<(), Fault> {
        Ok(())
    }
}
