//! What encoders and decoders are made from: the codec plugins that there are, and their payload formats. Shared and never changed, so that
//! instances can be made without keeping anybody from the room.

use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::{AudioDecoder, AudioEncoder, DecoderConfig, EncoderConfig, PayloadFormat};
use jackfield_graph::converter::Converter;
use jackfield_graph::receive::Decoder;
use jackfield_graph::send::{Encoder, Substitute};
use jackfield_loader::{Isolation, Loader, Resolved};

use crate::error::SocketError;
use crate::fitting::{Socket, set_values};
use crate::room::Choice;

/// A payload format that some codec plugin offers.
#[derive(Clone, Debug)]
pub(crate) struct Format {
    /// Which of [`Repertoire::plugins`] it is from.
    pub(crate) plugin: usize,
    /// Its index among the plugin's formats.
    pub(crate) index: u32,
    /// Its encoding name in SDP.
    pub(crate) name: String,
    pub(crate) numbers: PayloadFormat,
    /// The fmtp parameters to offer.
    pub(crate) fmtp: String,
}

/// The codec plugins and all their payload formats.
#[derive(Clone, Default)]
pub(crate) struct Repertoire {
    /// The socket's own first.
    pub(super) plugins: Vec<Resolved>,
    pub(crate) formats: Vec<Format>,
}

impl Repertoire {
    /// The id of the plugin that a format is from.
    pub(crate) fn plugin_id(&self, format: usize) -> &str {
        &self.plugins[self.formats[format].plugin].id
    }

    /// An encoder for what the remote end wants to receive, with whoever stands in for it in a format that is among `choices`.
    pub(crate) fn encoder(
        &self,
        loader: &Loader,
        socket: &Socket,
        choice: &Choice,
        choices: &[Choice],
        room: AudioFormat,
        packet_ticks: u64,
    ) -> Result<Encoder, SocketError> {
        let packet_ms = packet_ticks as u32 * 10;
        let make = |format, fmtp| self.one_encoder(loader, socket, format, fmtp, room, packet_ms);
        let encoder = make(choice.format, &choice.fmtp)?;
        let Some(plugin) = self.stands_by(socket, choice.format) else {
            return Ok(encoder);
        };
        let (format, fmtp, codec) = match self.alike(choice.format, plugin) {
            Some(format) => (format, &choice.fmtp, None),
            None => match choices.iter().find(|c| self.formats[c.format].plugin == plugin) {
                Some(other) => (other.format, &other.fmtp, Some(other.codec)),
                None => return Ok(encoder),
            },
        };
        match make(format, fmtp) {
            Ok(stand_in) => Ok(encoder.with_stand_in(Substitute {
                encoder: stand_in,
                codec,
                packet_blocks: packet_ticks as usize,
                same_plugin: plugin == self.formats[choice.format].plugin,
            })),
            Err(error) => {
                self.warn_of_nobody(plugin, &error);
                Ok(encoder)
            }
        }
    }

    /// The plugin that stands in for the socket's own while its process does not answer: the socket's fallback. One in the host's process never
    /// fails to answer.
    fn stands_by(&self, socket: &Socket, format: usize) -> Option<usize> {
        let isolated = socket.resolved.isolation == Isolation::Process;
        let of_socket = self.plugin_id(format) == socket.resolved.id;
        let fallback = socket
            .manifest
            .fallback
            .as_ref()
            .filter(|_| isolated && of_socket)?;
        self.plugins.iter().position(|known| known.id == *fallback)
    }

    /// The payload format of `plugin` that is the same as `format`, if it has it: what one writes the other can read.
    fn alike(&self, format: usize, plugin: usize) -> Option<usize> {
        let Format { name, numbers, .. } = &self.formats[format];
        self.formats.iter().position(|other| {
            other.plugin == plugin
                && other.name.eq_ignore_ascii_case(name)
                && other.numbers.clock_rate == numbers.clock_rate
                && other.numbers.channels == numbers.channels
        })
    }

    fn warn_of_nobody(&self, plugin: usize, error: &SocketError) {
        let plugin = &self.plugins[plugin].id;
        tracing::warn!(%plugin, %error, "a fallback cannot stand in for a codec");
    }

    /// An encoder by itself, with the socket's present values if it is the socket's plugin.
    pub(crate) fn one_encoder(
        &self,
        loader: &Loader,
        socket: &Socket,
        format: usize,
        remote_fmtp: &str,
        room: AudioFormat,
        packet_ms: u32,
    ) -> Result<Encoder, SocketError> {
        let numbers = self.formats[format].numbers;
        let (resolved, index) = (
            &self.plugins[self.formats[format].plugin],
            self.formats[format].index,
        );
        let refused = |fault| SocketError::Plugin {
            id: resolved.id.clone(),
            fault,
        };
        let mut encoder = loader.create::<dyn AudioEncoder>(resolved, 1)?;
        if resolved.id == socket.resolved.id {
            set_values(&mut encoder, socket.module(), &socket.values).map_err(refused)?;
        }
        let works_in = AudioFormat::new(numbers.sample_rate, room.channels.min(numbers.max_channels));
        let config = EncoderConfig::new(index, works_in.sample_rate, works_in.channels, packet_ms);
        encoder.activate(&config, remote_fmtp).map_err(refused)?;
        Ok(Encoder::new(Box::new(encoder), room, works_in)?)
    }

    /// Decoders for what we said that we want to receive in one payload type: the first decodes, and the one behind it stands in.
    pub(crate) fn decoders(
        &self,
        loader: &Loader,
        socket: &Socket,
        format: usize,
        payload_type: u8,
        local_fmtp: &str,
        room: AudioFormat,
    ) -> Result<Vec<Decoder>, SocketError> {
        let make = |format| self.decoder(loader, format, payload_type, local_fmtp, room);
        let mut decoders = vec![make(format)?];
        if let Some(plugin) = self.stands_by(socket, format)
            && let Some(alike) = self.alike(format, plugin)
        {
            match make(alike) {
                Ok(stand_in) => decoders.push(stand_in),
                Err(error) => self.warn_of_nobody(plugin, &error),
            }
        }
        Ok(decoders)
    }

    /// A decoder for what we said that we want to receive.
    pub(crate) fn decoder(
        &self,
        loader: &Loader,
        format: usize,
        payload_type: u8,
        local_fmtp: &str,
        room: AudioFormat,
    ) -> Result<Decoder, SocketError> {
        let numbers = self.formats[format].numbers;
        let (resolved, index) = (
            &self.plugins[self.formats[format].plugin],
            self.formats[format].index,
        );
        let mut decoder = loader.create::<dyn AudioDecoder>(resolved, 1)?;
        let works_in = AudioFormat::new(numbers.sample_rate, room.channels.min(numbers.max_channels));
        let config = DecoderConfig::new(index, works_in.sample_rate, works_in.channels);
        decoder
            .activate(&config, local_fmtp)
            .map_err(|fault| SocketError::Plugin {
                id: resolved.id.clone(),
                fault,
            })?;
        let converter = if works_in == room {
            None
        } else {
            Some(Converter::new(works_in, room)?)
        };
        Ok(Decoder {
            payload_type,
            decoder: Box::new(decoder),
            clock_rate: numbers.clock_rate,
            format: works_in,
            converter,
        })
    }
}
