//! What the macros know of areas, callbacks and structs, as constants: the shape text in `.jf_meta`, the C header and the checks of table
//! sizes are all made from it.

/// An area.
#[derive(Debug)]
pub struct AreaShape {
    /// Its id with its major revision: `jackfield.audio-processor/1`.
    pub id: &'static str,
    /// Prefix of its names in C: `jf_audio_processor`.
    pub c_name: &'static str,
    /// The contract, in words.
    pub docs: &'static str,
    /// The newest revision of its table.
    pub revision: u32,
    /// Its methods in table order.
    pub methods: &'static [MethodShape],
    /// The size of the table at each revision, oldest first.
    pub sizes: &'static [usize],
}

/// A callback table.
#[derive(Debug)]
pub struct CallbackShape {
    /// The name in C: `jf_handle_sink_t`.
    pub c_name: &'static str,
    /// The contract, in words.
    pub docs: &'static str,
    /// Its methods in table order.
    pub methods: &'static [MethodShape],
}

/// A method.
#[derive(Debug)]
pub struct MethodShape {
    /// Its name.
    pub name: &'static str,
    /// The contract, in words, with the thread class in brackets.
    pub docs: &'static str,
    /// The revision that brought it.
    pub since: u32,
    /// Whether a table may leave it null.
    pub optional: bool,
    /// What it takes after `this`.
    pub parameters: &'static [ParameterShape],
    /// What it gives.
    pub returns: Returns,
}

/// A parameter.
#[derive(Debug)]
pub struct ParameterShape {
    /// Its name.
    pub name: &'static str,
    /// How it crosses.
    pub passing: Passing,
}

