//! How a list of cases becomes tests in somebody else's crate.

/// Runs the suite of an area on a plugin: `conformance! { audio_processor: my_crate::MyPlugin }` in `tests/main.rs`.
///
/// The paths must start at a crate (`my_crate::` or `crate::`). Areas that open something take what to open, evaluated anew for each test:
/// `conformance! { audio_source: my_crate::Player; location: crate::recording() }`. For two plugins of one area in one crate, put each call
/// into a module of its own.
#[macro_export]
macro_rules! conformance {
    (audio_processor: $($subject:tt)*) => { $crate::__audio_processor_cases! { $($subject)* } };
    (audio_sink: $($subject:tt)*) => { $crate::__audio_sink_cases! { $($subject)* } };
    (audio_source: $($subject:tt)*) => { $crate::__audio_source_cases! { $($subject)* } };
    (congestion_controller: $($subject:tt)*) => { $crate::__congestion_controller_cases! { $($subject)* } };
    (mixer: $($subject:tt)*) => { $crate::__mixer_cases! { $($subject)* } };
    (pacer: $($subject:tt)*) => { $crate::__pacer_cases! { $($subject)* } };
    (transport: $($subject:tt)*) => { $crate::__transport_cases! { $($subject)* } };
}

/// Lists the cases of an area: `cases! { $ __mixer_cases mixer: case, case, … }`, where each case is a `pub fn(&Subject)` of this module or of
/// [`crate::module`], and `direct` and `through_the_boundary` make the subject. The first token has to be a dollar sign.
macro_rules! cases {
    ($d:tt $list:ident $area:ident: $($module:ident::$case:ident),* $(,)?) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $list {
            ($d($d plugin:path),+ $d(,)? $d(; location: $d location:expr)?) => {
                mod $area {
                    mod direct {
                        $(
                            #[test]
                            fn $case() {
                                $crate::$module::$case(&$crate::$area::direct::<$d($d plugin),+>()$d(.at($d location))?);
                            }
                        )*
                    }

                    mod through_the_boundary {
                        $(
                            #[test]
                            fn $case() {
                                $crate::$module::$case(
                                    &$crate::$area::through_the_boundary::<$d($d plugin),+>()$d(.at($d location))?,
                                );
                            }
                        )*
                    }
                }
            };
        }
    };
}
pub(crate) use cases;
