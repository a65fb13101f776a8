//! The codecs that a room can speak: their payload formats for negotiation, and encoders and decoders for what was negotiated.

use std::collections::BTreeMap;

use jackfield_abi::Area;
use jackfield_core::Fault;
use jackfield_core::audio::AudioFormat;
use jackfield_core::audio_codec::{
    AudioCodec, AudioCodecProxy, AudioDecoder, AudioEncoder, DecoderConfig, EncoderConfig, PayloadFormat,
    PayloadFormatSink,
};
use jackfield_graph::converter::Converter;
use jackfield_graph::receive::Decoder;
use jackfield_graph::send::Encoder;
use jackfield_loader::{Loader, Resolved};

use crate::error::SocketError;
use crate::fitting::{Socket, set_values};

/// A payload format that some codec plugin offers.
#[derive(Clone, Debug)]
pub(crate) struct Format {
    /// Which of [`Codecs::plugins`] it is from.
    pub(crate) plugin: usize,
    /// Its index among the plugin's formats.
    pub(crate) index: u32,
    /// Its encoding name in SDP.
    pub(crate) name: String,
    pub(crate) numbers: PayloadFormat,
    /// The fmtp parameters to offer.
    pub(crate) fmtp: String,
}

/// All codecs that the loader found, the socket's own first.
pub(crate) struct Codecs {
    plugins: Vec<(Resolved, AudioCodecProxy)>,
    pub(crate) formats: Vec<Format>,
    keys: BTreeMap<(String, u32, String), u32>,
}

struct Told<'a> {
    plugin: usize,
    next: u32,
    formats: &'a mut Vec<Format>,
}

impl PayloadFormatSink for Told<'_> {
    fn format(&mut self, name: &str, format: &PayloadFormat, fmtp: &str) -> Result<(), Fault> {
        self.formats.push(Format {
            plugin: self.plugin,
            index: self.next,
            name: name.to_owned(),
            numbers: *format,
            fmtp: fmtp.to_owned(),
        });
        self.next += 1;
        Ok(())
    }
}

impl Codecs {
    /// Asks every codec plugin for its formats. One that fails is left out and said so in the log.
    pub(crate) fn new(loader: &Loader, socket: &Socket) -> Result<Self, SocketError> {
        let area = <dyn AudioCodec as Area>::SHAPE.id;
        let mut codecs = Self {
            plugins: Vec::new(),
            formats: Vec::new(),
            keys: BTreeMap::new(),
        };
        codecs.add(loader, &socket.resolved)?;
        let catalogue = loader.catalogue();
        let others: Vec<String> = catalogue
            .of_area(area)
            .map(|(_, m)| m.id.clone())
            .filter(|id| *id != socket.resolved.id)
            .collect();
        for id in others {
            let other = loader
                .resolve(&socket.manifest.with_plugin(&id, BTreeMap::new()), area)
                .map_err(SocketError::from);
            if let Err(error) = other.and_then(|resolved| codecs.add(loader, &resolved)) {
                tracing::warn!(plugin = id, %error, "a codec is left out");
            }
        }
        Ok(codecs)
    }

    fn add(&mut self, loader: &Loader, resolved: &Resolved) -> Result<(), SocketError> {
        let plugin = ask(loader, resolved, self.plugins.len(), &mut self.formats)?;
        self.plugins.push(plugin);
        Ok(())
    }

    /// From now on encoders and decoders are made from this build of a plugin that is known already.
    pub(crate) fn renew(&mut self, loader: &Loader, resolved: &Resolved) -> Result<(), SocketError> {
        let Some(at) = self.plugins.iter().position(|(known, _)| known.id == resolved.id) else {
            return Ok(());
        };
        if self.plugins[at].0.file.digest == resolved.file.digest {
            return Ok(());
        }
        let mut formats = Vec::new();
        let (bare, proxy) = ask(loader, resolved, at, &mut formats)?;
        let before = self.formats.iter().filter(|format| format.plugin == at);
        let told = |format: &Format| (format.name.clone(), format.numbers, format.fmtp.clone());
        if !before.map(told).eq(formats.iter().map(told)) {
            return Err(SocketError::NotNegotiated(format!(
                "the new build of `{}` has other payload formats than were negotiated: it is for rooms that open from now on",
                resolved.id
            )));
        }
        self.plugins[at] = (bare, proxy);
        Ok(())
    }

    /// The id of the plugin that a format is from.
    pub(crate) fn plugin_id(&self, format: usize) -> &str {
        &self.plugins[self.formats[format].plugin].0.id
    }

    /// Our fmtp parameters in answer to the offered ones; `None` if the offer cannot be met.
    pub(crate) fn answer(&mut self, format: usize, offered: &str) -> Option<String> {
        let Format { plugin, index, .. } = self.formats[format];
        let mut answer = String::new();
        self.plugins[plugin]
            .1
            .answer(index, offered, &mut answer)
            .ok()
            .map(|()| answer)
    }

    /// The room's number for a codec as a remote end wants to receive it.
    pub(crate) fn key(&mut self, format: usize, remote_fmtp: &str) -> u32 {
        let id = self.plugin_id(format).to_owned();
        let next = self.keys.len() as u32;
        *self
            .keys
            .entry((id, self.formats[format].index, remote_fmtp.to_owned()))
            .or_insert(next)
    }

    /// An encoder for what the remote end wants to receive, with the socket's present values if it is the socket's plugin.
    pub(crate) fn encoder(
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
            &self.plugins[self.formats[format].plugin].0,
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
            &self.plugins[self.formats[format].plugin].0,
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

/// Makes a codec, which is plugin number `plugin`, and asks it for its formats.
fn ask(
    loader: &Loader,
    resolved: &Resolved,
    plugin: usize,
    formats: &mut Vec<Format>,
) -> Result<(Resolved, AudioCodecProxy), SocketError> {
    let mut bare = resolved.clone();
    bare.parameters.clear();
    let mut proxy = loader.create::<dyn AudioCodec>(&bare, 1)?;
    let mut told = Told {
        plugin,
        next: 0,
        formats,
    };
    proxy.formats(&mut told).map_err(|fault| SocketError::Plugin {
        id: bare.id.clone(),
        fault,
    })?;
    Ok((bare, proxy))
}