/// How a parameter crosses.
#[derive(Debug)]
pub enum Passing {
    /// By value.
    Value(&'static Shape),
    /// `const T *`.
    Ref(&'static Shape),
    /// `T *`.
    RefMut(&'static Shape),
    /// `const T *, size_t`.
    Slice(&'static Shape),
    /// `T *, size_t`.
    SliceMut(&'static Shape),
    /// `const char *, size_t`, UTF-8.
    Str,
    /// `const jf_…_t *`.
    Callback(&'static CallbackShape),
}

/// What a method gives.
#[derive(Debug)]
pub enum Returns {
    /// `void`.
    Nothing,
    /// A number.
    Value(&'static Shape),
    /// `jf_status_t`.
    Status,
    /// `jf_status_t`, and `T *out` at the end.
    StatusAnd(&'static Shape),
}

/// A type.
#[derive(Debug)]
pub enum Shape {
    /// A number, by its name in C.
    Number(&'static str),
    /// So many bytes.
    Bytes(usize),
    /// A number with a name of its own.
    Newtype(&'static NewtypeShape),
    /// A `uint32_t` with named values.
    Enum(&'static EnumShape),
    /// A struct.
    Struct(&'static StructShape),
}

/// A number with a name of its own.
#[derive(Debug)]
pub struct NewtypeShape {
    /// The name in C.
    pub c_name: &'static str,
    /// What it is.
    pub docs: &'static str,
    /// The number.
    pub raw: &'static Shape,
}

/// A `uint32_t` with named values.
#[derive(Debug)]
pub struct EnumShape {
    /// The name in C.
    pub c_name: &'static str,
    /// What it is.
    pub docs: &'static str,
    /// The values.
    pub values: &'static [EnumValue],
}

/// A named value.
#[derive(Debug)]
pub struct EnumValue {
    /// Its name in Rust, `CamelCase`.
    pub name: &'static str,
    /// The number.
    pub value: u32,
    /// What it means.
    pub docs: &'static str,
}

/// A struct.
#[derive(Debug)]
pub struct StructShape {
    /// The name in C.
    pub c_name: &'static str,
    /// What it is.
    pub docs: &'static str,
    /// Whether it starts with its size and may get longer.
    pub grows: bool,
    /// Its size in bytes.
    pub size: usize,
    /// Its fields in order.
    pub fields: &'static [FieldShape],
}

/// A field.
#[derive(Debug)]
pub struct FieldShape {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub docs: &'static str,
    /// Its type.
    pub shape: &'static Shape,
    /// Where it stands.
    pub offset: usize,
}

/// Writes text in constant evaluation: with no buffer it only counts.
pub struct ConstWriter<'a> {
    buffer: Option<&'a mut [u8]>,
    len: usize,
}

impl<'a> ConstWriter<'a> {
    /// One that counts.
    pub const fn counting() -> Self {
        Self { buffer: None, len: 0 }
    }

    /// One that writes into `buffer`, which is long enough.
    pub const fn into(buffer: &'a mut [u8]) -> Self {
        Self {
            buffer: Some(buffer),
            len: 0,
        }
    }

    /// How many bytes there are so far.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One byte.
    pub const fn byte(&mut self, byte: u8) {
        if let Some(buffer) = &mut self.buffer {
            buffer[self.len] = byte;
        }
        self.len += 1;
    }

    /// A text.
    pub const fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            self.byte(bytes[i]);
            i += 1;
        }
    }

    /// A text in which tabs and line ends become spaces, so that it fits into one field of one line.
    pub const fn field(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            let byte = bytes[i];
            self.byte(if byte == b'\t' || byte == b'\n' || byte == b'\r' || byte == 0 {
                b' '
            } else {
                byte
            });
            i += 1;
        }
    }

    /// A whole number.
    pub const fn integer(&mut self, value: u64) {
        if value >= 10 {
            self.integer(value / 10);
        }
        self.byte(b'0' + (value % 10) as u8);
    }

    /// A number with up to nine places after the point.
    pub const fn number(&mut self, value: f64) {
        if value < 0.0 {
            self.byte(b'-');
            self.number(-value);
            return;
        }
        let mut whole = value as u64;
        let mut fraction = ((value - whole as f64) * 1e9 + 0.5) as u64;
        if fraction >= 1_000_000_000 {
            whole += 1;
            fraction -= 1_000_000_000;
        }
        self.integer(whole);
        if fraction > 0 {
            self.byte(b'.');
            let mut digit = 100_000_000;
            while fraction > 0 {
                self.byte(b'0' + (fraction / digit) as u8);
                fraction %= digit;
                digit /= 10;
            }
        }
    }

    /// The shape text of an area, one line per method.
    pub const fn area(&mut self, area: &AreaShape) {
        self.text("area\t");
        self.field(area.id);
        self.text("\t");
        self.integer(area.revision as u64);
        self.text("\n");
        self.methods("", area.methods);
    }

    const fn methods(&mut self, prefix: &str, methods: &[MethodShape]) {
        let mut i = 0;
        while i < methods.len() {
            let method = &methods[i];
            self.text("method\t");
            self.text(prefix);
            self.text(method.name);
            self.text("(");
            let mut j = 0;
            while j < method.parameters.len() {
                if j > 0 {
                    self.text(", ");
                }
                self.text(method.parameters[j].name);
                self.text(": ");
                self.passing(&method.parameters[j].passing);
                j += 1;
            }
            self.text(")");
            match method.returns {
                Returns::Nothing => {}
                Returns::Value(shape) => {
                    self.text(" -> ");
                    self.shape(shape);
                }
                Returns::Status => self.text(" -> status"),
                Returns::StatusAnd(shape) => {
                    self.text(" -> status, ");
                    self.shape(shape);
                }
            }
            self.text("\n");
            i += 1;
        }
    }

    const fn passing(&mut self, passing: &Passing) {
        match passing {
            Passing::Value(shape) => self.shape(shape),
            Passing::Ref(shape) => {
                self.text("const*");
                self.shape(shape);
            }
            Passing::RefMut(shape) => {
                self.text("*");
                self.shape(shape);
            }
            Passing::Slice(shape) => {
                self.text("const[]");
                self.shape(shape);
            }
            Passing::SliceMut(shape) => {
                self.text("[]");
                self.shape(shape);
            }
            Passing::Str => self.text("str"),
            Passing::Callback(callback) => {
                self.text("callback ");
                self.text(callback.c_name);
                self.text("{");
                let mut i = 0;
                while i < callback.methods.len() {
                    if i > 0 {
                        self.text("; ");
                    }
                    let method = &callback.methods[i];
                    self.text(method.name);
                    self.text("(");
                    let mut j = 0;
                    while j < method.parameters.len() {
                        if j > 0 {
                            self.text(", ");
                        }
                        self.passing(&method.parameters[j].passing);
                        j += 1;
                    }
                    self.text(")");
                    i += 1;
                }
                self.text("}");
            }
        }
    }

    const fn shape(&mut self, shape: &Shape) {
        match shape {
            Shape::Number(name) => self.text(name),
            Shape::Bytes(len) => {
                self.text("uint8_t[");
                self.integer(*len as u64);
                self.text("]");
            }
            Shape::Newtype(newtype) => self.shape(newtype.raw),
            Shape::Enum(_) => self.text("uint32_t"),
            Shape::Struct(shape) => {
                self.text(shape.c_name);
                self.text(if shape.grows { "{..." } else { "{" });
                let mut i = 0;
                while i < shape.fields.len() {
                    if i > 0 || shape.grows {
                        self.text(",");
                    }
                    self.text(shape.fields[i].name);
                    self.text(":");
                    self.shape(shape.fields[i].shape);
                    i += 1;
                }
                self.text("}");
            }
        }
    }
}
