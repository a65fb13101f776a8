//! What the peer's session description says of its transport, attribute by attribute, until it is complete.

use jackfield_sdk::prelude::*;

use crate::candidate::Candidate;
use crate::certificate::{Credentials, Fingerprint};

/// The attributes that have come since the last `start`.
#[derive(Default)]
pub(crate) struct RemoteDescription {
    name: Option<String>,
    password: Option<String>,
    pub(crate) fingerprints: Vec<Fingerprint>,
    /// A fingerprint came by a hash function that we do not trust.
    pub(crate) weak_fingerprint: bool,
    pub(crate) setup: Option<Setup>,
    pub(crate) lite: bool,
    /// Candidates that came while the credentials they belong to were not in force yet.
    pub(crate) candidates: Vec<Candidate>,
}

/// `a=setup` (RFC 4145 section 4, RFC 8842 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    Either,
    Client,
    Server,
}

impl RemoteDescription {
    /// Takes one attribute. An unknown name means nothing to us.
    pub(crate) fn take(&mut self, name: &str, value: &str) -> Result<(), Fault> {
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
            "setup" => {
                self.setup = Some(match value {
                    "actpass" => Setup::Either,
                    "active" => Setup::Client,
                    "passive" => Setup::Server,
                    _ => {
                        return Err(Fault::invalid(
                            "`setup` must be `actpass`, `active` or `passive` (RFC 8842 section 5)",
                        ));
                    }
                });
            }
            _ => {}
        }
        Ok(())
    }

    /// The credentials, if both halves have come.
    pub(crate) fn credentials(&self) -> Option<Credentials> {
        Some(Credentials {
            name: self.name.clone()?,
            password: self.password.clone()?,
        })
    }

    /// The user name fragment, if it has come.
    pub(crate) fn user_name(&self) -> Option<&str> {
        self.name.as_deref()
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
