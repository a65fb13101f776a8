// Conveniences for plugins in C: what every one of them would write in the same way. Header-only, C11 and C++20, on top of jackfield.h. Beside it
// lie jackfield_processor.h, _codec.h, _congestion.h, _jitter.h, _mixer.h, _pacer.h, _sink.h, _source.h and _transport.h: whole plugins of these areas but for
// their algorithm.
//
// A plugin says what its parameters are once, as a list:
//
//   #define KNOBS(KNOB) KNOB(level, "Level", "dB", float, -60, 12, 0, "", "How much louder the output is.")
//   JF_KNOBS(KNOBS)                    // KNOB_level, KNOB_mode, their ranges
//
// gives its state a jf_base_t as the first member, which keeps the values and the last fault, and ends with the three macros that make
// table, entry and metadata. plugin-sdk/c/nlms.c is a whole one.

#ifndef JACKFIELD_PLUGIN_H
#define JACKFIELD_PLUGIN_H

#include "jackfield.h"

#include <stdlib.h>
#include <string.h>

// The most parameters that a plugin made with this header has.
#define JF_MOST_KNOBS 32

// The range of a parameter. `whole` is 1 if only whole numbers fit.
typedef struct jf_knob {
  double minimum, maximum, initial;
  int whole;
} jf_knob_t;

// What the state of every instance begins with.
typedef struct jf_base {
  jf_fault_t fault;
  const jf_knob_t *knobs;
  uint32_t n_knobs;
  // The present values, by index: values[KNOB_level].
  double values[JF_MOST_KNOBS];
} jf_base_t;

// -------------------------------------------------------------------------------------------------
// Parameters: JF_KNOBS(list) makes an index for each and the table of their ranges, JF_KNOBS_META(list) their lines of metadata.
// `kind` is bool, int, float or choice; the range of a bool is 0, 1, that of a choice 0, the number of names less one.

enum { JF_KIND_bool = 1, JF_KIND_int = 1, JF_KIND_float = 0, JF_KIND_choice = 1 };

