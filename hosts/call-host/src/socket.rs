//! One signalling connection, from its first message to its end. Nothing that the other end does or fails to do here reaches the
//! others in the room: what is malformed is answered, who is too fast or too slow is let go.

mod admission;
mod closing;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::ws::{Message, WebSocket};
use jackfield_runtime::NegotiationError;
use jackfield_runtime::view::{self, ParticipantView, RoomEvent};
use jackfield_session::signalling::{
    CandidateInit, ClientMessage, HostMessage, Limits, Participant, ParticipantKind, SignallingError,
};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::error_code::ErrorCode;
use crate::rate::Bucket;
use crate::seats::Place;
use crate::shared::Shared;

use closing::close;

/// Serves `socket` until either end has had enough.
pub(crate) async fn serve(socket: WebSocket, shared: Arc<Shared>) {
    let now = Instant::now();
    let mut connection = Connection {
        messages: Bucket::new(shared.options.limits.messages, now),
        offers: Bucket::new(shared.options.limits.offers, now),
        heard: now,
        told: Limits::default(),
        socket,
        shared: Arc::clone(&shared),
    };
    let Ok(mut place) = connection.admit().await else {
        return;
    };
    let end = match connection.welcome(&place).await {
        Ok(()) => connection.attend(&mut place).await,
        Err(end) => end,
    };
    tracing::debug!(
        room = place.seat.room.name(),
        participant = place.seat.participant.id(),
        ?end,
        "signalling ended"
    );
    match end {
        End::Left => {
            // First the place, then the socket: who sees it closed can no longer come back to the place.
            let _ = shared.seats.leave(&place).await;
            connection.close(1000, "left").await;
        }
        End::Removed => _ = shared.seats.forget(&place),
        End::Lost => keep_for_a_while(place, shared),
        End::Superseded | End::HostCloses => {}
    }
}

/// Waits for the participant to come back over another connection, and gives the place up when they do not.
fn keep_for_a_while(place: Place, shared: Arc<Shared>) {
    let tasks = shared.tasks.clone();
    tasks.spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(shared.options.limits.grace) => {}
            () = place.superseded.cancelled() => return,
            () = shared.closing.cancelled() => return,
        }
        if shared.seats.leave(&place).await {
            tracing::debug!(
                participant = place.seat.participant.id(),
                "did not come back in time"
            );
        }
    });
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The participant said so, or their page is gone.
    Left,
    /// The engine let the participant go.
    Removed,
    /// The connection broke, or is too slow or too fast to be kept; the participant may come back.
    Lost,
    /// The participant came back over another connection.
    Superseded,
    /// The host closes.
    HostCloses,
}

struct Connection {
    socket: WebSocket,
    shared: Arc<Shared>,
    messages: Bucket,
    offers: Bucket,
    heard: Instant,
    /// What the client knows of how much it shall send.
    told: Limits,
}

/// What came in.
enum Heard {
    Message(ClientMessage),
    /// Nothing that asks for an answer, or something that has had its answer already.
    Nothing,
}

impl Connection {
    /// Tells how much may be sent, if that is not what the client knows.
    async fn tell_limits(&mut self, place: &Place) -> Result<(), End> {
        let limits = place.seat.participant.limits();
        if limits == self.told {
            return Ok(());
        }
        self.told = limits;
        self.send(&HostMessage::Limits { limits }).await
    }

