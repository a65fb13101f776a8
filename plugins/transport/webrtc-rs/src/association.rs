//! DTLS-SRTP (RFC 5764) by `webrtc-dtls`, through a tunnel that leads to the path of the moment.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jackfield_sdk::secure_transport::Fingerprint;
use jackfield_sdk::secure_transport::srtp::{Keys, Profile};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use webrtc_dtls::Error;
use webrtc_dtls::config::{ClientAuthType, Config, ExtendedMasterSecretType};
use webrtc_dtls::conn::DTLSConn;
use webrtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use webrtc_util_dtls::KeyingMaterialExporter;

use crate::certificate::Certificate;
use crate::engine::Engine;
use crate::record::{self, Records};
use crate::socket::{Outbox, Tunnel};

/// A flight without an answer is repeated after so long, as often as needed.
const REPETITION: Duration = Duration::from_millis(150);
/// So many times the server repeats its last flight to a client that has not got it.
const REPETITIONS_AT_THE_END: u32 = 32;

/// A DTLS association from its first flight to its goodbye.
pub(crate) struct Association {
    client: bool,
    arriving: UnboundedSender<Vec<u8>>,
    leaving: Outbox<Vec<u8>>,
    news: Outbox<News>,
    connection: Arc<Mutex<Option<Arc<DTLSConn>>>>,
    /// What we sent last, as long as the handshake lasts. The library forgets it with the handshake, and then nobody would repeat it.
    last_flight: Vec<Vec<u8>>,
    repetitions: u32,
    finished: bool,
}

/// What an association tells.
pub(crate) enum News {
    /// The handshake is over and the peer is who it should be.
    Keys(Keys),
    /// The peer said goodbye.
    Closed,
    /// There will be no keys, and why.
    Failed(String),
}

impl Association {
    /// Begins one: a client sends its first flight as soon as the engine runs.
    pub(crate) fn begin(
        engine: &Engine,
        client: bool,
        certificate: &Certificate,
        trusted: Vec<Fingerprint>,
    ) -> Result<Self, String> {
        let (arriving, receiver) = unbounded_channel();
        let association = Self {
            client,
            arriving,
            leaving: Outbox::default(),
            news: Outbox::default(),
            connection: Arc::default(),
            last_flight: Vec::new(),
            repetitions: 0,
            finished: false,
        };
        let tunnel = Tunnel {
            arriving: tokio::sync::Mutex::new(receiver),
            leaving: association.leaving.clone(),
        };
        let config = config(certificate, trusted)?;
        let (news, place) = (association.news.clone(), Arc::clone(&association.connection));
        engine.spawn(async move {
            match shake_hands(tunnel, config, client).await {
                Ok((connection, keys)) => {
                    let connection = Arc::new(connection);
                    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&connection));
                    news.put(News::Keys(keys));
                    read_to_the_end(&connection).await;
                    news.put(News::Closed);
                }
                Err(why) => news.put(News::Failed(why)),
            }
        });
        Ok(association)
    }

    /// Takes a datagram from the peer. Tells whether it was one.
    pub(crate) fn receive(&mut self, datagram: &[u8]) -> bool {
        match record::look(datagram) {
            Records::Malformed => return false,
            // The client has not got our last flight. The records are the same as before: it knows which of them it has.
            Records::Handshake if self.finished => {
                if !self.client && self.repetitions < REPETITIONS_AT_THE_END {
                    self.repetitions += 1;
                    for flight in &self.last_flight {
                        self.leaving.put(flight.clone());
                    }
                }
                return true;
            }
            // Anybody could have written it.
            Records::Clear if self.finished => return true,
            Records::Handshake => self.last_flight.clear(),
            Records::Clear | Records::Protected => {}
        }
        // A task that has ended has nothing left to be told.
        let _ = self.arriving.send(datagram.to_vec());
        true
    }

    /// Says goodbye as soon as the engine runs.
    pub(crate) fn close(&self, engine: &Engine) {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(connection) = connection {
            engine.spawn(async move {
                let _ = connection.close().await;
            });
        }
    }

    /// What is to be sent to the peer.
    pub(crate) fn transmit(&mut self) -> Vec<Vec<u8>> {
        let datagrams = self.leaving.empty();
        if !self.finished {
            self.last_flight.extend(datagrams.iter().cloned());
        }
        datagrams
    }

    /// What has happened.
    pub(crate) fn news(&mut self) -> Vec<News> {
        let news = self.news.empty();
        self.finished |= !news.is_empty();
        news
    }
}

fn config(certificate: &Certificate, trusted: Vec<Fingerprint>) -> Result<Config, String> {
    Ok(Config {
        certificates: vec![certificate.library()?],
        srtp_protection_profiles: vec![
            SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        ],
        client_auth: ClientAuthType::RequireAnyClientCert,
        extended_master_secret: ExtendedMasterSecretType::Require,
        flight_interval: REPETITION,
        // Nobody checks it: the certificate is known by its fingerprint.
        server_name: "localhost".into(),
        // There is no authority whose chain could be verified: the fingerprint is the proof, and it is checked before there are keys.
        insecure_skip_verify: true,
        verify_peer_certificate: Some(Arc::new(move |certificates, _| {
            let shown = certificates
                .first()
                .is_some_and(|der| trusted.iter().any(|fingerprint| fingerprint.matches(der)));
            if shown {
                Ok(())
            } else {
                Err(Error::Other(
                    "the certificate is not the one that was announced".into(),
                ))
            }
        })),
        ..Config::default()
    })
}

async fn shake_hands(tunnel: Tunnel, config: Config, client: bool) -> Result<(DTLSConn, Keys), String> {
    let connection = DTLSConn::new(Arc::new(tunnel), config, client, None)
        .await
        .map_err(|error| error.to_string())?;
    let profile = match connection.selected_srtpprotection_profile() {
        SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => Profile::Aes128CmSha1_80,
        SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Profile::AeadAes128Gcm,
        SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm => Profile::AeadAes256Gcm,
        _ => return Err("no SRTP profile in common".into()),
    };
    let material = connection
        .connection_state()
        .await
        .export_keying_material("EXTRACTOR-dtls_srtp", &[], profile.keying_material_len())
        .await
        .map_err(|error| error.to_string())?;
    let keys = Keys {
        profile,
        material,
        client,
    };
    Ok((connection, keys))
}

/// What comes through the association itself belongs to data channels, which are not offered yet.
async fn read_to_the_end(connection: &DTLSConn) {
    let mut buffer = vec![0; 16_384];
    loop {
        match connection.read(&mut buffer, None).await {
            Ok(_) | Err(Error::ErrBufferTooSmall) => {}
            Err(_) => return,
        }
    }
}
