// PLUGIN_TITLE: an audio sink. It measures how loud the audio is; put where your audio goes into `open_place`, `write_block` and `close_place`.

#include "jackfield_sink.h"

#define KNOBS(KNOB) KNOB(hold, "Hold", "", float, 0, 0.99, 0.9, "", "How slowly the level falls.")
JF_KNOBS(KNOBS)

// One instance: one place that audio goes to.
typedef struct plugin {
  jf_block_sink_t sink;
  double power;
} plugin_t;

// [control]
static jf_status_t open_place(plugin_t *plugin, const char *location, size_t location_len) {
  (void)location;
  return location_len == 0 ? JF_OK : jf_fail(plugin, JF_E_INVALID, "there is one meter only: leave the location empty");
}

// Ten milliseconds, one channel behind the other. No allocation, no lock, no clock in here. [audio]
static void write_block(plugin_t *plugin, const float *block, size_t length) {
  double power = 0.0;
  for (size_t i = 0; i < length; i++) power += (double)block[i] * block[i] / (double)length;
  plugin->power = fmax(power, plugin->power * plugin->sink.base.values[KNOB_hold]);
}

// [control]
static void close_place(plugin_t *plugin) { plugin->power = 0.0; }

// [any]
static jf_status_t stats(void *self, double *values, size_t values_len, uint32_t *out) {
  if (values_len < 1) return jf_fail(self, JF_E_BUFFER_TOO_SMALL, "pass one place for each statistic");
  values[0] = 10.0 * log10(((const plugin_t *)self)->power + 2e-13);
  *out = 1;
  return JF_OK;
}

JF_BLOCK_SINK(plugin_t, open_place, write_block, close_place, stats)
JF_ENTRY(JF_AUDIO_SINK_ID, "PLUGIN_ID", create)

JF_META(JF_META_MODULE(JF_AUDIO_SINK_ID, "PLUGIN_ID", "PLUGIN_TITLE", "0.1.0", "PLUGIN_VENDOR", "MIT OR Apache-2.0",
                       "Measures how loud the audio is. Location: nothing.", "1")
        JF_META_AUDIO("", "8", "0") JF_KNOBS_META(KNOBS) JF_META_STATISTIC("level", "dBov", "gauge", "The level.")
        JF_MODULE_SHAPE JF_AUDIO_SINK_SHAPE)
