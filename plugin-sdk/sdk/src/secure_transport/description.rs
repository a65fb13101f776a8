//! What the peer's session description says of its transport, attribute by attribute, until it is complete, and what follows from it.

use jackfield_core::Fault;
use jackfield_core::transport::{DtlsRole, TransportConfig};

use super::Fingerprint;

/// The attributes that have come since the last `start`. `C` is a candidate as the transport's library has it.
#[derive(Debug)]
pub struct RemoteDescription<C> {
    name: Option<String>,
    password: Option<String>,
    fingerprints: Vec<Fingerprint>,
    /// A fingerprint came by a hash function that is not trusted.
    weak_fingerprint: bool,
    /// `a=setup`, if it came.
    pub setup: Option<Setup>,
    /// `a=ice-lite`.
    pub lite: bool,
    /// Candidates that came while the credentials they belong to were not in force yet.
    pub candidates: Vec<C>,
}

/// A user name fragment and a password of ICE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// `a=ice-ufrag`.
    pub name: String,
    /// `a=ice-pwd`.
    pub password: String,
}

/// `a=setup` (RFC 4145 section 4, RFC 8842 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// `actpass`.
    Either,
    /// `active`.
    Client,
    /// `passive`.
    Server,
}

/// Who we are in DTLS, once that is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We say hello.
    Client,
    /// We wait for it.
    Server,
}

impl<C> Default for RemoteDescription<C> {
    fn default() -> Self {
        Self {
            name: None,
            password: None,
            fingerprints: Vec::new(),
            weak_fingerprint: false,
            setup: None,
            lite: false,
            candidates: Vec::new(),
        }
    }
}

impl<C> RemoteDescription<C> {
    /// Takes one attribute. An unknown name means nothing to a transport.
    ///
    /// # Errors
    /// If the value is not one that the attribute can have, or asks for what no transport does.
    pub fn take(&mut self, name: &str, value: &str) -> Result<(), Fault> {
        let value = value.trim();
        match name {
            "ice-ufrag" => {
                self.name = Some(ice_text(
                    value,
                    4,
                    "`ice-ufrag` must be 4 to 256 letters, digits, `+` or `/` (RFC 8839 section 5.4)",
                )?);
            }
            "ice-pwd" => {
                self.password = Some(ice_text(
                    value,
                    22,
                    "`ice-pwd` must be 22 to 256 letters, digits, `+` or `/` (RFC 8839 section 5.4)",
                )?);
            }
            "ice-lite" => self.lite = true,
            "fingerprint" => match Fingerprint::parse(value)? {
                Some(fingerprint) if !self.fingerprints.contains(&fingerprint) => {
                    self.fingerprints.push(fingerprint);
                }
                Some(_) => {}
                None => self.weak_fingerprint = true,
            },
            "setup" => self.setup = Some(Setup::parse(value)?),
            _ => {}
        }
        Ok(())
    }

    /// The credentials, if both halves have come.
    pub fn credentials(&self) -> Option<Credentials> {
        Some(Credentials {
            name: self.name.clone()?,
            password: self.password.clone()?,
        })
    }

    /// The user name fragment, if it has come.
    pub fn user_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Takes over the fingerprints into `trusted`, once: the certificate cannot change under a running association.
    ///
    /// # Errors
    /// If there is no fingerprint that can be trusted, or the peer has changed its certificate.
    pub fn settle_trust(&self, trusted: &mut Vec<Fingerprint>) -> Result<(), Fault> {
        let announced = &self.fingerprints;
        if trusted.is_empty() {
            if announced.is_empty() {
                return Err(if self.weak_fingerprint {
                    Fault::unsupported(
                        "the peer's only fingerprint is by a broken hash function: it must send sha-256, sha-384 or sha-512",
                    )
                } else {
                    Fault::state(
                        "the peer's `fingerprint` is missing: without it anybody could answer; set it before `start`",
                    )
                });
            }
            trusted.clone_from(announced);
        } else if !announced.is_empty() && !announced.iter().any(|fingerprint| trusted.contains(fingerprint))
        {
            return Err(Fault::unsupported(
                "the peer has changed its certificate: make a new transport for the new association",
            ));
        }
        Ok(())
    }
}

impl Setup {
    fn parse(value: &str) -> Result<Self, Fault> {
        match value {
            "actpass" => Ok(Self::Either),
            "active" => Ok(Self::Client),
            "passive" => Ok(Self::Server),
            "holdconn" => Err(Fault::unsupported(
                "`setup:holdconn` asks for no connection: leave the transport alone until there is one",
            )),
            _ => Err(Fault::invalid(
                "`setup` must be `actpass`, `active` or `passive` (RFC 8842 section 5)",
            )),
        }
    }
}

/// What we say in `a=setup`: the role that we have, that the peer leaves us, or that we would take (RFC 8842 section 5.3).
pub fn setup_attribute(settled: Option<Role>, remote: Option<Setup>, wanted: DtlsRole) -> &'static str {
    match (settled, remote, wanted) {
        (Some(Role::Client), _, _) | (None, Some(Setup::Server), _) => "active",
        (Some(Role::Server), _, _) | (None, Some(Setup::Client), _) => "passive",
        (None, _, DtlsRole::Client) => "active",
        (None, _, DtlsRole::Server) => "passive",
        (None, Some(Setup::Either), _) => "active",
        (None, None, _) => "actpass",
    }
}

/// Who speaks first (RFC 8842 section 5), given what the peer says and what we were asked to be.
///
/// # Errors
/// If both ends want to be the same.
pub fn settle_role(remote: Option<Setup>, config: &TransportConfig) -> Result<Role, Fault> {
    match (remote, config.role) {
        (Some(Setup::Client), DtlsRole::Client) if config.controlling != 0 => Err(Fault::invalid(
            "both ends want to be the DTLS client: the answer to `setup:active` must be `setup:passive`",
        )),
        (Some(Setup::Server), DtlsRole::Server) if config.controlling != 0 => Err(Fault::invalid(
            "both ends want to be the DTLS server: the answer to `setup:passive` must be `setup:active`",
        )),
        (Some(Setup::Client), _) => Ok(Role::Server),
        (Some(Setup::Either), DtlsRole::Server) => Ok(Role::Server),
        (Some(Setup::Server | Setup::Either), _) | (None, DtlsRole::Client) => Ok(Role::Client),
        (None, _) => Ok(Role::Server),
    }
}

fn ice_text(value: &str, least: usize, what: &'static str) -> Result<String, Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
    if (least..=256).contains(&value.len()) && value.chars().all(allowed) {
        Ok(value.to_owned())
    } else {
        Err(Fault::invalid(what))
    }
}
