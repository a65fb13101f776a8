//! Who sits in which room, and how a place is taken, kept while the connection is lost, taken up again, and given up.

#![allow(
    clippy::result_large_err,
    reason = "an error ends the request; its size is nothing beside a call"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jackfield_runtime::view::{ParticipantKind, RoomEvent};
use jackfield_runtime::{Engine, EngineError, Participant, Room};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::options::Limits;

/// All places of this host.
pub(crate) struct Seats {
    engine: Engine,
    limits: Limits,
    taken: Mutex<HashMap<Digest, Arc<Seat>>>,
    /// Held while a room is opened and joined, so that the limits hold for those who come at the same moment.
    door: tokio::sync::Mutex<()>,
}

/// The SHA-256 of a resume secret: what a lookup's timing tells of it helps nobody.
type Digest = [u8; 32];

/// A participant's place in a room, which outlives their connections.
pub(crate) struct Seat {
    pub(crate) room: Room,
    pub(crate) participant: Participant,
    state: Mutex<SeatState>,
}

struct SeatState {
    /// Grows with every connection that takes the place; an older one has no say any more.
    turn: u64,
    superseded: CancellationToken,
    secret: Digest,
    /// The secret before, which counts until the other end has shown that it has the new one.
    earlier: Option<Digest>,
    /// The last offer and its answer: who lost the answer with the connection offers the same again.
    negotiated: Option<(String, String)>,
}

/// A place as one connection holds it.
pub(crate) struct Place {
    pub(crate) seat: Arc<Seat>,
    /// What happens in the room, from before the place was taken.
    pub(crate) events: broadcast::Receiver<RoomEvent>,
    /// By which the place can be taken up again.
    pub(crate) secret: String,
    pub(crate) resumed: bool,
    /// Ends when another connection takes the place.
    pub(crate) superseded: CancellationToken,
    turn: u64,
}

/// Why no place can be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SeatError {
    #[error("the room is full ({0} participants): wait until someone leaves, or choose another room")]
    RoomFull(usize),
    #[error(
        "this host has no room for another room ({0} are open): join one that is open, or come back later"
    )]
    TooManyRooms(usize),
    #[error(transparent)]
    Engine(EngineError),
    #[error("the host could not make a secret: {0}")]
    Randomness(getrandom::Error),
}

impl Seats {
    pub(crate) fn new(engine: Engine, limits: Limits) -> Self {
        Self {
            engine,
            limits,
            taken: Mutex::default(),
            door: tokio::sync::Mutex::default(),
        }
    }

    /// Takes a new place in `room`, which is opened if need be.
    pub(crate) async fn take(&self, room: &str, name: &str) -> Result<Place, SeatError> {
        let secret = new_secret().map_err(SeatError::Randomness)?;
        let _door = self.door.lock().await;
        let (engine, limits) = (self.engine.clone(), self.limits);
        let (room, name) = (room.to_owned(), name.to_owned());
        // Opening a room loads plugins, which blocks.
        let entered = tokio::task::spawn_blocking(move || enter(&engine, limits, &room, &name)).await;
        let (room, participant, events) = entered.map_err(|_| SeatError::Engine(EngineError::Closed))??;
        let superseded = CancellationToken::new();
        let state = SeatState {
            turn: 0,
            superseded: superseded.clone(),
            secret: digest(&secret),
            earlier: None,
            negotiated: None,
        };
        let seat = Arc::new(Seat {
            room,
            participant,
            state: Mutex::new(state),
        });
        locked(&self.taken).insert(digest(&secret), Arc::clone(&seat));
        Ok(Place {
            seat,
            events,
            secret,
            resumed: false,
            superseded,
            turn: 0,
        })
    }

