//! The suite of jitter buffers, and a host in virtual time to test one with.

mod disorder;
mod hosting;
mod listener;
mod playing;
mod stream;

pub use disorder::*;
pub use hosting::*;
pub use listener::{Listener, Played, Released};
pub use playing::*;
pub use stream::{Stream, hour_of_drift, network};

use jackfield_sdk::prelude::*;

use crate::Subject;

crate::conformance::cases! { $ __jitter_buffer_cases jitter_buffer(Buffers):
    module::t_2_descriptor_is_complete,
    module::parameters_and_statistics_are_described,
    module::parameters_start_at_their_defaults,
    module::t_2_parameters_take_their_whole_range,
    module::parameters_refuse_what_is_out_of_range,
    module::an_unknown_parameter_is_refused,
    module::t_2_statistics_are_as_many_as_described,
    module::t_2_reset_keeps_the_parameters,
    jitter_buffer::calls_before_activation_are_faults,
    jitter_buffer::a_setup_that_cannot_be_is_a_fault,
    jitter_buffer::before_the_first_packet_there_is_silence,
    jitter_buffer::a_steady_stream_is_played_whole_and_in_order,
    jitter_buffer::every_clock_and_packet_length_works,
    jitter_buffer::reordered_packets_are_put_in_order,
    jitter_buffer::duplicates_and_latecomers_are_refused,
    jitter_buffer::a_lost_packet_is_concealed,
    jitter_buffer::a_lost_packet_is_recovered_where_it_can_be,
    jitter_buffer::a_pause_is_silence_and_no_loss,
    jitter_buffer::t_1_a_host_of_before_is_asked_for_nothing_that_it_does_not_know,
    jitter_buffer::t_1_a_telephone_event_is_refused_or_leaves_once,
    jitter_buffer::a_full_buffer_is_flushed,
    jitter_buffer::bounds_are_kept,
    jitter_buffer::a_jump_of_the_numbers_is_survived,
    jitter_buffer::a_stall_is_survived,
    jitter_buffer::t_2_a_successor_plays_on_without_a_gap,
    jitter_buffer::a_nonsense_handover_does_no_harm,
    jitter_buffer::a_reset_loses_no_handle,
    jitter_buffer::every_handle_leaves_exactly_once,
    jitter_buffer::whatever_comes_leaves_exactly_once,
    jitter_buffer::extreme_numbers_do_no_harm,
    jitter_buffer::e9_7_clock_drift_of_500_ppm_is_borne,
    jitter_buffer::equal_input_gives_equal_output,
    jitter_buffer::t_3_audio_calls_are_real_time_safe,
}

type Buffers = Subject<dyn JitterBuffer>;

/// Plugin `T` as it is.
pub fn direct<T: Plugin + JitterBuffer>() -> Buffers {
    Subject::new::<T>(|plugin| Box::new(plugin))
}

/// Plugin `T` behind the C boundary.
pub fn through_the_boundary<T: Plugin + JitterBuffer>() -> Buffers {
    Subject::new::<T>(|plugin| Box::new(JitterBufferProxy::local(plugin)))
}

const CONFIG: JitterConfig = JitterConfig::new(SampleRate::HZ_48000, 200);

fn start(subject: &Buffers) -> (Box<dyn JitterBuffer>, Listener) {
    let mut buffer = subject.make(1);
    buffer.activate(&CONFIG).expect("a usual setup");
    (buffer, Listener::new(CONFIG.clock_rate))
}
