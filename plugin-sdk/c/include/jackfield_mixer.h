// A whole mixer but for the choice of who is heard: header-only, C11 and C++20, on top of jackfield_plugin.h. It adds up, ramps gains, takes each
// listener's own voice out and keeps every mix within full scale. The same in Rust is jackfield_sdk::dsp::bus_mixer.
//
//   typedef struct plugin { jf_bus_mixer_t bus; … } plugin_t;                            // the bus first
//   static int is_heard(plugin_t *plugin, jf_timestamp_t now, jf_lane_t *source);        // [audio]: no allocation, no lock, no clock
//   JF_BUS_MIXER(plugin_t, is_heard)                                                     // after JF_KNOBS: table and `create`

#ifndef JACKFIELD_MIXER_H
#define JACKFIELD_MIXER_H

#include "jackfield_plugin.h"

#include <math.h>

// A source can add no more than +18 dB over full scale, and its gain is no larger.
#define JF_LOUDEST 8.0f

// What is known of one source.
typedef struct jf_lane {
  uint32_t id;
  // At the last choice: its level in dBov, and whether its owner had muted it.
  float level_dbov;
  int muted;
  // Yours; zero at first.
  int64_t memo;
  // The bus's own: whether it is heard, its gain now and before this mix, its limiter, its block in this mix, when it was seen and mixed last, and what
  // it added last to each channel.
  int selected;
  float gain, from, limiter;
  size_t index;
  uint64_t seen, mixed;
  float last[JF_MAX_CHANNELS];
} jf_lane_t;

// What every instance begins with.
typedef struct jf_bus_mixer {
  jf_base_t base;
  int (*is_heard)(void *self, jf_timestamp_t now, jf_lane_t *source);
  jf_mixer_config_t config;
  size_t samples, length;
  // Sorted by id.
  jf_lane_t *lanes;
  size_t n_lanes;
  // The sum of all, and the same within full scale.
  float *total, *full, limiter;
  // Counts choices and mixes.
  uint64_t turn;
} jf_bus_mixer_t;

#define JF_BUS_MIXER_STATISTICS JF_META_STATISTIC("audible", "sources", "gauge", "How many sources are in the mix now.")

static inline float jf_mix_clean(float sample) { return isfinite(sample) ? fmaxf(-JF_LOUDEST, fminf(JF_LOUDEST, sample)) : 0.0f; }

