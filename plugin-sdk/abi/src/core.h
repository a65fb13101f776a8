// The boundary between a Jackfield host and its plugins, in C.
//
// This file is made by a test from the traits in framework/core and the text in plugin-sdk/abi/src/core.h: change those, then
// run the tests of jackfield-core with JACKFIELD_BLESS=1. It compiles as C11 and as C++17.
//
// What holds everywhere:
//
// - The caller owns every buffer that it passes. Pointers hold until the call returns. Whoever allocates frees.
// - Text is UTF-8 with a length; it does not end in a zero.
// - Nothing unwinds out of a function: catch what your language throws and return JF_E_PANICKED.
// - Time is an argument. A plugin reads no clock, and draws randomness only from the seed in jf_environment_t.
// - Tables and structs that begin with `size` only grow, at their end. Read no further than the `size` of the other side; what
//   lies behind it is absent. A reserved field is zero.
// - Each function says in brackets on which class of thread it is called, never concurrently for one instance:
//   [control] may allocate, lock and block; [audio] has a deadline every 10 ms and takes no lock, allocates nothing and frees
//   nothing; [network] handles packets and never blocks; [any] is any of them.
//
// A plugin is a shared library that exports `const jf_entry_t jf_plugin_entry` and says in JF_META what is in it.
// plugin-sdk/c/gain.c is a whole one.

#ifndef JACKFIELD_H
#define JACKFIELD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define JF_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define JF_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

// Exports a symbol although everything else is hidden.
#define JF_EXPORT __attribute__((visibility("default")))

// -------------------------------------------------------------------------------------------------
// Status

// 0 or more: done. Less: one of these, with a text in `last_fault`.
typedef int32_t jf_status_t;

enum {
  JF_OK = 0,
  JF_E_INVALID = -1,           // an argument is out of range, of the wrong length or malformed
  JF_E_UNSUPPORTED = -2,       // not offered by this plugin
  JF_E_STATE = -3,             // the call does not fit the state of the instance
  JF_E_BUFFER_TOO_SMALL = -4,  // the output buffer that the caller passed is too small
  JF_E_FAILED = -5,            // a file, device or library that the plugin needs failed
  JF_E_PANICKED = -100,        // the plugin panicked in this call; the instance is out of use from now on
  JF_E_POISONED = -101,        // the plugin panicked in an earlier call; replace the instance
  JF_E_TIMED_OUT = -102,       // the plugin did not answer before its deadline
  JF_E_GONE = -103             // the plugin's process has ended; it is started again
};

#define JF_FAULT_TEXT_BYTES 240

// Why a call failed.
typedef struct jf_fault {
  uint32_t size;                   // sizeof(jf_fault_t), set by whoever provides it
  jf_status_t status;              // 0 if there was no fault yet
  char text[JF_FAULT_TEXT_BYTES];  // UTF-8, ends at the first zero; says what was wrong and what to do
} jf_fault_t;

// A piece of UTF-8 that is not zero-terminated.
typedef struct jf_str {
  const char *start;
  size_t len;
} jf_str_t;

// A jf_str_t from a string literal.
#define JF_STR(literal) { literal, sizeof(literal) - 1 }

// -------------------------------------------------------------------------------------------------
// Entry

#define JF_ABI_MAJOR 1
#define JF_ABI_MINOR 0

// The first eight bytes of an entry.
#define JF_MAGIC { 'J', 'A', 'C', 'K', 'F', 'L', 'D', '1' }

// The plugin is linked into the host instead of being loaded.
#define JF_HOST_LINKED 1u

struct jf_proof;
struct jf_environment;

// What every table of an area begins with.
typedef struct jf_table_head {
  // Size of the whole table in bytes.
  uint32_t size;
  // Revision of the area that the table was written for: JF_<AREA>_REVISION.
  uint32_t revision;
  // Ends the instance. [control]
  void (*destroy)(void *self);
  // Copies the fault that the instance reported last. Optional: may be NULL.
  // [any, never concurrent with another call on this instance]
  jf_status_t (*last_fault)(void *self, jf_fault_t *out);
  // The jf_module_table_t of the same instance; NULL in that table itself.
  const void *module;
  // Finds a capability by its extension id: a static table, or NULL. Optional: may be NULL. [any]
  const void *(*extension)(void *self, const char *id, size_t id_len);
} jf_table_head_t;

// An instance: what every function takes first, and its area's table.
typedef struct jf_instance {
  void *self;
  const void *table;
} jf_instance_t;

