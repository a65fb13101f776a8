// A whole congestion controller but for its rule: header-only, C11 and C++20, on top of jackfield_plugin.h. It keeps the bounds and the target, and hands them
// over. The same in Rust is jackfield_sdk::congestion.
//
//   typedef struct plugin { jf_rate_controller_t controller; … } plugin_t;                       // the controller first
//   static double decide(plugin_t *plugin, const jf_congestion_event_t *event, const jf_packet_feedback_t *packets, size_t n_packets);
//   JF_RATE_CONTROLLER(plugin_t, decide)                                                         // after JF_KNOBS: table and `create`
//
// `decide` is [network]: no allocation, no lock, no clock. It gives the target in bits per second, from controller.target, which is the one of before; the
// bounds are applied to it.

#ifndef JACKFIELD_CONGESTION_H
#define JACKFIELD_CONGESTION_H

#include "jackfield_plugin.h"

// What every instance begins with.
typedef struct jf_rate_controller {
  jf_base_t base;
  double (*decide)(void *self, const jf_congestion_event_t *event, const jf_packet_feedback_t *packets, size_t n_packets);
  int active;
  jf_rate_constraints_t bounds;
  double target;
} jf_rate_controller_t;

static inline int64_t jf_rate_bounded(const jf_rate_controller_t *controller) {
  const double least = (double)controller->bounds.minimum, most = (double)controller->bounds.maximum;
  const double target = controller->target > least ? controller->target : least;
  return (int64_t)(target < most ? target : most);
}

static inline jf_status_t jf_rate_activate(void *self, jf_timestamp_t now, const jf_rate_constraints_t *bounds) {
  jf_rate_controller_t *controller = (jf_rate_controller_t *)self;
  (void)now;
  if (bounds->minimum > bounds->maximum) return jf_fail(self, JF_E_INVALID, "the smallest rate is above the largest");
  controller->bounds = *bounds;
  controller->target = (double)bounds->start;
  controller->active = 1;
  return JF_OK;
}

static inline jf_status_t jf_rate_on_event(void *self, jf_timestamp_t now, const jf_congestion_event_t *event, const jf_packet_feedback_t *packets,
                                           size_t packets_len, const jf_probe_sink_t *probes, jf_congestion_update_t *out) {
  jf_rate_controller_t *controller = (jf_rate_controller_t *)self;
  (void)now, (void)probes;
  if (!controller->active) return jf_fail(self, JF_E_STATE, "call activate with the session's bounds first");
  if (event->kind == JF_CONGESTION_EVENT_KIND_ROUTE_CHANGE || event->kind == JF_CONGESTION_EVENT_KIND_TARGET_RATE_CONSTRAINTS)
    controller->bounds = event->constraints;
  controller->target = controller->decide(self, event, packets, packets_len);
  controller->target = (double)jf_rate_bounded(controller);
  // What stays zero means: as before.
  memset(out, 0, sizeof(*out));
  out->target = out->estimate = jf_rate_bounded(controller);
  out->pacing = out->target < JF_DATA_RATE_INFINITE / 4 ? out->target * 5 / 2 : JF_DATA_RATE_INFINITE;
  return JF_OK;
}

static inline jf_status_t jf_rate_process_interval(void *self, jf_time_delta_t *out) {
  (void)self;
  *out = 100000;
  return JF_OK;
}

static inline jf_status_t jf_rate_hand_over(void *self, jf_timestamp_t now, jf_congestion_handover_t *out) {
  (void)now;
  memset(out, 0, sizeof(*out));
  out->target = out->estimate = jf_rate_bounded((const jf_rate_controller_t *)self);
  return JF_OK;
}

static inline jf_status_t jf_rate_take_over(void *self, jf_timestamp_t now, const jf_congestion_handover_t *state) {
  (void)now;
  if (state->target > 0) ((jf_rate_controller_t *)self)->target = (double)state->target;
  return JF_OK;
}

// Table and `create` of a controller whose instances are a `type`.
#define JF_RATE_CONTROLLER(type, decide_)                                                                               \
  static double jf_decide(void *self, const jf_congestion_event_t *event, const jf_packet_feedback_t *packets, size_t n_packets) { \
    return decide_((type *)self, event, packets, n_packets);                                                            \
  }                                                                                                                     \
  JF_MODULE_TABLE(free, jf_no_latency, jf_no_stats, jf_no_reset)                                                        \
  static const jf_congestion_controller_table_t jf_table = {                                                            \
      JF_HEAD(jf_congestion_controller_table_t, JF_CONGESTION_CONTROLLER_REVISION, free),                               \
      .activate = jf_rate_activate,                                                                                     \
      .on_event = jf_rate_on_event,                                                                                     \
      .process_interval = jf_rate_process_interval,                                                                     \
      .hand_over = jf_rate_hand_over,                                                                                   \
      .take_over = jf_rate_take_over,                                                                                   \
  };                                                                                                                    \
  static jf_status_t create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {               \
    (void)environment;                                                                                                  \
    jf_rate_controller_t *controller =                                                                                  \
        (jf_rate_controller_t *)jf_make(sizeof(type), jf_knobs, JF_KNOB_COUNT, &jf_table, out, fault);                  \
    if (!controller) return JF_E_FAILED;                                                                                \
    controller->decide = jf_decide;                                                                                     \
    return JF_OK;                                                                                                       \
  }

#endif
