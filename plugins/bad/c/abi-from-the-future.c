// A plugin for a major version of the boundary that nobody has written yet.

#include "jackfield.h"

static jf_status_t bad_create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {
  (void)environment;
  (void)out;
  (void)fault;
  return JF_E_FAILED;
}

static const jf_module_t modules[] = {
    {sizeof(jf_module_t), 0, JF_STR(JF_AUDIO_PROCESSOR_ID), JF_STR("jackfield.bad.abi-from-the-future"), bad_create},
};

JF_EXPORT const jf_entry_t jf_plugin_entry = {
    .magic = JF_MAGIC,
    .size = sizeof(jf_entry_t),
    .abi_major = JF_ABI_MAJOR + 1,
    .abi_minor = JF_ABI_MINOR,
    .modules = modules,
    .n_modules = sizeof(modules) / sizeof(modules[0]),
};

JF_META(JF_META_MODULE(JF_AUDIO_PROCESSOR_ID, "jackfield.bad.abi-from-the-future", "ABI from the future", "1.0.0",
                       "Jackfield", "MIT OR Apache-2.0", "Was built for a boundary that there is not yet.", "1")
        JF_META_AUDIO("", "8", "0") JF_MODULE_SHAPE JF_AUDIO_PROCESSOR_SHAPE)
