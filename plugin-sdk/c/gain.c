// A gain in C: a whole plugin with state, parameters and faults of its own, and nothing but the header.
//
// Build it with `make`, and put gain.so into a plugin folder.

#include "jackfield.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINIMUM_DB -60.0
#define MAXIMUM_DB 30.0

// Which parameter is which: their order in JF_META below.
enum { PARAMETER_GAIN, PARAMETER_COUNT };

typedef struct gain {
  double gain_db;
  // The gain that the last sample had, linear. It moves to where `gain_db` wants it within one block, so that a change makes no click.
  float applied;
  uint32_t block_samples, channels;
  uint64_t blocks;
  jf_fault_t fault;
} gain_t;

// Keeps `text` for last_fault, and gives `status`.
static jf_status_t fail(gain_t *gain, jf_status_t status, const char *text) {
  gain->fault.status = status;
  strncpy(gain->fault.text, text, sizeof(gain->fault.text) - 1);
  return status;
}

static float linear(double decibels) { return (float)pow(10.0, decibels / 20.0); }

// ---- jackfield.module/1 ----

static void gain_destroy(void *self) { free(self); }

static jf_status_t gain_last_fault(void *self, jf_fault_t *out) {
  const gain_t *gain = self;
  if (!out) return JF_E_INVALID;
  out->status = gain->fault.status;
  memcpy(out->text, gain->fault.text, sizeof(out->text));
  return JF_OK;
}

static jf_status_t gain_set_parameter(void *self, uint32_t index, double value) {
  gain_t *gain = self;
  if (index >= PARAMETER_COUNT) return fail(gain, JF_E_INVALID, "the only parameter is 0, the gain");
  // Written so that NaN is refused too.
  if (!(value >= MINIMUM_DB && value <= MAXIMUM_DB)) return fail(gain, JF_E_INVALID, "the gain is -60 to 30 dB");
  gain->gain_db = value;
  return JF_OK;
}

static jf_status_t gain_parameter(void *self, uint32_t index, double *out) {
  gain_t *gain = self;
  if (index >= PARAMETER_COUNT) return fail(gain, JF_E_INVALID, "the only parameter is 0, the gain");
  *out = gain->gain_db;
  return JF_OK;
}

static jf_status_t gain_latency(void *self, jf_latency_t *out) {
  (void)self;
  out->samples = 0;
  out->sample_rate = 48000;
  return JF_OK;
}

static jf_status_t gain_stats(void *self, double *values, size_t values_len, uint32_t *out) {
  gain_t *gain = self;
  if (values_len < 1) return fail(gain, JF_E_BUFFER_TOO_SMALL, "pass one place for each statistic");
  values[0] = (double)gain->blocks;
  *out = 1;
  return JF_OK;
}

static jf_status_t gain_reset(void *self, jf_reset_reason_t reason) {
  gain_t *gain = self;
  (void)reason;
  gain->applied = linear(gain->gain_db);
  return JF_OK;
}

static const jf_module_table_t module_table = {
    .head = {.size = sizeof(jf_module_table_t),
             .revision = JF_MODULE_REVISION,
             .destroy = gain_destroy,
             .last_fault = gain_last_fault},
    .set_parameter = gain_set_parameter,
    .parameter = gain_parameter,
    .latency = gain_latency,
    .stats = gain_stats,
    .reset = gain_reset,
};

// ---- jackfield.audio-processor/1 ----

static jf_status_t gain_activate(void *self, const jf_audio_format_t *format) {
  gain_t *gain = self;
  if (format->sample_rate < 8000 || format->sample_rate > 48000 || format->sample_rate % 100 != 0)
    return fail(gain, JF_E_UNSUPPORTED, "the rate is 8 to 48 kHz in steps of 100 Hz");
  if (format->channels < 1 || format->channels > JF_MAX_CHANNELS)
    return fail(gain, JF_E_UNSUPPORTED, "there are 1 to 8 channels");
  gain->block_samples = format->sample_rate / 100;
  gain->channels = format->channels;
  gain->applied = linear(gain->gain_db);
  return JF_OK;
}

static jf_status_t gain_process(void *self, jf_timestamp_t now, float *near, size_t near_len,
                                const jf_capture_info_t *capture, jf_processor_report_t *report) {
  gain_t *gain = self;
  (void)now;
  (void)capture;
  if (gain->block_samples == 0) return fail(gain, JF_E_STATE, "call activate first");
  if (near_len != (size_t)gain->block_samples * gain->channels)
    return fail(gain, JF_E_INVALID, "pass one block of 10 ms in the format that was activated");
  const float target = linear(gain->gain_db);
  const float step = (target - gain->applied) / (float)gain->block_samples;
  for (uint32_t channel = 0; channel < gain->channels; channel++) {
    float *samples = near + (size_t)channel * gain->block_samples;
    for (uint32_t i = 0; i < gain->block_samples; i++) samples[i] *= gain->applied + step * (float)(i + 1);
  }
  gain->applied = target;
  gain->blocks++;
  // The host may be older than this header and know a shorter report.
  if (report->size >= offsetof(jf_processor_report_t, gain_db) + sizeof(report->gain_db))
    report->gain_db = (float)gain->gain_db;
  return JF_OK;
}

// `render`, `hand_over` and `take_over` are optional and NULL: the host has defaults.
static const jf_audio_processor_table_t processor_table = {
    .head = {.size = sizeof(jf_audio_processor_table_t),
             .revision = JF_AUDIO_PROCESSOR_REVISION,
             .destroy = gain_destroy,
             .last_fault = gain_last_fault,
             .module = &module_table},
    .activate = gain_activate,
    .process = gain_process,
};

static jf_status_t gain_create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {
  (void)environment;
  gain_t *gain = calloc(1, sizeof(gain_t));
  if (!gain) {
    fault->status = JF_E_FAILED;
    strncpy(fault->text, "out of memory", sizeof(fault->text) - 1);
    return JF_E_FAILED;
  }
  gain->fault.size = sizeof(jf_fault_t);
  gain->applied = 1.0f;
  out->self = gain;
  out->table = &processor_table;
  return JF_OK;
}

// ---- entry ----

static const jf_module_t modules[] = {
    {sizeof(jf_module_t), 0, JF_STR(JF_AUDIO_PROCESSOR_ID), JF_STR("example.processing.c-gain"), gain_create},
};

JF_EXPORT const jf_entry_t jf_plugin_entry = {
    .magic = JF_MAGIC,
    .size = sizeof(jf_entry_t),
    .abi_major = JF_ABI_MAJOR,
    .abi_minor = JF_ABI_MINOR,
    .modules = modules,
    .n_modules = sizeof(modules) / sizeof(modules[0]),
};

JF_META(
    JF_META_MODULE(JF_AUDIO_PROCESSOR_ID, "example.processing.c-gain", "Gain in C", "1.0.0", "Jackfield",
                   "MIT OR Apache-2.0", "Makes the signal louder or softer without a click; written in C.", "1")
    JF_META_AUDIO("", "8", "0")
    JF_META_PARAMETER("gain", "Gain", "dB", "float", "-60", "30", "0", "", "How much louder the output is.")
    JF_META_STATISTIC("blocks", "blocks", "counter", "Blocks processed.")
    JF_MODULE_SHAPE JF_AUDIO_PROCESSOR_SHAPE)
