//! The manifest as TOML has it, with the place of every value. The JSON Schema is made from these types, so their comments are what
//! an editor shows.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use toml::Spanned;

use crate::parameter::ParameterValue;

/// What a Jackfield host runs: which plugin stands in which socket of a call.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "jackfield.toml")]
pub(crate) struct RawManifest {
    /// The kind of call. Sockets that are not listed come from it; without a profile, all of them must be listed.
    #[schemars(with = "Option<String>", extend("enum" = ["conference"]))]
    pub(crate) profile: Option<Spanned<String>>,
    /// Where plugins are found.
    #[serde(default)]
    pub(crate) plugins: RawPlugins,
    /// What is demanded of plugin files before they are used.
    #[serde(default)]
    pub(crate) policy: RawPolicy,
    /// What stands in each socket. A conference has: transport, jitter, codec, echo, noise, gain, mixer, congestion, pacer, estimator.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawSocket>")]
    pub(crate) sockets: BTreeMap<Spanned<String>, RawSocket>,
    /// What a room is like.
    #[serde(default)]
    pub(crate) room: RawRoom,
    /// Where what happens to the congestion controller of each connection is written down; without it, nowhere.
    pub(crate) event_log: Option<RawEventLog>,
    /// What is used of the link of a participant, by its kind: `desktop`, `mobile-wifi`, `mobile-cellular`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawLinkProfile>")]
    pub(crate) profiles: BTreeMap<Spanned<String>, RawLinkProfile>,
    /// Where the host stops.
    #[serde(default)]
    pub(crate) limits: RawLimits,
    /// What is tried out: keys and values that every instance of every plugin is told, and that mean something to those that know them.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(crate) experiments: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// Where plugins are found.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPlugins {
    /// Folders with plugin files, first one first; a relative path starts at the folder of the manifest. One that lies outside it must lie
    /// in one of `policy.folders`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) folders: Vec<Spanned<String>>,
}

/// What is demanded of plugin files before they are used.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPolicy {
    /// What every plugin file must be: a whole plugin (`any`, the default), pinned by its digest, or signed by one of the signers.
    #[schemars(with = "Option<String>", extend("enum" = ["any", "pinned", "signed"]))]
    pub(crate) require: Option<Spanned<String>>,
    /// Whose signatures count, each under a name of your choice.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(crate) signers: BTreeMap<String, Spanned<String>>,
    /// The digest that the file of a plugin must have, by the plugin's id, in whatever socket it stands.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(crate) pins: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Folders outside the manifest's own in which plugins may lie.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) folders: Vec<Spanned<String>>,
}

/// What stands in a socket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSocket {
    /// The id of a plugin, or several ids, of which the first available one is used.
    #[serde(rename = "use")]
    #[schemars(with = "Candidates")]
    pub(crate) candidates: Spanned<Candidates>,
    /// Parameters to set, by name; `jackfield plugin inspect` lists them.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, ParameterValue>")]
    pub(crate) params: BTreeMap<String, Spanned<ParameterValue>>,
    /// The plugin that is used if none of `use` is available, and that stands by while the call runs.
    #[schemars(with = "Option<String>")]
    pub(crate) fallback: Option<Spanned<String>>,
    /// Where the plugin runs: linked into the host, loaded from a file into its process (the default), or into a process of its own, which may do
    /// nothing but compute and can end without the host.
    #[schemars(with = "Option<String>", extend("enum" = ["static", "in-process", "process"]))]
    pub(crate) isolation: Option<Spanned<String>>,
    /// What a plugin in a process of its own may do beside computing: `net` to open sockets, `read:` and an absolute path to read what stands there
    /// or below.
    #[serde(default)]
    #[schemars(with = "Vec<Grants>")]
    pub(crate) allow: Vec<Spanned<String>>,
    /// The digest that the plugin's file must have; `jackfield plugin inspect` prints it.
    #[schemars(with = "Option<String>", extend("pattern" = "^blake3:[0-9a-f]{64}$"))]
    pub(crate) pin: Option<Spanned<String>>,
}