    /// Carries messages both ways until one end has had enough.
    async fn attend(&mut self, place: &mut Place) -> End {
        let shared = Arc::clone(&self.shared);
        let limits = shared.options.limits;
        let superseded = place.superseded.clone();
        let mut heartbeat = interval(limits.heartbeat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                biased;
                () = shared.closing.cancelled() => return self.host_closes().await,
                () = superseded.cancelled() => return self.was_superseded().await,
                frame = self.socket.recv() => match self.hear(frame).await {
                    Ok(Heard::Message(message)) => self.obey(message, place).await,
                    Ok(Heard::Nothing) => Ok(()),
                    Err(end) => Err(end),
                },
                event = place.events.recv() => self.tell(event, place).await,
                _ = heartbeat.tick() => self.beat(limits.silence).await,
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// What a frame holds, if it may be said at all; what is wrong with it is answered.
    async fn hear(&mut self, frame: Option<Result<Message, axum::Error>>) -> Result<Heard, End> {
        let Some(Ok(frame)) = frame else {
            return Err(End::Lost);
        };
        self.heard = Instant::now();
        if !self.messages.take(self.heard) {
            let message = "too many messages at once: send fewer, then connect again";
            return Err(self.refuse(ErrorCode::RateLimited, message, close::POLICY).await);
        }
        let text = match frame {
            Message::Text(text) => text,
            Message::Binary(_) => {
                self.complain(
                    ErrorCode::MalformedMessage,
                    "a binary message came: send JSON text",
                )
                .await?;
                return Ok(Heard::Nothing);
            }
            Message::Ping(_) | Message::Pong(_) => return Ok(Heard::Nothing),
            // A page that is closed or left says so; whoever loses the network says nothing.
            Message::Close(Some(frame)) if frame.code == close::GOING_AWAY => return Err(End::Left),
            Message::Close(_) => return Err(End::Lost),
        };
        let longest = self.shared.options.limits.message_bytes;
        if text.len() > longest {
            let message = format!("a message of {} bytes came: send at most {longest}", text.len());
            return Err(self
                .refuse(ErrorCode::MessageTooLarge, &message, close::TOO_BIG)
                .await);
        }
        match ClientMessage::parse(text.as_str()) {
            Ok(message) => Ok(Heard::Message(message)),
            Err(error @ SignallingError::UnknownVersion(_)) => Err(self
                .refuse(ErrorCode::UnknownVersion, &error.to_string(), close::POLICY)
                .await),
            Err(error) => {
                self.complain(ErrorCode::MalformedMessage, &error.to_string())
                    .await?;
                Ok(Heard::Nothing)
            }
        }
    }

    /// Does what a participant asks for.
    async fn obey(&mut self, message: ClientMessage, place: &Place) -> Result<(), End> {
        // Only who has received the newest secret can have something to say on this connection.
        self.shared.seats.confirm(place);
        match message {
            ClientMessage::Join { .. } => {
                let message = "this connection has joined already: open another one for another room";
                self.complain(ErrorCode::AlreadyJoined, message).await
            }
            ClientMessage::Offer { sdp, connection } => self.negotiate(connection, sdp, place).await,
            ClientMessage::Candidate {
                candidate,
                connection,
            } => {
                let line = candidate.as_ref().map(|candidate| candidate.candidate.as_str());
                match place
                    .seat
                    .participant
                    .add_candidate(connection, line.filter(|line| !line.is_empty()))
                    .await
                {
                    Ok(()) => Ok(()),
                    Err(error) => {
                        let code = code_of(&error).unwrap_or(ErrorCode::MalformedCandidate);
                        self.complain(code, &error.to_string()).await
                    }
                }
            }
            ClientMessage::Mute { muted } => {
                place.seat.participant.set_muted(muted);
                Ok(())
            }
            ClientMessage::Link { link } => {
                place.seat.participant.set_link(link);
                Ok(())
            }
            ClientMessage::Limits { limits } => {
                place.seat.participant.set_limits(limits);
                Ok(())
            }
            ClientMessage::Leave {} => Err(End::Left),
            ClientMessage::Ping { id } => self.send(&HostMessage::Pong { id }).await,
            _ => {
                self.complain(
                    ErrorCode::MalformedMessage,
                    "this host does not know such a message",
                )
                .await
            }
        }
    }

    async fn negotiate(&mut self, connection: u64, offer: String, place: &Place) -> Result<(), End> {
        if let Some(sdp) = place.seat.answer_again(&offer) {
            return self.send(&HostMessage::Answer { sdp, connection }).await;
        }
        if !self.offers.take(Instant::now()) {
            let message = "too many offers at once: wait some seconds, then offer again";
            return self.complain(ErrorCode::RateLimited, message).await;
        }
        match place.seat.participant.offer(connection, &offer).await {
            Ok(sdp) => {
                place.seat.negotiated(offer, sdp.clone());
                self.send(&HostMessage::Answer { sdp, connection }).await?;
                // The answer holds every candidate of the host.
                let end = HostMessage::Candidate {
                    candidate: None,
                    connection,
                };
                self.send(&end).await
            }
            Err(error) => {
                let code = code_of(&error).unwrap_or(ErrorCode::MalformedOffer);
                self.complain(code, &error.to_string()).await
            }
        }
    }

    /// Tells the participant what happened in the room.
    async fn tell(&mut self, event: Result<RoomEvent, RecvError>, place: &Place) -> Result<(), End> {
        let own = place.seat.participant.id();
        let message = match event {
            Ok(RoomEvent::ParticipantJoined(who)) if who.id == own => return Ok(()),
            Ok(RoomEvent::ParticipantJoined(who)) => HostMessage::ParticipantJoined {
                participant: signalled(&who),
            },
            Ok(RoomEvent::ParticipantLeft(id)) if id == own => return Err(self.was_removed().await),
            Ok(RoomEvent::ParticipantLeft(id)) => HostMessage::ParticipantLeft { id },
            Ok(RoomEvent::ParticipantChanged(who)) => HostMessage::ParticipantChanged {
                participant: signalled(&who),
            },
            Ok(RoomEvent::Levels { levels, active }) => HostMessage::Levels { levels, active },
            Ok(RoomEvent::Graph { revision }) => HostMessage::Graph { revision },
            Ok(RoomEvent::Reconnect {
                connection,
                participants,
            }) => {
                if !participants.iter().any(|asked| asked == own) {
                    return Ok(());
                }
                HostMessage::Reconnect { connection }
            }
            Ok(RoomEvent::Limits) => return self.tell_limits(place).await,
            Ok(RoomEvent::Swap(report)) => {
                let report = serde_json::to_value(&report).unwrap_or_default();
                HostMessage::Swap { report }
            }
            Ok(RoomEvent::SwapProgress(swap)) => {
                let swap = serde_json::to_value(&swap).unwrap_or_default();
                HostMessage::SwapProgress { swap }
            }
            Ok(RoomEvent::PluginProblem { path, message }) => HostMessage::PluginProblem { path, message },
            Ok(RoomEvent::Candidates(fresh)) => {
                for candidate in fresh {
                    let init = CandidateInit {
                        candidate: format!("candidate:{candidate}"),
                        sdp_m_line_index: Some(0),
                        ..CandidateInit::default()
                    };
                    self.send(&HostMessage::Candidate {
                        candidate: Some(init),
                        connection: place.seat.participant.connection(),
                    })
                    .await?;
                }
                return Ok(());
            }
            Ok(_) => return Ok(()),
            Err(RecvError::Lagged(missed)) => {
                tracing::info!(participant = own, missed, "receives too slowly");
                let message = "this connection receives too slowly and has missed what happened: it is closed, connect again";
                self.complain(ErrorCode::TooSlow, message).await?;
                return Err(self.close_lost(close::TRY_AGAIN, "too slow").await);
            }
            Err(RecvError::Closed) => return Err(self.was_removed().await),
        };
        self.send(&message).await
    }

    async fn beat(&mut self, silence: Duration) -> Result<(), End> {
        if self.heard.elapsed() > silence {
            return Err(End::Lost);
        }
        self.put(Message::Ping(Vec::new().into())).await
    }

    /// Says what is wrong and goes on.
    async fn complain(&mut self, code: ErrorCode, message: &str) -> Result<(), End> {
        self.shared.counters.refused(code.as_str());
        self.send(&HostMessage::Error {
            code: code.as_str().to_owned(),
            message: message.to_owned(),
            fatal: false,
        })
        .await
    }

    async fn send(&mut self, message: &HostMessage) -> Result<(), End> {
        self.put(Message::Text(message.to_json().into())).await
    }

    /// Whoever does not take a message in time is let go: the room does not wait for anyone.
    async fn put(&mut self, frame: Message) -> Result<(), End> {
        match timeout(self.shared.options.limits.send_within, self.socket.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Lost),
            Err(_) => {
                tracing::info!("a signalling connection takes nothing any more and is dropped");
                Err(End::Lost)
            }
        }
    }
}

/// What failed for another reason than what the participant sent.
fn code_of(error: &NegotiationError) -> Option<ErrorCode> {
    match error {
        NegotiationError::Left => Some(ErrorCode::NotJoined),
        NegotiationError::Closed => Some(ErrorCode::HostClosing),
        NegotiationError::Socket(_) => Some(ErrorCode::HostFailure),
        _ => None,
    }
}

fn signalled(participant: &ParticipantView) -> Participant {
    let kind = match participant.kind {
        view::ParticipantKind::Robot => ParticipantKind::Robot,
        _ => ParticipantKind::Browser,
    };
    Participant {
        id: participant.id.clone(),
        name: participant.name.clone(),
        kind,
        muted: participant.muted,
    }
}
