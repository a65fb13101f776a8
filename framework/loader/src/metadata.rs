//! Reads what stands in `.jf_meta`; the format is described in [`jackfield_core::metadata`]. The bytes come from outside: whatever they
//! are, the answer is frames or an error, never a panic.

use jackfield_core::congestion_controller::CongestionRole;
use jackfield_core::metadata::MAGIC;
use jackfield_core::units::SampleRate;
use serde::Serialize;

use crate::parameter::{ParameterInfo, ParameterKind};

/// What one plugin says of itself. A file holds one frame for each plugin that is linked into it, usually one.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The symbol of its entry.
    pub entry: String,
    /// Major and minor version of the boundary that it was built for.
    pub abi: (u16, u16),
    /// Its modules.
    pub modules: Vec<ModuleInfo>,
    /// The shape of every table that it uses.
    pub areas: Vec<AreaText>,
}

/// The shape of an area's table as the plugin was built with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AreaText {
    /// The area's id.
    pub id: String,
    /// The revision of its table.
    pub revision: u32,
    /// One line per method, in table order.
    pub methods: Vec<String>,
}

/// One module of a plugin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModuleInfo {
    /// The area: `jackfield.audio-processor/1`.
    pub area: String,
    /// The id: `jackfield.processing.gain`.
    pub id: String,
    /// The name that people read.
    pub name: String,
    /// The version.
    pub version: String,
    /// Who made it.
    pub vendor: String,
    /// The licence, an SPDX expression.
    pub license: String,
    /// What it does, in a sentence.
    pub description: String,
    /// Whether the same input gives the same output in every run.
    pub deterministic: bool,
    /// The revision of the area's table that it was built with.
    pub revision: u32,
    /// The audio formats that it takes.
    pub audio: AudioInfo,
    /// Whether it takes so little power that a device on its battery prefers it.
    pub power_efficient: bool,
    /// Of a congestion controller: where it decides.
    #[serde(serialize_with = "as_name")]
    pub congestion_role: CongestionRole,
    /// Its parameters, in the order of their indices.
    pub parameters: Vec<ParameterInfo>,
    /// Its statistics, in order.
    pub statistics: Vec<StatisticInfo>,
}

/// What a module makes of an audio format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support {
    /// Whether it takes the format as it is, without a converter.
    pub supported: bool,
    /// Whether it does so with little power.
    pub power_efficient: bool,
}

impl ModuleInfo {
    /// What it makes of audio at `sample_rate` with `channels`, told without running any of its code.
    pub fn support(&self, sample_rate: SampleRate, channels: u32) -> Support {
        let rates = &self.audio.sample_rates;
        let supported = (rates.is_empty() || rates.contains(&sample_rate.as_hz()))
            && (1..=self.audio.max_channels).contains(&channels);
        Support {
            supported,
            power_efficient: supported && self.power_efficient,
        }
    }
}

/// The audio formats that a module takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AudioInfo {
    /// Sample rates in hertz, best first; empty means any.
    pub sample_rates: Vec<u32>,
    /// The most channels.
    pub max_channels: u32,
    /// Whether it wants the render (far-end) signal.
    pub render: bool,
}

/// One number that a module reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatisticInfo {
    /// The name.
    pub name: String,
    /// The unit; empty for a bare count or ratio.
    pub unit: String,
    /// Whether it only ever grows.
    pub counter: bool,
    /// What it tells.
    pub help: String,
}

fn as_name<S: serde::Serializer>(role: &CongestionRole, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(role.name())
}

/// Metadata that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// There are no frames.
    #[error("the section .jf_meta is empty; export a plugin with `export!` or JF_META")]
    Empty,
    /// A frame does not begin as it should.
    #[error(
        "there is no frame at byte {at} of .jf_meta; build the plugin with the SDK or header that comes with this host"
    )]
    NoFrame {
        /// Where one was expected.
        at: usize,
    },
    /// The last frame does not end.
    #[error("the frame at byte {at} of .jf_meta does not end; the file is cut off or was changed")]
    Unfinished {
        /// Where it begins.
        at: usize,
    },
    /// A frame is not UTF-8.
    #[error("the frame at byte {at} of .jf_meta is not UTF-8; the file was changed")]
    NotText {
        /// Where it begins.
        at: usize,
    },
    /// A line makes no sense.
    #[error("line {line} of .jf_meta: {what}")]
    Line {
        /// The line within its frame, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A line that must be there is not.
    #[error(
        "the metadata has no `{key}` line; build the plugin with the SDK or header that comes with this host"
    )]
    Missing {
        /// Its first field.
        key: &'static str,
    },
}

