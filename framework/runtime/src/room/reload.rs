//! Plugin files that change while calls run: whatever stands in a socket is swapped for its new build.

use std::sync::Arc;

use jackfield_graph::command::Command;
use jackfield_graph::conference::SharedEncoder;

use super::Room;
use super::media::Choice;
use crate::error::SocketError;
use crate::fitting::Socket;
use crate::view::{RoomEvent, SwapReport};

impl Room {
    /// Swaps the plugin of every socket whose file is another one now than when it was plugged in. Gives what came of each, by socket.
    pub async fn renew(&self) -> Vec<(String, Result<SwapReport, SocketError>)> {
        let mut renewed = Vec::new();
        for socket in self.inner.outdated() {
            let result = self.renew_socket(&socket).await;
            renewed.push((socket, result));
        }
        renewed
    }

    /// Tells everybody in the room that a plugin file cannot be used.
    pub fn tell_problem(&self, path: &str, message: &str) {
        self.inner.tell(RoomEvent::PluginProblem {
            path: path.to_owned(),
            message: message.to_owned(),
        });
    }
}

impl super::Inner {
    /// Everybody who hears the same is sent it by the present build of the codec in `socket` from now on. Others have got encoders of their own.
    pub(super) fn renew_shared_encoders(&self, socket: &Socket) -> Result<(), SocketError> {
        let state = self.state();
        let repertoire = Arc::clone(&state.codecs.repertoire);
        let mut choices: Vec<(Choice, Vec<Choice>)> = Vec::new();
        for media in state.members.iter().filter_map(|member| member.media.as_ref()) {
            let is_new = |choice: &&Choice| {
                state.codecs.repertoire.plugin_id(choice.format) == socket.resolved.id
                    && choices.iter().all(|(known, _)| known.codec != choice.codec)
            };
            let found = media.send.iter().find(is_new).cloned();
            choices.extend(found.map(|choice| (choice, media.send.clone())));
        }
        drop(state);
        for (choice, others) in choices {
            let (encoder, rates) = self.encoder(&repertoire, socket, &choice, &others)?;
            let shared = Box::new(SharedEncoder::new(choice.codec, encoder));
            let mut state = self.state();
            state.codec_rates.extend(rates);
            state.shared_encoders.insert(choice.codec);
            if !state.order(Command::AddSharedEncoder(shared)) {
                return Err(SocketError::NoAnswer);
            }
        }
        Ok(())
    }

    /// The sockets whose plugin's file has changed since it was plugged in.
    fn outdated(&self) -> Vec<String> {
        let catalogue = self.shared.loader.catalogue();
        let state = self.state();
        let changed = state.fitting.sockets.iter().filter(|socket| {
            let present = &socket.resolved;
            let offered = catalogue.file_of(&present.id, socket.manifest.isolation);
            offered.is_some_and(|file| file.digest != present.file.digest)
        });
        changed.map(|socket| socket.name().to_owned()).collect()
    }
}
