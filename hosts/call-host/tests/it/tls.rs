//! HTTPS with a certificate that the host makes itself, and with an own one.

use std::fs;
use std::sync::Arc;

use jackfield_call_host::{CallHost, StartError, Tls};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::{Host, engine, open_options};

fn client(trusted: &[CertificateDer<'static>]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for certificate in trusted {
        roots.add(certificate.clone()).expect("a certificate");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn get(host: &Host, connector: &TlsConnector, name: &str) -> std::io::Result<String> {
    let socket = TcpStream::connect(host.host.address()).await?;
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let mut socket = connector.connect(name, socket).await?;
    socket
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .await?;
    let mut answer = String::new();
    // The host may close without a close_notify once it has said all.
    let _ = socket.read_to_string(&mut answer).await;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_made_for_the_names_that_are_asked_for() {
    let mut options = open_options();
    options.tls = Tls::SelfSigned {
        names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
    };
    let host = Host::start(options);
    let fingerprint = host.host.fingerprint().expect("it speaks HTTPS").to_owned();
    assert_eq!(fingerprint.split(':').count(), 32);

    get(&host, &client(&[]), "localhost")
        .await
        .expect_err("nobody has vouched for it");
    let shown = shown_certificate(&host).await;
    let digest = ring::digest::digest(&ring::digest::SHA256, &shown);
    let hex: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(
        fingerprint,
        hex.join(":"),
        "the fingerprint that was printed is the one that browsers show"
    );
    let trusting = client(&[shown]);
    for name in ["localhost", "127.0.0.1"] {
        let answer = get(&host, &trusting, name)
            .await
            .expect("a trusted certificate for the name");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    get(&host, &trusting, "call.example.org")
        .await
        .expect_err("it is not for this name");
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_certificate_is_used_and_one_without_its_key_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(["call.example.org".to_owned()]).expect("a certificate");
    let (certificate, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    fs::write(&certificate, made.cert.pem()).expect("written");
    fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let mut options = open_options();
    options.tls = Tls::Files {
        certificate: certificate.clone(),
        key: key.clone(),
    };
    let host = Host::start(options.clone());
    let trusted = CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).expect("PEM");
    get(&host, &client(&[trusted]), "call.example.org")
        .await
        .expect("the own certificate");
    host.stop().await;

    let other = rcgen::generate_simple_self_signed(["call.example.org".to_owned()]).expect("a certificate");
    fs::write(&key, other.signing_key.serialize_pem()).expect("written");
    for (file, text) in [("the key of another", None), ("no PEM", Some("rubbish"))] {
        if let Some(text) = text {
            fs::write(&key, text).expect("written");
        }
        let engine = engine();
        let refused = CallHost::start(engine.clone(), options.clone()).expect_err(file);
        assert!(matches!(refused, StartError::Tls(_)), "{file}: {refused}");
        assert!(refused.to_string().contains("key"), "{refused}");
        engine.close().await;
    }
}

/// The certificate that the host shows, whoever vouches for it.
async fn shown_certificate(host: &Host) -> CertificateDer<'static> {
    #[derive(Debug)]
    struct Anyone(rustls::crypto::WebPkiSupportedAlgorithms);
    impl rustls::client::danger::ServerCertVerifier for Anyone {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: rustls::pki_types::UnixTime,
        ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
            Ok(rustls::client::danger::ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.0)
        }
        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.0)
        }
        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            self.0.supported_schemes()
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let anyone = Arc::new(Anyone(provider.signature_verification_algorithms));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(anyone)
        .with_no_client_auth();
    let socket = TcpStream::connect(host.host.address()).await.expect("it listens");
    let name = ServerName::try_from("localhost").expect("a name");
    let socket = TlsConnector::from(Arc::new(config))
        .connect(name, socket)
        .await
        .expect("a handshake");
    let (_, session) = socket.get_ref();
    session.peer_certificates().expect("certificates")[0]
        .clone()
        .into_owned()
}