#define JF_KNOB_INDEX(name, title, unit, kind, minimum, maximum, initial, choices, help) KNOB_##name,
#define JF_KNOB_RANGE(name, title, unit, kind, minimum, maximum, initial, choices, help) \
  {minimum, maximum, initial, JF_KIND_##kind},
#define JF_KNOB_META(name, title, unit, kind, minimum, maximum, initial, choices, help) \
  JF_META_PARAMETER(#name, title, unit, #kind, #minimum, #maximum, #initial, choices, help)

#define JF_KNOBS(list)                          \
  enum { list(JF_KNOB_INDEX) JF_KNOB_COUNT };   \
  JF_STATIC_ASSERT(JF_KNOB_COUNT <= JF_MOST_KNOBS, "too many parameters"); \
  static const jf_knob_t jf_knobs[] = {list(JF_KNOB_RANGE){0, 0, 0, 0}};
#define JF_KNOBS_META(list) list(JF_KNOB_META)

// -------------------------------------------------------------------------------------------------
// The functions that most instances share

// Keeps `text` for last_fault and gives `status`: `return jf_fail(self, JF_E_STATE, "call activate first");` Allowed on the audio thread.
static inline jf_status_t jf_fail(void *self, jf_status_t status, const char *text) {
  jf_base_t *base = (jf_base_t *)self;
  base->fault.status = status;
  strncpy(base->fault.text, text, sizeof(base->fault.text) - 1);
  return status;
}

static inline jf_status_t jf_last_fault(void *self, jf_fault_t *out) {
  const jf_base_t *base = (const jf_base_t *)self;
  if (!out) return JF_E_INVALID;
  out->status = base->fault.status;
  memcpy(out->text, base->fault.text, sizeof(out->text));
  return JF_OK;
}

static inline jf_status_t jf_set_parameter(void *self, uint32_t index, double value) {
  jf_base_t *base = (jf_base_t *)self;
  if (index >= base->n_knobs) return jf_fail(self, JF_E_INVALID, "there is no parameter of this index");
  const jf_knob_t *knob = &base->knobs[index];
  // Written so that NaN is refused too.
  if (!(value >= knob->minimum && value <= knob->maximum)) return jf_fail(self, JF_E_INVALID, "the value is out of range");
  if (knob->whole && value != (double)(int64_t)value) return jf_fail(self, JF_E_INVALID, "the value is a whole number");
  base->values[index] = value;
  return JF_OK;
}

static inline jf_status_t jf_parameter(void *self, uint32_t index, double *out) {
  const jf_base_t *base = (const jf_base_t *)self;
  if (index >= base->n_knobs || !out) return jf_fail(self, JF_E_INVALID, "there is no parameter of this index");
  *out = base->values[index];
  return JF_OK;
}

static inline jf_status_t jf_no_latency(void *self, jf_latency_t *out) {
  (void)self;
  out->samples = 0;
  out->sample_rate = 48000;
  return JF_OK;
}

static inline jf_status_t jf_no_stats(void *self, double *values, size_t values_len, uint32_t *out) {
  (void)self;
  (void)values;
  (void)values_len;
  *out = 0;
  return JF_OK;
}

static inline jf_status_t jf_no_reset(void *self, jf_reset_reason_t reason) {
  (void)self;
  (void)reason;
  return JF_OK;
}

// An instance of `size` bytes, all zero but for its parameters, in `out`; NULL and a fault if there is no memory. `free` ends it.
static inline void *jf_make(size_t size, const jf_knob_t *knobs, uint32_t n_knobs, const void *table, jf_instance_t *out,
                            jf_fault_t *fault) {
  jf_base_t *base = (jf_base_t *)calloc(1, size);
  if (!base) {
    fault->status = JF_E_FAILED;
    strncpy(fault->text, "out of memory", sizeof(fault->text) - 1);
    return NULL;
  }
  base->fault.size = sizeof(jf_fault_t);
  base->knobs = knobs;
  base->n_knobs = n_knobs;
  for (uint32_t i = 0; i < n_knobs; i++) base->values[i] = knobs[i].initial;
  out->self = base;
  out->table = table;
  return base;
}

// Whether the struct that `pointer` points at, of which the other side knows `size` bytes, has `field`: a report or an event may come
// from a host that is older than this header.
#define JF_HAS(pointer, type, field) ((pointer)->size >= offsetof(type, field) + sizeof((pointer)->field))

static inline int jf_is_format(const jf_audio_format_t *format) {
  return format->sample_rate >= 8000 && format->sample_rate <= 48000 && format->sample_rate % 100 == 0 && format->channels >= 1 &&
         format->channels <= JF_MAX_CHANNELS;
}

// -------------------------------------------------------------------------------------------------
// Table, entry, metadata

// The table of jackfield.module/1: `JF_MODULE_TABLE(free, jf_no_latency, my_stats, my_reset)`.
#define JF_MODULE_TABLE(destroy_, latency_, stats_, reset_)                                                               \
  static const jf_module_table_t jf_module = {                                                                            \
      .head = {.size = sizeof(jf_module_table_t), .revision = JF_MODULE_REVISION, .destroy = destroy_, .last_fault = jf_last_fault}, \
      .set_parameter = jf_set_parameter,                                                                                  \
      .parameter = jf_parameter,                                                                                          \
      .latency = latency_,                                                                                                \
      .stats = stats_,                                                                                                    \
      .reset = reset_,                                                                                                    \
  };

// The head of an area's table: `JF_HEAD(jf_pacer_table_t, JF_PACER_REVISION, free)`, after JF_MODULE_TABLE.
#define JF_HEAD(type, revision_, destroy_) \
  .head = {.size = sizeof(type), .revision = revision_, .destroy = destroy_, .last_fault = jf_last_fault, .module = &jf_module}

// The entry of a plugin with one module.
#define JF_ENTRY(area_, id_, create_)                                                                                     \
  static const jf_module_t jf_modules[] = {{sizeof(jf_module_t), 0, JF_STR(area_), JF_STR(id_), create_}};                \
  JF_ENTRY_OF(jf_modules)

// The entry of a plugin with these modules. In C++ a constant is seen outside only if it was declared so before.
#ifdef __cplusplus
#define JF_ENTRY_HEAD                                       \
  extern "C" JF_EXPORT const jf_entry_t jf_plugin_entry;    \
  const jf_entry_t
#else
#define JF_ENTRY_HEAD JF_EXPORT const jf_entry_t
#endif
#define JF_ENTRY_OF(modules_)                                                                                             \
  JF_ENTRY_HEAD jf_plugin_entry = {                                                                                       \
      .magic = JF_MAGIC,                                                                                                  \
      .size = sizeof(jf_entry_t),                                                                                         \
      .abi_major = JF_ABI_MAJOR,                                                                                          \
      .abi_minor = JF_ABI_MINOR,                                                                                          \
      .modules = modules_,                                                                                                \
      .n_modules = sizeof(modules_) / sizeof(modules_[0]),                                                                \
  };

#endif