/// Whether `id` can be the id of a plugin: lower-case words of letters, digits, hyphens and underscores, joined by dots.
pub(crate) fn is_id(id: &str) -> bool {
    id.len() <= 128
        && id.split('.').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte))
        })
}

/// All frames of a section. The linker may put zeros between those of several objects.
///
/// # Errors
/// If anything but frames and zeros stands there.
pub fn frames(section: &[u8]) -> Result<Vec<Frame>, MetadataError> {
    let mut frames = Vec::new();
    let mut at = 0;
    while at < section.len() {
        if section[at] == 0 {
            at += 1;
            continue;
        }
        let body = section[at..]
            .strip_prefix(MAGIC.as_slice())
            .ok_or(MetadataError::NoFrame { at })?;
        let len = body
            .iter()
            .position(|byte| *byte == 0)
            .ok_or(MetadataError::Unfinished { at })?;
        let text = std::str::from_utf8(&body[..len]).map_err(|_| MetadataError::NotText { at })?;
        frames.push(frame(text)?);
        at += MAGIC.len() + len + 1;
    }
    if frames.is_empty() {
        Err(MetadataError::Empty)
    } else {
        Ok(frames)
    }
}

fn frame(text: &str) -> Result<Frame, MetadataError> {
    let mut entry = None;
    let mut abi = None;
    let mut modules: Vec<ModuleInfo> = Vec::new();
    let mut areas: Vec<AreaText> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let (key, rest) = line.split_once('\t').unwrap_or((line, ""));
        let fields = Fields {
            line: number,
            fields: rest.split('\t').collect(),
        };
        match key {
            "entry" => entry = Some(fields.symbol()?),
            "abi" => abi = Some((fields.number(0)?, fields.number(1)?)),
            "module" => modules.push(fields.module()?),
            "audio" => fields.last(&mut modules)?.audio = fields.audio()?,
            "congestion" => fields.last(&mut modules)?.congestion_role = fields.role()?,
            "power" => fields.last(&mut modules)?.power_efficient = fields.flag(0)?,
            "parameter" => {
                let parameter = fields.parameter()?;
                fields.last(&mut modules)?.parameters.push(parameter);
            }
            "statistic" => {
                let statistic = fields.statistic()?;
                fields.last(&mut modules)?.statistics.push(statistic);
            }
            "area" => areas.push(AreaText {
                id: fields.text(0)?.to_owned(),
                revision: fields.number(1)?,
                methods: Vec::new(),
            }),
            "method" => match areas.last_mut() {
                Some(area) => area.methods.push(rest.to_owned()),
                None => return Err(fields.fault("a `method` line stands before any `area` line")),
            },
            // What a newer SDK adds.
            _ => {}
        }
    }
    for module in &mut modules {
        module.revision = areas
            .iter()
            .find(|area| area.id == module.area)
            .map_or(0, |area| area.revision);
    }
    if modules.is_empty() {
        return Err(MetadataError::Missing { key: "module" });
    }
    Ok(Frame {
        entry: entry.ok_or(MetadataError::Missing { key: "entry" })?,
        abi: abi.ok_or(MetadataError::Missing { key: "abi" })?,
        modules,
        areas,
    })
}

