// A whole audio sink but for what it does with the audio: header-only, C11 and C++20, on top of jackfield_plugin.h. It keeps the format and refuses what
// does not fit it.
//
//   typedef struct plugin { jf_block_sink_t sink; … } plugin_t;                               // the sink first
//   static jf_status_t open(plugin_t *plugin, const char *location, size_t location_len);     // [control] plugin->sink.format is known
//   static void write(plugin_t *plugin, const float *block, size_t length);                   // [audio] 10 ms, planar, finite and within ±1.0
//   static void close(plugin_t *plugin);                                                      // [control] also when an open one is opened again
//   JF_BLOCK_SINK(plugin_t, open, write, close, jf_no_stats)                                  // after JF_KNOBS: table and `create`
//
// What is still open when the instance is destroyed is closed.

#ifndef JACKFIELD_SINK_H
#define JACKFIELD_SINK_H

#include "jackfield_plugin.h"

#include <math.h>

#define JF_MOST_SAMPLES (JF_MAX_BLOCK_SAMPLES * JF_MAX_CHANNELS)

// What every instance begins with.
typedef struct jf_block_sink {
  jf_base_t base;
  jf_status_t (*open)(void *self, const char *location, size_t location_len);
  void (*write)(void *self, const float *block, size_t length);
  void (*close)(void *self);
  // All zero until it is open.
  jf_audio_format_t format;
  float block[JF_MOST_SAMPLES];
} jf_block_sink_t;

static inline jf_status_t jf_sink_close(void *self) {
  jf_block_sink_t *sink = (jf_block_sink_t *)self;
  if (sink->format.sample_rate != 0) sink->close(self);
  sink->format.sample_rate = 0;
  return JF_OK;
}

static inline jf_status_t jf_sink_open(void *self, const char *location, size_t location_len, const jf_audio_format_t *format) {
  jf_block_sink_t *sink = (jf_block_sink_t *)self;
  if (!jf_is_format(format)) return jf_fail(self, JF_E_UNSUPPORTED, "the format is 8 to 48 kHz and 1 to 8 channels");
  jf_sink_close(self);
  sink->format = *format;
  const jf_status_t status = sink->open(self, location, location_len);
  if (status < 0) sink->format.sample_rate = 0;
  return status;
}

static inline jf_status_t jf_sink_write(void *self, jf_timestamp_t now, const float *block, size_t block_len, jf_sink_state_t *out) {
  jf_block_sink_t *sink = (jf_block_sink_t *)self;
  (void)now;
  if (sink->format.sample_rate == 0) return jf_fail(self, JF_E_STATE, "call open first");
  if (block_len != (size_t)sink->format.sample_rate / 100 * sink->format.channels) return jf_fail(self, JF_E_INVALID, "a block is 10 ms");
  for (size_t i = 0; i < block_len; i++) sink->block[i] = isfinite(block[i]) ? fmaxf(-1.0f, fminf(1.0f, block[i])) : 0.0f;
  out->queued = out->dropped = 0;
  sink->write(self, sink->block, block_len);
  return JF_OK;
}

static inline void jf_sink_free(void *self) {
  jf_sink_close(self);
  free(self);
}

// Table and `create` of a sink whose instances are a `type`.
#define JF_BLOCK_SINK(type, open_, write_, close_, stats_)                                                              \
  static jf_status_t jf_open(void *self, const char *location, size_t location_len) {                                   \
    return open_((type *)self, location, location_len);                                                                 \
  }                                                                                                                     \
  static void jf_write(void *self, const float *block, size_t length) { write_((type *)self, block, length); }          \
  static void jf_close(void *self) { close_((type *)self); }                                                            \
  JF_MODULE_TABLE(jf_sink_free, jf_no_latency, stats_, jf_no_reset)                                                     \
  static const jf_audio_sink_table_t jf_table = {                                                                       \
      JF_HEAD(jf_audio_sink_table_t, JF_AUDIO_SINK_REVISION, jf_sink_free),                                             \
      .open = jf_sink_open,                                                                                             \
      .write = jf_sink_write,                                                                                           \
      .close = jf_sink_close,                                                                                           \
  };                                                                                                                    \
  static jf_status_t create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {               \
    (void)environment;                                                                                                  \
    jf_block_sink_t *sink = (jf_block_sink_t *)jf_make(sizeof(type), jf_knobs, JF_KNOB_COUNT, &jf_table, out, fault);   \
    if (!sink) return JF_E_FAILED;                                                                                      \
    sink->open = jf_open;                                                                                               \
    sink->write = jf_write;                                                                                             \
    sink->close = jf_close;                                                                                             \
    return JF_OK;                                                                                                       \
  }

#endif
