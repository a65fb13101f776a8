// A whole audio processor but for its algorithm: header-only, C11 and C++20, on top of jackfield_plugin.h. It keeps the format, refuses blocks that do not fit
// it, and takes out of them what is no number. For one that needs the far end, memory of its own or a latency, write out the table: plugin-sdk/c/nlms.c does.
//
//   typedef struct plugin { jf_block_processor_t processor; … } plugin_t;                        // the processor first
//   static void begin(plugin_t *plugin);                                                         // the signal begins, or begins anew
//   static void process(plugin_t *plugin, float *near, jf_processor_report_t *report);           // [audio] 10 ms, planar, within ±4.0
//   JF_BLOCK_PROCESSOR(plugin_t, begin, process)                                                 // after JF_KNOBS: table and `create`

#ifndef JACKFIELD_PROCESSOR_H
#define JACKFIELD_PROCESSOR_H

#include "jackfield_plugin.h"

#include <math.h>

// What every instance begins with.
typedef struct jf_block_processor {
  jf_base_t base;
  void (*begin)(void *self);
  void (*process)(void *self, float *near, jf_processor_report_t *report);
  // Samples per channel of a block, and channels; both zero until it is activated.
  uint32_t samples, channels;
} jf_block_processor_t;

static inline jf_status_t jf_processor_reset(void *self, jf_reset_reason_t reason) {
  (void)reason;
  ((jf_block_processor_t *)self)->begin(self);
  return JF_OK;
}

static inline jf_status_t jf_processor_activate(void *self, const jf_audio_format_t *format) {
  jf_block_processor_t *processor = (jf_block_processor_t *)self;
  if (!jf_is_format(format)) return jf_fail(self, JF_E_UNSUPPORTED, "the format is 8 to 48 kHz and 1 to 8 channels");
  processor->samples = format->sample_rate / 100;
  processor->channels = format->channels;
  return jf_processor_reset(self, JF_RESET_REASON_STREAM);
}

static inline jf_status_t jf_processor_process(void *self, jf_timestamp_t now, float *near, size_t near_len, const jf_capture_info_t *capture,
                                               jf_processor_report_t *report) {
  jf_block_processor_t *processor = (jf_block_processor_t *)self;
  (void)now, (void)capture;
  if (processor->samples == 0) return jf_fail(self, JF_E_STATE, "call activate first");
  if (near_len != (size_t)processor->samples * processor->channels) return jf_fail(self, JF_E_INVALID, "a block is 10 ms");
  for (size_t i = 0; i < near_len; i++) near[i] = isfinite(near[i]) ? fmaxf(-4.0f, fminf(4.0f, near[i])) : 0.0f;
  processor->process(self, near, report);
  return JF_OK;
}

// Table and `create` of a processor whose instances are a `type`.
#define JF_BLOCK_PROCESSOR(type, begin_, process_)                                                                      \
  static void jf_begin(void *self) { begin_((type *)self); }                                                            \
  static void jf_process(void *self, float *near, jf_processor_report_t *report) { process_((type *)self, near, report); } \
  JF_MODULE_TABLE(free, jf_no_latency, jf_no_stats, jf_processor_reset)                                                 \
  static const jf_audio_processor_table_t jf_table = {                                                                  \
      JF_HEAD(jf_audio_processor_table_t, JF_AUDIO_PROCESSOR_REVISION, free),                                           \
      .activate = jf_processor_activate,                                                                                \
      .process = jf_processor_process,                                                                                  \
  };                                                                                                                    \
  static jf_status_t create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {               \
    (void)environment;                                                                                                  \
    jf_block_processor_t *processor =                                                                                   \
        (jf_block_processor_t *)jf_make(sizeof(type), jf_knobs, JF_KNOB_COUNT, &jf_table, out, fault);                  \
    if (!processor) return JF_E_FAILED;                                                                                 \
    processor->begin = jf_begin;                                                                                        \
    processor->process = jf_process;                                                                                    \
    return JF_OK;                                                                                                       \
  }

#endif
