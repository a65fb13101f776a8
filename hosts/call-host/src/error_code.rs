//! The codes of the errors that the host sends over signalling.

/// What went wrong, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ErrorCode {
    BadToken,
    ExpiredToken,
    BadRoom,
    BadName,
    RoomFull,
    TooManyRooms,
    JoinTimeout,
    NotJoined,
    AlreadyJoined,
    MalformedMessage,
    MalformedOffer,
    MalformedCandidate,
    UnknownVersion,
    MessageTooLarge,
    RateLimited,
    TooSlow,
    Superseded,
    HostClosing,
    HostFailure,
}

impl ErrorCode {
    /// As it travels.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::BadToken => "bad-token",
            Self::ExpiredToken => "expired-token",
            Self::BadRoom => "bad-room",
            Self::BadName => "bad-name",
            Self::RoomFull => "room-full",
            Self::TooManyRooms => "too-many-rooms",
            Self::JoinTimeout => "join-timeout",
            Self::NotJoined => "not-joined",
            Self::AlreadyJoined => "already-joined",
            Self::MalformedMessage => "malformed-message",
            Self::MalformedOffer => "malformed-offer",
            Self::MalformedCandidate => "malformed-candidate",
            Self::UnknownVersion => "unknown-version",
            Self::MessageTooLarge => "message-too-large",
            Self::RateLimited => "rate-limited",
            Self::TooSlow => "too-slow",
            Self::Superseded => "superseded",
            Self::HostClosing => "host-closing",
            Self::HostFailure => "host-failure",
        }
    }
}
