// PLUGIN_TITLE: an audio source. It gives a tone; put where your audio comes from into `open_place` and `fill`.

#include "jackfield_source.h"

#include <math.h>

#define KNOBS(KNOB) KNOB(level, "Level", "dBFS", float, -60, 0, -20, "", "How loud the peaks of the tone are.")
JF_KNOBS(KNOBS)

// One instance: one place that audio comes from.
typedef struct plugin {
  jf_signal_source_t source;
} plugin_t;

// [control]
static jf_status_t open_place(plugin_t *plugin, const char *location, size_t location_len) {
  (void)location;
  return location_len == 0 ? JF_OK : jf_fail(plugin, JF_E_INVALID, "there is one tone only: leave the location empty");
}

// Ten milliseconds, one channel behind the other. No allocation, no lock, no clock in here. [audio]
static void fill(plugin_t *plugin, uint64_t position, float *block, jf_source_state_t *state) {
  const uint64_t rate = plugin->source.format.sample_rate, samples = rate / 100;
  const double peak = pow(10.0, plugin->source.base.values[KNOB_level] / 20.0);
  (void)state;
  for (uint64_t i = 0; i < samples * plugin->source.format.channels; i++) {
    const uint64_t turns = (position % rate + i % samples) * 440 % rate;
    block[i] = (float)(peak * sin((double)turns / (double)rate * 6.283185307179586));
  }
}

JF_SIGNAL_SOURCE(plugin_t, open_place, fill)
JF_ENTRY(JF_AUDIO_SOURCE_ID, "PLUGIN_ID", create)

JF_META(JF_META_MODULE(JF_AUDIO_SOURCE_ID, "PLUGIN_ID", "PLUGIN_TITLE", "0.1.0", "PLUGIN_VENDOR", "MIT OR Apache-2.0",
                       "Gives a tone of 440 Hz. Location: nothing.", "1")
        JF_META_AUDIO("", "8", "0") JF_KNOBS_META(KNOBS) JF_MODULE_SHAPE JF_AUDIO_SOURCE_SHAPE)