/// The fields of one line after the first.
struct Fields<'a> {
    line: usize,
    fields: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    fn module(&self) -> Result<ModuleInfo, MetadataError> {
        let text = |index| self.text(index).map(str::to_owned);
        let id = text(1)?;
        if !is_id(&id) {
            return Err(self.fault(format!(
                "`{id}` cannot be an id: use lower-case words joined by dots"
            )));
        }
        Ok(ModuleInfo {
            area: text(0)?,
            id,
            name: text(2)?,
            version: text(3)?,
            vendor: text(4)?,
            license: text(5)?,
            description: text(6)?,
            deterministic: self.flag(7)?,
            revision: 0,
            audio: AudioInfo {
                sample_rates: Vec::new(),
                max_channels: 8,
                render: false,
            },
            power_efficient: false,
            congestion_role: CongestionRole::Sender,
            parameters: Vec::new(),
            statistics: Vec::new(),
        })
    }

    fn role(&self) -> Result<CongestionRole, MetadataError> {
        let name = self.text(0)?;
        CongestionRole::from_name(name)
            .ok_or_else(|| self.fault(format!("`{name}` is no role: use sender, receiver or either")))
    }

    fn audio(&self) -> Result<AudioInfo, MetadataError> {
        let rates = self.text(0)?;
        let sample_rates = if rates.is_empty() {
            Vec::new()
        } else {
            let rates: Result<_, _> = rates.split(',').map(str::parse).collect();
            rates.map_err(|_| self.fault("a sample rate is not a number"))?
        };
        Ok(AudioInfo {
            sample_rates,
            max_channels: self.number(1)?,
            render: self.flag(2)?,
        })
    }

    fn parameter(&self) -> Result<ParameterInfo, MetadataError> {
        let (min, max, default) = (self.real(4)?, self.real(5)?, self.real(6)?);
        let kind = match self.text(3)? {
            "bool" => ParameterKind::Bool,
            "int" => ParameterKind::Int {
                min: min as i64,
                max: max as i64,
            },
            "float" => ParameterKind::Float { min, max },
            "choice" => ParameterKind::Choice {
                choices: self.text(7)?.split('|').map(str::to_owned).collect(),
            },
            other => return Err(self.fault(format!("`{other}` is not a kind of parameter"))),
        };
        if !(min..=max).contains(&default) {
            return Err(self.fault(format!("the default {default} is not between {min} and {max}")));
        }
        Ok(ParameterInfo {
            name: self.text(0)?.to_owned(),
            title: self.text(1)?.to_owned(),
            unit: self.text(2)?.to_owned(),
            kind,
            default,
            help: self.text(8)?.to_owned(),
        })
    }

    fn statistic(&self) -> Result<StatisticInfo, MetadataError> {
        Ok(StatisticInfo {
            name: self.text(0)?.to_owned(),
            unit: self.text(1)?.to_owned(),
            counter: self.text(2)? == "counter",
            help: self.text(3)?.to_owned(),
        })
    }

    /// The symbol of the entry. What cannot be a C identifier is refused before anything looks it up.
    fn symbol(&self) -> Result<String, MetadataError> {
        let symbol = self.text(0)?;
        let fits = symbol
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if symbol.is_empty() || symbol.len() > 256 || !fits {
            return Err(self.fault("the entry is not the name of a symbol"));
        }
        Ok(symbol.to_owned())
    }

    fn text(&self, index: usize) -> Result<&'a str, MetadataError> {
        self.fields
            .get(index)
            .copied()
            .ok_or_else(|| self.fault("it has too few fields"))
    }

    fn number<T: std::str::FromStr>(&self, index: usize) -> Result<T, MetadataError> {
        let text = self.text(index)?;
        text.parse()
            .map_err(|_| self.fault(format!("`{text}` is not a number that fits here")))
    }

    fn real(&self, index: usize) -> Result<f64, MetadataError> {
        let number: f64 = self.number(index)?;
        if number.is_finite() {
            Ok(number)
        } else {
            Err(self.fault("a bound is not finite"))
        }
    }

    fn flag(&self, index: usize) -> Result<bool, MetadataError> {
        match self.text(index)? {
            "0" => Ok(false),
            "1" => Ok(true),
            other => Err(self.fault(format!("`{other}` is neither 0 nor 1"))),
        }
    }

    fn last<'m>(&self, modules: &'m mut [ModuleInfo]) -> Result<&'m mut ModuleInfo, MetadataError> {
        modules
            .last_mut()
            .ok_or_else(|| self.fault("it stands before any `module` line"))
    }

    fn fault(&self, what: impl Into<String>) -> MetadataError {
        MetadataError::Line {
            line: self.line,
            what: what.into(),
        }
    }
}
