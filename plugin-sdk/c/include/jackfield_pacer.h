// A whole pacer but for how long each packet keeps the path busy: header-only, C11 and C++20, on top of jackfield_plugin.h. It keeps the queue and the deadline.
// The same in Rust is jackfield_sdk::pacing.
//
//   typedef struct plugin { jf_queued_pacer_t pacer; … } plugin_t;                               // the pacer first
//   static int64_t spacing(const plugin_t *plugin, const jf_paced_packet_t *packet);             // microseconds until the next one may leave
//   JF_QUEUED_PACER(plugin_t, spacing)                                                           // after JF_KNOBS: table and `create`
//
// `spacing` is [network]: no allocation, no lock, no clock. pacer.rate is the pacing rate in bits per second; nothing is held back for longer than half a second.

#ifndef JACKFIELD_PACER_H
#define JACKFIELD_PACER_H

#include "jackfield_plugin.h"

#define JF_PACER_CAPACITY 8192u

// What every instance begins with.
typedef struct jf_queued_pacer {
  jf_base_t base;
  int64_t (*spacing)(const void *self, const jf_paced_packet_t *packet);
  int64_t rate;
  jf_timestamp_t free_at;
  size_t first, count;
  int64_t bytes;
  struct {
    jf_timestamp_t came;
    jf_paced_packet_t packet;
  } queue[JF_PACER_CAPACITY];
} jf_queued_pacer_t;

// When the packet that is next may leave.
static inline jf_timestamp_t jf_pacer_due(const jf_queued_pacer_t *pacer) {
  const jf_timestamp_t came = pacer->queue[pacer->first].came;
  return came > pacer->free_at ? came : pacer->free_at;
}

static inline jf_status_t jf_pacer_set_rates(void *self, jf_timestamp_t now, jf_data_rate_t pacing, jf_data_rate_t padding) {
  jf_queued_pacer_t *pacer = (jf_queued_pacer_t *)self;
  (void)padding;
  pacer->rate = pacing > 30000 ? pacing : 30000;
  pacer->free_at = now;
  return JF_OK;
}

static inline jf_status_t jf_pacer_enqueue(void *self, jf_timestamp_t now, const jf_paced_packet_t *packet) {
  jf_queued_pacer_t *pacer = (jf_queued_pacer_t *)self;
  if (pacer->count == JF_PACER_CAPACITY) return jf_fail(self, JF_E_STATE, "the queue is full: poll by the deadline");
  const size_t last = (pacer->first + pacer->count++) % JF_PACER_CAPACITY;
  pacer->queue[last].came = now;
  pacer->queue[last].packet = *packet;
  pacer->bytes += packet->size;
  return JF_OK;
}

// Gives out what is due by `now`. A packet that the host refuses stays.
static inline jf_status_t jf_pacer_give(jf_queued_pacer_t *pacer, jf_timestamp_t now, int all, const jf_departure_sink_t *departures) {
  while (pacer->count > 0 && (all || jf_pacer_due(pacer) <= now)) {
    const jf_paced_packet_t *packet = &pacer->queue[pacer->first].packet;
    const jf_status_t status = departures->depart(departures->context, packet->handle);
    if (status < 0) return jf_fail(pacer, status, "the host refused a departure");
    const int64_t wanted = pacer->spacing(pacer, packet), spacing = wanted < 500000 ? wanted : 500000;
    if (!all) pacer->free_at = jf_pacer_due(pacer) + (spacing > 0 ? spacing : 0);
    pacer->bytes -= packet->size;
    pacer->first = (pacer->first + 1) % JF_PACER_CAPACITY;
    pacer->count--;
  }
  return JF_OK;
}

static inline jf_status_t jf_pacer_poll(void *self, jf_timestamp_t now, const jf_departure_sink_t *departures) {
  return jf_pacer_give((jf_queued_pacer_t *)self, now, 0, departures);
}

static inline jf_status_t jf_pacer_deadline(void *self, jf_timestamp_t *out) {
  const jf_queued_pacer_t *pacer = (const jf_queued_pacer_t *)self;
  *out = pacer->count > 0 ? jf_pacer_due(pacer) : JF_TIMESTAMP_NEVER;
  return JF_OK;
}

static inline jf_status_t jf_pacer_queue(void *self, jf_pacer_queue_t *out) {
  const jf_queued_pacer_t *pacer = (const jf_queued_pacer_t *)self;
  out->packets = pacer->count;
  out->size = pacer->bytes;
  return JF_OK;
}

static inline jf_status_t jf_pacer_hand_over(void *self, const jf_departure_sink_t *departures) {
  return jf_pacer_give((jf_queued_pacer_t *)self, 0, 1, departures);
}

// Table and `create` of a pacer whose instances are a `type`.
#define JF_QUEUED_PACER(type, spacing_)                                                                                 \
  static int64_t jf_spacing(const void *self, const jf_paced_packet_t *packet) { return spacing_((const type *)self, packet); } \
  JF_MODULE_TABLE(free, jf_no_latency, jf_no_stats, jf_no_reset)                                                        \
  static const jf_pacer_table_t jf_table = {                                                                            \
      JF_HEAD(jf_pacer_table_t, JF_PACER_REVISION, free),                                                               \
      .set_rates = jf_pacer_set_rates,                                                                                  \
      .enqueue = jf_pacer_enqueue,                                                                                      \
      .poll = jf_pacer_poll,                                                                                            \
      .deadline = jf_pacer_deadline,                                                                                    \
      .queue = jf_pacer_queue,                                                                                          \
      .hand_over = jf_pacer_hand_over,                                                                                  \
  };                                                                                                                    \
  static jf_status_t create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {               \
    (void)environment;                                                                                                  \
    jf_queued_pacer_t *pacer = (jf_queued_pacer_t *)jf_make(sizeof(type), jf_knobs, JF_KNOB_COUNT, &jf_table, out, fault); \
    if (!pacer) return JF_E_FAILED;                                                                                     \
    pacer->spacing = jf_spacing;                                                                                        \
    pacer->rate = 1000000;                                                                                              \
    return JF_OK;                                                                                                       \
  }

#endif
