// PLUGIN_TITLE: a mixer. Whoever is loud enough is heard; put your own choice into `is_heard`.

#include "jackfield_mixer.h"

#define KNOBS(KNOB) KNOB(threshold, "Threshold", "dBov", float, -127, -30, -70, "", "Whoever stays at or below this level is not heard.")
JF_KNOBS(KNOBS)

// One instance: one room.
typedef struct plugin {
  jf_bus_mixer_t bus;
} plugin_t;

// Every ten milliseconds, for each source; the memo is until when it is heard. No allocation, no lock, no clock in here. [audio]
static int is_heard(plugin_t *plugin, jf_timestamp_t now, jf_lane_t *source) {
  if (source->level_dbov > plugin->bus.base.values[KNOB_threshold]) source->memo = now + 300000;
  return now <= source->memo;
}

JF_BUS_MIXER(plugin_t, is_heard)
JF_ENTRY(JF_MIXER_ID, "PLUGIN_ID", create)

JF_META(JF_META_MODULE(JF_MIXER_ID, "PLUGIN_ID", "PLUGIN_TITLE", "0.1.0", "PLUGIN_VENDOR", "MIT OR Apache-2.0",
                       "Mixes whoever is loud enough.", "1")
        JF_META_AUDIO("", "8", "0") JF_KNOBS_META(KNOBS) JF_BUS_MIXER_STATISTICS JF_MODULE_SHAPE JF_MIXER_SHAPE)
