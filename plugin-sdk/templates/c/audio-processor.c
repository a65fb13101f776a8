// PLUGIN_TITLE: an audio processor. It makes the voice louder or softer; put your own algorithm into `process`.

#include "jackfield_processor.h"

// What can be set while it runs: name, title, unit, kind, smallest, largest, at first, choices, what it does.
#define KNOBS(KNOB) KNOB(level, "Level", "dB", float, -60, 12, 0, "", "How much louder the output is than the input.")
JF_KNOBS(KNOBS)

// One instance: one participant's voice.
typedef struct plugin {
  jf_block_processor_t processor;
  float gain;
} plugin_t;

static float wanted(const plugin_t *plugin) { return (float)pow(10.0, plugin->processor.base.values[KNOB_level] / 20.0); }

// The signal begins, or begins anew.
static void begin(plugin_t *plugin) { plugin->gain = wanted(plugin); }

// Ten milliseconds, one channel behind the other. No allocation, no lock, no clock in here. [audio]
static void process(plugin_t *plugin, float *near, jf_processor_report_t *report) {
  const uint32_t samples = plugin->processor.samples;
  const float target = wanted(plugin), step = (target - plugin->gain) / (float)samples;
  (void)report;
  for (uint32_t i = 0; i < samples * plugin->processor.channels; i++) near[i] *= plugin->gain + step * (float)(i % samples + 1);
  plugin->gain = target;
}

JF_BLOCK_PROCESSOR(plugin_t, begin, process)
JF_ENTRY(JF_AUDIO_PROCESSOR_ID, "PLUGIN_ID", create)

JF_META(JF_META_MODULE(JF_AUDIO_PROCESSOR_ID, "PLUGIN_ID", "PLUGIN_TITLE", "0.1.0", "PLUGIN_VENDOR", "MIT OR Apache-2.0",
                       "Makes the voice louder or softer.", "1")
        JF_META_AUDIO("", "8", "0") JF_KNOBS_META(KNOBS) JF_MODULE_SHAPE JF_AUDIO_PROCESSOR_SHAPE)
