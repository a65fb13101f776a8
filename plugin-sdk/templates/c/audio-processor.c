// PLUGIN_TITLE: an audio processor. It makes the voice louder or softer; put your own algorithm into `process`.

#include "jackfield_plugin.h"

#include <math.h>

// What can be set while it runs: name, title, unit, kind, smallest, largest, at first, choices, what it does.
#define KNOBS(KNOB) KNOB(level, "Level", "dB", float, -60, 12, 0, "", "How much louder the output is than the input.")
JF_KNOBS(KNOBS)

// One instance: one participant's voice.
typedef struct plugin {
  jf_base_t base;
  uint32_t samples, channels;
  float gain;
} plugin_t;

// [control]
static jf_status_t activate(void *self, const jf_audio_format_t *format) {
  plugin_t *plugin = (plugin_t *)self;
  if (!jf_is_format(format)) return jf_fail(self, JF_E_UNSUPPORTED, "the format is 8 to 48 kHz and 1 to 8 channels");
  plugin->samples = format->sample_rate / 100;
  plugin->channels = format->channels;
  return JF_OK;
}

// Ten milliseconds, one channel behind the other. No allocation, no lock, no clock in here. [audio]
static jf_status_t process(void *self, jf_timestamp_t now, float *near, size_t near_len, const jf_capture_info_t *capture,
                           jf_processor_report_t *report) {
  plugin_t *plugin = (plugin_t *)self;
  (void)now, (void)capture, (void)report;
  if (plugin->samples == 0) return jf_fail(self, JF_E_STATE, "call activate first");
  if (near_len != (size_t)plugin->samples * plugin->channels) return jf_fail(self, JF_E_INVALID, "a block is 10 ms");
  const float target = (float)pow(10.0, plugin->base.values[KNOB_level] / 20.0);
  const float step = (target - plugin->gain) / (float)plugin->samples;
  for (size_t i = 0; i < near_len; i++) {
    const float sample = isfinite(near[i]) ? fmaxf(-4.0f, fminf(4.0f, near[i])) : 0.0f;
    near[i] = sample * (plugin->gain + step * (float)(i % plugin->samples + 1));
  }
  plugin->gain = target;
  return JF_OK;
}

JF_MODULE_TABLE(free, jf_no_latency, jf_no_stats, jf_no_reset)

static const jf_audio_processor_table_t table = {
    JF_HEAD(jf_audio_processor_table_t, JF_AUDIO_PROCESSOR_REVISION, free),
    .activate = activate,
    .process = process,
};

static jf_status_t create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {
  (void)environment;
  plugin_t *plugin = (plugin_t *)jf_make(sizeof(plugin_t), jf_knobs, JF_KNOB_COUNT, &table, out, fault);
  if (!plugin) return JF_E_FAILED;
  plugin->gain = 1.0f;
  return JF_OK;
}

JF_ENTRY(JF_AUDIO_PROCESSOR_ID, "PLUGIN_ID", create)

JF_META(JF_META_MODULE(JF_AUDIO_PROCESSOR_ID, "PLUGIN_ID", "PLUGIN_TITLE", "0.1.0", "PLUGIN_VENDOR", "MIT OR Apache-2.0",
                       "Makes the voice louder or softer.", "1")
        JF_META_AUDIO("", "8", "0") JF_KNOBS_META(KNOBS) JF_MODULE_SHAPE JF_AUDIO_PROCESSOR_SHAPE)
