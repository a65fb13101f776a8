//! A walk through everything that the areas' traits name.

use std::collections::BTreeMap;

use jackfield_abi::Pod;
use jackfield_abi::shape::{
    CallbackShape, EnumShape, MethodShape, ParameterShape, Passing, Returns, Shape, StructShape,
};
use jackfield_core::AREAS;
use jackfield_core::environment::Environment;

/// Every type of the boundary, by its name in C.
#[derive(Default)]
pub(crate) struct Types {
    pub(crate) structs: BTreeMap<&'static str, &'static StructShape>,
    pub(crate) enums: BTreeMap<&'static str, &'static EnumShape>,
    pub(crate) callbacks: BTreeMap<&'static str, &'static CallbackShape>,
}

impl Types {
    pub(crate) fn all() -> Self {
        let mut types = Self::default();
        types.shape(Environment::SHAPE);
        AREAS
            .iter()
            .flat_map(|area| area.methods)
            .for_each(|method| types.method(method));
        types
    }

    fn method(&mut self, method: &'static MethodShape) {
        for ParameterShape { passing, .. } in method.parameters {
            match passing {
                Passing::Value(shape)
                | Passing::Ref(shape)
                | Passing::RefMut(shape)
                | Passing::Slice(shape)
                | Passing::SliceMut(shape) => self.shape(shape),
                Passing::Str => {}
                Passing::Callback(callback) => {
                    self.callbacks.insert(callback.c_name, callback);
                    callback.methods.iter().for_each(|method| self.method(method));
                }
            }
        }
        if let Returns::Value(shape) | Returns::StatusAnd(shape) = method.returns {
            self.shape(shape);
        }
    }

    fn shape(&mut self, shape: &'static Shape) {
        match shape {
            Shape::Number(_) | Shape::Bytes(_) => {}
            Shape::Newtype(newtype) => self.shape(newtype.raw),
            Shape::Enum(values) => {
                self.enums.insert(values.c_name, values);
            }
            Shape::Struct(fields) => {
                self.structs.insert(fields.c_name, fields);
                fields.fields.iter().for_each(|field| self.shape(field.shape));
            }
        }
    }
}

/// `jf_capture_info_t` → `CaptureInfo`.
pub(crate) fn rust_name(c_name: &str) -> String {
    let words = c_name.trim_start_matches("jf_").trim_end_matches("_t");
    words
        .split('_')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}
