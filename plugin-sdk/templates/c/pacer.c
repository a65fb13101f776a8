// PLUGIN_TITLE: a pacer. Packets leave one after another at the pacing rate; put your own rule into `due`.

#include "jackfield_plugin.h"

#define KNOBS(KNOB) KNOB(factor, "Factor", "", float, 0.5, 10, 1, "", "How many times the pacing rate packets leave at.")
JF_KNOBS(KNOBS)

#define CAPACITY 8192

// One instance: one participant's path.
typedef struct plugin {
  jf_base_t base;
  int64_t rate;
  jf_timestamp_t free_at;
  size_t first, count;
  int64_t bytes;
  struct {
    jf_timestamp_t came;
    jf_paced_packet_t packet;
  } queue[CAPACITY];
} plugin_t;

// When the packet that is next may leave.
static jf_timestamp_t due(const plugin_t *plugin) {
  const jf_timestamp_t came = plugin->queue[plugin->first].came;
  return came > plugin->free_at ? came : plugin->free_at;
}

// How long a packet keeps the path busy, in microseconds.
static int64_t duration(const plugin_t *plugin, int64_t bytes) {
  const double us = (double)bytes * 8e6 / ((double)plugin->rate * plugin->base.values[KNOB_factor]);
  return us < 500000.0 ? (int64_t)us : 500000;
}

// All of these are [network]: no allocation, no lock, no clock, nothing that blocks.
static jf_status_t set_rates(void *self, jf_timestamp_t now, jf_data_rate_t pacing, jf_data_rate_t padding) {
  plugin_t *plugin = (plugin_t *)self;
  (void)padding;
  plugin->rate = pacing > 30000 ? pacing : 30000;
  plugin->free_at = now;
  return JF_OK;
}

static jf_status_t enqueue(void *self, jf_timestamp_t now, const jf_paced_packet_t *packet) {
  plugin_t *plugin = (plugin_t *)self;
  if (plugin->count == CAPACITY) return jf_fail(self, JF_E_STATE, "the queue is full: poll by the deadline");
  const size_t last = (plugin->first + plugin->count++) % CAPACITY;
  plugin->queue[last].came = now;
  plugin->queue[last].packet = *packet;
  plugin->bytes += packet->size;
  return JF_OK;
}

// Gives out what is due by `now`. A packet that the host refuses stays.
static jf_status_t give(plugin_t *plugin, jf_timestamp_t now, int all, const jf_departure_sink_t *departures) {
  while (plugin->count > 0 && (all || due(plugin) <= now)) {
    const jf_paced_packet_t *packet = &plugin->queue[plugin->first].packet;
    const jf_status_t status = departures->depart(departures->context, packet->handle);
    if (status < 0) return jf_fail(plugin, status, "the host refused a departure");
    if (!all) plugin->free_at = due(plugin) + duration(plugin, packet->size);
    plugin->bytes -= packet->size;
    plugin->first = (plugin->first + 1) % CAPACITY;
    plugin->count--;
  }
  return JF_OK;
}

static jf_status_t poll_due(void *self, jf_timestamp_t now, const jf_departure_sink_t *departures) {
  return give((plugin_t *)self, now, 0, departures);
}

static jf_status_t deadline(void *self, jf_timestamp_t *out) {
  const plugin_t *plugin = (const plugin_t *)self;
  *out = plugin->count > 0 ? due(plugin) : JF_TIMESTAMP_NEVER;
  return JF_OK;
}

static jf_status_t waiting(void *self, jf_pacer_queue_t *out) {
  const plugin_t *plugin = (const plugin_t *)self;
  out->packets = plugin->count;
  out->size = plugin->bytes;
  return JF_OK;
}

static jf_status_t hand_over(void *self, const jf_departure_sink_t *departures) { return give((plugin_t *)self, 0, 1, departures); }

JF_MODULE_TABLE(free, jf_no_latency, jf_no_stats, jf_no_reset)

static const jf_pacer_table_t table = {
    JF_HEAD(jf_pacer_table_t, JF_PACER_REVISION, free),
    .set_rates = set_rates,
    .enqueue = enqueue,
    .poll = poll_due,
    .deadline = deadline,
    .queue = waiting,
    .hand_over = hand_over,
};

static jf_status_t create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {
  (void)environment;
  plugin_t *plugin = (plugin_t *)jf_make(sizeof(plugin_t), jf_knobs, JF_KNOB_COUNT, &table, out, fault);
  if (!plugin) return JF_E_FAILED;
  plugin->rate = 1000000;
  return JF_OK;
}

JF_ENTRY(JF_PACER_ID, "PLUGIN_ID", create)

JF_META(JF_META_MODULE(JF_PACER_ID, "PLUGIN_ID", "PLUGIN_TITLE", "0.1.0", "PLUGIN_VENDOR", "MIT OR Apache-2.0",
                       "Lets packets leave one after another at the pacing rate.", "1")
        JF_KNOBS_META(KNOBS) JF_MODULE_SHAPE JF_PACER_SHAPE)
