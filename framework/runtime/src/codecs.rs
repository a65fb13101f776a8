//! The codecs that a room can speak: their payload formats for negotiation, and the plugins behind them.

mod repertoire;

use std::collections::BTreeMap;
use std::sync::Arc;

use jackfield_abi::Area;
use jackfield_core::Fault;
use jackfield_core::audio_codec::{AudioCodec, AudioCodecProxy, PayloadFormat, PayloadFormatSink};
use jackfield_loader::{Loader, Resolved};

use crate::error::SocketError;
use crate::fitting::Socket;

pub(crate) use self::repertoire::{Format, Repertoire};

/// All codecs that the loader found, the socket's own first.
pub(crate) struct Codecs {
    /// In the order of the repertoire's plugins.
    proxies: Vec<AudioCodecProxy>,
    pub(crate) repertoire: Arc<Repertoire>,
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
            proxies: Vec::new(),
            repertoire: Arc::default(),
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
        let repertoire = Arc::make_mut(&mut self.repertoire);
        let number = repertoire.plugins.len();
        let (plugin, proxy) = ask(loader, resolved, number, &mut repertoire.formats)?;
        repertoire.plugins.push(plugin);
        self.proxies.push(proxy);
        Ok(())
    }

    /// From now on encoders and decoders are made from this build of a plugin that is known already.
    pub(crate) fn renew(&mut self, loader: &Loader, resolved: &Resolved) -> Result<(), SocketError> {
        let known = &self.repertoire;
        let Some(at) = known.plugins.iter().position(|known| known.id == resolved.id) else {
            return Ok(());
        };
        if known.plugins[at].file.digest == resolved.file.digest {
            return Ok(());
        }
        let mut formats = Vec::new();
        let (bare, proxy) = ask(loader, resolved, at, &mut formats)?;
        let before = known.formats.iter().filter(|format| format.plugin == at);
        let told = |format: &Format| (format.name.clone(), format.numbers, format.fmtp.clone());
        if !before.map(told).eq(formats.iter().map(told)) {
            return Err(SocketError::NotNegotiated(format!(
                "the new build of `{}` has other payload formats than were negotiated: it is for rooms that open from now on",
                resolved.id
            )));
        }
        Arc::make_mut(&mut self.repertoire).plugins[at] = bare;
        self.proxies[at] = proxy;
        Ok(())
    }

    /// Our fmtp parameters in answer to the offered ones; `None` if the offer cannot be met.
    pub(crate) fn answer(&mut self, format: usize, offered: &str) -> Option<String> {
        let Format { plugin, index, .. } = self.repertoire.formats[format];
        let mut answer = String::new();
        self.proxies[plugin]
            .answer(index, offered, &mut answer)
            .ok()
            .map(|()| answer)
    }

    /// The room's number for a codec as a remote end wants to receive it.
    pub(crate) fn key(&mut self, format: usize, remote_fmtp: &str) -> u32 {
        let id = self.repertoire.plugin_id(format).to_owned();
        let next = self.keys.len() as u32;
        *self
            .keys
            .entry((id, self.repertoire.formats[format].index, remote_fmtp.to_owned()))
            .or_insert(next)
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