// What a host offers. It stays valid until the process ends.
typedef struct jf_host {
  uint32_t size;
  uint32_t flags;
  // Passed to `log`.
  void *context;
  // Takes a log line: level 1 (error) to 5 (trace), who speaks, and the text. May be NULL. Any thread but [audio].
  void (*log)(void *context, uint32_t level, const char *target, size_t target_len, const char *text, size_t text_len);
} jf_host_t;

// One module: what it is and how to make one.
typedef struct jf_module {
  // sizeof(jf_module_t)
  uint32_t size;
  uint32_t reserved;
  // JF_<AREA>_ID
  jf_str_t area;
  // The module's id: lower-case words joined by dots, such as "acme.processing.gain".
  jf_str_t id;
  // Makes an instance in `out`; on a negative status says why in `fault`. [control]
  jf_status_t (*create)(const struct jf_environment *environment, jf_instance_t *out, jf_fault_t *fault);
} jf_module_t;

// The one thing that a plugin exports: plain data, so that looking at it runs none of the plugin's code.
typedef struct jf_entry {
  // JF_MAGIC
  uint8_t magic[8];
  // sizeof(jf_entry_t)
  uint32_t size;
  // JF_ABI_MAJOR, which must equal the host's, and JF_ABI_MINOR.
  uint16_t abi_major, abi_minor;
  // Called once before the first `create`; must not start threads or do I/O. Optional: may be NULL. [control]
  jf_status_t (*init)(const jf_host_t *host);
  // Reserved for hosts that unload; none does. Optional: may be NULL. [control]
  void (*deinit)(void);
  const jf_module_t *modules;
  size_t n_modules;
  // The layout proof of a Rust plugin. NULL in C.
  const struct jf_proof *proof;
} jf_entry_t;

// -------------------------------------------------------------------------------------------------
// Metadata: who the modules are and the shape of their tables, in an ELF section that hosts read without running anything.
//
//   JF_META(
//       JF_META_MODULE(JF_AUDIO_PROCESSOR_ID, "acme.processing.gain", "Gain", "1.0.0", "Acme", "MIT", "Makes it louder.", "1")
//       JF_META_AUDIO("", "8", "0")
//       JF_META_PARAMETER("gain", "Gain", "dB", "float", "-60", "30", "0", "", "How much louder.")
//       JF_MODULE_SHAPE JF_AUDIO_PROCESSOR_SHAPE)

#if defined(__has_attribute)
#if __has_attribute(retain)
#define JF_META_ATTRIBUTES __attribute__((used, retain, section(".jf_meta"), aligned(1)))
#endif
#endif
#ifndef JF_META_ATTRIBUTES
#define JF_META_ATTRIBUTES __attribute__((used, section(".jf_meta"), aligned(1)))
#endif

// The metadata of a plugin, once per shared library. Metadata is one long literal, which pedantic compilers remark upon.
#pragma GCC diagnostic ignored "-Woverlength-strings"
#define JF_META(lines) \
  static const char jf_meta[] JF_META_ATTRIBUTES = "jf1\0" "entry\tjf_plugin_entry\n" "abi\t1\t0\n" lines;

// A module. `deterministic` is "1" if the same input gives the same output in every run, else "0".
#define JF_META_MODULE(area, id, name, version, vendor, license, description, deterministic) \
  "module\t" area "\t" id "\t" name "\t" version "\t" vendor "\t" license "\t" description "\t" deterministic "\n"

// The audio formats of the module before: rates in hertz, best first, with commas ("" for any); the most channels; "1" if it wants
// the render signal.
#define JF_META_AUDIO(rates, max_channels, render) "audio\t" rates "\t" max_channels "\t" render "\n"

// The module before takes so little power that a device on its battery prefers it.
#define JF_META_POWER_EFFICIENT "power\t1\n"

// The congestion controller before decides at the "receiver", from the packets that come, or at "either" end; without this line at the
// sender.
#define JF_META_CONGESTION_ROLE(role) "congestion\t" role "\n"

// The next parameter of the module before. `kind` is "bool", "int", "float" or "choice"; `choices` are joined by |.
#define JF_META_PARAMETER(name, title, unit, kind, minimum, maximum, initial, choices, help) \
  "parameter\t" name "\t" title "\t" unit "\t" kind "\t" minimum "\t" maximum "\t" initial "\t" choices "\t" help "\n"

// The next statistic of the module before. `kind` is "gauge" or "counter".
#define JF_META_STATISTIC(name, unit, kind, help) "statistic\t" name "\t" unit "\t" kind "\t" help "\n"
