//! Writes the C header: a part by hand (`core.h`) and a part for each area, from its shape.

use std::fmt::Write;
use std::mem::offset_of;

use crate::entry::{EntryRaw, HostRaw, ModuleRaw};
use crate::fault::FaultRaw;
use crate::instance::{InstanceRaw, TableHead};
use crate::shape::{
    AreaShape, CallbackShape, ConstWriter, MethodShape, ParameterShape, Passing, Returns, Shape,
};

/// The widest line of a comment.
const WIDTH: usize = 110;

/// A constant that has a name in Rust and needs one in C.
#[derive(Clone, Copy, Debug)]
pub struct Constant {
    /// Its name: `JF_TIMESTAMP_NEVER`.
    pub name: &'static str,
    /// Its value as C writes it.
    pub value: &'static str,
    /// What it means.
    pub docs: &'static str,
}

/// The whole header for these areas, `jackfield.module/1` first. `types` are those that no method names.
pub fn write(areas: &[&AreaShape], types: &[&Shape], constants: &[Constant]) -> String {
    let mut header = Header {
        out: include_str!("core.h").to_owned(),
        known: Vec::new(),
        asserts: core_asserts(),
    };
    header.rule("Constants");
    for constant in constants {
        header.comment("", constant.docs);
        header.line(&format!("#define {} {}", constant.name, constant.value));
    }
    for shape in types {
        header.define(shape);
    }
    for area in areas {
        header.area(area);
    }
    header.finish()
}

struct Header {
    out: String,
    /// The C names that are defined already.
    known: Vec<&'static str>,
    /// `sizeof` or `offsetof`, and what it is in Rust.
    asserts: Vec<(String, usize)>,
}

impl Header {
    fn area(&mut self, area: &AreaShape) {
        for parameter in area.methods.iter().flat_map(|method| method.parameters) {
            self.define_passed(&parameter.passing);
        }
        for method in area.methods {
            if let Returns::Value(shape) | Returns::StatusAnd(shape) = method.returns {
                self.define(shape);
            }
        }
        let upper = area.c_name.to_uppercase();
        self.rule(area.id);
        self.comment("", area.docs);
        self.line(&format!("#define {upper}_ID \"{}\"", area.id));
        self.line(&format!("#define {upper}_REVISION {}u", area.revision));
        let table = format!("{}_table", area.c_name);
        self.line(&format!("\ntypedef struct {table} {{"));
        self.line("  jf_table_head_t head;");
        let mut revision = 1;
        for method in area.methods {
            if method.since > revision {
                revision = method.since;
                self.line(&format!(
                    "\n  // ---- since revision {revision}; NULL in older tables ----"
                ));
            }
            self.line("");
            self.method(method, "self");
        }
        self.line(&format!("}} {table}_t;"));
        self.table_asserts(area, &table);
        self.shape_text(area, &upper);
    }

    /// The table's size at each revision is where the first method of the next one begins.
    fn table_asserts(&mut self, area: &AreaShape, table: &str) {
        for (revision, size) in (1..).zip(area.sizes) {
            let what = match area.methods.iter().find(|method| method.since > revision) {
                Some(method) => format!("offsetof({table}_t, {})", method.name),
                None => format!("sizeof({table}_t)"),
            };
            self.asserts.push((what, *size));
        }
    }

    fn shape_text(&mut self, area: &AreaShape, upper: &str) {
        let mut counter = ConstWriter::counting();
        counter.area(area);
        let mut bytes = vec![0; counter.len()];
        ConstWriter::into(&mut bytes).area(area);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        self.line("\n// The shape of the table, for JF_META.");
        let _ = write!(self.out, "#define {upper}_SHAPE");
        for line in text.lines() {
            let line = line
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\t', "\\t");
            let _ = write!(self.out, " \\\n  \"{line}\\n\"");
        }
        self.line("");
    }

