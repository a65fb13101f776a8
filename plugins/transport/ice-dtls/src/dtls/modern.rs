//! DTLS 1.3 (RFC 9147), and as client 1.2 as well, by `dimpl`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dimpl::{Config, Dtls, DtlsCertificate, ProtocolVersion, SrtpProfile};
use jackfield_sdk::log;
use jackfield_sdk::secure_transport::Fingerprint;
use jackfield_sdk::secure_transport::srtp::{Keys, Profile};

use super::{Engine, Failure, Output, Settings, Version, record};

/// The first repetition comes after this long, each further one after twice the last.
const FIRST_REPETITION: Duration = Duration::from_millis(200);
/// More repetitions than fit into the time limit: that limit alone decides.
const REPETITIONS: usize = 12;
/// The library doubles the wait again and again; we repeat what it said last as often as this in between.
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// The shortest wait after a deadline has been met.
const BREATH: Duration = Duration::from_millis(10);
/// How long a handshake may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);

pub(super) struct Modern {
    dtls: Dtls,
    client: bool,
    expected: Arc<[Fingerprint]>,
    profiles: Vec<Profile>,
    /// The handshake is over.
    over: bool,
    /// The peer's certificate was shown and is the right one.
    proved: bool,
    cipher: Option<u16>,
    /// The next sequence number for a record in the clear: the library repeats its first hello under the old one, and a receiver that
    /// watches for replays drops that.
    sequence: u64,
    deadline: Option<Instant>,
    /// What was said last in a handshake that is not over, and when to say it again.
    said: Vec<Vec<u8>>,
    repeat_at: Option<Instant>,
    buffer: Vec<u8>,
}

impl Modern {
    /// A server that finds out which version the client wants.
    pub(super) fn server(settings: &Settings, now: Instant) -> Result<Self, Failure> {
        Self::new(settings, false, now)
    }

    /// A client; its hello is in `output`.
    pub(super) fn client(settings: &Settings, now: Instant, output: &mut Output) -> Result<Self, Failure> {
        let mut client = Self::new(settings, true, now)?;
        client.dtls.set_active(true);
        client.handle_timeout(now, output)?;
        Ok(client)
    }

    fn new(settings: &Settings, client: bool, now: Instant) -> Result<Self, Failure> {
        let mut config = Config::builder()
            .flight_start_rto(FIRST_REPETITION)
            .flight_retries(REPETITIONS)
            .handshake_timeout(TIME_LIMIT)
            // ICE has proved the peer's address already: the extra round trip would prove it once more.
            .use_server_cookie(false);
        if let Some(seed) = settings.seed {
            config = config.dangerously_set_rng_seed(seed);
        }
        let config = Arc::new(config.build().map_err(broken)?);
        let certificate = DtlsCertificate {
            certificate: settings.certificate.der.clone(),
            private_key: settings.certificate.private_key.clone(),
        };
        let version = if client { settings.client } else { settings.server };
        let dtls = if version == Version::Modern {
            Dtls::new_13(config, certificate, now)
        } else {
            Dtls::new_auto(config, certificate, now)
        };
        Ok(Self {
            dtls,
            client,
            expected: settings.expected.clone(),
            profiles: settings.profiles.clone(),
            over: false,
            proved: false,
            cipher: None,
            sequence: 0,
            deadline: None,
            said: Vec::new(),
            repeat_at: None,
            buffer: vec![0; 2048],
        })
    }

    /// Takes what the library gives, and the part of it that has to be repeated into `said`.
    fn take(&mut self, now: Instant, output: &mut Output) -> Result<(), Failure> {
        let before = output.datagrams.len();
        self.drain(output)?;
        if output.keys.is_some() {
            self.said = Vec::new();
            self.repeat_at = None;
            self.over = true;
        } else if output.datagrams.len() > before && !self.over {
            self.said = output.datagrams[before..].to_vec();
            self.repeat_at = Some(now + LONGEST_WAIT);
        }
        Ok(())
    }

