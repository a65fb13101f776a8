// PLUGIN_TITLE: a jitter buffer. It waits as long as the slowest of the recent packets took; put your own policy into `arrived` and `target`.

#include "jackfield_jitter.h"

#define KNOBS(KNOB) KNOB(shortest, "Shortest", "ms", int, 0, 500, 20, "", "The shortest delay that it aims for.")
JF_KNOBS(KNOBS)

// One instance: one stream.
typedef struct plugin {
  jf_delay_buffer_t buffer;
  jf_timestamp_t last;
  double jitter;
} plugin_t;

// The longest pause between two packets, forgotten slowly. No allocation, no lock, no clock in here. [audio]
static void arrived(plugin_t *plugin, const jf_packet_arrival_t *packet) {
  const double pause = (double)jf_clamp(jf_sub(packet->arrival, plugin->last), 0, 500000);
  plugin->jitter = pause > plugin->jitter * 0.99 ? pause : plugin->jitter * 0.99;
  plugin->last = packet->arrival;
}

// [audio]
static jf_time_delta_t target(const plugin_t *plugin) {
  const double shortest = plugin->buffer.base.values[KNOB_shortest] * 1000.0;
  return (jf_time_delta_t)(plugin->jitter > shortest ? plugin->jitter : shortest);
}

JF_DELAY_BUFFER(plugin_t, arrived, target)
JF_ENTRY(JF_JITTER_BUFFER_ID, "PLUGIN_ID", create)

JF_META(JF_META_MODULE(JF_JITTER_BUFFER_ID, "PLUGIN_ID", "PLUGIN_TITLE", "0.1.0", "PLUGIN_VENDOR", "MIT OR Apache-2.0",
                       "Waits as long as the slowest of the recent packets took.", "1")
        JF_KNOBS_META(KNOBS) JF_DELAY_BUFFER_STATISTICS JF_MODULE_SHAPE JF_JITTER_BUFFER_SHAPE)