    fn method(&mut self, method: &MethodShape, first: &str) {
        let mut docs = method.docs.to_owned();
        if method.optional {
            docs.push_str("\n\nOptional: may be NULL.");
        }
        self.comment("  ", &docs);
        let mut parameters = vec![format!("void *{first}")];
        parameters.extend(method.parameters.iter().flat_map(c_parameter));
        let returns = match method.returns {
            Returns::Nothing => "void",
            Returns::Value(shape) => &c_type(shape),
            Returns::Status => "jf_status_t",
            Returns::StatusAnd(shape) => {
                parameters.push(format!("{} *out", c_type(shape)));
                "jf_status_t"
            }
        };
        let head = format!("  {returns} (*{})(", method.name);
        let whole = format!("{head}{});", parameters.join(", "));
        if whole.len() <= WIDTH {
            self.line(&whole);
        } else {
            self.line(&format!("{head}\n      {});", parameters.join(",\n      ")));
        }
    }

    fn define_passed(&mut self, passing: &Passing) {
        match passing {
            Passing::Value(shape)
            | Passing::Ref(shape)
            | Passing::RefMut(shape)
            | Passing::Slice(shape)
            | Passing::SliceMut(shape) => self.define(shape),
            Passing::Str => {}
            Passing::Callback(callback) => self.callback(callback),
        }
    }

    fn callback(&mut self, callback: &CallbackShape) {
        if self.known.contains(&callback.c_name) {
            return;
        }
        for parameter in callback.methods.iter().flat_map(|method| method.parameters) {
            self.define_passed(&parameter.passing);
        }
        self.known.push(callback.c_name);
        self.line("");
        self.comment("", callback.docs);
        self.comment(
            "",
            "Given by the host, and valid until the call that it was passed to returns.",
        );
        self.line(&format!("typedef struct {} {{", tag(callback.c_name)));
        self.line("  uint32_t size;\n  uint32_t reserved;");
        self.line("  // Passed to each function.\n  void *context;");
        for method in callback.methods {
            self.method(method, "context");
        }
        self.line(&format!("}} {};", callback.c_name));
    }

    /// Defines a type, and before it those that it is made of.
    fn define(&mut self, shape: &Shape) {
        let (Shape::Newtype(_) | Shape::Enum(_) | Shape::Struct(_)) = shape else {
            return;
        };
        let c_name = name_of(shape);
        if self.known.contains(&c_name) {
            return;
        }
        self.known.push(c_name);
        match shape {
            Shape::Number(_) | Shape::Bytes(_) => {}
            Shape::Newtype(newtype) => {
                self.line("");
                self.comment("", newtype.docs);
                self.line(&format!("typedef {} {c_name};", c_type(newtype.raw)));
            }
            Shape::Enum(values) => {
                self.line("");
                self.comment("", values.docs);
                self.comment("", "An unknown value is no error.");
                self.line(&format!("typedef uint32_t {c_name};\nenum {{"));
                let prefix = tag(c_name).to_uppercase();
                for value in values.values {
                    self.comment("  ", value.docs);
                    self.line(&format!(
                        "  {prefix}_{} = {},",
                        upper_snake(value.name),
                        value.value
                    ));
                }
                // A comma before the brace is allowed since C99 and C++11.
                self.line("};");
            }
            Shape::Struct(fields) => {
                fields.fields.iter().for_each(|field| self.define(field.shape));
                self.line("");
                self.comment("", fields.docs);
                if let (true, Some(size)) = (fields.grows, fields.fields.first()) {
                    let name = size.name;
                    self.comment(
                        "",
                        &format!("May grow: set `{name}` to its sizeof, and read no more than the `{name}` that you are given."),
                    );
                }
                self.line(&format!("typedef struct {} {{", tag(c_name)));
                for field in fields.fields {
                    self.comment("  ", field.docs);
                    match field.shape {
                        Shape::Bytes(len) => self.line(&format!("  uint8_t {}[{len}];", field.name)),
                        shape => self.line(&format!("  {} {};", c_type(shape), field.name)),
                    }
                    self.asserts
                        .push((format!("offsetof({c_name}, {})", field.name), field.offset));
                }
                self.line(&format!("}} {c_name};"));
                self.asserts.push((format!("sizeof({c_name})"), fields.size));
            }
        }
    }

