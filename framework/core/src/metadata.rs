//! What stands in a plugin's ELF section `.jf_meta`: who its modules are and the shape of the tables that they use, so that hosts learn
//! it without running any of the plugin's code.
//!
//! A frame is `jf1` and a zero byte, then UTF-8 lines of tab-separated fields, then a zero byte. The first field of a line says what it is:
//!
//! ```text
//! entry      symbol
//! abi        major   minor
//! module     area    id      name    version  vendor  licence  description  deterministic(0|1)
//! audio      rates(comma separated, empty = any)  max channels  render(0|1)
//! power      efficient(0|1)
//! congestion role(sender|receiver|either)
//! parameter  name    title   unit    kind  minimum  maximum  default  choices(| separated)  help
//! statistic  name    unit    kind    help
//! area       id      revision
//! method     shape
//! ```
//!
//! `audio`, `power`, `congestion`, `parameter` and `statistic` belong to the `module` before them, `method` to the `area` before it.

use jackfield_abi::Area;
use jackfield_abi::shape::{AreaShape, ConstWriter};

use crate::congestion_controller::CongestionRole;
use crate::module::{Descriptor, Module};
use crate::parameter::{Parameter, ParameterKind};
use crate::stats::{Statistic, StatisticKind};

/// What every frame begins with.
pub const MAGIC: &[u8; 4] = b"jf1\0";
/// The section's name.
pub const SECTION: &str = ".jf_meta";

/// A module, for the writer.
#[derive(Clone, Copy, Debug)]
pub struct ModuleDescription {
    /// Its area.
    pub area: &'static AreaShape,
    /// Who it is.
    pub descriptor: &'static Descriptor,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// Its statistics.
    pub statistics: &'static [Statistic],
}

/// The length of the frame for a plugin with entry symbol `symbol`.
pub const fn length(symbol: &str, modules: &[ModuleDescription]) -> usize {
    let mut writer = ConstWriter::counting();
    write(&mut writer, symbol, modules);
    writer.len()
}

/// The frame itself; `N` is its [`length`].
pub const fn bytes<const N: usize>(symbol: &str, modules: &[ModuleDescription]) -> [u8; N] {
    let mut bytes = [0; N];
    let mut writer = ConstWriter::into(&mut bytes);
    write(&mut writer, symbol, modules);
    bytes
}

const fn write(out: &mut ConstWriter<'_>, symbol: &str, modules: &[ModuleDescription]) {
    out.text("jf1\0entry\t");
    out.field(symbol);
    out.text("\nabi\t");
    out.integer(jackfield_abi::ABI_MAJOR as u64);
    out.text("\t");
    out.integer(jackfield_abi::ABI_MINOR as u64);
    out.text("\n");
    let mut i = 0;
    while i < modules.len() {
        module(out, &modules[i]);
        i += 1;
    }
    out.area(<dyn Module as Area>::SHAPE);
    let mut i = 0;
    while i < modules.len() {
        let mut seen = false;
        let mut j = 0;
        while j < i {
            seen = seen || equal(modules[j].area.id, modules[i].area.id);
            j += 1;
        }
        if !seen {
            out.area(modules[i].area);
        }
        i += 1;
    }
    out.byte(0);
}

const fn module(out: &mut ConstWriter<'_>, module: &ModuleDescription) {
    let d = module.descriptor;
    out.text("module");
    let fields = [
        module.area.id,
        d.id,
        d.name,
        d.version,
        d.vendor,
        d.license,
        d.description,
    ];
    let mut i = 0;
    while i < fields.len() {
        out.text("\t");
        out.field(fields[i]);
        i += 1;
    }
    out.text(if d.deterministic {
        "\t1\naudio\t"
    } else {
        "\t0\naudio\t"
    });
    let mut i = 0;
    while i < d.audio.sample_rates.len() {
        if i > 0 {
            out.text(",");
        }
        out.integer(d.audio.sample_rates[i] as u64);
        i += 1;
    }
    out.text("\t");
    out.integer(d.audio.max_channels as u64);
    out.text(if d.audio.render { "\t1\n" } else { "\t0\n" });
    if d.power_efficient {
        out.text("power\t1\n");
    }
    if !matches!(d.congestion_role, CongestionRole::Sender) {
        out.text("congestion\t");
        out.text(d.congestion_role.name());
        out.text("\n");
    }
    let mut i = 0;
    while i < module.parameters.len() {
        parameter(out, &module.parameters[i]);
        i += 1;
    }
    let mut i = 0;
    while i < module.statistics.len() {
        let s = &module.statistics[i];
        out.text("statistic\t");
        out.field(s.name);
        out.text("\t");
        out.field(s.unit);
        out.text(match s.kind {
            StatisticKind::Gauge => "\tgauge\t",
            StatisticKind::Counter => "\tcounter\t",
        });
        out.field(s.help);
        out.text("\n");
        i += 1;
    }
}

const fn parameter(out: &mut ConstWriter<'_>, p: &Parameter) {
    out.text("parameter\t");
    out.field(p.name);
    out.text("\t");
    out.field(p.title);
    out.text("\t");
    out.field(p.unit);
    let (kind, min, max, names): (&str, f64, f64, &[&str]) = match p.kind {
        ParameterKind::Bool => ("\tbool\t", 0.0, 1.0, &[]),
        ParameterKind::Int { min, max } => ("\tint\t", min as f64, max as f64, &[]),
        ParameterKind::Float { min, max } => ("\tfloat\t", min, max, &[]),
        ParameterKind::Choice { names } => ("\tchoice\t", 0.0, names.len() as f64 - 1.0, names),
    };
    out.text(kind);
    out.number(min);
    out.text("\t");
    out.number(max);
    out.text("\t");
    out.number(p.default);
    out.text("\t");
    let mut i = 0;
    while i < names.len() {
        if i > 0 {
            out.text("|");
        }
        out.field(names[i]);
        i += 1;
    }
    out.text("\t");
    out.field(p.help);
    out.text("\n");
}

const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
