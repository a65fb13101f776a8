//! What can be set.

use std::time::Duration;

use jackfield_sdk::prelude::*;
use jackfield_sdk::secure_transport::srtp::Profile;

use crate::certificate::KeyKind;
use crate::dtls::Version;

/// The parameters of [`IceDtls`](crate::IceDtls). Those of DTLS and SRTP take effect with the next `activate` or `start`, the times at once.
#[derive(Params)]
pub struct IceDtlsParameters {
    /// The DTLS version to begin with when we are the client. `auto` offers 1.3 and 1.2; `1.2` also reaches servers that have only an RSA certificate.
    #[param(title = "DTLS as client", choices = ["auto", "1.3", "1.2"], default = 0)]
    pub dtls_client: u32,
    /// The DTLS version to answer with when we are the server. `auto` takes what the client offers.
    #[param(title = "DTLS as server", choices = ["auto", "1.2"], default = 0)]
    pub dtls_server: u32,
    /// The SRTP profiles that we agree to. A restriction to `gcm` or `aes-cm` also restricts DTLS to 1.2, whose engine alone can be told.
    #[param(title = "SRTP profiles", choices = ["any", "gcm", "aes-cm"], default = 0)]
    pub srtp_profiles: u32,
    /// After so long without a sign of life from the peer the state is `disconnected`.
    #[param(
        title = "Disconnected after",
        unit = "ms",
        min = 500,
        max = 30000,
        default = 2500
    )]
    pub disconnected_ms: u32,
    /// After so long without the peer's consent (RFC 7675), or without a path to begin with, nothing is sent any more and the state is `failed`.
    #[param(title = "Failed after", unit = "ms", min = 3000, max = 60000, default = 30000)]
    pub failed_ms: u32,
    /// The key of our certificate. With `rsa` DTLS is 1.2, whose engine alone knows it, and activating takes up to a second.
    #[param(title = "Certificate", choices = ["ecdsa-p256", "rsa-2048"], default = 0)]
    pub certificate: u32,
    /// For simulations only: passwords and keys repeat from run to run and anybody who knows the seed can read the call. Never in a real call.
    #[param(title = "Insecure: repeatable secrets", default = false)]
    pub insecure_deterministic: bool,
}

impl IceDtlsParameters {
    pub(crate) fn client_version(&self) -> Version {
        match (self.srtp_profiles, self.dtls_client) {
            _ if self.key() == KeyKind::Rsa => Version::Legacy,
            (0, 0) => Version::Either,
            (0, 1) => Version::Modern,
            _ => Version::Legacy,
        }
    }

    pub(crate) fn server_version(&self) -> Version {
        if self.srtp_profiles == 0 && self.dtls_server == 0 && self.key() == KeyKind::EcdsaP256 {
            Version::Either
        } else {
            Version::Legacy
        }
    }

    pub(crate) fn key(&self) -> KeyKind {
        if self.certificate == 0 {
            KeyKind::EcdsaP256
        } else {
            KeyKind::Rsa
        }
    }

    pub(crate) fn profiles(&self) -> Vec<Profile> {
        match self.srtp_profiles {
            0 => vec![
                Profile::AeadAes256Gcm,
                Profile::AeadAes128Gcm,
                Profile::Aes128CmSha1_80,
            ],
            1 => vec![Profile::AeadAes256Gcm, Profile::AeadAes128Gcm],
            _ => vec![Profile::Aes128CmSha1_80],
        }
    }

    pub(crate) fn disconnected(&self) -> Duration {
        Duration::from_millis(self.disconnected_ms.into())
    }

    pub(crate) fn failed(&self) -> Duration {
        Duration::from_millis(self.failed_ms.into())
    }
}
