// A whole audio source but for its samples: header-only, C11 and C++20, on top of jackfield_plugin.h. It keeps the format and the position. The same in
// Rust is jackfield_sdk::source.
//
//   typedef struct plugin { jf_signal_source_t source; … } plugin_t;                          // the source first
//   static jf_status_t open(plugin_t *plugin, const char *location, size_t location_len);     // [control] plugin->source.format is known
//   static void fill(plugin_t *plugin, uint64_t position, float *block, jf_source_state_t *state);   // [audio]
//   JF_SIGNAL_SOURCE(plugin_t, open, fill)                                                    // after JF_KNOBS: table and `create`
//
// `fill` writes the 10 ms, planar, from `position` (samples per channel since the opening) on. After a swap the position jumps to where the predecessor
// stood. No allocation, no lock, no clock.

#ifndef JACKFIELD_SOURCE_H
#define JACKFIELD_SOURCE_H

#include "jackfield_plugin.h"

// What every instance begins with.
typedef struct jf_signal_source {
  jf_base_t base;
  jf_status_t (*open)(void *self, const char *location, size_t location_len);
  void (*fill)(void *self, uint64_t position, float *block, jf_source_state_t *state);
  // All zero until it is open.
  jf_audio_format_t format;
  uint64_t position;
} jf_signal_source_t;

static inline jf_status_t jf_source_open(void *self, const char *location, size_t location_len, const jf_audio_format_t *format) {
  jf_signal_source_t *source = (jf_signal_source_t *)self;
  if (!jf_is_format(format)) return jf_fail(self, JF_E_UNSUPPORTED, "the format is 8 to 48 kHz and 1 to 8 channels");
  source->format = *format;
  source->position = 0;
  const jf_status_t status = source->open(self, location, location_len);
  if (status < 0) source->format.sample_rate = 0;
  return status;
}

static inline jf_status_t jf_source_read(void *self, jf_timestamp_t now, float *block, size_t block_len, jf_source_state_t *out) {
  jf_signal_source_t *source = (jf_signal_source_t *)self;
  const uint32_t samples = source->format.sample_rate / 100;
  (void)now;
  if (samples == 0) return jf_fail(self, JF_E_STATE, "call open first");
  if (block_len != (size_t)samples * source->format.channels) return jf_fail(self, JF_E_INVALID, "a block is 10 ms");
  memset(out, 0, sizeof(*out));
  source->fill(self, source->position, block, out);
  source->position += samples;
  return JF_OK;
}

static inline jf_status_t jf_source_hand_over(void *self, jf_source_handover_t *out) {
  out->position = ((const jf_signal_source_t *)self)->position;
  return JF_OK;
}

static inline jf_status_t jf_source_take_over(void *self, const jf_source_handover_t *state) {
  ((jf_signal_source_t *)self)->position = state->position;
  return JF_OK;
}

static inline jf_status_t jf_source_reset(void *self, jf_reset_reason_t reason) {
  (void)reason;
  ((jf_signal_source_t *)self)->position = 0;
  return JF_OK;
}

// Table and `create` of a source whose instances are a `type`.
#define JF_SIGNAL_SOURCE(type, open_, fill_)                                                                            \
  static jf_status_t jf_open(void *self, const char *location, size_t location_len) {                                   \
    return open_((type *)self, location, location_len);                                                                 \
  }                                                                                                                     \
  static void jf_fill(void *self, uint64_t position, float *block, jf_source_state_t *state) {                          \
    fill_((type *)self, position, block, state);                                                                        \
  }                                                                                                                     \
  JF_MODULE_TABLE(free, jf_no_latency, jf_no_stats, jf_source_reset)                                                    \
  static const jf_audio_source_table_t jf_table = {                                                                     \
      JF_HEAD(jf_audio_source_table_t, JF_AUDIO_SOURCE_REVISION, free),                                                 \
      .open = jf_source_open,                                                                                           \
      .read = jf_source_read,                                                                                           \
      .hand_over = jf_source_hand_over,                                                                                 \
      .take_over = jf_source_take_over,                                                                                 \
  };                                                                                                                    \
  static jf_status_t create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {               \
    (void)environment;                                                                                                  \
    jf_signal_source_t *source = (jf_signal_source_t *)jf_make(sizeof(type), jf_knobs, JF_KNOB_COUNT, &jf_table, out, fault); \
    if (!source) return JF_E_FAILED;                                                                                    \
    source->open = jf_open;                                                                                             \
    source->fill = jf_fill;                                                                                             \
    return JF_OK;                                                                                                       \
  }

#endif
