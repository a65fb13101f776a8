// PLUGIN_TITLE: a pacer. Packets leave one after another at the pacing rate; put your own rule into `spacing`.

#include "jackfield_pacer.h"

#define KNOBS(KNOB) KNOB(factor, "Factor", "", float, 0.5, 10, 1, "", "How many times the pacing rate packets leave at.")
JF_KNOBS(KNOBS)

// One instance: one participant's path.
typedef struct plugin {
  jf_queued_pacer_t pacer;
} plugin_t;

// How long after this packet the next one may leave, in microseconds. [network]: no allocation, no lock, no clock, nothing that blocks.
static int64_t spacing(const plugin_t *plugin, const jf_paced_packet_t *packet) {
  const double us = (double)packet->size * 8e6 / ((double)plugin->pacer.rate * plugin->pacer.base.values[KNOB_factor]);
  return us < 1e6 ? (int64_t)us : 1000000;
}

JF_QUEUED_PACER(plugin_t, spacing)
JF_ENTRY(JF_PACER_ID, "PLUGIN_ID", create)

JF_META(JF_META_MODULE(JF_PACER_ID, "PLUGIN_ID", "PLUGIN_TITLE", "0.1.0", "PLUGIN_VENDOR", "MIT OR Apache-2.0",
                       "Lets packets leave one after another at the pacing rate.", "1")
        JF_KNOBS_META(KNOBS) JF_MODULE_SHAPE JF_PACER_SHAPE)
