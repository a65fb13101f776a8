//! The states that a connection shows, derived from those of its transports (W3C WebRTC 1.0 sections 4.3.2 to 4.3.4).

use jackfield_core::transport::TransportState;

macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
        pub enum $name { $($(#[$variant_meta])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in W3C.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named! {
    /// `RTCIceTransportState`; also `RTCIceConnectionState`, which has the same names.
    IceState {
        /// Nothing has begun.
        #[default]
        New = "new",
        /// Candidates are being tried.
        Checking = "checking",
        /// A path works, better ones are still tried.
        Connected = "connected",
        /// A path works and no others are tried.
        Completed = "completed",
        /// The path has gone silent.
        Disconnected = "disconnected",
        /// There is no path; a restart may find one.
        Failed = "failed",
        /// Shut down.
        Closed = "closed",
    }
}

named! {
    /// `RTCDtlsTransportState`.
    DtlsState {
        /// Nothing has begun.
        #[default]
        New = "new",
        /// Shaking hands.
        Connecting = "connecting",
        /// Done, and the fingerprint is right.
        Connected = "connected",
        /// Shut down.
        Closed = "closed",
        /// It went wrong.
        Failed = "failed",
    }
}

named! {
    /// `RTCPeerConnectionState`.
    ConnectionState {
        /// Nothing has begun.
        #[default]
        New = "new",
        /// On the way.
        Connecting = "connecting",
        /// Media flow.
        Connected = "connected",
        /// The path has gone silent.
        Disconnected = "disconnected",
        /// It went wrong.
        Failed = "failed",
        /// Shut down.
        Closed = "closed",
    }
}

/// How one transport stands: ICE, and DTLS upon it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct TransportStates {
    /// ICE.
    pub ice: IceState,
    /// DTLS.
    pub dtls: DtlsState,
}

impl From<TransportState> for TransportStates {
    /// A transport plugin tells one state for both.
    fn from(state: TransportState) -> Self {
        let (ice, dtls) = match state {
            TransportState::New => (IceState::New, DtlsState::New),
            TransportState::Connecting => (IceState::Checking, DtlsState::Connecting),
            TransportState::Connected => (IceState::Connected, DtlsState::Connected),
            TransportState::Disconnected => (IceState::Disconnected, DtlsState::Connected),
            TransportState::Failed => (IceState::Failed, DtlsState::Failed),
            TransportState::Closed => (IceState::Closed, DtlsState::Closed),
            // A state that a newer plugin knows: it is on its way somewhere.
            _ => (IceState::Checking, DtlsState::Connecting),
        };
        Self { ice, dtls }
    }
}

/// `iceConnectionState` of a connection that uses these transports; the first rule that matches wins.
pub fn ice_connection_state(closed: bool, transports: &[TransportStates]) -> IceState {
    use IceState::{Checking, Closed, Completed, Connected, Disconnected, Failed, New};
    let any = |state: IceState| transports.iter().any(|transport| transport.ice == state);
    let all = |states: &[IceState]| transports.iter().all(|transport| states.contains(&transport.ice));
    if closed {
        Closed
    } else if any(Failed) {
        Failed
    } else if any(Disconnected) {
        Disconnected
    } else if all(&[New, Closed]) {
        New
    } else if any(New) || any(Checking) {
        Checking
    } else if all(&[Completed, Closed]) {
        Completed
    } else {
        Connected
    }
}

/// `connectionState` of a connection that uses these transports; the first rule that matches wins.
pub fn connection_state(closed: bool, transports: &[TransportStates]) -> ConnectionState {
    let ice = ice_connection_state(closed, transports);
    let any = |state: DtlsState| transports.iter().any(|transport| transport.dtls == state);
    let all = |states: &[DtlsState]| {
        transports
            .iter()
            .all(|transport| states.contains(&transport.dtls))
    };
    match ice {
        IceState::Closed => ConnectionState::Closed,
        IceState::Failed => ConnectionState::Failed,
        _ if any(DtlsState::Failed) => ConnectionState::Failed,
        IceState::Disconnected => ConnectionState::Disconnected,
        IceState::New if all(&[DtlsState::New, DtlsState::Closed]) => ConnectionState::New,
        IceState::Connected if all(&[DtlsState::Connected, DtlsState::Closed]) => ConnectionState::Connected,
        // W3C's rule names "connected" alone; a completed ICE transport is a connected one that has stopped looking.
        IceState::Completed if all(&[DtlsState::Connected, DtlsState::Closed]) => ConnectionState::Connected,
        _ => ConnectionState::Connecting,
    }
}
