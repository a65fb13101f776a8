// A processor whose table is shorter than its revision: a host that trusted it would call what stands behind it in memory.
//
// Its metadata is right, so it is found out only when an instance is made.

#include "jackfield.h"

#include <stdlib.h>

static void bad_destroy(void *self) { free(self); }

static jf_status_t bad_last_fault(void *self, jf_fault_t *out) {
  (void)self;
  (void)out;
  return JF_OK;
}

static jf_status_t bad_activate(void *self, const jf_audio_format_t *format) {
  (void)self;
  (void)format;
  return JF_OK;
}

static const jf_audio_processor_table_t table = {
    .head = {.size = sizeof(jf_audio_processor_table_t) - 16,
             .revision = JF_AUDIO_PROCESSOR_REVISION,
             .destroy = bad_destroy,
             .last_fault = bad_last_fault},
    .activate = bad_activate,
};

static jf_status_t bad_create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {
  (void)environment;
  (void)fault;
  out->self = malloc(1);
  out->table = &table;
  return JF_OK;
}

static const jf_module_t modules[] = {
    {sizeof(jf_module_t), 0, JF_STR(JF_AUDIO_PROCESSOR_ID), JF_STR("jackfield.bad.wrong-size-table"), bad_create},
};

JF_EXPORT const jf_entry_t jf_plugin_entry = {
    .magic = JF_MAGIC,
    .size = sizeof(jf_entry_t),
    .abi_major = JF_ABI_MAJOR,
    .abi_minor = JF_ABI_MINOR,
    .modules = modules,
    .n_modules = sizeof(modules) / sizeof(modules[0]),
};

JF_META(JF_META_MODULE(JF_AUDIO_PROCESSOR_ID, "jackfield.bad.wrong-size-table", "Wrong-size table", "1.0.0", "Jackfield",
                       "MIT OR Apache-2.0", "Gives out a table that is too short.", "1")
        JF_META_AUDIO("", "8", "0") JF_MODULE_SHAPE JF_AUDIO_PROCESSOR_SHAPE)
