//! From the text of a manifest to what is meant by it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use jackfield_core::audio::AudioFormat;
use jackfield_core::environment::Environment;
use jackfield_core::units::{DataRate, SampleRate};
use toml::Spanned;

use super::raw::{Candidates, RawEventLog, RawLinkProfile, RawManifest, RawPolicy, RawSocket, RawVideo};
use super::{
    CODE, EventLogManifest, Isolation, Limits, LinkClass, LinkProfile, LinkProfiles, Manifest, RoomManifest,
    RoomVideo, SocketManifest,
};
use crate::digest::Digest;
use crate::isolation::Grant;
use crate::nearest::did_you_mean;
use crate::policy::{Policy, Requirement};
use crate::profile::Profile;
use crate::signature::PublicKey;
use crate::text_error::TextError;

/// The manifest in `text`, completed from its profile.
pub(crate) fn manifest(text: &str, file: &Path) -> Result<Manifest, TextError> {
    let reader = Reader { text, file };
    let raw: RawManifest = toml::from_str(text).map_err(|error| reader.syntax(&error))?;
    let profile = raw
        .profile
        .as_ref()
        .map(|name| reader.profile_name(name))
        .transpose()?;
    let base = match profile {
        Some(profile) => self::profile(profile)?,
        None => Manifest {
            profile: Profile::Conference,
            folders: Vec::new(),
            policy: Policy::default(),
            home: None,
            sockets: Vec::new(),
            room: RoomManifest {
                max_participants: 50,
                sample_rate: 48_000,
                channels: 1,
                video: RoomVideo::Refuse,
            },
            event_log: None,
            profiles: LinkProfiles::default(),
            limits: Limits { images: 64 },
            experiments: BTreeMap::new(),
        },
    };
    reader.manifest(raw, &base)
}

/// The manifest that a profile stands for.
pub(crate) fn profile(profile: Profile) -> Result<Manifest, TextError> {
    let mut manifest = manifest(profile.text(), Path::new(&format!("/profile {}", profile.name())))?;
    manifest.home = None;
    Ok(manifest)
}

/// `path` with `..` taken at its word: where it leads if nothing on the way is a link. What links do is looked at when the folder is scanned.
fn without_detours(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

struct Reader<'a> {
    text: &'a str,
    file: &'a Path,
}