    /// Takes up the place in `room` that was left with `secret`, if there is one still. The connection that holds it loses it.
    pub(crate) fn resume(&self, room: &str, secret: &str) -> Option<Place> {
        let mut taken = locked(&self.taken);
        let seat = Arc::clone(taken.get(&digest(secret))?);
        if seat.room.name() != room || !seat.is_in_room() {
            return None;
        }
        let fresh = new_secret().ok()?;
        let events = seat.room.subscribe();
        let mut state = locked(&seat.state);
        state.turn += 1;
        state.superseded.cancel();
        state.superseded = CancellationToken::new();
        if let Some(earlier) = state.earlier.take().filter(|earlier| *earlier != digest(secret)) {
            taken.remove(&earlier);
        }
        // Either of the two may have been shown: the one that was not is of no more use.
        if state.secret != digest(secret) {
            taken.remove(&state.secret);
        }
        state.earlier = Some(digest(secret));
        state.secret = digest(&fresh);
        taken.insert(state.secret, Arc::clone(&seat));
        let (turn, superseded) = (state.turn, state.superseded.clone());
        drop(state);
        Some(Place {
            seat,
            events,
            secret: fresh,
            resumed: true,
            superseded,
            turn,
        })
    }

    /// The other end has shown that it has the newest secret: the one before counts no more.
    pub(crate) fn confirm(&self, place: &Place) {
        let mut taken = locked(&self.taken);
        let mut state = locked(&place.seat.state);
        if state.turn == place.turn
            && let Some(earlier) = state.earlier.take()
        {
            taken.remove(&earlier);
        }
    }

    /// Gives the place up, unless another connection has taken it. True if it was given up.
    pub(crate) async fn leave(&self, place: &Place) -> bool {
        if !self.forget(place) {
            return false;
        }
        place.seat.participant.leave().await;
        true
    }

    /// Keeps no place for someone who is no longer in the room.
    pub(crate) fn forget(&self, place: &Place) -> bool {
        let mut taken = locked(&self.taken);
        let current = locked(&place.seat.state).turn == place.turn;
        if current {
            taken.retain(|_, seat| !Arc::ptr_eq(seat, &place.seat));
        }
        current
    }

    /// Closes `room` unless someone is in it. True if it was closed.
    pub(crate) async fn close_if_empty(&self, room: &Room) -> bool {
        // Nobody joins between the look and the closing.
        let _door = self.door.lock().await;
        let empty = room.participants().is_empty();
        if empty {
            self.engine.close_room(room.name());
        }
        empty
    }

    /// How many places are kept.
    pub(crate) fn len(&self) -> usize {
        let taken = locked(&self.taken);
        taken
            .iter()
            .filter(|(digest, seat)| locked(&seat.state).secret == **digest)
            .count()
    }
}

impl Seat {
    /// The answer to `offer`, if it is the very offer that was answered last.
    pub(crate) fn answer_again(&self, offer: &str) -> Option<String> {
        let state = locked(&self.state);
        state
            .negotiated
            .as_ref()
            .filter(|(known, _)| known == offer)
            .map(|(_, answer)| answer.clone())
    }

    /// Remembers what was negotiated.
    pub(crate) fn negotiated(&self, offer: String, answer: String) {
        locked(&self.state).negotiated = Some((offer, answer));
    }

    fn is_in_room(&self) -> bool {
        self.room
            .participants()
            .iter()
            .any(|one| one.id == self.participant.id())
    }
}

fn enter(engine: &Engine, limits: Limits, room: &str, name: &str) -> Result<Entered, SeatError> {
    let room = match engine.room(room) {
        Some(room) => room,
        None if engine.rooms().len() >= limits.rooms => return Err(SeatError::TooManyRooms(limits.rooms)),
        None => engine.open_room(room).map_err(SeatError::Engine)?,
    };
    if room.participants().len() >= limits.participants {
        return Err(SeatError::RoomFull(limits.participants));
    }
    let events = room.subscribe();
    let participant = room
        .join(name, ParticipantKind::Browser)
        .map_err(SeatError::Engine)?;
    Ok((room, participant, events))
}

type Entered = (Room, Participant, broadcast::Receiver<RoomEvent>);

fn new_secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn digest(secret: &str) -> Digest {
    let digest = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

/// What the lock guards is whole after each statement, so a panic elsewhere leaves nothing half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
