// PLUGIN_TITLE: a congestion controller. Faster while nothing is lost, slower when something is; put your own rule into `on_event`.

#include "jackfield_plugin.h"

#define KNOBS(KNOB) KNOB(tolerance, "Tolerance", "%", float, 0, 50, 2, "", "How many of a hundred packets may be lost before it goes slower.")
JF_KNOBS(KNOBS)

// One instance: one participant's path.
typedef struct plugin {
  jf_base_t base;
  int active;
  jf_rate_constraints_t bounds;
  double target;
} plugin_t;

static int64_t bounded(const plugin_t *plugin) {
  const double least = (double)plugin->bounds.minimum, most = (double)plugin->bounds.maximum;
  const double target = plugin->target > least ? plugin->target : least;
  return (int64_t)(target < most ? target : most);
}

// [control]
static jf_status_t activate(void *self, jf_timestamp_t now, const jf_rate_constraints_t *bounds) {
  plugin_t *plugin = (plugin_t *)self;
  (void)now;
  if (bounds->minimum > bounds->maximum) return jf_fail(self, JF_E_INVALID, "the smallest rate is above the largest");
  plugin->bounds = *bounds;
  plugin->target = (double)bounds->start;
  plugin->active = 1;
  return JF_OK;
}

// After everything that happens on the path. [network]: no allocation, no lock, no clock, nothing that blocks.
static jf_status_t on_event(void *self, jf_timestamp_t now, const jf_congestion_event_t *event, const jf_packet_feedback_t *packets,
                            size_t packets_len, const jf_probe_sink_t *probes, jf_congestion_update_t *out) {
  plugin_t *plugin = (plugin_t *)self;
  (void)now, (void)probes;
  if (!plugin->active) return jf_fail(self, JF_E_STATE, "call activate with the session's bounds first");
  if (event->kind == JF_CONGESTION_EVENT_KIND_ROUTE_CHANGE || event->kind == JF_CONGESTION_EVENT_KIND_TARGET_RATE_CONSTRAINTS)
    plugin->bounds = event->constraints;
  if (event->kind == JF_CONGESTION_EVENT_KIND_PACKET_FEEDBACK && packets_len > 0) {
    size_t lost = 0;
    for (size_t i = 0; i < packets_len; i++) lost += packets[i].received == JF_TIMESTAMP_NEVER;
    const int too_many = (double)lost * 100.0 > plugin->base.values[KNOB_tolerance] * (double)packets_len;
    plugin->target *= too_many ? 0.85 : 1.02;
  }
  plugin->target = (double)bounded(plugin);
  // What stays zero means: as before.
  memset(out, 0, sizeof(*out));
  out->target = out->estimate = bounded(plugin);
  out->pacing = out->target < JF_DATA_RATE_INFINITE / 4 ? out->target * 5 / 2 : JF_DATA_RATE_INFINITE;
  return JF_OK;
}

static jf_status_t process_interval(void *self, jf_time_delta_t *out) {
  (void)self;
  *out = 100000;
  return JF_OK;
}

static jf_status_t hand_over(void *self, jf_timestamp_t now, jf_congestion_handover_t *out) {
  (void)now;
  memset(out, 0, sizeof(*out));
  out->target = out->estimate = bounded((const plugin_t *)self);
  return JF_OK;
}

static jf_status_t take_over(void *self, jf_timestamp_t now, const jf_congestion_handover_t *state) {
  plugin_t *plugin = (plugin_t *)self;
  (void)now;
  if (state->target > 0) plugin->target = (double)state->target;
  return JF_OK;
}

JF_MODULE_TABLE(free, jf_no_latency, jf_no_stats, jf_no_reset)

static const jf_congestion_controller_table_t table = {
    JF_HEAD(jf_congestion_controller_table_t, JF_CONGESTION_CONTROLLER_REVISION, free),
    .activate = activate,
    .on_event = on_event,
    .process_interval = process_interval,
    .hand_over = hand_over,
    .take_over = take_over,
};

static jf_status_t create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {
  (void)environment;
  return jf_make(sizeof(plugin_t), jf_knobs, JF_KNOB_COUNT, &table, out, fault) ? JF_OK : JF_E_FAILED;
}

JF_ENTRY(JF_CONGESTION_CONTROLLER_ID, "PLUGIN_ID", create)

JF_META(JF_META_MODULE(JF_CONGESTION_CONTROLLER_ID, "PLUGIN_ID", "PLUGIN_TITLE", "0.1.0", "PLUGIN_VENDOR", "MIT OR Apache-2.0",
                       "Faster while nothing is lost, slower when something is.", "1")
        JF_KNOBS_META(KNOBS) JF_MODULE_SHAPE JF_CONGESTION_CONTROLLER_SHAPE)
