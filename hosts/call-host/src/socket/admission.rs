//! How somebody comes in: a valid join within the time for it, and what they are told then.

use std::sync::Arc;

use jackfield_runtime::EngineError;
use jackfield_session::signalling::{ClientMessage, HostMessage};
use tokio::time::timeout_at;

use super::closing::close;
use super::{Connection, End, Heard, signalled};
use crate::error_code::ErrorCode;
use crate::names;
use crate::seats::{Place, SeatError};
use crate::token::TokenError;

impl Connection {
    /// Reads until a valid join, within the time for it.
    pub(super) async fn admit(&mut self) -> Result<Place, End> {
        let shared = Arc::clone(&self.shared);
        let deadline = tokio::time::Instant::now() + shared.options.limits.join_within;
        loop {
            let frame = tokio::select! {
                biased;
                () = shared.closing.cancelled() => return Err(self.host_closes().await),
                frame = timeout_at(deadline, self.socket.recv()) => frame,
            };
            let Ok(frame) = frame else {
                let within = shared.options.limits.join_within.as_secs();
                let message =
                    format!("nobody joined within {within} s: connect again and send `join` at once");
                return Err(self.refuse(ErrorCode::JoinTimeout, &message, close::POLICY).await);
            };
            match self.hear(frame).await? {
                Heard::Nothing => {}
                Heard::Message(ClientMessage::Join {
                    room,
                    name,
                    token,
                    resume,
                    link,
                }) => {
                    let place = self
                        .join(&room, &name, token.as_deref(), resume.as_deref())
                        .await?;
                    if let Some(link) = link {
                        place.seat.participant.set_link(link);
                    }
                    return Ok(place);
                }
                Heard::Message(ClientMessage::Ping { id }) => self.send(&HostMessage::Pong { id }).await?,
                Heard::Message(ClientMessage::Leave {}) => return Err(self.close(1000, "left").await),
                Heard::Message(_) => {
                    self.complain(
                        ErrorCode::NotJoined,
                        "nobody has joined on this connection: send `join` first",
                    )
                    .await?;
                }
            }
        }
    }

    async fn join(
        &mut self,
        room: &str,
        name: &str,
        token: Option<&str>,
        resume: Option<&str>,
    ) -> Result<Place, End> {
        let room = match names::room(room) {
            Ok(room) => room,
            Err(error) => {
                return Err(self
                    .refuse(ErrorCode::BadRoom, &error.to_string(), close::POLICY)
                    .await);
            }
        };
        if let Some(place) = resume.and_then(|secret| self.shared.seats.resume(room, secret)) {
            return Ok(place);
        }
        let grant = match self.shared.options.access.admit(token) {
            Ok(grant) if grant.opens(room) => grant,
            Ok(_) => return Err(self.refuse_token(&TokenError::OtherRoom).await),
            Err(error) => return Err(self.refuse_token(&error).await),
        };
        let name = match names::participant(grant.name.as_deref().unwrap_or(name)) {
            Ok(name) => name,
            Err(error) => {
                return Err(self
                    .refuse(ErrorCode::BadName, &error.to_string(), close::POLICY)
                    .await);
            }
        };
        match self.shared.seats.take(room, name).await {
            Ok(place) => {
                tracing::debug!(
                    room,
                    participant = place.seat.participant.id(),
                    subject = grant.subject,
                    "joined"
                );
                Ok(place)
            }
            Err(error) => {
                let code = match error {
                    SeatError::RoomFull(_) | SeatError::Engine(EngineError::RoomFull { .. }) => {
                        ErrorCode::RoomFull
                    }
                    SeatError::TooManyRooms(_) | SeatError::Engine(EngineError::TooManyRooms) => {
                        ErrorCode::TooManyRooms
                    }
                    SeatError::Engine(EngineError::Closed) => ErrorCode::HostClosing,
                    SeatError::Engine(_) | SeatError::Randomness(_) => ErrorCode::HostFailure,
                };
                Err(self.refuse(code, &error.to_string(), close::TRY_AGAIN).await)
            }
        }
    }

    async fn refuse_token(&mut self, error: &TokenError) -> End {
        let code = match error {
            TokenError::Expired => ErrorCode::ExpiredToken,
            _ => ErrorCode::BadToken,
        };
        self.refuse(code, &error.to_string(), close::POLICY).await
    }

    pub(super) async fn welcome(&mut self, place: &Place) -> Result<(), End> {
        let room = &place.seat.room;
        let joined = HostMessage::Joined {
            room: room.name().to_owned(),
            participant: place.seat.participant.id().to_owned(),
            resume: place.secret.clone(),
            resumed: place.resumed,
            participants: room.participants().iter().map(signalled).collect(),
        };
        self.send(&joined).await?;
        if place.resumed {
            // What changed meanwhile was told to nobody.
            self.send(&HostMessage::Graph {
                revision: room.graph().revision,
            })
            .await?;
        }
        self.tell_limits(place).await
    }
}