// The place of a source, or where it belongs.
static inline size_t jf_lane_place(const jf_bus_mixer_t *bus, uint32_t id) {
  size_t low = 0, high = bus->n_lanes;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (bus->lanes[middle].id < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

static inline jf_lane_t *jf_lane(const jf_bus_mixer_t *bus, uint32_t id) {
  const size_t at = jf_lane_place(bus, id);
  return at < bus->n_lanes && bus->lanes[at].id == id ? &bus->lanes[at] : NULL;
}

static inline void jf_lane_remove(jf_bus_mixer_t *bus, size_t at) {
  bus->n_lanes--;
  memmove(&bus->lanes[at], &bus->lanes[at + 1], (bus->n_lanes - at) * sizeof(jf_lane_t));
}

// The lane of a source, made if there is none; NULL if there is no room.
static inline jf_lane_t *jf_lane_or_new(jf_bus_mixer_t *bus, uint32_t id) {
  jf_lane_t *known = jf_lane(bus, id);
  if (known) return known;
  // One that has left and is only fading out can go.
  for (size_t i = 0; bus->n_lanes == bus->config.max_sources && i < bus->n_lanes; i++)
    if (bus->lanes[i].seen != bus->turn && bus->lanes[i].mixed != bus->turn) jf_lane_remove(bus, i);
  if (bus->n_lanes >= bus->config.max_sources) return NULL;
  const size_t at = jf_lane_place(bus, id);
  jf_lane_t *lane = &bus->lanes[at];
  memmove(lane + 1, lane, (bus->n_lanes - at) * sizeof(jf_lane_t));
  memset(lane, 0, sizeof(*lane));
  lane->id = id;
  lane->selected = 1;
  lane->limiter = bus->limiter;
  bus->n_lanes++;
  return lane;
}

// Adds a block whose gain goes from `from` to `to`; with `sign` -1 takes it away again.
static inline void jf_mix_add(const jf_bus_mixer_t *bus, float *sum, const float *block, float from, float to, float sign) {
  if (from == 0.0f && to == 0.0f) return;
  const float step = (to - from) / (float)bus->samples;
  for (size_t i = 0; i < bus->length; i++) {
    const float gain = from == to ? to : from + step * (float)(i % bus->samples + 1);
    sum[i] += sign * (jf_mix_clean(block[i]) * gain);
  }
}

// Down at once when it would be too loud, up again within a second.
static inline void jf_mix_limit(const jf_bus_mixer_t *bus, float *block, float *limiter) {
  const float release = 150.0f / (float)bus->config.format.sample_rate;
  float gain = *limiter;
  for (size_t i = 0; i < bus->samples; i++) {
    float peak = 0.0f;
    for (size_t at = i; at < bus->length; at += bus->samples) peak = fmaxf(peak, fabsf(block[at]));
    gain = 1.0f - gain < 1e-4f ? 1.0f : gain + (1.0f - gain) * release;
    if (peak * gain > 1.0f) gain = 1.0f / peak;
    if (gain == 1.0f) continue;
    for (size_t at = i; at < bus->length; at += bus->samples) block[at] = fmaxf(-1.0f, fminf(1.0f, block[at] * gain));
  }
  *limiter = gain;
}

// ---- jackfield.mixer/1 ----

static inline jf_status_t jf_mixer_reset(void *self, jf_reset_reason_t reason) {
  jf_bus_mixer_t *bus = (jf_bus_mixer_t *)self;
  (void)reason;
  bus->n_lanes = 0;
  bus->limiter = 1.0f;
  return JF_OK;
}

static inline void jf_mixer_release(jf_bus_mixer_t *bus) {
  free(bus->lanes);
  free(bus->total);
  free(bus->full);
  bus->lanes = NULL;
  bus->total = bus->full = NULL;
}

static inline void jf_mixer_free(void *self) {
  jf_mixer_release((jf_bus_mixer_t *)self);
  free(self);
}

static inline jf_status_t jf_mixer_activate(void *self, const jf_mixer_config_t *config) {
  jf_bus_mixer_t *bus = (jf_bus_mixer_t *)self;
  if (!jf_is_format(&config->format)) return jf_fail(self, JF_E_UNSUPPORTED, "the format is 8 to 48 kHz and 1 to 8 channels");
  if (config->max_sources > 65536 || config->max_mixes > 65536) return jf_fail(self, JF_E_UNSUPPORTED, "too many sources or mixes for one mixer");
  jf_mixer_release(bus);
  bus->config = *config;
  bus->samples = config->format.sample_rate / 100;
  bus->length = bus->samples * config->format.channels;
  bus->lanes = (jf_lane_t *)calloc((size_t)config->max_sources + 1, sizeof(jf_lane_t));
  bus->total = (float *)calloc(bus->length, sizeof(float));
  bus->full = (float *)calloc(bus->length, sizeof(float));
  if (bus->lanes && bus->total && bus->full) return jf_mixer_reset(self, JF_RESET_REASON_STREAM);
  jf_mixer_release(bus);
  return jf_fail(self, JF_E_FAILED, "out of memory");
}

static inline jf_status_t jf_mixer_choose(void *self, jf_timestamp_t now, const jf_mix_source_t *sources, size_t sources_len,
                                          uint32_t *chosen, size_t chosen_len, uint32_t *out) {
  jf_bus_mixer_t *bus = (jf_bus_mixer_t *)self;
  if (!bus->full) return jf_fail(self, JF_E_STATE, "call activate first");
  if (chosen_len < sources_len) return jf_fail(self, JF_E_INVALID, "pass one place for each source");
  if (sources_len > bus->config.max_sources) return jf_fail(self, JF_E_INVALID, "more sources than the mixer was activated for");
  bus->turn++;
  for (size_t i = 0; i < sources_len; i++) {
    jf_lane_t *lane = jf_lane(bus, sources[i].id);
    if (lane) lane->seen = bus->turn;
  }
  for (size_t i = bus->n_lanes; i-- > 0;)
    if (bus->lanes[i].seen != bus->turn && bus->lanes[i].gain <= 0.0f) jf_lane_remove(bus, i);
  *out = 0;
  for (size_t i = 0; i < sources_len; i++) {
    jf_lane_t *lane = jf_lane_or_new(bus, sources[i].id);
    if (!lane) return jf_fail(self, JF_E_INVALID, "more sources than the mixer was activated for");
    lane->seen = bus->turn;
    lane->muted = sources[i].muted != 0;
    lane->level_dbov = isnan(sources[i].level_dbov) ? -127.0f : sources[i].level_dbov;
    lane->selected = bus->is_heard(self, now, lane) && !lane->muted;
    // Whoever fades out is still needed.
    if (lane->selected || lane->gain > 0.0f) chosen[(*out)++] = (uint32_t)i;
  }
  return JF_OK;
}

static inline jf_status_t jf_mixer_sum(jf_bus_mixer_t *bus, const jf_mix_source_t *sources, size_t sources_len, const float *pcm) {
  memset(bus->total, 0, bus->length * sizeof(float));
  for (size_t i = 0; i < sources_len; i++) {
    jf_lane_t *lane = jf_lane_or_new(bus, sources[i].id);
    if (!lane) return jf_fail(bus, JF_E_INVALID, "more sources than the mixer was activated for");
    if (lane->mixed == bus->turn) continue;
    const float wanted = isnan(sources[i].gain) ? 0.0f : fmaxf(0.0f, fminf(JF_LOUDEST, sources[i].gain));
    lane->from = lane->gain;
    lane->gain = lane->selected && !sources[i].muted ? wanted : 0.0f;
    lane->index = i;
    lane->mixed = bus->turn;
    jf_mix_add(bus, bus->total, &pcm[i * bus->length], lane->from, lane->gain, 1.0f);
  }
  return JF_OK;
}

// A source that was heard and is not there now would end in a step: its last sample is led to zero instead.
static inline void jf_mixer_end_vanished(jf_bus_mixer_t *bus) {
  for (size_t n = 0; n < bus->n_lanes; n++) {
    jf_lane_t *lane = &bus->lanes[n];
    if (lane->gain <= 0.0f || lane->mixed == bus->turn) continue;
    for (size_t i = 0; i < bus->length; i++) {
      const float left = 1.0f - (float)(i % bus->samples + 1) / (float)bus->samples;
      bus->total[i] += lane->last[i / bus->samples] * left * left * (3.0f - 2.0f * left);
    }
    lane->gain = 0.0f;
    lane->selected = 0;
  }
}

static inline jf_status_t jf_mixer_mix(void *self, jf_timestamp_t now, const jf_mix_source_t *sources, size_t sources_len, const float *pcm, size_t pcm_len,
                                       const jf_mix_request_t *mixes, size_t mixes_len, float *output, size_t output_len) {
  jf_bus_mixer_t *bus = (jf_bus_mixer_t *)self;
  (void)now;
  if (!bus->full) return jf_fail(self, JF_E_STATE, "call activate first");
  if (sources_len > bus->config.max_sources || mixes_len > bus->config.max_mixes) return jf_fail(self, JF_E_INVALID, "more than the mixer was activated for");
  if (pcm_len != sources_len * bus->length) return jf_fail(self, JF_E_INVALID, "pcm holds one block for each source");
  if (output_len != mixes_len * bus->length) return jf_fail(self, JF_E_INVALID, "output holds one block for each mix");
  bus->turn++;
  const jf_status_t status = jf_mixer_sum(bus, sources, sources_len, pcm);
  if (status < 0) return status;
  jf_mixer_end_vanished(bus);
  memcpy(bus->full, bus->total, bus->length * sizeof(float));
  jf_mix_limit(bus, bus->full, &bus->limiter);
  for (size_t n = 0; n < mixes_len; n++) {
    float *mix = &output[n * bus->length];
    jf_lane_t *own = jf_lane(bus, mixes[n].without);
    if (own && own->mixed == bus->turn && (own->from > 0.0f || own->gain > 0.0f)) {
      memcpy(mix, bus->total, bus->length * sizeof(float));
      jf_mix_add(bus, mix, &pcm[own->index * bus->length], own->from, own->gain, -1.0f);
      jf_mix_limit(bus, mix, &own->limiter);
    } else {
      memcpy(mix, bus->full, bus->length * sizeof(float));
      if (own) own->limiter = bus->limiter;
    }
  }
  for (size_t n = 0; n < bus->n_lanes; n++) {
    jf_lane_t *lane = &bus->lanes[n];
    for (uint32_t channel = 0; lane->mixed == bus->turn && channel < bus->config.format.channels; channel++)
      lane->last[channel] = jf_mix_clean(pcm[lane->index * bus->length + (channel + 1) * bus->samples - 1]) * lane->gain;
  }
  return JF_OK;
}

static inline jf_status_t jf_mixer_hand_over(void *self, uint32_t id, float *out) {
  const jf_bus_mixer_t *bus = (const jf_bus_mixer_t *)self;
  if (!bus->full) return jf_fail(self, JF_E_STATE, "call activate first");
  const jf_lane_t *lane = jf_lane(bus, id);
  *out = lane ? lane->gain : -1.0f;
  return JF_OK;
}

static inline jf_status_t jf_mixer_take_over(void *self, uint32_t id, float gain) {
  jf_bus_mixer_t *bus = (jf_bus_mixer_t *)self;
  if (!bus->full) return jf_fail(self, JF_E_STATE, "call activate first");
  if (gain < 0.0f) return JF_OK;
  if (!(gain <= JF_LOUDEST)) return jf_fail(self, JF_E_INVALID, "the gain handed over is not a number up to 8");
  jf_lane_t *lane = jf_lane_or_new(bus, id);
  if (!lane) return jf_fail(self, JF_E_INVALID, "more sources than the mixer was activated for");
  lane->gain = gain;
  lane->seen = bus->turn;
  lane->selected = gain > 0.0f;
  return JF_OK;
}

static inline jf_status_t jf_mixer_stats(void *self, double *values, size_t values_len, uint32_t *out) {
  const jf_bus_mixer_t *bus = (const jf_bus_mixer_t *)self;
  if (values_len < 1) return jf_fail(self, JF_E_BUFFER_TOO_SMALL, "pass one place for each statistic");
  values[0] = 0.0;
  for (size_t i = 0; i < bus->n_lanes; i++) values[0] += bus->lanes[i].gain > 0.0f;
  *out = 1;
  return JF_OK;
}

// Table and `create` of a mixer whose instances are a `type`.
#define JF_BUS_MIXER(type, is_heard_)                                                                                   \
  static int jf_is_heard(void *self, jf_timestamp_t now, jf_lane_t *source) { return is_heard_((type *)self, now, source); } \
  JF_MODULE_TABLE(jf_mixer_free, jf_no_latency, jf_mixer_stats, jf_mixer_reset)                                         \
  static const jf_mixer_table_t jf_table = {                                                                            \
      JF_HEAD(jf_mixer_table_t, JF_MIXER_REVISION, jf_mixer_free),                                                      \
      .activate = jf_mixer_activate,                                                                                    \
      .choose = jf_mixer_choose,                                                                                        \
      .mix = jf_mixer_mix,                                                                                              \
      .hand_over = jf_mixer_hand_over,                                                                                  \
      .take_over = jf_mixer_take_over,                                                                                  \
  };                                                                                                                    \
  static jf_status_t create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {               \
    (void)environment;                                                                                                  \
    jf_bus_mixer_t *bus = (jf_bus_mixer_t *)jf_make(sizeof(type), jf_knobs, JF_KNOB_COUNT, &jf_table, out, fault);      \
    if (!bus) return JF_E_FAILED;                                                                                       \
    bus->is_heard = jf_is_heard;                                                                                        \
    return JF_OK;                                                                                                       \
  }

#endif