/// What a room is like.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRoom {
    /// The most participants, 2 to 1000.
    #[schemars(with = "Option<u32>", extend("minimum" = 2, "maximum" = 1000))]
    pub(crate) max_participants: Option<Spanned<i64>>,
    /// The rate, in hertz, at which the room mixes: 8000 to 48000, a multiple of 100.
    #[schemars(with = "Option<u32>", extend("minimum" = 8000, "maximum" = 48000, "multipleOf" = 100))]
    pub(crate) sample_rate: Option<Spanned<i64>>,
    /// The channels in which the room mixes: 1, or 2 so that a guest who sends stereo is heard in stereo by whoever negotiated it.
    #[schemars(with = "Option<u32>", extend("minimum" = 1, "maximum" = 2))]
    pub(crate) channels: Option<Spanned<i64>>,
    /// What becomes of video that a participant offers: refuse it, or let it come, measure it and throw it away.
    pub(crate) video: Option<RawVideo>,
}

/// What is used of a link of one kind: rates, in kbit/s, of all that the host sends over it, headers included. What is not said is as it was.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLinkProfile {
    /// Never less, 6 to 100000.
    #[schemars(with = "Option<u32>", extend("minimum" = 6, "maximum" = 100_000))]
    pub(crate) minimum: Option<Spanned<i64>>,
    /// To start from, 6 to 100000.
    #[schemars(with = "Option<u32>", extend("minimum" = 6, "maximum" = 100_000))]
    pub(crate) start: Option<Spanned<i64>>,
    /// Never more, 6 to 100000.
    #[schemars(with = "Option<u32>", extend("minimum" = 6, "maximum" = 100_000))]
    pub(crate) maximum: Option<Spanned<i64>>,
    /// Never more where every byte costs, 6 to 100000.
    #[schemars(with = "Option<u32>", extend("minimum" = 6, "maximum" = 100_000))]
    pub(crate) metered_maximum: Option<Spanned<i64>>,
    /// Whether the path may be measured by packets that hold nothing; never where every byte costs.
    pub(crate) probes: Option<bool>,
}

/// What becomes of video.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawVideo {
    /// Its m-lines are rejected.
    Refuse,
    /// It comes, is measured and thrown away.
    Discard,
}

/// Where what happens to congestion controllers is written down.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEventLog {
    /// The folder, one file for each connection; a relative path starts at the folder of the manifest.
    #[schemars(with = "String")]
    pub(crate) folder: Spanned<String>,
    /// A file stops before it has more megabytes than this, 1 to 65536.
    #[schemars(with = "Option<u32>", extend("minimum" = 1, "maximum" = 65536))]
    pub(crate) megabytes: Option<Spanned<i64>>,
}

/// Where the host stops.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLimits {
    /// The most plugin images that may be retired before the host asks for a restart, 0 to 1024.
    #[schemars(with = "Option<u32>", extend("minimum" = 0, "maximum" = 1024))]
    pub(crate) images: Option<Spanned<i64>>,
}

/// The texts that are grants, for the schema.
pub(crate) struct Grants;

impl JsonSchema for Grants {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Grant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^(net|read:/.*)$" })
    }
}

/// One id or several. Not an untagged enum, because that would lose the place of each id.
#[derive(Debug)]
pub(crate) enum Candidates {
    One(String),
    Several(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for Candidates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Candidates;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of a plugin or a list of ids")
            }

            fn visit_str<E>(self, text: &str) -> Result<Candidates, E> {
                Ok(Candidates::One(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Candidates, A::Error> {
                let mut ids = Vec::new();
                while let Some(id) = list.next_element()? {
                    ids.push(id);
                }
                Ok(Candidates::Several(ids))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl JsonSchema for Candidates {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Candidates".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "oneOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1, "uniqueItems": true }
            ]
        })
    }
}
