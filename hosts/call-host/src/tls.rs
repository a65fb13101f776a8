//! HTTPS: an own certificate, or one that the host makes and signs itself, because browsers open the microphone only over HTTPS or on
//! the same machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// How the host is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tls {
    /// Plain HTTP: for the same machine, or behind a proxy that speaks HTTPS.
    Off,
    /// A certificate that the host makes at start and signs itself. Browsers warn of it.
    SelfSigned {
        /// The names and addresses under which it is opened.
        names: Vec<String>,
    },
    /// A certificate chain and its key, both PEM.
    Files {
        /// The chain, the host's own certificate first.
        certificate: PathBuf,
        /// The private key.
        key: PathBuf,
    },
}

/// Why the host cannot speak HTTPS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error(
        "{path} cannot be read as PEM ({reason}): give the certificate chain with --tls-cert and its private key with --tls-key"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// No certificate could be made.
    #[error("no certificate could be made for {names:?}: {reason}")]
    SelfSigned {
        /// The names that it was to be for.
        names: Vec<String>,
        /// What went wrong.
        reason: String,
    },
    /// The two do not belong together, or are of a kind that is not supported.
    #[error("the certificate cannot be used with this key: {0}")]
    Mismatch(#[from] rustls::Error),
}

/// What HTTPS needs at run time.
pub(crate) struct TlsSetup {
    pub(crate) config: Arc<ServerConfig>,
    /// SHA-256 of the host's own certificate, as browsers show it.
    pub(crate) fingerprint: String,
}

impl Tls {
    pub(crate) fn setup(&self) -> Result<Option<TlsSetup>, TlsError> {
        let (chain, key) = match self {
            Self::Off => return Ok(None),
            Self::SelfSigned { names } => self_signed(names)?,
            Self::Files { certificate, key } => from_files(certificate, key)?,
        };
        let fingerprint = chain.first().map(|own| fingerprint(own)).unwrap_or_default();
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(TlsSetup {
            config: Arc::new(config),
            fingerprint,
        }))
    }
}

type Credentials = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn self_signed(names: &[String]) -> Result<Credentials, TlsError> {
    let problem = |error: rcgen::Error| TlsError::SelfSigned {
        names: names.to_vec(),
        reason: error.to_string(),
    };
    let made = rcgen::generate_simple_self_signed(names).map_err(problem)?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    Ok((vec![made.cert.der().clone()], key.into()))
}

fn from_files(certificate: &Path, key: &Path) -> Result<Credentials, TlsError> {
    let problem = |path: &Path, reason: String| TlsError::File {
        path: path.to_owned(),
        reason,
    };
    let read = |path: &Path| fs::read(path).map_err(|error| problem(path, error.to_string()));
    let chain = CertificateDer::pem_slice_iter(&read(certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| problem(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(problem(certificate, "no certificate stands in it".to_owned()));
    }
    let key_der =
        PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| problem(key, error.to_string()))?;
    Ok((chain, key_der))
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect::<Vec<_>>()
        .join(":")
}