    fn finish(mut self) -> String {
        self.rule("Layout, as the host has it");
        self.line("#if UINTPTR_MAX == 0xffffffffffffffffu");
        for (what, value) in std::mem::take(&mut self.asserts) {
            self.line(&format!("JF_STATIC_ASSERT({what} == {value}, \"{what}\");"));
        }
        self.line("#endif\n\n#ifdef __cplusplus\n}\n#endif\n\n#endif");
        self.out
    }

    fn rule(&mut self, title: &str) {
        self.line(&format!("\n// {}\n// {title}\n", "-".repeat(97)));
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// The words of a doc comment as lines of a C comment. Thread tags stay in brackets, links lose theirs.
    fn comment(&mut self, indent: &str, docs: &str) {
        for paragraph in docs.replace("[`", "`").replace("`]", "`").split("\n\n") {
            let mut line = format!("{indent}//");
            for word in paragraph.split_whitespace() {
                if line.len() + 1 + word.len() > WIDTH && line.len() > indent.len() + 2 {
                    self.line(&line);
                    line = format!("{indent}//");
                }
                line.push(' ');
                line.push_str(word);
            }
            self.line(&line);
        }
    }
}

fn c_parameter(parameter: &ParameterShape) -> Vec<String> {
    let name = parameter.name;
    match &parameter.passing {
        Passing::Value(shape) => vec![format!("{} {name}", c_type(shape))],
        Passing::Ref(shape) => vec![format!("const {} *{name}", c_type(shape))],
        Passing::RefMut(shape) => vec![format!("{} *{name}", c_type(shape))],
        Passing::Slice(shape) => vec![
            format!("const {} *{name}", c_type(shape)),
            format!("size_t {name}_len"),
        ],
        Passing::SliceMut(shape) => vec![format!("{} *{name}", c_type(shape)), format!("size_t {name}_len")],
        Passing::Str => vec![format!("const char *{name}"), format!("size_t {name}_len")],
        Passing::Callback(callback) => vec![format!("const {} *{name}", callback.c_name)],
    }
}

fn c_type(shape: &Shape) -> String {
    match shape {
        Shape::Number(name) => (*name).to_owned(),
        Shape::Bytes(_) => "uint8_t".to_owned(),
        other => name_of(other).to_owned(),
    }
}

fn name_of(shape: &Shape) -> &'static str {
    match shape {
        Shape::Number(name) => name,
        Shape::Bytes(_) => "uint8_t",
        Shape::Newtype(newtype) => newtype.c_name,
        Shape::Enum(values) => values.c_name,
        Shape::Struct(fields) => fields.c_name,
    }
}

/// `jf_route_t` → `jf_route`.
fn tag(c_name: &str) -> &str {
    c_name.strip_suffix("_t").unwrap_or(c_name)
}

/// `PacketFeedback` → `PACKET_FEEDBACK`.
fn upper_snake(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            out.push('_');
        }
        out.extend(c.to_uppercase());
    }
    out
}

/// The structs of the part that is written by hand.
fn core_asserts() -> Vec<(String, usize)> {
    macro_rules! layout {
        ($($raw:ident $c_name:literal { $($field:ident $c_field:literal),* })*) => {
            vec![$(
                $((concat!("offsetof(", $c_name, ", ", $c_field, ")").to_owned(), offset_of!($raw, $field)),)*
                (concat!("sizeof(", $c_name, ")").to_owned(), size_of::<$raw>()),
            )*]
        };
    }
    layout! {
        FaultRaw "jf_fault_t" { size "size", status "status", text "text" }
        TableHead "jf_table_head_t" {
            size "size", revision "revision", destroy "destroy", last_fault "last_fault", module "module", extension "extension"
        }
        InstanceRaw "jf_instance_t" { this "self", table "table" }
        HostRaw "jf_host_t" { size "size", flags "flags", context "context", log "log" }
        ModuleRaw "jf_module_t" { size "size", reserved "reserved", area "area", id "id", create "create" }
        EntryRaw "jf_entry_t" {
            magic "magic", size "size", abi_major "abi_major", abi_minor "abi_minor", init "init", deinit "deinit",
            modules "modules", n_modules "n_modules", proof "proof"
        }
    }
}
