//! How a list of cases becomes tests in somebody else's crate.

/// Runs the suite of an area on a plugin: `conformance! { audio_processor: my_crate::MyPlugin }` in `tests/main.rs`.
///
/// The paths must start at a crate (`my_crate::` or `crate::`). For two plugins of one area in one crate, put each call into a module of its own.
///
/// Behind a semicolon stand options, methods of [`crate::Subject`], whose values are evaluated anew for each test:
/// - `location`: what to open, for areas that open something: `audio_source: my_crate::Player; location: crate::recording()`;
/// - `scratch_allocations`: how many allocations a call on the audio thread makes against the rules, for a plugin whose library cannot do
///   without. An exception that stands where everyone sees it, and is held to: no more than so many, all of them freed, no lock, no system call.
#[macro_export]
macro_rules! conformance {
    (audio_codec: $($subject:tt)*) => { $crate::__audio_codec_cases! { $($subject)* } };
    (audio_decoder: $($subject:tt)*) => { $crate::__audio_decoder_cases! { $($subject)* } };
    (audio_encoder: $($subject:tt)*) => { $crate::__audio_encoder_cases! { $($subject)* } };
    (audio_processor: $($subject:tt)*) => { $crate::__audio_processor_cases! { $($subject)* } };
    (jitter_buffer: $($subject:tt)*) => { $crate::__jitter_buffer_cases! { $($subject)* } };
    (audio_sink: $($subject:tt)*) => { $crate::__audio_sink_cases! { $($subject)* } };
    (audio_source: $($subject:tt)*) => { $crate::__audio_source_cases! { $($subject)* } };
    (congestion_controller: $($subject:tt)*) => { $crate::__congestion_controller_cases! { $($subject)* } };
    (mixer: $($subject:tt)*) => { $crate::__mixer_cases! { $($subject)* } };
    (pacer: $($subject:tt)*) => { $crate::__pacer_cases! { $($subject)* } };
    (transport: $($subject:tt)*) => { $crate::__transport_cases! { $($subject)* } };
}

/// Lists the cases of an area: `cases! { $ __mixer_cases mixer(Mixers): case, case, … }`, where each case is a `pub fn(&Mixers)` of this module
/// or of [`crate::module`], and `direct` and `through_the_boundary` make the subject. The first token has to be a dollar sign.
macro_rules! cases {
    ($d:tt $list:ident $area:ident($subject:ty): $($module:ident::$case:ident),* $(,)?) => {
        /// The cases of this suite by name, for whoever runs them without a test harness. A case that fails panics and says why.
        pub const CASES: &[(&str, fn(&$subject))] = &[$((stringify!($case), $crate::$module::$case)),*];

        #[doc(hidden)]
        #[macro_export]
        macro_rules! $list {
            ($d($d plugin:path),+ $d(,)? $d(; $d($d option:ident: $d value:expr),+ $d(,)?)?) => {
                mod $area {
                    mod direct {
                        $(
                            #[test]
                            fn $case() {
                                $crate::$module::$case(&$crate::$area::direct::<$d($d plugin),+>()$d($d(.$d option($d value))+)?);
                            }
                        )*
                    }

                    mod through_the_boundary {
                        $(
                            #[test]
                            fn $case() {
                                $crate::$module::$case(
                                    &$crate::$area::through_the_boundary::<$d($d plugin),+>()$d($d(.$d option($d value))+)?,
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
