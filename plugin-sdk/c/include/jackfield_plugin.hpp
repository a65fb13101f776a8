// Conveniences for plugins in C++17: write a class, and the table, the entry and the catching of exceptions are made from it.
// Header-only, on top of jackfield_plugin.h.
//
//   struct Louder : jf::Plugin {
//     jf_status_t activate(const jf_audio_format_t &format);
//     jf_status_t process(jf_timestamp_t now, float *near, size_t near_len, const jf_capture_info_t &capture, jf_processor_report_t &report);
//   };
//   JF_AUDIO_PROCESSOR(Louder, "example.processing.louder")
//
// Nothing unwinds into the host: what a method throws becomes JF_E_PANICKED, and the instance is out of use from then on.
// plugin-sdk/c/gate.cpp is a whole one.

#ifndef JACKFIELD_PLUGIN_HPP
#define JACKFIELD_PLUGIN_HPP

#include "jackfield_plugin.h"

#include <exception>
#include <new>

namespace jf {

// What every plugin derives from. Its methods may be replaced by methods of the same name in the class: no virtual call is made.
struct Plugin {
  jf_base_t base{};
  bool poisoned = false;

  jf_status_t fail(jf_status_t status, const char *text) { return jf_fail(&base, status, text); }
  double value(uint32_t index) const { return base.values[index]; }

