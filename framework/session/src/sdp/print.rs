use std::fmt::{self, Display, Formatter};

use super::types::{Attribute, MediaDescription, SessionDescription, TransportAttributes};

impl Display for SessionDescription {
    /// As text, with CRLF, in the order that browsers use.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let o = &self.origin;
        write!(
            f,
            "v=0\r\no={} {} {} {}\r\n",
            o.username, o.session_id, o.version, o.address
        )?;
        write!(f, "s={}\r\nt=0 0\r\n", self.name)?;
        each(f, "group", &self.groups)?;
        flag(f, "extmap-allow-mixed", self.extmap_allow_mixed)?;
        self.attributes
            .iter()
            .try_for_each(|attribute| untyped(f, attribute))?;
        flag(f, "ice-lite", self.ice_lite)?;
        transport(f, &self.transport)?;
        each(f, "extmap", &self.extmaps)?;
        if let Some(direction) = self.direction {
            write!(f, "a={direction}\r\n")?;
        }
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

impl Display for MediaDescription {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {} {}", self.kind, self.port, self.protocol)?;
        self.formats
            .iter()
            .try_for_each(|format| write!(f, " {format}"))?;
        f.write_str("\r\n")?;
        if let Some(connection) = &self.connection {
            write!(f, "c={connection}\r\n")?;
        }
        self.bandwidth
            .iter()
            .try_for_each(|bandwidth| write!(f, "b={bandwidth}\r\n"))?;
        each(f, "candidate", &self.candidates)?;
        flag(f, "end-of-candidates", self.end_of_candidates)?;
        transport(f, &self.transport)?;
        each(f, "mid", &self.mid)?;
        flag(f, "bundle-only", self.bundle_only)?;
        flag(f, "extmap-allow-mixed", self.extmap_allow_mixed)?;
        each(f, "extmap", &self.extmaps)?;
        if let Some(direction) = self.direction {
            write!(f, "a={direction}\r\n")?;
        }
        each(f, "msid", &self.msids)?;
        flag(f, "rtcp-mux", self.rtcp_mux)?;
        flag(f, "rtcp-mux-only", self.rtcp_mux_only)?;
        flag(f, "rtcp-rsize", self.rtcp_rsize)?;
        each(f, "rtpmap", &self.rtpmaps)?;
        each(f, "rtcp-fb", &self.rtcp_feedback)?;
        each(f, "fmtp", &self.fmtps)?;
        each(f, "ptime", &self.ptime)?;
        each(f, "maxptime", &self.maxptime)?;
        each(f, "sctp-port", &self.sctp_port)?;
        each(f, "max-message-size", &self.max_message_size)?;
        self.attributes
            .iter()
            .try_for_each(|attribute| untyped(f, attribute))?;
        each(f, "ssrc-group", &self.ssrc_groups)?;
        each(f, "ssrc", &self.ssrcs)
    }
}

fn transport(f: &mut Formatter<'_>, transport: &TransportAttributes) -> fmt::Result {
    each(f, "ice-ufrag", &transport.ice_ufrag)?;
    each(f, "ice-pwd", &transport.ice_pwd)?;
    if !transport.ice_options.is_empty() {
        write!(f, "a=ice-options:{}\r\n", transport.ice_options.join(" "))?;
    }
    each(f, "fingerprint", &transport.fingerprints)?;
    each(f, "setup", &transport.setup)
}

fn each<'a, T: Display + 'a>(
    f: &mut Formatter<'_>,
    name: &str,
    values: impl IntoIterator<Item = &'a T>,
) -> fmt::Result {
    values
        .into_iter()
        .try_for_each(|value| write!(f, "a={name}:{value}\r\n"))
}

fn flag(f: &mut Formatter<'_>, name: &str, set: bool) -> fmt::Result {
    if set { write!(f, "a={name}\r\n") } else { Ok(()) }
}

fn untyped(f: &mut Formatter<'_>, attribute: &Attribute) -> fmt::Result {
    match &attribute.value {
        None => write!(f, "a={}\r\n", attribute.name),
        Some(value) => write!(f, "a={}:{value}\r\n", attribute.name),
    }
}
