// PLUGIN_TITLE: a congestion controller. Faster while nothing is lost, slower when something is; put your own rule into `decide`.

#include "jackfield_congestion.h"

#define KNOBS(KNOB) KNOB(tolerance, "Tolerance", "%", float, 0, 50, 2, "", "How many of a hundred packets may be lost before it goes slower.")
JF_KNOBS(KNOBS)

// One instance: one participant's path.
typedef struct plugin {
  jf_rate_controller_t controller;
} plugin_t;

// After everything that happens on the path: the target in bits per second. [network]: no allocation, no lock, no clock, nothing that blocks.
static double decide(plugin_t *plugin, const jf_congestion_event_t *event, const jf_packet_feedback_t *packets, size_t n_packets) {
  if (event->kind != JF_CONGESTION_EVENT_KIND_PACKET_FEEDBACK || n_packets == 0) return plugin->controller.target;
  size_t lost = 0;
  for (size_t i = 0; i < n_packets; i++) lost += packets[i].received == JF_TIMESTAMP_NEVER;
  const int too_many = (double)lost * 100.0 > plugin->controller.base.values[KNOB_tolerance] * (double)n_packets;
  return plugin->controller.target * (too_many ? 0.85 : 1.02);
}

JF_RATE_CONTROLLER(plugin_t, decide)
JF_ENTRY(JF_CONGESTION_CONTROLLER_ID, "PLUGIN_ID", create)

JF_META(JF_META_MODULE(JF_CONGESTION_CONTROLLER_ID, "PLUGIN_ID", "PLUGIN_TITLE", "0.1.0", "PLUGIN_VENDOR", "MIT OR Apache-2.0",
                       "Faster while nothing is lost, slower when something is.", "1")
        JF_KNOBS_META(KNOBS) JF_MODULE_SHAPE JF_CONGESTION_CONTROLLER_SHAPE)