  // How far the output lags behind the input.
  jf_latency_t latency() { return {0, 48000}; }
  // Writes each statistic and says how many there are.
  uint32_t stats(double *, size_t) { return 0; }
  // Forgets what was learnt from the signal.
  void reset(jf_reset_reason_t) {}
  // The far end, before each block of the near end.
  jf_status_t render(jf_timestamp_t, const float *, size_t) { return JF_OK; }
  // What it has learnt, for a successor; and what a predecessor had.
  jf_status_t hand_over(jf_processor_handover_t &) { return JF_OK; }
  jf_status_t take_over(const jf_processor_handover_t &) { return JF_OK; }
};

// Runs `call`; an exception poisons the instance.
template <class T, class Call>
jf_status_t guarded(void *self, Call call) noexcept {
  T *plugin = static_cast<T *>(self);
  if (plugin->poisoned) return JF_E_POISONED;
  try {
    return call(*plugin);
  } catch (const std::exception &exception) {
    plugin->poisoned = true;
    return jf_fail(&plugin->base, JF_E_PANICKED, exception.what());
  } catch (...) {
    plugin->poisoned = true;
    return jf_fail(&plugin->base, JF_E_PANICKED, "something that is no exception was thrown");
  }
}

template <class T>
void destroy(void *self) noexcept {
  T *plugin = static_cast<T *>(self);
  // The invariants of a poisoned instance are gone; it is leaked.
  if (plugin->poisoned) return;
  try {
    delete plugin;
  } catch (...) {
  }
}

// The functions of jf_base_t work on the address of `base`, which an instance's own address need not be.
template <class T>
jf_status_t last_fault(void *self, jf_fault_t *out) noexcept {
  return jf_last_fault(&static_cast<T *>(self)->base, out);
}

template <class T>
const jf_module_table_t *module_table() {
  static const jf_module_table_t table = [] {
    jf_module_table_t made{};
    made.head.size = sizeof(made);
    made.head.revision = JF_MODULE_REVISION;
    made.head.destroy = destroy<T>;
    made.head.last_fault = last_fault<T>;
    made.set_parameter = [](void *self, uint32_t index, double value) {
      return guarded<T>(self, [&](T &plugin) { return jf_set_parameter(&plugin.base, index, value); });
    };
    made.parameter = [](void *self, uint32_t index, double *out) {
      return guarded<T>(self, [&](T &plugin) { return jf_parameter(&plugin.base, index, out); });
    };
    made.latency = [](void *self, jf_latency_t *out) {
      return guarded<T>(self, [&](T &plugin) { return *out = plugin.latency(), JF_OK; });
    };
    made.stats = [](void *self, double *values, size_t values_len, uint32_t *out) {
      return guarded<T>(self, [&](T &plugin) { return *out = plugin.stats(values, values_len), JF_OK; });
    };
    made.reset = [](void *self, jf_reset_reason_t reason) {
      return guarded<T>(self, [&](T &plugin) { return plugin.reset(reason), JF_OK; });
    };
    return made;
  }();
  return &table;
}

template <class T>
const jf_audio_processor_table_t *audio_processor_table() {
  static const jf_audio_processor_table_t table = [] {
    jf_audio_processor_table_t made{};
    made.head.size = sizeof(made);
    made.head.revision = JF_AUDIO_PROCESSOR_REVISION;
    made.head.destroy = destroy<T>;
    made.head.last_fault = last_fault<T>;
    made.head.module = module_table<T>();
    made.activate = [](void *self, const jf_audio_format_t *format) {
      return guarded<T>(self, [&](T &plugin) { return plugin.activate(*format); });
    };
    made.render = [](void *self, jf_timestamp_t now, const float *far, size_t far_len) {
      return guarded<T>(self, [&](T &plugin) { return plugin.render(now, far, far_len); });
    };
    made.process = [](void *self, jf_timestamp_t now, float *near, size_t near_len, const jf_capture_info_t *capture,
                      jf_processor_report_t *report) {
      return guarded<T>(self, [&](T &plugin) { return plugin.process(now, near, near_len, *capture, *report); });
    };
    made.hand_over = [](void *self, jf_processor_handover_t *state) {
      return guarded<T>(self, [&](T &plugin) { return plugin.hand_over(*state); });
    };
    made.take_over = [](void *self, const jf_processor_handover_t *state) {
      return guarded<T>(self, [&](T &plugin) { return plugin.take_over(*state); });
    };
    return made;
  }();
  return &table;
}

// Makes an instance of `T` with its parameters.
template <class T>
jf_status_t create(const void *table, const jf_knob_t *knobs, uint32_t n_knobs, jf_instance_t *out, jf_fault_t *fault) noexcept {
  const char *text = "out of memory";
  try {
    T *plugin = new T();
    plugin->base.fault.size = sizeof(jf_fault_t);
    plugin->base.knobs = knobs;
    plugin->base.n_knobs = n_knobs;
    for (uint32_t i = 0; i < n_knobs; i++) plugin->base.values[i] = knobs[i].initial;
    out->self = plugin;
    out->table = table;
    return JF_OK;
  } catch (const std::bad_alloc &) {
  } catch (...) {
    text = "the constructor threw";
  }
  fault->status = JF_E_FAILED;
  strncpy(fault->text, text, sizeof(fault->text) - 1);
  return JF_E_FAILED;
}

}  // namespace jf

// The entry of a plugin whose one module is an audio processor of class `Class`, with the parameters of JF_KNOBS.
#define JF_AUDIO_PROCESSOR(Class, id)                                                                                    \
  static jf_status_t jf_create(const jf_environment_t *, jf_instance_t *out, jf_fault_t *fault) {                        \
    return jf::create<Class>(jf::audio_processor_table<Class>(), jf_knobs, JF_KNOB_COUNT, out, fault);                   \
  }                                                                                                                      \
  static const jf_module_t jf_modules[] = {{sizeof(jf_module_t), 0, JF_STR(JF_AUDIO_PROCESSOR_ID), JF_STR(id), jf_create}}; \
  extern "C" JF_EXPORT const jf_entry_t jf_plugin_entry;                                                                 \
  const jf_entry_t jf_plugin_entry = {JF_MAGIC,   sizeof(jf_entry_t), JF_ABI_MAJOR, JF_ABI_MINOR, nullptr,               \
                                      nullptr,    jf_modules,         1,            nullptr};

#endif