impl Reader<'_> {
    fn manifest(&self, raw: RawManifest, base: &Manifest) -> Result<Manifest, TextError> {
        let definitions = base.profile.sockets();
        let mut given = Vec::new();
        for (name, socket) in raw.sockets {
            if base.profile.socket(name.get_ref()).is_none() {
                let names: Vec<_> = definitions.iter().map(|socket| socket.name).collect();
                return Err(self
                    .at(
                        name.span(),
                        format!("there is no socket `{}`", name.get_ref()),
                        "not a socket",
                    )
                    .with_help(format!(
                        "{}a {} has: {}",
                        did_you_mean(name.get_ref(), names.iter().copied()),
                        base.profile.name(),
                        names.join(", ")
                    )));
            }
            given.push(self.socket(name.into_inner(), socket)?);
        }
        let mut sockets = Vec::new();
        let mut missing = Vec::new();
        for definition in definitions {
            let from_file = given.iter().find(|socket| socket.name == definition.name);
            match from_file.or_else(|| base.socket(definition.name)) {
                Some(socket) => sockets.push(socket.clone()),
                None => missing.push(definition.name),
            }
        }
        if !missing.is_empty() {
            return Err(self
                .at(
                    0..0,
                    format!("these sockets are missing: {}", missing.join(", ")),
                    "add a profile here",
                )
                .with_help("list them, or add `profile = \"conference\"` to take them from the profile"));
        }
        let policy = self.policy(&raw.policy, &sockets)?;
        let home = std::path::absolute(self.file)
            .ok()
            .and_then(|file| file.parent().map(Path::to_owned));
        let mut folders = Vec::new();
        for given in &raw.plugins.folders {
            let folder = self.folder(given)?;
            let mut roots = policy.folders.iter().chain(&home);
            if !roots.any(|root| folder.starts_with(root)) {
                return Err(self
                    .at(
                        given.span(),
                        "this folder lies outside the folder of the manifest",
                        "outside",
                    )
                    .with_help(format!(
                        "if plugins may lie there, add to [policy]: folders = [\"{}\"]",
                        folder.display()
                    )));
            }
            folders.push(folder);
        }
        let room = RoomManifest {
            max_participants: self.number(
                raw.room.max_participants.as_ref(),
                base.room.max_participants,
                "2 to 1000 participants",
                |n| (2..=1000).contains(&n),
            )?,
            sample_rate: self.number(
                raw.room.sample_rate.as_ref(),
                base.room.sample_rate,
                "8000 to 48000 Hz, a multiple of 100",
                |n| u32::try_from(n).is_ok_and(|hz| AudioFormat::new(SampleRate::hz(hz), 1).is_valid()),
            )?,
            channels: self.number(
                raw.room.channels.as_ref(),
                base.room.channels,
                "1 channel or 2",
                |n| (1..=2).contains(&n),
            )?,
            video: match raw.room.video {
                None => base.room.video,
                Some(RawVideo::Refuse) => RoomVideo::Refuse,
                Some(RawVideo::Discard) => RoomVideo::Discard,
            },
        };
        let event_log = raw
            .event_log
            .as_ref()
            .map(|log| self.event_log(log))
            .transpose()?;
        let images = self.number(
            raw.limits.images.as_ref(),
            base.limits.images as u32,
            "0 to 1024 images",
            |n| (0..=1024).contains(&n),
        )?;
        Ok(Manifest {
            profile: base.profile,
            folders,
            policy,
            home,
            sockets,
            room,
            event_log: event_log.or_else(|| base.event_log.clone()),
            profiles: self.link_profiles(&raw.profiles, base.profiles)?,
            limits: Limits {
                images: images as usize,
            },
            experiments: self.experiments(&raw.experiments)?,
        })
    }

    fn event_log(&self, raw: &RawEventLog) -> Result<EventLogManifest, TextError> {
        Ok(EventLogManifest {
            folder: self.folder(&raw.folder)?,
            megabytes: self.number(raw.megabytes.as_ref(), 256, "1 to 65536 megabytes", |n| {
                (1..=65_536).contains(&n)
            })?,
        })
    }

    fn link_profiles(
        &self,
        raw: &BTreeMap<Spanned<String>, RawLinkProfile>,
        mut profiles: LinkProfiles,
    ) -> Result<LinkProfiles, TextError> {
        for (name, given) in raw {
            let class = LinkClass::ALL
                .into_iter()
                .find(|class| class.name() == name.get_ref());
            let Some(class) = class else {
                let names = LinkClass::ALL.map(LinkClass::name);
                return Err(self
                    .at(
                        name.span(),
                        format!("there is no kind of link `{}`", name.get_ref()),
                        "not a kind of link",
                    )
                    .with_help(format!(
                        "{}kinds of links: {}",
                        did_you_mean(name.get_ref(), names),
                        names.join(", ")
                    )));
            };
            let profile = profiles.of_mut(class);
            let rate = |given: &Option<Spanned<i64>>, default: DataRate| {
                let kbps = (default.as_bps() / 1_000) as u32;
                self.number(given.as_ref(), kbps, "6 to 100000 kbit/s", |n| {
                    (6..=100_000).contains(&n)
                })
                .map(|kbps| DataRate::kbps(i64::from(kbps)))
            };
            *profile = LinkProfile {
                minimum: rate(&given.minimum, profile.minimum)?,
                start: rate(&given.start, profile.start)?,
                maximum: rate(&given.maximum, profile.maximum)?,
                metered_maximum: rate(&given.metered_maximum, profile.metered_maximum)?,
                probes: given.probes.unwrap_or(profile.probes),
            };
            if profile.minimum > profile.start || profile.start > profile.maximum {
                let [least, start, most] =
                    [profile.minimum, profile.start, profile.maximum].map(|rate| rate.as_bps() / 1_000);
                return Err(self
                    .at(
                        name.span(),
                        format!(
                            "`{}` goes from {least} over {start} to {most} kbit/s, which does not rise",
                            name.get_ref()
                        ),
                        "minimum, start, maximum",
                    )
                    .with_help("set all three so that minimum <= start <= maximum"));
            }
        }
        Ok(profiles)
    }

    fn socket(&self, name: String, raw: RawSocket) -> Result<SocketManifest, TextError> {
        let whole = raw.candidates.span();
        let candidates = match raw.candidates.into_inner() {
            Candidates::One(id) => vec![self.id(id, whole.clone())?],
            Candidates::Several(ids) if ids.is_empty() => {
                return Err(self
                    .at(whole, format!("the socket `{name}` has no plugin"), "empty")
                    .with_help("name at least one; a null plugin does nothing and costs nothing"));
            }
            Candidates::Several(ids) => ids
                .into_iter()
                .map(|id| self.id(id.get_ref().clone(), id.span()))
                .collect::<Result<_, _>>()?,
        };
        let pin = match raw.pin {
            None => None,
            Some(pin) if candidates.len() > 1 => {
                return Err(self
                    .at(
                        pin.span(),
                        "a pin is for one plugin, and `use` names several",
                        "which one is it for?",
                    )
                    .with_help("name one plugin in `use`, and the other one as `fallback`"));
            }
            Some(pin) => Some(self.digest(&pin)?),
        };
        let isolation = match &raw.isolation {
            None => Isolation::InProcess,
            Some(isolation) => self.isolation(isolation)?,
        };
        if let (Some(_), Isolation::Static) = (pin, isolation) {
            let span = raw.isolation.map_or(0..0, |isolation| isolation.span());
            return Err(self
                .at(
                    span,
                    "a plugin that is linked into the host has no file to pin",
                    "static",
                )
                .with_help("remove `pin`, or load the plugin with isolation = \"in-process\""));
        }
        let mut allow = Vec::new();
        for grant in &raw.allow {
            if isolation != Isolation::Process {
                return Err(self
                    .at(
                        grant.span(),
                        "only a plugin in a process of its own can be kept from anything, so there is nothing to allow",
                        "not in this tier",
                    )
                    .with_help("remove `allow`, or set isolation = \"process\""));
            }
            allow.push(grant.get_ref().parse::<Grant>().map_err(|error| {
                self.at(
                    grant.span(),
                    format!("`{}` is nothing that can be allowed", grant.get_ref()),
                    "expected \"net\" or \"read:/…\"",
                )
                .with_help(error.to_string())
            })?);
        }
        let fallback = raw
            .fallback
            .map(|id| self.id(id.get_ref().clone(), id.span()))
            .transpose()?;
        let parameters = raw
            .params
            .into_iter()
            .map(|(name, value)| (name, value.into_inner()))
            .collect();
        Ok(SocketManifest {
            name,
            candidates,
            parameters,
            fallback,
            isolation,
            allow,
            pin,
        })
    }

    fn isolation(&self, given: &Spanned<String>) -> Result<Isolation, TextError> {
        match given.get_ref().as_str() {
            "static" => Ok(Isolation::Static),
            "in-process" => Ok(Isolation::InProcess),
            "process" => Ok(Isolation::Process),
            other => {
                let names = ["static", "in-process", "process"];
                Err(self
                    .at(
                        given.span(),
                        format!("there is no isolation `{other}`"),
                        "expected \"static\", \"in-process\" or \"process\"",
                    )
                    .with_help(format!(
                        "{}\"static\" is linked in, \"in-process\" is loaded from a file, \"process\" into a process of its own",
                        did_you_mean(other, names)
                    )))
            }
        }
    }

    fn profile_name(&self, given: &Spanned<String>) -> Result<Profile, TextError> {
        Profile::from_name(given.get_ref()).ok_or_else(|| {
            let names: Vec<_> = Profile::ALL.iter().map(|profile| profile.name()).collect();
            self.at(
                given.span(),
                format!("there is no profile `{}`", given.get_ref()),
                "not a profile",
            )
            .with_help(format!(
                "{}profiles: {}",
                did_you_mean(given.get_ref(), names.iter().copied()),
                names.join(", ")
            ))
        })
    }

    fn folder(&self, given: &Spanned<String>) -> Result<PathBuf, TextError> {
        if given.get_ref().is_empty() {
            return Err(self
                .at(given.span(), "this folder has no name", "empty")
                .with_help("write a path; a relative one starts at the folder of the manifest"));
        }
        let base = self.file.parent().unwrap_or(Path::new(""));
        std::path::absolute(base.join(given.get_ref()))
            .map(|folder| without_detours(&folder))
            .map_err(|error| self.at(given.span(), format!("this is not a path: {error}"), "not a path"))
    }

    fn policy(&self, raw: &RawPolicy, sockets: &[SocketManifest]) -> Result<Policy, TextError> {
        let mut policy = Policy {
            require: self.requirement(raw.require.as_ref())?,
            ..Policy::default()
        };
        for (name, key) in &raw.signers {
            let key_read = key.get_ref().parse::<PublicKey>().map_err(|error| {
                self.at(
                    key.span(),
                    "this is not a public key",
                    "expected ed25519:<64 hexadecimal digits>",
                )
                .with_help(error.to_string())
            })?;
            policy.signers.insert(name.clone(), key_read);
        }
        if let (Requirement::Signed, true) = (policy.require, policy.signers.is_empty()) {
            let span = raw.require.as_ref().map_or(0..0, Spanned::span);
            return Err(self
                .at(
                    span,
                    "signed plugins are required and nobody may sign",
                    "signed by whom?",
                )
                .with_help("name the signers: [policy.signers] acme = \"ed25519:…\""));
        }
        for (id, pin) in &raw.pins {
            let digest = self.digest(pin)?;
            policy
                .pins
                .insert(self.id(id.get_ref().clone(), id.span())?, digest);
        }
        for folder in &raw.folders {
            policy.folders.push(self.folder(folder)?);
        }
        policy.pinned = sockets.iter().filter_map(|socket| socket.pin).collect();
        policy.pinned.extend(policy.pins.values());
        Ok(policy)
    }

    /// Each must fit with all before it, because an instance is told all of them.
    fn experiments(
        &self,
        raw: &BTreeMap<Spanned<String>, Spanned<String>>,
    ) -> Result<BTreeMap<String, String>, TextError> {
        let mut experiments = BTreeMap::new();
        let mut environment = Environment::seeded(0);
        for (key, value) in raw {
            environment = environment
                .with_experiment(key.get_ref(), value.get_ref())
                .map_err(|fault| {
                    self.at(key.span(), "this cannot be tried out", "this experiment")
                        .with_help(fault.text())
                })?;
            experiments.insert(key.get_ref().clone(), value.get_ref().clone());
        }
        Ok(experiments)
    }

    fn requirement(&self, given: Option<&Spanned<String>>) -> Result<Requirement, TextError> {
        let Some(given) = given else {
            return Ok(Requirement::Any);
        };
        let all = [Requirement::Any, Requirement::Pinned, Requirement::Signed];
        all.into_iter()
            .find(|one| one.name() == given.get_ref())
            .ok_or_else(|| {
                let names = all.map(Requirement::name);
                self.at(
                    given.span(),
                    format!("`{}` cannot be required", given.get_ref()),
                    "expected \"any\", \"pinned\" or \"signed\"",
                )
                .with_help(format!(
                    "{}\"pinned\" by digest, \"signed\" by one of [policy.signers]",
                    did_you_mean(given.get_ref(), names)
                ))
            })
    }

    fn digest(&self, given: &Spanned<String>) -> Result<Digest, TextError> {
        given.get_ref().parse::<Digest>().map_err(|error| {
            self.at(
                given.span(),
                "this is not a digest",
                "expected blake3:<64 hexadecimal digits>",
            )
            .with_help(error.to_string())
        })
    }

    fn id(&self, id: String, span: Range<usize>) -> Result<String, TextError> {
        if crate::metadata::is_id(&id) {
            return Ok(id);
        }
        Err(self
            .at(
                span,
                format!("`{id}` cannot be the id of a plugin"),
                "expected vendor.area.name",
            )
            .with_help(
                "ids are lower-case words, digits and hyphens joined by dots, such as jackfield.codec.opus",
            ))
    }

    fn number(
        &self,
        given: Option<&Spanned<i64>>,
        default: u32,
        expected: &str,
        fits: impl Fn(i64) -> bool,
    ) -> Result<u32, TextError> {
        let Some(given) = given else { return Ok(default) };
        match u32::try_from(*given.get_ref()) {
            Ok(number) if fits(*given.get_ref()) => Ok(number),
            _ => Err(self
                .at(
                    given.span(),
                    format!("{} is out of range", given.get_ref()),
                    format!("expected {expected}"),
                )
                .with_help(format!("without this line it is {default}"))),
        }
    }

    /// What the TOML reader says, with the nearest name where a name is unknown.
    fn syntax(&self, error: &toml::de::Error) -> TextError {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().trim();
        let mut quoted = message.split('`').skip(1).step_by(2);
        if message.starts_with("unknown field")
            && let Some(unknown) = quoted.next()
        {
            let known: Vec<_> = quoted.collect();
            return self
                .at(span, format!("there is no key `{unknown}` here"), "unknown key")
                .with_help(format!(
                    "{}expected one of: {}",
                    did_you_mean(unknown, known.iter().copied()),
                    known.join(", ")
                ));
        }
        if message.starts_with("missing field")
            && let Some(missing) = quoted.next()
        {
            return self
                .at(span, format!("the key `{missing}` is missing"), "in this table")
                .with_help(format!("add `{missing} = \"…\"`"));
        }
        self.at(span, message.replace('\n', ", "), "here")
    }

    fn at(&self, span: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> TextError {
        TextError::at(CODE, self.file, self.text, span, message, label)
    }
}