    fn drain(&mut self, output: &mut Output) -> Result<(), Failure> {
        loop {
            match self.dtls.poll_output(&mut self.buffer) {
                dimpl::Output::Packet(packet) => {
                    self.cipher = record::chosen_cipher(packet).or(self.cipher);
                    let mut packet = packet.to_vec();
                    if self.client {
                        record::renumber(&mut packet, &mut self.sequence);
                    }
                    output.datagrams.push(packet);
                }
                dimpl::Output::BufferTooSmall { needed } => self.buffer.resize(needed, 0),
                dimpl::Output::Timeout(at) => {
                    self.deadline = Some(at);
                    return Ok(());
                }
                dimpl::Output::PeerCert(der) => {
                    if !self.expected.iter().any(|fingerprint| fingerprint.matches(der)) {
                        return Err(Failure::WrongFingerprint);
                    }
                    self.proved = true;
                }
                dimpl::Output::KeyingMaterial(material, profile) => {
                    let profile = known(profile)
                        .filter(|profile| self.profiles.contains(profile))
                        .ok_or(Failure::NoProfile)?;
                    if !self.proved {
                        return Err(Failure::WrongFingerprint);
                    }
                    output.keys = Some(Keys {
                        profile,
                        material: material.to_vec(),
                        client: self.client,
                    });
                }
                dimpl::Output::ApplicationData(data) => output.application_data.push(data.to_vec()),
                dimpl::Output::CloseNotify => output.closed = true,
                _ => {}
            }
        }
    }
}

impl Engine for Modern {
    fn receive(&mut self, now: Instant, datagram: &[u8], output: &mut Output) -> Result<(), Failure> {
        self.handle_timeout(now, output)?;
        self.cipher = record::chosen_cipher(datagram).or(self.cipher);
        self.dtls.handle_packet(datagram).map_err(broken)?;
        self.take(now, output)
    }

    fn handle_timeout(&mut self, now: Instant, output: &mut Output) -> Result<(), Failure> {
        self.dtls.handle_timeout(now).map_err(broken)?;
        self.take(now, output)?;
        if self.repeat_at.is_some_and(|at| at <= now) {
            self.repeat_at = Some(now + LONGEST_WAIT);
            for datagram in &mut self.said {
                if self.client {
                    record::renumber(datagram, &mut self.sequence);
                }
                output.datagrams.push(datagram.clone());
            }
        }
        // A forged hello can bring the library into a state in which it asks for a call at once, for ever.
        self.deadline = self.deadline.map(|at| if at <= now { now + BREATH } else { at });
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        [self.deadline, self.repeat_at].into_iter().flatten().min()
    }

    fn close(&mut self, now: Instant, output: &mut Output) {
        let said = self
            .dtls
            .handle_timeout(now)
            .and_then(|()| self.dtls.close())
            .map_err(broken)
            .and_then(|()| self.drain(output));
        if let Err(failure) = said {
            log::debug("ice-dtls", &format!("DTLS ended without a goodbye: {failure}"));
        }
    }

    fn version(&self) -> &'static str {
        match self.dtls.protocol_version() {
            Some(ProtocolVersion::DTLS1_3) => "1.3",
            Some(ProtocolVersion::DTLS1_2) => "1.2",
            _ => "",
        }
    }

    fn cipher(&self) -> String {
        self.cipher.map(record::cipher_name).unwrap_or_default()
    }
}

fn known(profile: SrtpProfile) -> Option<Profile> {
    match profile {
        SrtpProfile::AES128_CM_SHA1_80 => Some(Profile::Aes128CmSha1_80),
        SrtpProfile::AEAD_AES_128_GCM => Some(Profile::AeadAes128Gcm),
        SrtpProfile::AEAD_AES_256_GCM => Some(Profile::AeadAes256Gcm),
        _ => None,
    }
}

#[allow(clippy::needless_pass_by_value, reason = "made for `map_err`")]
fn broken(error: dimpl::Error) -> Failure {
    Failure::Broken(format!("the DTLS handshake failed: {error}"))
}
