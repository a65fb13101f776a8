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

// -------------------------------------------------------------------------------------------------
// Constants

// A deadline that never comes; a packet that never arrived.
#define JF_TIMESTAMP_NEVER INT64_MAX
// Longer than any other span of time.
#define JF_TIME_DELTA_INFINITE INT64_MAX
// Faster than any other rate.
#define JF_DATA_RATE_INFINITE INT64_MAX
// More than any other size.
#define JF_DATA_SIZE_INFINITE INT64_MAX
// No static payload type: one of 96 to 127 is chosen in negotiation.
#define JF_PAYLOAD_FORMAT_DYNAMIC UINT32_MAX
// Nobody is left out of the mix.
#define JF_MIX_REQUEST_EVERYONE UINT32_MAX
// The most channels that a block can have.
#define JF_MAX_CHANNELS 8u
// The most samples that one channel of a block can have: 10 ms at 48 kHz.
#define JF_MAX_BLOCK_SAMPLES 480u

// The surroundings of one instance.
// It holds neither a clock nor an executor: time is an argument of every method that needs it, and a plugin
// does its work when it is called. What it logs and counts leaves through the log of its image and through
// its statistics. Why: docs/adr/0008.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_environment {
  // The size of this struct in bytes, as its maker knows it.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // The seed for all randomness that the instance uses. Equal seed and equal input give equal output.
  uint64_t seed;
  // What is tried out with this instance: lines of UTF-8 `key=value`, each with a line feed at its end, then
  // zeros. A key that a plugin does not know means nothing to it.
  uint8_t experiments[480];
} jf_environment_t;

// Why a module is reset.
// An unknown value is no error.
typedef uint32_t jf_reset_reason_t;
enum {
  // The stream starts anew: another source, a long gap.
  JF_RESET_REASON_STREAM = 0,
  // The acoustic path between loudspeaker and microphone changed.
  JF_RESET_REASON_ECHO_PATH = 1,
  // Another device.
  JF_RESET_REASON_DEVICE = 2,
};

// The rate of a sampled signal or of an RTP clock, in hertz.
typedef uint32_t jf_sample_rate_t;

// How far a module's output lags behind its input.
typedef struct jf_latency {
  // Samples per channel at `sample_rate`; 0 if none.
  uint32_t samples;
  // The rate in which `samples` counts.
  jf_sample_rate_t sample_rate;
} jf_latency_t;

// -------------------------------------------------------------------------------------------------
// jackfield.module/1

// The operations that all areas share. Hosts call them; plugin authors implement `Plugin` and get this for
// nothing.
#define JF_MODULE_ID "jackfield.module/1"
#define JF_MODULE_REVISION 1u

typedef struct jf_module_table {
  jf_table_head_t head;

  // Sets parameter `index` (its place in the descriptor's list) to `value`. At any time, before `activate` or
  // `open` too; it holds from the next block on, without a click. Must not allocate, lock or block. Fails
  // with `Invalid` for an index that there is not or a value out of range; the old value then stays. [any,
  // never concurrent with another call on this instance]
  jf_status_t (*set_parameter)(void *self, uint32_t index, double value);

  // The present value of parameter `index`, as it was set. At any time. Fails with `Invalid` for an index
  // that there is not. [any, never concurrent with another call on this instance]
  jf_status_t (*parameter)(void *self, uint32_t index, double *out);

  // By how much the output lags behind the input. Asked after `activate` or `open`; it stays the same until
  // the next one. [any, never concurrent with another call on this instance]
  jf_status_t (*latency)(void *self, jf_latency_t *out);

  // Writes the present value of each statistic, in the descriptor's order, into `values`, and returns how
  // many there are. At any time. Fails with `BufferTooSmall` if they have no room. Must not allocate, lock or
  // block. [any, never concurrent with another call on this instance]
  jf_status_t (*stats)(void *self, double *values, size_t values_len, uint32_t *out);

  // Forgets what was learnt from the signal, keeps the parameters and whatever `activate` or `open` set up.
  // At any time; packets that wait go on waiting. Must not allocate, lock or block. [any, never concurrent
  // with another call on this instance]
  jf_status_t (*reset)(void *self, jf_reset_reason_t reason);
} jf_module_table_t;

// The shape of the table, for JF_META.
#define JF_MODULE_SHAPE \
  "area\tjackfield.module/1\t1\n" \
  "method\tset_parameter(index: uint32_t, value: double) -> status\n" \
  "method\tparameter(index: uint32_t) -> status, double\n" \
  "method\tlatency() -> status, jf_latency_t{samples:uint32_t,sample_rate:uint32_t}\n" \
  "method\tstats(values: []double) -> status, uint32_t\n" \
  "method\treset(reason: uint32_t) -> status\n"

// What a block looks like: its rate and its channels. 8 to 48 kHz, 1 to 8 channels.
typedef struct jf_audio_format {
  // Samples per second and channel.
  jf_sample_rate_t sample_rate;
  // Channels, 1 to 8.
  uint32_t channels;
} jf_audio_format_t;

// Engine time: microseconds since an origin that the runtime (or the simulator) chose. Monotonic; the only
// `now` that a module sees.
typedef int64_t jf_timestamp_t;

// Where a source stands.
typedef struct jf_source_handover {
  // Samples per channel given since `open`.
  uint64_t position;
} jf_source_handover_t;

// What a source says of the block that it gave.
typedef struct jf_source_state {
  // 1 once nothing more will come, else 0.
  uint32_t ended;
  // Samples per channel that were missing and had to be made up in this block.
  uint32_t missing;
} jf_source_state_t;

// -------------------------------------------------------------------------------------------------
// jackfield.audio-source/1

// Where audio comes in.
// Shapes: planar `f32`, `format.block_len()` samples. Life: `open`; in a swap `take_over`; then `read` every
// 10 ms. A swap hands the position over and leaves no gap.
#define JF_AUDIO_SOURCE_ID "jackfield.audio-source/1"
#define JF_AUDIO_SOURCE_REVISION 1u

typedef struct jf_audio_source_table {
  jf_table_head_t head;

  // Opens the place that `location` names (a path, a device name; empty for the default) in `format`, and
  // stands at its beginning. May be called again, for another place or format. Fails with `Invalid` or
  // `Failed` if there is no such place, with `Unsupported` for a format that it cannot give. [control]
  jf_status_t (*open)(void *self, const char *location, size_t location_len, const jf_audio_format_t *format);

  // Fills `block` with the 10 ms that begin at `now`. Silence once the source has ended. Fails with `State`
  // before `open`, with `Invalid` if `block` is not one block of the format. Must not allocate, lock or
  // block. [audio]
  jf_status_t (*read)(void *self, jf_timestamp_t now, float *block, size_t block_len, jf_source_state_t *out);

  // Says where it stands, for a successor. Between two blocks, at any time. Must not allocate, lock or block.
  // [audio]
  // Optional: may be NULL.
  jf_status_t (*hand_over)(void *self, jf_source_handover_t *out);

  // Goes on from where a predecessor stood. After `open` and before the first `read`. [control]
  // Optional: may be NULL.
  jf_status_t (*take_over)(void *self, const jf_source_handover_t *state);
} jf_audio_source_table_t;

// The shape of the table, for JF_META.
#define JF_AUDIO_SOURCE_SHAPE \
  "area\tjackfield.audio-source/1\t1\n" \
  "method\topen(location: str, format: const*jf_audio_format_t{sample_rate:uint32_t,channels:uint32_t}) -> status\n" \
  "method\tread(now: int64_t, block: []float) -> status, jf_source_state_t{ended:uint32_t,missing:uint32_t}\n" \
  "method\thand_over() -> status, jf_source_handover_t{position:uint64_t}\n" \
  "method\ttake_over(state: const*jf_source_handover_t{position:uint64_t}) -> status\n"

// What a sink says after it took a block.
typedef struct jf_sink_state {
  // Samples per channel that wait in the sink before they are heard: the render delay that an echo canceller
  // wants to know.
  uint32_t queued;
  // Samples per channel that had to be dropped.
  uint32_t dropped;
} jf_sink_state_t;

// -------------------------------------------------------------------------------------------------
// jackfield.audio-sink/1

// Where audio goes out.
// Shapes: planar `f32`, `format.block_len()` samples. Life: `open`; `write` every 10 ms; `close`. One that is
// destroyed while it is open closes by itself.
#define JF_AUDIO_SINK_ID "jackfield.audio-sink/1"
#define JF_AUDIO_SINK_REVISION 1u

typedef struct jf_audio_sink_table {
  jf_table_head_t head;

  // Opens the place that `location` names (a path, a device name; empty for the default) in `format`. May be
  // called again: what is open is closed first. Fails with `Invalid` or `Failed` if there cannot be such a
  // place, with `Unsupported` for a format that it does not take. [control]
  jf_status_t (*open)(void *self, const char *location, size_t location_len, const jf_audio_format_t *format);

  // Takes the 10 ms that begin at `now`, whatever stands in them: what is no number too. Fails with `State`
  // while it is not open, with `Invalid` if `block` is not one block of the format. Must not allocate, lock
  // or block. [audio]
  jf_status_t (*write)(
      void *self,
      jf_timestamp_t now,
      const float *block,
      size_t block_len,
      jf_sink_state_t *out);

  // Writes out what it holds and closes the place. No fault if nothing is open. [control]
  jf_status_t (*close)(void *self);
} jf_audio_sink_table_t;

// The shape of the table, for JF_META.
#define JF_AUDIO_SINK_SHAPE \
  "area\tjackfield.audio-sink/1\t1\n" \
  "method\topen(location: str, format: const*jf_audio_format_t{sample_rate:uint32_t,channels:uint32_t}) -> status\n" \
  "method\twrite(now: int64_t, block: const[]float) -> status, jf_sink_state_t{queued:uint32_t,dropped:uint32_t}\n" \
  "method\tclose() -> status\n"

// A span of time in microseconds; may be negative.
typedef int64_t jf_time_delta_t;

// Where the volume control of an input stands, in 256 steps.
typedef uint32_t jf_input_volume_t;

// What the host knows of a near-end block.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_capture_info {
  // The size of this struct in bytes.
  uint32_t size;
  // 1 if the participant is muted (the block is silent), else 0.
  uint32_t muted;
  // From the moment a far-end block is shown to the moment its echo is in the near end; negative if unknown.
  jf_time_delta_t render_delay;
  // 1 if a key of the keyboard is being pressed, which a microphone nearby hears; else 0.
  uint32_t key_pressed;
  // 1 if nobody uses what comes out, so that only the state matters; else 0.
  uint32_t output_unused;
  // Where the input's volume control stands.
  jf_input_volume_t volume;
  // 1 if the input's gain is another than in the block before (its control was moved, another device was
  // taken), else 0.
  uint32_t gain_changed;
} jf_capture_info_t;

// What a processor found out about a block. A value that it does not know stays as the host set it: NaN.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_processor_report {
  // The size of this struct in bytes.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // How likely it is that the block holds speech, 0 to 1.
  float voice_probability;
  // Echo return loss enhancement in dB.
  float echo_return_loss_enhancement;
  // Estimated echo delay in ms.
  float echo_delay_ms;
  // Gain applied in dB.
  float gain_db;
  // Echo return loss in dB: by how much the path from loudspeaker to microphone weakens what is played.
  float echo_return_loss;
  // How likely it is that echo is left in the block, 0 to 1.
  float residual_echo_likelihood;
  // Where the input's volume control should stand from now on.
  jf_input_volume_t wanted_volume;
  // 1 if the block is as it came, else 0.
  uint32_t untouched;
} jf_processor_report_t;

// What one processor can tell its successor, whoever made it. Unknown values are NaN.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_processor_handover {
  // The size of this struct in bytes.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // Delay of the echo behind the render signal in ms.
  float echo_delay_ms;
  // Level of the background noise in dBov.
  float noise_floor_dbov;
  // Gain applied in dB.
  float gain_db;
  // Zero.
  uint32_t reserved2;
} jf_processor_handover_t;

// -------------------------------------------------------------------------------------------------
// jackfield.audio-processor/1

// A stage of voice processing.
// Shapes: planar `f32` at full scale ±1.0, exactly `format.block_len()` samples. Near and far end have the
// same format. Life: `activate`; in a swap `take_over`; then in every tick `render` (if the descriptor asks
// for it) and `process`. A swap replays recent render history into the newcomer and crossfades one block.
#define JF_AUDIO_PROCESSOR_ID "jackfield.audio-processor/1"
#define JF_AUDIO_PROCESSOR_REVISION 2u

typedef struct jf_audio_processor_table {
  jf_table_head_t head;

  // Fixes the format and makes all that `process` will need. Before the first block, and again when the
  // format changes: what was learnt from the signal may then be lost, the parameters not. Fails with
  // `Unsupported` for a format that it does not take. [control]
  jf_status_t (*activate)(void *self, const jf_audio_format_t *format);

  // Shows the block that is about to be played at the far end of the echo path. Only if the descriptor asks
  // for it, after `activate`, once before each `process`; several times running when past blocks are
  // replayed. Fails with `Invalid` if `far` is not one block of the format. Must not allocate, lock or block.
  // [audio]
  // Optional: may be NULL.
  jf_status_t (*render)(void *self, jf_timestamp_t now, const float *far, size_t far_len);

  // Processes one near-end block in place and fills in what it knows of it. After `activate`, every 10 ms.
  // Whatever stands in `near`, what comes out is finite. When it fails the host takes the block as it was.
  // Fails with `State` before `activate`, with `Invalid` if `near` is not one block of the format. Must not
  // allocate, lock or block. [audio]
  jf_status_t (*process)(
      void *self,
      jf_timestamp_t now,
      float *near,
      size_t near_len,
      const jf_capture_info_t *capture,
      jf_processor_report_t *report);

  // Says what it has learnt, for a successor. After `activate`, between two blocks; it goes on working. Must
  // not allocate, lock or block. [audio]
  // Optional: may be NULL.
  jf_status_t (*hand_over)(void *self, jf_processor_handover_t *state);

  // Starts from what a predecessor had learnt, as far as it is of use. After `activate`, between two blocks.
  // Must not allocate, lock or block. [audio]
  // Optional: may be NULL.
  jf_status_t (*take_over)(void *self, const jf_processor_handover_t *state);

  // ---- since revision 2; NULL in older tables ----

  // Copies what the linear part of an echo canceller left of the block processed last, before anything was
  // suppressed, to the start of each plane of `block` and gives the samples per channel; 0 if there is no
  // such part. Recognisers of speech want it. After `process`, before the next one. Must not allocate, lock
  // or block. [audio]
  // Optional: may be NULL.
  jf_status_t (*linear_output)(void *self, float *block, size_t block_len, uint32_t *out);
} jf_audio_processor_table_t;

// The shape of the table, for JF_META.
#define JF_AUDIO_PROCESSOR_SHAPE \
  "area\tjackfield.audio-processor/1\t2\n" \
  "method\tactivate(format: const*jf_audio_format_t{sample_rate:uint32_t,channels:uint32_t}) -> status\n" \
  "method\trender(now: int64_t, far: const[]float) -> status\n" \
  "method\tprocess(now: int64_t, near: []float, capture: const*jf_capture_info_t{...,size:uint32_t,muted:uint32_t,render_delay:int64_t,key_pressed:uint32_t,output_unused:uint32_t,volume:uint32_t,gain_changed:uint32_t}, report: *jf_processor_report_t{...,size:uint32_t,reserved:uint32_t,voice_probability:float,echo_return_loss_enhancement:float,echo_delay_ms:float,gain_db:float,echo_return_loss:float,residual_echo_likelihood:float,wanted_volume:uint32_t,untouched:uint32_t}) -> status\n" \
  "method\thand_over(state: *jf_processor_handover_t{...,size:uint32_t,reserved:uint32_t,echo_delay_ms:float,noise_floor_dbov:float,gain_db:float,reserved2:uint32_t}) -> status\n" \
  "method\ttake_over(state: const*jf_processor_handover_t{...,size:uint32_t,reserved:uint32_t,echo_delay_ms:float,noise_floor_dbov:float,gain_db:float,reserved2:uint32_t}) -> status\n" \
  "method\tlinear_output(block: []float) -> status, uint32_t\n"

// The numbers of an RTP payload format (RFC 3551).
typedef struct jf_payload_format {
  // The RTP clock.
  jf_sample_rate_t clock_rate;
  // Channels as `a=rtpmap` names them (Opus always says 2, RFC 7587 section 7).
  uint32_t channels;
  // The static payload type (RFC 3551 table 4), or `PayloadFormat::DYNAMIC`.
  uint32_t static_payload_type;
  // The rate at which encoder and decoder work.
  jf_sample_rate_t sample_rate;
  // The most channels that encoder and decoder work with.
  uint32_t max_channels;
  // The usual length of a packet.
  uint32_t packet_ms;
} jf_payload_format_t;

// Takes the payload formats of a codec.
// Given by the host, and valid until the call that it was passed to returns.
typedef struct jf_payload_format_sink {
  uint32_t size;
  uint32_t reserved;
  // Passed to each function.
  void *context;
  // One format: its encoding name in SDP (`opus`), its numbers, and the fmtp parameters to offer (may be
  // empty).
  jf_status_t (*format)(
      void *context,
      const char *name,
      size_t name_len,
      const jf_payload_format_t *format,
      const char *fmtp,
      size_t fmtp_len);
} jf_payload_format_sink_t;

// Takes a text.
// Given by the host, and valid until the call that it was passed to returns.
typedef struct jf_text_sink {
  uint32_t size;
  uint32_t reserved;
  // Passed to each function.
  void *context;
  // The text, or its next part.
  jf_status_t (*text)(void *context, const char *text, size_t text_len);
} jf_text_sink_t;

// -------------------------------------------------------------------------------------------------
// jackfield.audio-codec/1

// A codec as negotiation sees it. Its encoder and decoder are modules of their own with the same id.
#define JF_AUDIO_CODEC_ID "jackfield.audio-codec/1"
#define JF_AUDIO_CODEC_REVISION 1u

typedef struct jf_audio_codec_table {
  jf_table_head_t head;

  // Tells every payload format that it can be carried in, best first. At any time, and the same each time:
  // the place in this list is the index by which everything else names a format. [control]
  jf_status_t (*formats)(void *self, const jf_payload_format_sink_t *sink);

  // Answers the fmtp parameters that a remote end offers for format `index` (text after the payload type of
  // `a=fmtp`, may be empty): puts our own parameters into `answer`. At any time. Unknown parameters are no
  // fault. Fails with `Unsupported` if the offer cannot be met or there is no such format. [control]
  jf_status_t (*answer)(
      void *self,
      uint32_t index,
      const char *offered,
      size_t offered_len,
      const jf_text_sink_t *answer);
} jf_audio_codec_table_t;

// The shape of the table, for JF_META.
#define JF_AUDIO_CODEC_SHAPE \
  "area\tjackfield.audio-codec/1\t1\n" \
  "method\tformats(sink: callback jf_payload_format_sink_t{format(str, const*jf_payload_format_t{clock_rate:uint32_t,channels:uint32_t,static_payload_type:uint32_t,sample_rate:uint32_t,max_channels:uint32_t,packet_ms:uint32_t}, str)}) -> status\n" \
  "method\tanswer(index: uint32_t, offered: str, answer: callback jf_text_sink_t{text(str)}) -> status\n"

// How an encoder is set up.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_encoder_config {
  // The size of this struct in bytes.
  uint32_t size;
  // Index of the payload format among those the codec tells.
  uint32_t format;
  // The rate of the blocks.
  jf_sample_rate_t sample_rate;
  // Channels of the blocks.
  uint32_t channels;
  // Length of a packet in ms, a multiple of 10; 0 for the codec's usual.
  uint32_t packet_ms;
  // Zero.
  uint32_t reserved;
} jf_encoder_config_t;

// A flow of data in bits per second.
typedef int64_t jf_data_rate_t;

// An amount of data in bytes; may be negative where it is a difference.
typedef int64_t jf_data_size_t;

// What the network is like, for an encoder.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_network_hint {
  // The size of this struct in bytes.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // The rate that this stream may use, payload only.
  jf_data_rate_t target;
  // The round-trip time.
  jf_time_delta_t round_trip;
  // Share of packets lost, 0 to 1.
  float loss;
  // Mean length of a burst of losses, in packets.
  float mean_burst;
  // What the whole path bears, for all streams together; zero if unknown.
  jf_data_rate_t bandwidth;
  // What each packet adds to its payload on the wire; zero if unknown.
  jf_data_size_t overhead;
  // The shortest packet that the receiver takes (`minptime`); zero if it did not say.
  jf_time_delta_t shortest_packet;
  // The longest (`maxptime`); zero if it did not say.
  jf_time_delta_t longest_packet;
  // Share of packets lost that redundancy in the packet behind would have recovered, 0 to 1; never more than
  // `loss`.
  float recoverable_loss;
  // Zero.
  uint32_t reserved2;
} jf_network_hint_t;

// What an encoder made of a block.
typedef struct jf_encoded {
  // Length of the packet in bytes; 0 if none is complete, or if DTX keeps it back.
  uint32_t bytes;
  // RTP clock ticks that have passed with the packet, also when DTX keeps it back; 0 while it is incomplete.
  uint32_t ticks;
  // 1 if the encoder takes it for speech, else 0.
  uint32_t voice;
  // 1 if this packet is comfort noise or nothing at all (DTX), else 0.
  uint32_t dtx;
} jf_encoded_t;

// Between which bounds an encoder can work. Zero in a field means: unknown.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_encoder_limits {
  // The size of this struct in bytes.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // The least rate.
  jf_data_rate_t minimum;
  // The greatest rate.
  jf_data_rate_t maximum;
  // The shortest packet.
  jf_time_delta_t shortest_packet;
  // The longest packet.
  jf_time_delta_t longest_packet;
} jf_encoder_limits_t;

// -------------------------------------------------------------------------------------------------
// jackfield.audio-encoder/1

// Turns blocks into packets.
// Shapes: planar `f32`, 10 ms at the format's `sample_rate`, `config.channels` channels. Life: `activate`,
// then `encode` every 10 ms.
#define JF_AUDIO_ENCODER_ID "jackfield.audio-encoder/1"
#define JF_AUDIO_ENCODER_REVISION 2u

typedef struct jf_audio_encoder_table {
  jf_table_head_t head;

  // Fixes format and fmtp (the remote end's parameters: what it wants to receive) and makes all that `encode`
  // will need. Before the first block, and again for another format or packet length. Fails with
  // `Unsupported` for what it does not offer. [control]
  jf_status_t (*activate)(void *self, const jf_encoder_config_t *config, const char *fmtp, size_t fmtp_len);

  // Takes the next 10 ms. When they complete a packet, writes it to `payload` (at least 1,275 bytes) and says
  // so; else `bytes` is 0. Fails with `State` before `activate`, with `Invalid` if `block` is not one block,
  // with `BufferTooSmall` if the packet has no room. Must not allocate, lock or block. [audio]
  jf_status_t (*encode)(
      void *self,
      const float *block,
      size_t block_len,
      uint8_t *payload,
      size_t payload_len,
      jf_encoded_t *out);

  // Tells what the network is like now; what follows from it (rate, redundancy, packet length) is the codec's
  // own choice. Between two blocks. Must not allocate, lock or block. [audio]
  // Optional: may be NULL.
  jf_status_t (*network)(void *self, const jf_network_hint_t *hint);

  // ---- since revision 2; NULL in older tables ----

  // Between which bounds it can work, as things stand. Before `activate` nothing is known. Must not allocate,
  // lock or block. [audio]
  // Optional: may be NULL.
  jf_status_t (*limits)(void *self, jf_encoder_limits_t *out);
} jf_audio_encoder_table_t;

// The shape of the table, for JF_META.
#define JF_AUDIO_ENCODER_SHAPE \
  "area\tjackfield.audio-encoder/1\t2\n" \
  "method\tactivate(config: const*jf_encoder_config_t{...,size:uint32_t,format:uint32_t,sample_rate:uint32_t,channels:uint32_t,packet_ms:uint32_t,reserved:uint32_t}, fmtp: str) -> status\n" \
  "method\tencode(block: const[]float, payload: []uint8_t) -> status, jf_encoded_t{bytes:uint32_t,ticks:uint32_t,voice:uint32_t,dtx:uint32_t}\n" \
  "method\tnetwork(hint: const*jf_network_hint_t{...,size:uint32_t,reserved:uint32_t,target:int64_t,round_trip:int64_t,loss:float,mean_burst:float,bandwidth:int64_t,overhead:int64_t,shortest_packet:int64_t,longest_packet:int64_t,recoverable_loss:float,reserved2:uint32_t}) -> status\n" \
  "method\tlimits() -> status, jf_encoder_limits_t{...,size:uint32_t,reserved:uint32_t,minimum:int64_t,maximum:int64_t,shortest_packet:int64_t,longest_packet:int64_t}\n"

// How a decoder is set up.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_decoder_config {
  // The size of this struct in bytes.
  uint32_t size;
  // Index of the payload format among those the codec tells.
  uint32_t format;
  // The rate of the output.
  jf_sample_rate_t sample_rate;
  // Channels of the output.
  uint32_t channels;
} jf_decoder_config_t;

// What a packet holds.
typedef struct jf_packet_info {
  // Samples per channel at the decoder's rate.
  uint32_t samples;
  // 1 if it holds redundancy for earlier packets, else 0.
  uint32_t redundancy;
  // 1 if it is comfort noise, else 0.
  uint32_t dtx;
  // Zero.
  uint32_t reserved;
} jf_packet_info_t;

// What a decoder gave.
typedef struct jf_decoded {
  // Samples per channel written.
  uint32_t samples;
  // 1 if they are speech, 0 if comfort noise or unknown.
  uint32_t voice;
} jf_decoded_t;

// -------------------------------------------------------------------------------------------------
// jackfield.audio-decoder/1

// Turns packets into samples, and makes up what is missing.
// Shapes: output is planar `f32` at `config.sample_rate`; `pcm` holds `config.channels` planes of `pcm.len()
// / channels` samples, and the samples written stand at the start of each plane. Life: `activate`, then the
// rest in any order; packets may hold anything, for they come from outside.
#define JF_AUDIO_DECODER_ID "jackfield.audio-decoder/1"
#define JF_AUDIO_DECODER_REVISION 1u

typedef struct jf_audio_decoder_table {
  jf_table_head_t head;

  // Fixes format and fmtp (our own parameters: what we said we want to receive). Before anything else, and
  // again for another format. Fails with `Unsupported` for what it does not offer. [control]
  jf_status_t (*activate)(void *self, const jf_decoder_config_t *config, const char *fmtp, size_t fmtp_len);

  // Looks into a packet without decoding it; nothing that is decoded later changes by that. Fails with
  // `Invalid` if it is none. Must not allocate, lock or block. [audio]
  jf_status_t (*probe)(void *self, const uint8_t *packet, size_t packet_len, jf_packet_info_t *out);

  // Decodes a packet (at most 120 ms). Gives as many samples as `probe` says. Fails with `Invalid` if it is
  // none: the host then conceals. Must not allocate, lock or block. [audio]
  jf_status_t (*decode)(
      void *self,
      const uint8_t *packet,
      size_t packet_len,
      float *pcm,
      size_t pcm_len,
      jf_decoded_t *out);

  // Recovers the `samples` samples that lie `back` before the packet `later`, from redundancy in it (in-band
  // FEC, DRED). `samples` of 0 in the answer: it holds none, and the host conceals. `later` itself is decoded
  // afterwards. Must not allocate, lock or block. [audio]
  // Optional: may be NULL.
  jf_status_t (*recover)(
      void *self,
      const uint8_t *later,
      size_t later_len,
      jf_time_delta_t back,
      uint32_t samples,
      float *pcm,
      size_t pcm_len,
      jf_decoded_t *out);

  // Makes up `samples` samples, exactly so many, for a packet that is missing; before the first packet they
  // are quiet. Must not allocate, lock or block. [audio]
  jf_status_t (*conceal)(void *self, uint32_t samples, float *pcm, size_t pcm_len, jf_decoded_t *out);
} jf_audio_decoder_table_t;

// The shape of the table, for JF_META.
#define JF_AUDIO_DECODER_SHAPE \
  "area\tjackfield.audio-decoder/1\t1\n" \
  "method\tactivate(config: const*jf_decoder_config_t{...,size:uint32_t,format:uint32_t,sample_rate:uint32_t,channels:uint32_t}, fmtp: str) -> status\n" \
  "method\tprobe(packet: const[]uint8_t) -> status, jf_packet_info_t{samples:uint32_t,redundancy:uint32_t,dtx:uint32_t,reserved:uint32_t}\n" \
  "method\tdecode(packet: const[]uint8_t, pcm: []float) -> status, jf_decoded_t{samples:uint32_t,voice:uint32_t}\n" \
  "method\trecover(later: const[]uint8_t, back: int64_t, samples: uint32_t, pcm: []float) -> status, jf_decoded_t{samples:uint32_t,voice:uint32_t}\n" \
  "method\tconceal(samples: uint32_t, pcm: []float) -> status, jf_decoded_t{samples:uint32_t,voice:uint32_t}\n"

// How a jitter buffer is set up.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_jitter_config {
  // The size of this struct in bytes.
  uint32_t size;
  // The RTP clock of the stream.
  jf_sample_rate_t clock_rate;
  // The most packets that may wait at once.
  uint32_t max_packets;
  // Zero.
  uint32_t reserved;
} jf_jitter_config_t;

// A packet as the jitter buffer sees it.
typedef struct jf_packet_arrival {
  // When it came.
  jf_timestamp_t arrival;
  // The host's name for the payload.
  uint64_t handle;
  // RTP sequence number, extended so that it never wraps.
  int64_t sequence_number;
  // RTP timestamp, extended so that it never wraps, in ticks of the clock.
  int64_t timestamp;
  // Ticks that the packet lasts.
  uint32_t ticks;
  // 1 if it holds redundancy for the packet before it, else 0.
  uint32_t redundancy;
  // 1 if it is comfort noise, else 0.
  uint32_t dtx;
  // 1 if the marker bit is set (start of a talkspurt), else 0.
  uint32_t marker;
} jf_packet_arrival_t;

// Takes handles back.
// Given by the host, and valid until the call that it was passed to returns.
typedef struct jf_handle_sink {
  uint32_t size;
  uint32_t reserved;
  // Passed to each function.
  void *context;
  // The packet with this handle will not be played.
  jf_status_t (*release)(void *context, uint64_t handle);
} jf_handle_sink_t;

// The operations of playing, after NetEq's. Those behind `Recover` are for hosts that know them only: see
// `Playout::knows`.
// An unknown value is no error.
typedef uint32_t jf_operation_t;
enum {
  // Play silence: nothing has come yet, or the sender is silent.
  JF_OPERATION_SILENCE = 0,
  // Decode the packet and play it as it is.
  JF_OPERATION_NORMAL = 1,
  // Decode the packet, join it to what was concealed.
  JF_OPERATION_MERGE = 2,
  // Decode the packet, play it faster by a pitch period.
  JF_OPERATION_ACCELERATE = 3,
  // Decode the packet, play it slower by a pitch period.
  JF_OPERATION_PREEMPTIVE_EXPAND = 4,
  // The packet is missing: make it up.
  JF_OPERATION_CONCEAL = 5,
  // The packet is missing: recover it from a later one.
  JF_OPERATION_RECOVER = 6,
  // Decode the packet, play it faster by as many pitch periods as can be taken out of it.
  JF_OPERATION_FAST_ACCELERATE = 7,
  // The sender has said what its silence sounds like (a packet with `dtx`, of the codec or of RFC 3389) and
  // says nothing more: let the decoder go on with that.
  JF_OPERATION_COMFORT_NOISE = 8,
  // Play the tones of a telephone event.
  JF_OPERATION_TONE = 9,
};

// Where playing stands when the host asks for more.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_playout {
  // The size of this struct in bytes.
  uint32_t size;
  // Ticks that are decoded and not played yet.
  uint32_t ready_ticks;
  // What the host did last.
  jf_operation_t last;
  // 1 if the samples last decoded were speech, else 0.
  uint32_t voice;
  // The greatest operation that the host knows. `Silence` stands for a host of before, which knows up to
  // `Recover`: ask `Playout::knows`.
  jf_operation_t greatest;
  // 1 if nobody hears what is played, so that packets are consumed undecoded; else 0.
  uint32_t muted;
} jf_playout_t;

// What one jitter buffer tells its successor.
typedef struct jf_jitter_handover {
  // 1 if playing has begun, so that the two numbers below mean something; else 0.
  uint32_t started;
  // Zero.
  uint32_t reserved;
  // Extended sequence number of the packet that is due next.
  int64_t next_sequence_number;
  // Extended timestamp that is due next.
  int64_t next_timestamp;
  // The delay that it aimed for.
  jf_time_delta_t target;
} jf_jitter_handover_t;

// A packet of a telephone event (RFC 4733 section 2.3) as the jitter buffer sees it.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_event_arrival {
  // The size of this struct in bytes.
  uint32_t size;
  // The event: 0 to 15 are the digits, star, pound and A to D (RFC 4733 section 3.2).
  uint32_t event;
  // When it came.
  jf_timestamp_t arrival;
  // The host's name for the packet.
  uint64_t handle;
  // RTP sequence number, extended so that it never wraps.
  int64_t sequence_number;
  // RTP timestamp at which the event began, extended so that it never wraps, in ticks of the clock.
  int64_t timestamp;
  // Ticks that it has lasted so far.
  uint32_t ticks;
  // 1 if it is over, else 0.
  uint32_t ended;
} jf_event_arrival_t;

// What became of an inserted packet.
// An unknown value is no error.
typedef uint32_t jf_insertion_t;
enum {
  // It waits.
  JF_INSERTION_ACCEPTED = 0,
  // Its time to be played has passed.
  JF_INSERTION_LATE = 1,
  // It was there already.
  JF_INSERTION_DUPLICATE = 2,
  // It waits, and the buffer was emptied for it (their handles went to `released`).
  JF_INSERTION_FLUSHED = 3,
};

// What the host is to do next.
typedef struct jf_action {
  // The operation.
  jf_operation_t operation;
  // For `Conceal`, `Recover`, `Silence`, `ComfortNoise` and `Tone`: ticks to make. For the others 0: as many
  // as the packet holds.
  uint32_t ticks;
  // The packet to decode (it leaves the buffer), or for `Recover` the later packet whose redundancy to use
  // (it stays), or for `Tone` the event (it leaves the buffer when it is given for the last time).
  uint64_t handle;
  // For `Recover`: how long before the later packet the missing samples lie.
  jf_time_delta_t back;
} jf_action_t;

// The delay of a jitter buffer.
typedef struct jf_jitter_delay {
  // What it aims for.
  jf_time_delta_t target;
  // What waits in it now.
  jf_time_delta_t current;
} jf_jitter_delay_t;

// -------------------------------------------------------------------------------------------------
// jackfield.jitter-buffer/1

// Puts packets in order and decides when each is played.
// Life: `activate`; in a swap `take_over`, then `insert` for each packet that waits; then `insert` whenever a
// packet comes and `next` until 10 ms are filled, every 10 ms. It holds handles, never packets, and each
// handle that it accepts it gives back exactly once.
#define JF_JITTER_BUFFER_ID "jackfield.jitter-buffer/1"
#define JF_JITTER_BUFFER_REVISION 2u

typedef struct jf_jitter_buffer_table {
  jf_table_head_t head;

  // Fixes the stream's clock and the most packets held. Before anything else; again only while no packet
  // waits, else it fails with `State`. [control]
  jf_status_t (*activate)(void *self, const jf_jitter_config_t *config);

  // A packet has come. When it is accepted its handle stays with the buffer until `next` gives it out or
  // `released` takes it. When it is refused (late, duplicate) the handle stays with the caller. Packets come
  // in any order and with any numbers. Must not allocate, lock or block. [audio]
  jf_status_t (*insert)(
      void *self,
      jf_timestamp_t now,
      const jf_packet_arrival_t *packet,
      const jf_handle_sink_t *released,
      jf_insertion_t *out);

  // The host needs more samples: what shall it do? Called as often as it takes to fill 10 ms, so each answer
  // must make some. Handles of packets that will never be played go to `released`. Must not allocate, lock or
  // block. [audio]
  jf_status_t (*next)(
      void *self,
      jf_timestamp_t now,
      const jf_playout_t *playout,
      const jf_handle_sink_t *released,
      jf_action_t *out);

  // Bounds of the delay that it may aim for, from now on. At any time. Fails with `Invalid` if they are
  // negative or the wrong way round. [audio]
  jf_status_t (*set_bounds)(void *self, jf_time_delta_t minimum, jf_time_delta_t maximum);

  // The delay that it aims for and the one that it has. After `activate`, at any time. Must not allocate,
  // lock or block. [audio]
  jf_status_t (*delay)(void *self, jf_timestamp_t now, jf_jitter_delay_t *out);

  // What it has learnt of the network, and where playing stands, for a successor. After `activate`; it goes
  // on working until the successor is heard. Must not allocate, lock or block. [audio]
  jf_status_t (*hand_over)(void *self, jf_timestamp_t now, jf_jitter_handover_t *out);

  // Starts from what a predecessor had learnt. After `activate`, before anything is inserted; the packets
  // that wait are inserted afterwards. Must not allocate, lock or block. [audio]
  jf_status_t (*take_over)(void *self, jf_timestamp_t now, const jf_jitter_handover_t *state);

  // ---- since revision 2; NULL in older tables ----

  // A packet of a telephone event (RFC 4733) has come: a tone that somebody dials. When it is accepted its
  // handle stays with the buffer until `next` gives it out with `Operation::Tone` or `released` takes it; a
  // buffer that knows no tones calls it `Late`. Must not allocate, lock or block. [audio]
  // Optional: may be NULL.
  jf_status_t (*insert_event)(
      void *self,
      jf_timestamp_t now,
      const jf_event_arrival_t *event,
      const jf_handle_sink_t *released,
      jf_insertion_t *out);
} jf_jitter_buffer_table_t;

// The shape of the table, for JF_META.
#define JF_JITTER_BUFFER_SHAPE \
  "area\tjackfield.jitter-buffer/1\t2\n" \
  "method\tactivate(config: const*jf_jitter_config_t{...,size:uint32_t,clock_rate:uint32_t,max_packets:uint32_t,reserved:uint32_t}) -> status\n" \
  "method\tinsert(now: int64_t, packet: const*jf_packet_arrival_t{arrival:int64_t,handle:uint64_t,sequence_number:int64_t,timestamp:int64_t,ticks:uint32_t,redundancy:uint32_t,dtx:uint32_t,marker:uint32_t}, released: callback jf_handle_sink_t{release(uint64_t)}) -> status, uint32_t\n" \
  "method\tnext(now: int64_t, playout: const*jf_playout_t{...,size:uint32_t,ready_ticks:uint32_t,last:uint32_t,voice:uint32_t,greatest:uint32_t,muted:uint32_t}, released: callback jf_handle_sink_t{release(uint64_t)}) -> status, jf_action_t{operation:uint32_t,ticks:uint32_t,handle:uint64_t,back:int64_t}\n" \
  "method\tset_bounds(minimum: int64_t, maximum: int64_t) -> status\n" \
  "method\tdelay(now: int64_t) -> status, jf_jitter_delay_t{target:int64_t,current:int64_t}\n" \
  "method\thand_over(now: int64_t) -> status, jf_jitter_handover_t{started:uint32_t,reserved:uint32_t,next_sequence_number:int64_t,next_timestamp:int64_t,target:int64_t}\n" \
  "method\ttake_over(now: int64_t, state: const*jf_jitter_handover_t{started:uint32_t,reserved:uint32_t,next_sequence_number:int64_t,next_timestamp:int64_t,target:int64_t}) -> status\n" \
  "method\tinsert_event(now: int64_t, event: const*jf_event_arrival_t{...,size:uint32_t,event:uint32_t,arrival:int64_t,handle:uint64_t,sequence_number:int64_t,timestamp:int64_t,ticks:uint32_t,ended:uint32_t}, released: callback jf_handle_sink_t{release(uint64_t)}) -> status, uint32_t\n"

// How a mixer is set up.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_mixer_config {
  // The size of this struct in bytes.
  uint32_t size;
  // Zero.
  uint32_t reserved;
  // The format of all blocks.
  jf_audio_format_t format;
  // The most sources there will be.
  uint32_t max_sources;
  // The most mixes there will be.
  uint32_t max_mixes;
} jf_mixer_config_t;

// A source as the mixer sees it.
typedef struct jf_mix_source {
  // Its lasting number.
  uint32_t id;
  // 1 if muted by its owner, else 0.
  uint32_t muted;
  // How loud it is: dBov, 0 down to −127, by its audio-level header extension (RFC 6464) or measured.
  float level_dbov;
  // Gain wanted by the host, linear; 1.0 changes nothing.
  float gain;
} jf_mix_source_t;

// A mix that somebody wants.
typedef struct jf_mix_request {
  // The source to leave out (the listener's own), or `MixRequest::EVERYONE`.
  uint32_t without;
  // Zero.
  uint32_t reserved;
} jf_mix_request_t;

// -------------------------------------------------------------------------------------------------
// jackfield.mixer/1

// Mixes a conference.
// Shapes: planar `f32`, blocks of `format.block_len()` samples one after another, one block per source or
// mix. Life: `activate`; in a swap `take_over` for each source; then in every tick `choose` and `mix`.
// Sources come and go between two ticks without a word.
#define JF_MIXER_ID "jackfield.mixer/1"
#define JF_MIXER_REVISION 1u

typedef struct jf_mixer_table {
  jf_table_head_t head;

  // Fixes format and limits and makes all that `mix` will need. Before the first tick, and again for another
  // format or other limits. Fails with `Unsupported` for what it cannot do. [control]
  jf_status_t (*activate)(void *self, const jf_mixer_config_t *config);

  // Chooses who is to be decoded for this tick: writes indices into `sources`, each once, to `chosen` (as
  // long as `sources` is) and returns how many. A source that is fading out is still chosen. Once a tick,
  // before `mix`. Must not allocate, lock or block. [audio]
  jf_status_t (*choose)(
      void *self,
      jf_timestamp_t now,
      const jf_mix_source_t *sources,
      size_t sources_len,
      uint32_t *chosen,
      size_t chosen_len,
      uint32_t *out);

  // Mixes `sources` (those chosen; `pcm` holds one block for each, in the same order) into one block for each
  // of `mixes` in `output`, which it overwrites. No sample exceeds ±1.0, whatever comes in. Fails with
  // `State` before `activate`, with `Invalid` if a length does not fit or there are more than it was
  // activated for. Must not allocate, lock or block. [audio]
  jf_status_t (*mix)(
      void *self,
      jf_timestamp_t now,
      const jf_mix_source_t *sources,
      size_t sources_len,
      const float *pcm,
      size_t pcm_len,
      const jf_mix_request_t *mixes,
      size_t mixes_len,
      float *output,
      size_t output_len);

  // The gain that it gives to source `id` now, for a successor; negative if it does not know the source.
  // Between two ticks; it goes on working. Must not allocate, lock or block. [audio]
  jf_status_t (*hand_over)(void *self, uint32_t id, float *out);

  // Starts source `id` at the gain that a predecessor gave it; a negative one means nothing. After
  // `activate`, before the first tick. Must not allocate, lock or block. [audio]
  jf_status_t (*take_over)(void *self, uint32_t id, float gain);
} jf_mixer_table_t;

// The shape of the table, for JF_META.
#define JF_MIXER_SHAPE \
  "area\tjackfield.mixer/1\t1\n" \
  "method\tactivate(config: const*jf_mixer_config_t{...,size:uint32_t,reserved:uint32_t,format:jf_audio_format_t{sample_rate:uint32_t,channels:uint32_t},max_sources:uint32_t,max_mixes:uint32_t}) -> status\n" \
  "method\tchoose(now: int64_t, sources: const[]jf_mix_source_t{id:uint32_t,muted:uint32_t,level_dbov:float,gain:float}, chosen: []uint32_t) -> status, uint32_t\n" \
  "method\tmix(now: int64_t, sources: const[]jf_mix_source_t{id:uint32_t,muted:uint32_t,level_dbov:float,gain:float}, pcm: const[]float, mixes: const[]jf_mix_request_t{without:uint32_t,reserved:uint32_t}, output: []float) -> status\n" \
  "method\thand_over(id: uint32_t) -> status, float\n" \
  "method\ttake_over(id: uint32_t, gain: float) -> status\n"

// Bounds of the total rate.
typedef struct jf_rate_constraints {
  // Never below.
  jf_data_rate_t minimum;
  // Never above.
  jf_data_rate_t maximum;
  // To start from.
  jf_data_rate_t start;
} jf_rate_constraints_t;

// What an event is about; says which fields of `CongestionEvent` hold something.
// An unknown value is no error.
typedef uint32_t jf_congestion_event_kind_t;
enum {
  // The network went up (`flag` 1) or down (`flag` 0).
  JF_CONGESTION_EVENT_KIND_NETWORK_AVAILABILITY = 0,
  // The path changed; `constraints` holds new bounds.
  JF_CONGESTION_EVENT_KIND_ROUTE_CHANGE = 1,
  // Time passed; `size` holds the pacer's queue.
  JF_CONGESTION_EVENT_KIND_PROCESS_INTERVAL = 2,
  // The remote end reported a bandwidth (REMB): `rate`.
  JF_CONGESTION_EVENT_KIND_REMOTE_BITRATE = 3,
  // A round-trip time was measured: `time`; `flag` 1 if smoothed.
  JF_CONGESTION_EVENT_KIND_ROUND_TRIP_TIME = 4,
  // A packet left: `at`, `size`, `sequence_number`, `in_flight`, `cluster`, `flag` 1 if audio; `ssrc`,
  // `untracked`, `ecn`.
  JF_CONGESTION_EVENT_KIND_SENT_PACKET = 5,
  // A packet came (receive side): `at` sent, `time` arrival offset, `size`.
  JF_CONGESTION_EVENT_KIND_RECEIVED_PACKET = 6,
  // The streams changed: `rate` the sum of their minimum rates, `flag` 1 to ask for ALR probing; `padding`,
  // `constraints.maximum` the sum of their greatest rates, `pacing_factor`, `probe_repeatedly`.
  JF_CONGESTION_EVENT_KIND_STREAMS_CONFIG = 7,
  // New bounds: `constraints`.
  JF_CONGESTION_EVENT_KIND_TARGET_RATE_CONSTRAINTS = 8,
  // Losses reported by RTCP: `lost`, `received`, between `at` and now.
  JF_CONGESTION_EVENT_KIND_TRANSPORT_LOSS = 9,
  // Feedback on packets: `packets`; `in_flight`; `flag` 1 if the path carries ECN.
  JF_CONGESTION_EVENT_KIND_PACKET_FEEDBACK = 10,
  // An estimate of the link from elsewhere: `rate`, `time` its propagation delay; `lower`, `upper`,
  // `deviation`, `before_link`, `behind_link`, `confidence`.
  JF_CONGESTION_EVENT_KIND_NETWORK_STATE_ESTIMATE = 11,
};

// One event. Fields that its kind does not name are zero.
// May grow: set `size_of_struct` to its sizeof, and read no more than the `size_of_struct` that you are
// given.
typedef struct jf_congestion_event {
  // The size of this struct in bytes.
  uint32_t size_of_struct;
  // What it is about.
  jf_congestion_event_kind_t kind;
  // When the thing reported happened.
  jf_timestamp_t at;
  // A span of time.
  jf_time_delta_t time;
  // A rate.
  jf_data_rate_t rate;
  // A size.
  jf_data_size_t size;
  // Data that left and is neither acknowledged nor lost.
  jf_data_size_t in_flight;
  // Transport-wide sequence number, extended.
  int64_t sequence_number;
  // Bounds.
  jf_rate_constraints_t constraints;
  // Packets lost.
  uint32_t lost;
  // Packets received.
  uint32_t received;
  // Probe cluster that the packet belongs to; 0 if none.
  uint32_t cluster;
  // See the kind.
  uint32_t flag;
  // The stream that a packet belongs to.
  uint32_t ssrc;
  // The ECN codepoint that a packet was sent with, as in `PacketFeedback::ecn`.
  uint32_t ecn;
  // What left since the packet before without a transport-wide sequence number.
  jf_data_size_t untracked;
  // The most padding that the streams can do with.
  jf_data_rate_t padding;
  // At least so much the link bears; zero if unknown.
  jf_data_rate_t lower;
  // At most so much; zero if unknown.
  jf_data_rate_t upper;
  // By how much what it bears strays.
  jf_data_rate_t deviation;
  // Delay before the link.
  jf_time_delta_t before_link;
  // Delay behind the link.
  jf_time_delta_t behind_link;
  // How sure the estimate is, 0 to 1.
  float confidence;
  // Pacing as a multiple of the target that the streams ask for; 0 for the controller's own.
  float pacing_factor;
  // 1 to go on with the probes of the beginning until media flows, else 0.
  uint32_t probe_repeatedly;
  // Zero.
  uint32_t reserved;
} jf_congestion_event_t;

// What the remote end said of one packet.
typedef struct jf_packet_feedback {
  // Transport-wide sequence number, extended.
  int64_t sequence_number;
  // When it left.
  jf_timestamp_t sent;
  // When it came, on the remote clock; `Timestamp::NEVER` if it did not.
  jf_timestamp_t received;
  // From its arrival to the sending of the feedback, if the feedback tells (RFC 8888); else negative.
  jf_time_delta_t arrival_offset;
  // Its size, headers included.
  jf_data_size_t size;
  // The ECN codepoint that it came with (0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE).
  uint32_t ecn;
  // Probe cluster that it belongs to; 0 if none.
  uint32_t cluster;
  // 1 if it is audio, else 0.
  uint32_t audio;
  // 1 if it had been reported lost before, else 0.
  uint32_t recovered;
} jf_packet_feedback_t;

// A burst of packets that tests the path.
typedef struct jf_probe_cluster {
  // Its number, from 1.
  uint32_t id;
  // At least so many packets.
  uint32_t minimum_packets;
  // At this rate.
  jf_data_rate_t rate;
  // For at least so long.
  jf_time_delta_t duration;
} jf_probe_cluster_t;

// Takes probe clusters.
// Given by the host, and valid until the call that it was passed to returns.
typedef struct jf_probe_sink {
  uint32_t size;
  uint32_t reserved;
  // Passed to each function.
  void *context;
  // Send a cluster of packets faster than the media needs, to see whether the path bears it.
  jf_status_t (*probe)(void *context, const jf_probe_cluster_t *cluster);
} jf_probe_sink_t;

// What one controller tells its successor.
typedef struct jf_congestion_handover {
  // The estimate of what the path bears; zero if unknown.
  jf_data_rate_t estimate;
  // The target last given.
  jf_data_rate_t target;
  // The round-trip time; zero if unknown.
  jf_time_delta_t round_trip;
  // The shortest round-trip time seen; zero if unknown.
  jf_time_delta_t minimum_round_trip;
  // Data in flight.
  jf_data_size_t in_flight;
  // Share of packets lost in parts per million.
  uint32_t loss_ppm;
  // Zero.
  uint32_t reserved;
} jf_congestion_handover_t;

// What the controller decides. Zero in a field means: as before.
typedef struct jf_congestion_update {
  // The rate for all media together.
  jf_data_rate_t target;
  // The rate at which packets may leave.
  jf_data_rate_t pacing;
  // The rate at which padding may fill up.
  jf_data_rate_t padding;
  // The most data in flight.
  jf_data_size_t window;
  // The estimate of what the path bears.
  jf_data_rate_t estimate;
  // How often feedback is wanted.
  jf_time_delta_t feedback_interval;
  // 1 to send packets as ECT(1) (RFC 9331), else 0.
  uint32_t ecn;
  // Zero.
  uint32_t reserved;
} jf_congestion_update_t;

// What a controller's last update means beyond its rates. Zero in a field means: nothing special.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_congestion_advice {
  // The size of this struct in bytes.
  uint32_t size;
  // 1 if the path is the bound of the target, 0 if the media is, or nobody knows.
  uint32_t limited_by_path;
  // What the pacing rate allows in so long may leave at once.
  jf_time_delta_t pacing_window;
  // What the padding rate allows in so long may leave at once.
  jf_time_delta_t padding_window;
  // Packets of a probe shall be at least so far apart.
  jf_time_delta_t probe_distance;
  // The round-trip time that the estimate is based on.
  jf_time_delta_t round_trip;
  // The share of packets lost that it is based on, 0 to 1.
  float loss;
  // By so much of the target the encoders shall go below it for now, because the window is full; 0 to 1.
  float reduction;
} jf_congestion_advice_t;

// -------------------------------------------------------------------------------------------------
// jackfield.congestion-controller/1

// Decides how fast to send.
// Life: `activate`; in a swap `take_over`; then `on_event` for whatever happens on the path, in the order of
// its happening, and every `process_interval` for time that passes.
#define JF_CONGESTION_CONTROLLER_ID "jackfield.congestion-controller/1"
#define JF_CONGESTION_CONTROLLER_REVISION 2u

typedef struct jf_congestion_controller_table {
  jf_table_head_t head;

  // Sets the bounds and the rate to start from. Before anything else. Fails with `Invalid` if the bounds are
  // the wrong way round. [control]
  jf_status_t (*activate)(void *self, jf_timestamp_t now, const jf_rate_constraints_t *constraints);

  // Takes one event; `packets` is empty unless its kind is `PacketFeedback`. Probes that are to be sent go to
  // `probes`. The update must be used. An event of an unknown kind changes nothing. Fails with `State` before
  // `activate`. Must not allocate, lock or block. [network]
  jf_status_t (*on_event)(
      void *self,
      jf_timestamp_t now,
      const jf_congestion_event_t *event,
      const jf_packet_feedback_t *packets,
      size_t packets_len,
      const jf_probe_sink_t *probes,
      jf_congestion_update_t *out);

  // How often it wants a `ProcessInterval` event; zero if never. Asked once after `activate`. [network]
  jf_status_t (*process_interval)(void *self, jf_time_delta_t *out);

  // What it believes of the path, for a successor. After `activate`; it goes on working until the successor
  // has proven itself. [network]
  jf_status_t (*hand_over)(void *self, jf_timestamp_t now, jf_congestion_handover_t *out);

  // Starts from what a predecessor believed; zero in a field means that nobody knows. After `activate`,
  // before the first event. [network]
  jf_status_t (*take_over)(void *self, jf_timestamp_t now, const jf_congestion_handover_t *state);

  // ---- since revision 2; NULL in older tables ----

  // What the last update means for the pacer and the encoders beyond its rates; asked for after each update.
  // Must not allocate, lock or block. [network]
  // Optional: may be NULL.
  jf_status_t (*advice)(void *self, jf_timestamp_t now, jf_congestion_advice_t *out);

  // 1 if it adapts to ECN marks (RFC 9331), so that it is worth sending with ECT(1); else 0. At any time, and
  // the same each time. [network]
  // Optional: may be NULL.
  jf_status_t (*adapts_to_ecn)(void *self, uint32_t *out);
} jf_congestion_controller_table_t;

// The shape of the table, for JF_META.
#define JF_CONGESTION_CONTROLLER_SHAPE \
  "area\tjackfield.congestion-controller/1\t2\n" \
  "method\tactivate(now: int64_t, constraints: const*jf_rate_constraints_t{minimum:int64_t,maximum:int64_t,start:int64_t}) -> status\n" \
  "method\ton_event(now: int64_t, event: const*jf_congestion_event_t{...,size_of_struct:uint32_t,kind:uint32_t,at:int64_t,time:int64_t,rate:int64_t,size:int64_t,in_flight:int64_t,sequence_number:int64_t,constraints:jf_rate_constraints_t{minimum:int64_t,maximum:int64_t,start:int64_t},lost:uint32_t,received:uint32_t,cluster:uint32_t,flag:uint32_t,ssrc:uint32_t,ecn:uint32_t,untracked:int64_t,padding:int64_t,lower:int64_t,upper:int64_t,deviation:int64_t,before_link:int64_t,behind_link:int64_t,confidence:float,pacing_factor:float,probe_repeatedly:uint32_t,reserved:uint32_t}, packets: const[]jf_packet_feedback_t{sequence_number:int64_t,sent:int64_t,received:int64_t,arrival_offset:int64_t,size:int64_t,ecn:uint32_t,cluster:uint32_t,audio:uint32_t,recovered:uint32_t}, probes: callback jf_probe_sink_t{probe(const*jf_probe_cluster_t{id:uint32_t,minimum_packets:uint32_t,rate:int64_t,duration:int64_t})}) -> status, jf_congestion_update_t{target:int64_t,pacing:int64_t,padding:int64_t,window:int64_t,estimate:int64_t,feedback_interval:int64_t,ecn:uint32_t,reserved:uint32_t}\n" \
  "method\tprocess_interval() -> status, int64_t\n" \
  "method\thand_over(now: int64_t) -> status, jf_congestion_handover_t{estimate:int64_t,target:int64_t,round_trip:int64_t,minimum_round_trip:int64_t,in_flight:int64_t,loss_ppm:uint32_t,reserved:uint32_t}\n" \
  "method\ttake_over(now: int64_t, state: const*jf_congestion_handover_t{estimate:int64_t,target:int64_t,round_trip:int64_t,minimum_round_trip:int64_t,in_flight:int64_t,loss_ppm:uint32_t,reserved:uint32_t}) -> status\n" \
  "method\tadvice(now: int64_t) -> status, jf_congestion_advice_t{...,size:uint32_t,limited_by_path:uint32_t,pacing_window:int64_t,padding_window:int64_t,probe_distance:int64_t,round_trip:int64_t,loss:float,reduction:float}\n" \
  "method\tadapts_to_ecn() -> status, uint32_t\n"

// How urgent a packet is; smaller goes first (the order of libwebrtc's `modules/pacing`).
// An unknown value is no error.
typedef uint32_t jf_packet_priority_t;
enum {
  // Audio.
  JF_PACKET_PRIORITY_AUDIO = 0,
  // Audio sent again.
  JF_PACKET_PRIORITY_AUDIO_RETRANSMISSION = 1,
  // Video sent again.
  JF_PACKET_PRIORITY_VIDEO_RETRANSMISSION = 2,
  // Video, and repair packets.
  JF_PACKET_PRIORITY_VIDEO = 3,
  // Padding.
  JF_PACKET_PRIORITY_PADDING = 4,
};

// A packet as the pacer sees it.
typedef struct jf_paced_packet {
  // The host's name for it.
  uint64_t handle;
  // Its size, headers included.
  jf_data_size_t size;
  // How urgent it is.
  jf_packet_priority_t priority;
  // The stream that it belongs to.
  uint32_t ssrc;
} jf_paced_packet_t;

// Takes the packets that may leave.
// Given by the host, and valid until the call that it was passed to returns.
typedef struct jf_departure_sink {
  uint32_t size;
  uint32_t reserved;
  // Passed to each function.
  void *context;
  // The packet with this handle may leave now.
  jf_status_t (*depart)(void *context, uint64_t handle);
} jf_departure_sink_t;

// How a pacer is set up. Zero in a field means: the pacer's own choice.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_pacer_config {
  // The size of this struct in bytes.
  uint32_t size;
  // 1 if audio counts against the rate, 0 if it leaves beside it.
  uint32_t count_audio;
  // What the rate allows in so long may leave at once.
  jf_time_delta_t window;
  // Longer than this nothing shall wait: the rate is raised for it.
  jf_time_delta_t longest_wait;
  // What each packet adds to its size on the wire and counts against the rate.
  jf_data_size_t overhead;
  // The steps in which the packets of a probe leave are at least so far apart; of the probes that are asked
  // for from now on.
  jf_time_delta_t probe_distance;
} jf_pacer_config_t;

// What waits in a pacer.
typedef struct jf_pacer_queue {
  // Packets.
  uint64_t packets;
  // Bytes.
  jf_data_size_t size;
} jf_pacer_queue_t;

// How things stand in a pacer.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_pacer_status {
  // The size of this struct in bytes.
  uint32_t size;
  // The probe cluster that the packets of the last poll belong to; 0 if none.
  uint32_t cluster;
  // Packets that wait.
  uint64_t packets;
  // What waits.
  jf_data_size_t waiting;
  // How long the packet that came first has waited; negative if unknown.
  jf_time_delta_t oldest_wait;
  // How long it takes until everything that waits has left; negative if unknown.
  jf_time_delta_t expected_wait;
  // How much padding is wanted now, because a probe lacks it or the padding rate has room for it: enqueue
  // about so much, and poll again at the same time. Worth asking for after each poll.
  jf_data_size_t padding;
} jf_pacer_status_t;

// -------------------------------------------------------------------------------------------------
// jackfield.pacer/1

// Spreads packets over time.
// Life: `set_rates` and `configure` at any time; `enqueue` for each packet; `poll` at each `deadline`. It
// holds handles, never packets, and each goes to a `DepartureSink` exactly once.
#define JF_PACER_ID "jackfield.pacer/1"
#define JF_PACER_REVISION 2u

typedef struct jf_pacer_table {
  jf_table_head_t head;

  // The rates at which media and padding may leave, from now on. Before the first packet, and whenever they
  // change. Must not allocate, lock or block. [network]
  jf_status_t (*set_rates)(void *self, jf_timestamp_t now, jf_data_rate_t pacing, jf_data_rate_t padding);

  // A packet wants to leave. Packets of one stream and one priority leave in the order of their coming;
  // streams of one priority may take turns. When it fails the handle stays with the caller. Must not
  // allocate, lock or block. [network]
  jf_status_t (*enqueue)(void *self, jf_timestamp_t now, const jf_paced_packet_t *packet);

  // Gives every packet that may leave by `now` to `departures`, in order. By the `deadline` at the latest;
  // earlier does no harm. What `departures` refuses stays. Must not allocate, lock or block. [network]
  jf_status_t (*poll)(void *self, jf_timestamp_t now, const jf_departure_sink_t *departures);

  // When `poll` is worth calling next; `Timestamp::NEVER` if nothing waits and nothing is due without
  // (padding, the step of a probe). Asked after each call that may change it. [network]
  jf_status_t (*deadline)(void *self, jf_timestamp_t *out);

  // What waits. At any time. [network]
  jf_status_t (*queue)(void *self, jf_pacer_queue_t *out);

  // Gives every packet that waits to `departures` at once, in the order in which they came or shall leave,
  // without sending it: the host enqueues them with the successor. Afterwards nothing waits. [network]
  jf_status_t (*hand_over)(void *self, const jf_departure_sink_t *departures);

  // ---- since revision 2; NULL in older tables ----

  // How it is set up; may be called at any time. Must not allocate, lock or block. [network]
  // Optional: may be NULL.
  jf_status_t (*configure)(void *self, jf_timestamp_t now, const jf_pacer_config_t *config);

  // From now on nothing leaves (`paused` 1), or everything goes on (0). What has waited too long meanwhile
  // leaves all the same. Must not allocate, lock or block. [network]
  // Optional: may be NULL.
  jf_status_t (*set_paused)(void *self, jf_timestamp_t now, uint32_t paused);

  // Whether more data is on its way than the congestion controller's window allows (`congested` 1): audio may
  // leave all the same, everything else had better wait. Must not allocate, lock or block. [network]
  // Optional: may be NULL.
  jf_status_t (*set_congested)(void *self, jf_timestamp_t now, uint32_t congested);

  // Send a cluster of packets at the cluster's rate, to see whether the path bears it. Which packets belong
  // to it, and how much padding it lacks, stands in `status`. Must not allocate, lock or block. [network]
  // Optional: may be NULL.
  jf_status_t (*probe)(void *self, jf_timestamp_t now, const jf_probe_cluster_t *cluster);

  // How things stand. Must not allocate, lock or block. [network]
  // Optional: may be NULL.
  jf_status_t (*status)(void *self, jf_timestamp_t now, jf_pacer_status_t *out);
} jf_pacer_table_t;

// The shape of the table, for JF_META.
#define JF_PACER_SHAPE \
  "area\tjackfield.pacer/1\t2\n" \
  "method\tset_rates(now: int64_t, pacing: int64_t, padding: int64_t) -> status\n" \
  "method\tenqueue(now: int64_t, packet: const*jf_paced_packet_t{handle:uint64_t,size:int64_t,priority:uint32_t,ssrc:uint32_t}) -> status\n" \
  "method\tpoll(now: int64_t, departures: callback jf_departure_sink_t{depart(uint64_t)}) -> status\n" \
  "method\tdeadline() -> status, int64_t\n" \
  "method\tqueue() -> status, jf_pacer_queue_t{packets:uint64_t,size:int64_t}\n" \
  "method\thand_over(departures: callback jf_departure_sink_t{depart(uint64_t)}) -> status\n" \
  "method\tconfigure(now: int64_t, config: const*jf_pacer_config_t{...,size:uint32_t,count_audio:uint32_t,window:int64_t,longest_wait:int64_t,overhead:int64_t,probe_distance:int64_t}) -> status\n" \
  "method\tset_paused(now: int64_t, paused: uint32_t) -> status\n" \
  "method\tset_congested(now: int64_t, congested: uint32_t) -> status\n" \
  "method\tprobe(now: int64_t, cluster: const*jf_probe_cluster_t{id:uint32_t,minimum_packets:uint32_t,rate:int64_t,duration:int64_t}) -> status\n" \
  "method\tstatus(now: int64_t) -> status, jf_pacer_status_t{...,size:uint32_t,cluster:uint32_t,packets:uint64_t,waiting:int64_t,oldest_wait:int64_t,expected_wait:int64_t,padding:int64_t}\n"

// Who speaks first in DTLS (RFC 8842).
// An unknown value is no error.
typedef uint32_t jf_dtls_role_t;
enum {
  // `a=setup:actpass`.
  JF_DTLS_ROLE_EITHER = 0,
  // `a=setup:active`.
  JF_DTLS_ROLE_CLIENT = 1,
  // `a=setup:passive`.
  JF_DTLS_ROLE_SERVER = 2,
};

// How a transport is set up.
// May grow: set `size` to its sizeof, and read no more than the `size` that you are given.
typedef struct jf_transport_config {
  // The size of this struct in bytes.
  uint32_t size;
  // 1 if we are the controlling ICE agent (we offered), else 0.
  uint32_t controlling;
  // 1 if we are ICE-lite, else 0.
  uint32_t lite;
  // The DTLS role that we take when the peer leaves the choice to us.
  jf_dtls_role_t role;
  // The moment of `now` as microseconds since 1970: certificates carry dates.
  int64_t unix_us;
} jf_transport_config_t;

// Takes SDP attributes.
// Given by the host, and valid until the call that it was passed to returns.
typedef struct jf_attribute_sink {
  uint32_t size;
  uint32_t reserved;
  // Passed to each function.
  void *context;
  // One attribute.
  jf_status_t (*attribute)(
      void *context,
      const char *name,
      size_t name_len,
      const char *value,
      size_t value_len);
} jf_attribute_sink_t;

// An IP address and a port in a fixed shape.
typedef struct jf_socket_address {
  // The address in network byte order; IPv4 in the first four bytes, the rest zero.
  uint8_t address[16];
  // The port.
  uint32_t port;
  // 4 or 6.
  uint32_t family;
} jf_socket_address_t;

// From where to where a datagram goes.
typedef struct jf_route {
  // Our end.
  jf_socket_address_t local;
  // The other end.
  jf_socket_address_t remote;
} jf_route_t;

// What a packet is.
// An unknown value is no error.
typedef uint32_t jf_packet_kind_t;
enum {
  // RTP.
  JF_PACKET_KIND_RTP = 0,
  // RTCP, compound or reduced-size.
  JF_PACKET_KIND_RTCP = 1,
};

// How a transport stands (`RTCPeerConnectionState` of W3C WebRTC 1.0).
// An unknown value is no error.
typedef uint32_t jf_transport_state_t;
enum {
  // Nothing has happened yet.
  JF_TRANSPORT_STATE_NEW = 0,
  // Checking and shaking hands.
  JF_TRANSPORT_STATE_CONNECTING = 1,
  // Packets flow.
  JF_TRANSPORT_STATE_CONNECTED = 2,
  // Nothing is heard from the peer at present.
  JF_TRANSPORT_STATE_DISCONNECTED = 3,
  // No path, or the peer is not who it should be.
  JF_TRANSPORT_STATE_FAILED = 4,
  // Closed by either side.
  JF_TRANSPORT_STATE_CLOSED = 5,
};

// Takes what a transport gives.
// Given by the host, and valid until the call that it was passed to returns.
typedef struct jf_transport_sink {
  uint32_t size;
  uint32_t reserved;
  // Passed to each function.
  void *context;
  // Send this datagram on this route.
  jf_status_t (*transmit)(
      void *context,
      const jf_route_t *route,
      const uint8_t *datagram,
      size_t datagram_len);
  // A packet came, authenticated and decrypted.
  jf_status_t (*packet)(void *context, jf_packet_kind_t kind, const uint8_t *packet, size_t packet_len);
  // The state changed.
  jf_status_t (*state)(void *context, jf_transport_state_t state);
} jf_transport_sink_t;

// -------------------------------------------------------------------------------------------------
// jackfield.transport/1

// A secure path between two peers.
// Life: `activate`; add local candidates; exchange descriptions; `start`; then feed datagrams and deadlines,
// until `close`. After every call that takes a `sink` the caller asks for `deadline` anew. What comes from
// the network may be anything and is never a fault.
#define JF_TRANSPORT_ID "jackfield.transport/1"
#define JF_TRANSPORT_REVISION 1u

typedef struct jf_transport_table {
  jf_table_head_t head;

  // Makes credentials and certificate, takes its role. Before anything else; again begins a new life, also
  // after `close`. [control]
  jf_status_t (*activate)(void *self, jf_timestamp_t now, const jf_transport_config_t *config);

  // Tells our side of the description as SDP attributes, one call each: `ice-ufrag`, `ice-pwd`,
  // `ice-options`, `fingerprint`, `setup`. A transport without ICE adds `address-proof` with the value
  // `none`: it is then given what comes from the peer's candidates, which nobody has proved to be the peer.
  // [network]
  jf_status_t (*local_description)(void *self, const jf_attribute_sink_t *sink);

  // Takes one attribute of the remote description (`ice-ufrag`, `ice-pwd`, `ice-options`, `fingerprint`,
  // `setup`, `ice-lite`), before `start`. An unknown name is no fault. [network]
  jf_status_t (*set_remote_attribute)(
      void *self,
      jf_timestamp_t now,
      const char *name,
      size_t name_len,
      const char *value,
      size_t value_len);

  // The remote description is complete: begin, or (credentials changed) restart ICE. After the attributes of
  // each description. Fails with `State` once it is closed. [network]
  jf_status_t (*start)(void *self, jf_timestamp_t now, const jf_transport_sink_t *sink);

  // Makes new ICE credentials for a restart that we begin; `local_description` then tells them, and the path
  // in use goes on until `start`. [network]
  jf_status_t (*restart)(void *self, jf_timestamp_t now);

  // An address that the runtime has gathered for us: the value of `a=candidate` without its prefix (RFC 8839
  // section 5.1). After `activate`, at any time. Fails with `Invalid` if it is none; one that is of no use
  // here is no fault. [network]
  jf_status_t (*add_local_candidate)(
      void *self,
      jf_timestamp_t now,
      const char *candidate,
      size_t candidate_len);

  // An address of the remote end, in the same form. After `activate`, at any time, also before the
  // description. [network]
  jf_status_t (*add_remote_candidate)(
      void *self,
      jf_timestamp_t now,
      const char *candidate,
      size_t candidate_len);

  // A datagram came in on `route`. Garbage is no fault: it is counted and dropped. After `activate`.
  // [network]
  jf_status_t (*receive)(
      void *self,
      jf_timestamp_t now,
      const jf_route_t *route,
      const uint8_t *datagram,
      size_t datagram_len,
      const jf_transport_sink_t *sink);

  // When `handle_timeout` must be called at the latest; `Timestamp::NEVER` if nothing is to be done.
  // [network]
  jf_status_t (*deadline)(void *self, jf_timestamp_t *out);

  // The deadline has come. Earlier does no harm. [network]
  jf_status_t (*handle_timeout)(void *self, jf_timestamp_t now, const jf_transport_sink_t *sink);

  // Protects and sends one RTP or RTCP packet (header and payload, in the clear). Fails with `State` while it
  // is not connected, with `Invalid` if the packet is none. [network]
  jf_status_t (*send)(
      void *self,
      jf_timestamp_t now,
      jf_packet_kind_t kind,
      const uint8_t *packet,
      size_t packet_len,
      const jf_transport_sink_t *sink);

  // Says goodbye (DTLS close_notify) and sends no more; nothing is let in afterwards. Twice does no harm.
  // [network]
  jf_status_t (*close)(void *self, jf_timestamp_t now, const jf_transport_sink_t *sink);

  // Text about the path as it is, one attribute each: `ice-state`, `dtls-version`, `dtls-cipher`,
  // `srtp-profile`, `selected-pair`, and `failure`: why it has failed and what would help. What is not known
  // is empty. After `activate`. [network]
  jf_status_t (*path)(void *self, const jf_attribute_sink_t *sink);
} jf_transport_table_t;

// The shape of the table, for JF_META.
#define JF_TRANSPORT_SHAPE \
  "area\tjackfield.transport/1\t1\n" \
  "method\tactivate(now: int64_t, config: const*jf_transport_config_t{...,size:uint32_t,controlling:uint32_t,lite:uint32_t,role:uint32_t,unix_us:int64_t}) -> status\n" \
  "method\tlocal_description(sink: callback jf_attribute_sink_t{attribute(str, str)}) -> status\n" \
  "method\tset_remote_attribute(now: int64_t, name: str, value: str) -> status\n" \
  "method\tstart(now: int64_t, sink: callback jf_transport_sink_t{transmit(const*jf_route_t{local:jf_socket_address_t{address:uint8_t[16],port:uint32_t,family:uint32_t},remote:jf_socket_address_t{address:uint8_t[16],port:uint32_t,family:uint32_t}}, const[]uint8_t); packet(uint32_t, const[]uint8_t); state(uint32_t)}) -> status\n" \
  "method\trestart(now: int64_t) -> status\n" \
  "method\tadd_local_candidate(now: int64_t, candidate: str) -> status\n" \
  "method\tadd_remote_candidate(now: int64_t, candidate: str) -> status\n" \
  "method\treceive(now: int64_t, route: const*jf_route_t{local:jf_socket_address_t{address:uint8_t[16],port:uint32_t,family:uint32_t},remote:jf_socket_address_t{address:uint8_t[16],port:uint32_t,family:uint32_t}}, datagram: const[]uint8_t, sink: callback jf_transport_sink_t{transmit(const*jf_route_t{local:jf_socket_address_t{address:uint8_t[16],port:uint32_t,family:uint32_t},remote:jf_socket_address_t{address:uint8_t[16],port:uint32_t,family:uint32_t}}, const[]uint8_t); packet(uint32_t, const[]uint8_t); state(uint32_t)}) -> status\n" \
  "method\tdeadline() -> status, int64_t\n" \
  "method\thandle_timeout(now: int64_t, sink: callback jf_transport_sink_t{transmit(const*jf_route_t{local:jf_socket_address_t{address:uint8_t[16],port:uint32_t,family:uint32_t},remote:jf_socket_address_t{address:uint8_t[16],port:uint32_t,family:uint32_t}}, const[]uint8_t); packet(uint32_t, const[]uint8_t); state(uint32_t)}) -> status\n" \
  "method\tsend(now: int64_t, kind: uint32_t, packet: const[]uint8_t, sink: callback jf_transport_sink_t{transmit(const*jf_route_t{local:jf_socket_address_t{address:uint8_t[16],port:uint32_t,family:uint32_t},remote:jf_socket_address_t{address:uint8_t[16],port:uint32_t,family:uint32_t}}, const[]uint8_t); packet(uint32_t, const[]uint8_t); state(uint32_t)}) -> status\n" \
  "method\tclose(now: int64_t, sink: callback jf_transport_sink_t{transmit(const*jf_route_t{local:jf_socket_address_t{address:uint8_t[16],port:uint32_t,family:uint32_t},remote:jf_socket_address_t{address:uint8_t[16],port:uint32_t,family:uint32_t}}, const[]uint8_t); packet(uint32_t, const[]uint8_t); state(uint32_t)}) -> status\n" \
  "method\tpath(sink: callback jf_attribute_sink_t{attribute(str, str)}) -> status\n"

// -------------------------------------------------------------------------------------------------
// Layout, as the host has it

#if UINTPTR_MAX == 0xffffffffffffffffu
JF_STATIC_ASSERT(offsetof(jf_fault_t, size) == 0, "offsetof(jf_fault_t, size)");
JF_STATIC_ASSERT(offsetof(jf_fault_t, status) == 4, "offsetof(jf_fault_t, status)");
JF_STATIC_ASSERT(offsetof(jf_fault_t, text) == 8, "offsetof(jf_fault_t, text)");
JF_STATIC_ASSERT(sizeof(jf_fault_t) == 248, "sizeof(jf_fault_t)");
JF_STATIC_ASSERT(offsetof(jf_table_head_t, size) == 0, "offsetof(jf_table_head_t, size)");
JF_STATIC_ASSERT(offsetof(jf_table_head_t, revision) == 4, "offsetof(jf_table_head_t, revision)");
JF_STATIC_ASSERT(offsetof(jf_table_head_t, destroy) == 8, "offsetof(jf_table_head_t, destroy)");
JF_STATIC_ASSERT(offsetof(jf_table_head_t, last_fault) == 16, "offsetof(jf_table_head_t, last_fault)");
JF_STATIC_ASSERT(offsetof(jf_table_head_t, module) == 24, "offsetof(jf_table_head_t, module)");
JF_STATIC_ASSERT(offsetof(jf_table_head_t, extension) == 32, "offsetof(jf_table_head_t, extension)");
JF_STATIC_ASSERT(sizeof(jf_table_head_t) == 40, "sizeof(jf_table_head_t)");
JF_STATIC_ASSERT(offsetof(jf_instance_t, self) == 0, "offsetof(jf_instance_t, self)");
JF_STATIC_ASSERT(offsetof(jf_instance_t, table) == 8, "offsetof(jf_instance_t, table)");
JF_STATIC_ASSERT(sizeof(jf_instance_t) == 16, "sizeof(jf_instance_t)");
JF_STATIC_ASSERT(offsetof(jf_host_t, size) == 0, "offsetof(jf_host_t, size)");
JF_STATIC_ASSERT(offsetof(jf_host_t, flags) == 4, "offsetof(jf_host_t, flags)");
JF_STATIC_ASSERT(offsetof(jf_host_t, context) == 8, "offsetof(jf_host_t, context)");
JF_STATIC_ASSERT(offsetof(jf_host_t, log) == 16, "offsetof(jf_host_t, log)");
JF_STATIC_ASSERT(sizeof(jf_host_t) == 24, "sizeof(jf_host_t)");
JF_STATIC_ASSERT(offsetof(jf_module_t, size) == 0, "offsetof(jf_module_t, size)");
JF_STATIC_ASSERT(offsetof(jf_module_t, reserved) == 4, "offsetof(jf_module_t, reserved)");
JF_STATIC_ASSERT(offsetof(jf_module_t, area) == 8, "offsetof(jf_module_t, area)");
JF_STATIC_ASSERT(offsetof(jf_module_t, id) == 24, "offsetof(jf_module_t, id)");
JF_STATIC_ASSERT(offsetof(jf_module_t, create) == 40, "offsetof(jf_module_t, create)");
JF_STATIC_ASSERT(sizeof(jf_module_t) == 48, "sizeof(jf_module_t)");
JF_STATIC_ASSERT(offsetof(jf_entry_t, magic) == 0, "offsetof(jf_entry_t, magic)");
JF_STATIC_ASSERT(offsetof(jf_entry_t, size) == 8, "offsetof(jf_entry_t, size)");
JF_STATIC_ASSERT(offsetof(jf_entry_t, abi_major) == 12, "offsetof(jf_entry_t, abi_major)");
JF_STATIC_ASSERT(offsetof(jf_entry_t, abi_minor) == 14, "offsetof(jf_entry_t, abi_minor)");
JF_STATIC_ASSERT(offsetof(jf_entry_t, init) == 16, "offsetof(jf_entry_t, init)");
JF_STATIC_ASSERT(offsetof(jf_entry_t, deinit) == 24, "offsetof(jf_entry_t, deinit)");
JF_STATIC_ASSERT(offsetof(jf_entry_t, modules) == 32, "offsetof(jf_entry_t, modules)");
JF_STATIC_ASSERT(offsetof(jf_entry_t, n_modules) == 40, "offsetof(jf_entry_t, n_modules)");
JF_STATIC_ASSERT(offsetof(jf_entry_t, proof) == 48, "offsetof(jf_entry_t, proof)");
JF_STATIC_ASSERT(sizeof(jf_entry_t) == 56, "sizeof(jf_entry_t)");
JF_STATIC_ASSERT(offsetof(jf_environment_t, size) == 0, "offsetof(jf_environment_t, size)");
JF_STATIC_ASSERT(offsetof(jf_environment_t, reserved) == 4, "offsetof(jf_environment_t, reserved)");
JF_STATIC_ASSERT(offsetof(jf_environment_t, seed) == 8, "offsetof(jf_environment_t, seed)");
JF_STATIC_ASSERT(offsetof(jf_environment_t, experiments) == 16, "offsetof(jf_environment_t, experiments)");
JF_STATIC_ASSERT(sizeof(jf_environment_t) == 496, "sizeof(jf_environment_t)");
JF_STATIC_ASSERT(offsetof(jf_latency_t, samples) == 0, "offsetof(jf_latency_t, samples)");
JF_STATIC_ASSERT(offsetof(jf_latency_t, sample_rate) == 4, "offsetof(jf_latency_t, sample_rate)");
JF_STATIC_ASSERT(sizeof(jf_latency_t) == 8, "sizeof(jf_latency_t)");
JF_STATIC_ASSERT(sizeof(jf_module_table_t) == 80, "sizeof(jf_module_table_t)");
JF_STATIC_ASSERT(offsetof(jf_audio_format_t, sample_rate) == 0, "offsetof(jf_audio_format_t, sample_rate)");
JF_STATIC_ASSERT(offsetof(jf_audio_format_t, channels) == 4, "offsetof(jf_audio_format_t, channels)");
JF_STATIC_ASSERT(sizeof(jf_audio_format_t) == 8, "sizeof(jf_audio_format_t)");
JF_STATIC_ASSERT(offsetof(jf_source_handover_t, position) == 0, "offsetof(jf_source_handover_t, position)");
JF_STATIC_ASSERT(sizeof(jf_source_handover_t) == 8, "sizeof(jf_source_handover_t)");
JF_STATIC_ASSERT(offsetof(jf_source_state_t, ended) == 0, "offsetof(jf_source_state_t, ended)");
JF_STATIC_ASSERT(offsetof(jf_source_state_t, missing) == 4, "offsetof(jf_source_state_t, missing)");
JF_STATIC_ASSERT(sizeof(jf_source_state_t) == 8, "sizeof(jf_source_state_t)");
JF_STATIC_ASSERT(sizeof(jf_audio_source_table_t) == 72, "sizeof(jf_audio_source_table_t)");
JF_STATIC_ASSERT(offsetof(jf_sink_state_t, queued) == 0, "offsetof(jf_sink_state_t, queued)");
JF_STATIC_ASSERT(offsetof(jf_sink_state_t, dropped) == 4, "offsetof(jf_sink_state_t, dropped)");
JF_STATIC_ASSERT(sizeof(jf_sink_state_t) == 8, "sizeof(jf_sink_state_t)");
JF_STATIC_ASSERT(sizeof(jf_audio_sink_table_t) == 64, "sizeof(jf_audio_sink_table_t)");
JF_STATIC_ASSERT(offsetof(jf_capture_info_t, size) == 0, "offsetof(jf_capture_info_t, size)");
JF_STATIC_ASSERT(offsetof(jf_capture_info_t, muted) == 4, "offsetof(jf_capture_info_t, muted)");
JF_STATIC_ASSERT(offsetof(jf_capture_info_t, render_delay) == 8, "offsetof(jf_capture_info_t, render_delay)");
JF_STATIC_ASSERT(offsetof(jf_capture_info_t, key_pressed) == 16, "offsetof(jf_capture_info_t, key_pressed)");
JF_STATIC_ASSERT(offsetof(jf_capture_info_t, output_unused) == 20, "offsetof(jf_capture_info_t, output_unused)");
JF_STATIC_ASSERT(offsetof(jf_capture_info_t, volume) == 24, "offsetof(jf_capture_info_t, volume)");
JF_STATIC_ASSERT(offsetof(jf_capture_info_t, gain_changed) == 28, "offsetof(jf_capture_info_t, gain_changed)");
JF_STATIC_ASSERT(sizeof(jf_capture_info_t) == 32, "sizeof(jf_capture_info_t)");
JF_STATIC_ASSERT(offsetof(jf_processor_report_t, size) == 0, "offsetof(jf_processor_report_t, size)");
JF_STATIC_ASSERT(offsetof(jf_processor_report_t, reserved) == 4, "offsetof(jf_processor_report_t, reserved)");
JF_STATIC_ASSERT(offsetof(jf_processor_report_t, voice_probability) == 8, "offsetof(jf_processor_report_t, voice_probability)");
JF_STATIC_ASSERT(offsetof(jf_processor_report_t, echo_return_loss_enhancement) == 12, "offsetof(jf_processor_report_t, echo_return_loss_enhancement)");
JF_STATIC_ASSERT(offsetof(jf_processor_report_t, echo_delay_ms) == 16, "offsetof(jf_processor_report_t, echo_delay_ms)");
JF_STATIC_ASSERT(offsetof(jf_processor_report_t, gain_db) == 20, "offsetof(jf_processor_report_t, gain_db)");
JF_STATIC_ASSERT(offsetof(jf_processor_report_t, echo_return_loss) == 24, "offsetof(jf_processor_report_t, echo_return_loss)");
JF_STATIC_ASSERT(offsetof(jf_processor_report_t, residual_echo_likelihood) == 28, "offsetof(jf_processor_report_t, residual_echo_likelihood)");
JF_STATIC_ASSERT(offsetof(jf_processor_report_t, wanted_volume) == 32, "offsetof(jf_processor_report_t, wanted_volume)");
JF_STATIC_ASSERT(offsetof(jf_processor_report_t, untouched) == 36, "offsetof(jf_processor_report_t, untouched)");
JF_STATIC_ASSERT(sizeof(jf_processor_report_t) == 40, "sizeof(jf_processor_report_t)");
JF_STATIC_ASSERT(offsetof(jf_processor_handover_t, size) == 0, "offsetof(jf_processor_handover_t, size)");
JF_STATIC_ASSERT(offsetof(jf_processor_handover_t, reserved) == 4, "offsetof(jf_processor_handover_t, reserved)");
JF_STATIC_ASSERT(offsetof(jf_processor_handover_t, echo_delay_ms) == 8, "offsetof(jf_processor_handover_t, echo_delay_ms)");
JF_STATIC_ASSERT(offsetof(jf_processor_handover_t, noise_floor_dbov) == 12, "offsetof(jf_processor_handover_t, noise_floor_dbov)");
JF_STATIC_ASSERT(offsetof(jf_processor_handover_t, gain_db) == 16, "offsetof(jf_processor_handover_t, gain_db)");
JF_STATIC_ASSERT(offsetof(jf_processor_handover_t, reserved2) == 20, "offsetof(jf_processor_handover_t, reserved2)");
JF_STATIC_ASSERT(sizeof(jf_processor_handover_t) == 24, "sizeof(jf_processor_handover_t)");
JF_STATIC_ASSERT(offsetof(jf_audio_processor_table_t, linear_output) == 80, "offsetof(jf_audio_processor_table_t, linear_output)");
JF_STATIC_ASSERT(sizeof(jf_audio_processor_table_t) == 88, "sizeof(jf_audio_processor_table_t)");
JF_STATIC_ASSERT(offsetof(jf_payload_format_t, clock_rate) == 0, "offsetof(jf_payload_format_t, clock_rate)");
JF_STATIC_ASSERT(offsetof(jf_payload_format_t, channels) == 4, "offsetof(jf_payload_format_t, channels)");
JF_STATIC_ASSERT(offsetof(jf_payload_format_t, static_payload_type) == 8, "offsetof(jf_payload_format_t, static_payload_type)");
JF_STATIC_ASSERT(offsetof(jf_payload_format_t, sample_rate) == 12, "offsetof(jf_payload_format_t, sample_rate)");
JF_STATIC_ASSERT(offsetof(jf_payload_format_t, max_channels) == 16, "offsetof(jf_payload_format_t, max_channels)");
JF_STATIC_ASSERT(offsetof(jf_payload_format_t, packet_ms) == 20, "offsetof(jf_payload_format_t, packet_ms)");
JF_STATIC_ASSERT(sizeof(jf_payload_format_t) == 24, "sizeof(jf_payload_format_t)");
JF_STATIC_ASSERT(sizeof(jf_audio_codec_table_t) == 56, "sizeof(jf_audio_codec_table_t)");
JF_STATIC_ASSERT(offsetof(jf_encoder_config_t, size) == 0, "offsetof(jf_encoder_config_t, size)");
JF_STATIC_ASSERT(offsetof(jf_encoder_config_t, format) == 4, "offsetof(jf_encoder_config_t, format)");
JF_STATIC_ASSERT(offsetof(jf_encoder_config_t, sample_rate) == 8, "offsetof(jf_encoder_config_t, sample_rate)");
JF_STATIC_ASSERT(offsetof(jf_encoder_config_t, channels) == 12, "offsetof(jf_encoder_config_t, channels)");
JF_STATIC_ASSERT(offsetof(jf_encoder_config_t, packet_ms) == 16, "offsetof(jf_encoder_config_t, packet_ms)");
JF_STATIC_ASSERT(offsetof(jf_encoder_config_t, reserved) == 20, "offsetof(jf_encoder_config_t, reserved)");
JF_STATIC_ASSERT(sizeof(jf_encoder_config_t) == 24, "sizeof(jf_encoder_config_t)");
JF_STATIC_ASSERT(offsetof(jf_network_hint_t, size) == 0, "offsetof(jf_network_hint_t, size)");
JF_STATIC_ASSERT(offsetof(jf_network_hint_t, reserved) == 4, "offsetof(jf_network_hint_t, reserved)");
JF_STATIC_ASSERT(offsetof(jf_network_hint_t, target) == 8, "offsetof(jf_network_hint_t, target)");
JF_STATIC_ASSERT(offsetof(jf_network_hint_t, round_trip) == 16, "offsetof(jf_network_hint_t, round_trip)");
JF_STATIC_ASSERT(offsetof(jf_network_hint_t, loss) == 24, "offsetof(jf_network_hint_t, loss)");
JF_STATIC_ASSERT(offsetof(jf_network_hint_t, mean_burst) == 28, "offsetof(jf_network_hint_t, mean_burst)");
JF_STATIC_ASSERT(offsetof(jf_network_hint_t, bandwidth) == 32, "offsetof(jf_network_hint_t, bandwidth)");
JF_STATIC_ASSERT(offsetof(jf_network_hint_t, overhead) == 40, "offsetof(jf_network_hint_t, overhead)");
JF_STATIC_ASSERT(offsetof(jf_network_hint_t, shortest_packet) == 48, "offsetof(jf_network_hint_t, shortest_packet)");
JF_STATIC_ASSERT(offsetof(jf_network_hint_t, longest_packet) == 56, "offsetof(jf_network_hint_t, longest_packet)");
JF_STATIC_ASSERT(offsetof(jf_network_hint_t, recoverable_loss) == 64, "offsetof(jf_network_hint_t, recoverable_loss)");
JF_STATIC_ASSERT(offsetof(jf_network_hint_t, reserved2) == 68, "offsetof(jf_network_hint_t, reserved2)");
JF_STATIC_ASSERT(sizeof(jf_network_hint_t) == 72, "sizeof(jf_network_hint_t)");
JF_STATIC_ASSERT(offsetof(jf_encoded_t, bytes) == 0, "offsetof(jf_encoded_t, bytes)");
JF_STATIC_ASSERT(offsetof(jf_encoded_t, ticks) == 4, "offsetof(jf_encoded_t, ticks)");
JF_STATIC_ASSERT(offsetof(jf_encoded_t, voice) == 8, "offsetof(jf_encoded_t, voice)");
JF_STATIC_ASSERT(offsetof(jf_encoded_t, dtx) == 12, "offsetof(jf_encoded_t, dtx)");
JF_STATIC_ASSERT(sizeof(jf_encoded_t) == 16, "sizeof(jf_encoded_t)");
JF_STATIC_ASSERT(offsetof(jf_encoder_limits_t, size) == 0, "offsetof(jf_encoder_limits_t, size)");
JF_STATIC_ASSERT(offsetof(jf_encoder_limits_t, reserved) == 4, "offsetof(jf_encoder_limits_t, reserved)");
JF_STATIC_ASSERT(offsetof(jf_encoder_limits_t, minimum) == 8, "offsetof(jf_encoder_limits_t, minimum)");
JF_STATIC_ASSERT(offsetof(jf_encoder_limits_t, maximum) == 16, "offsetof(jf_encoder_limits_t, maximum)");
JF_STATIC_ASSERT(offsetof(jf_encoder_limits_t, shortest_packet) == 24, "offsetof(jf_encoder_limits_t, shortest_packet)");
JF_STATIC_ASSERT(offsetof(jf_encoder_limits_t, longest_packet) == 32, "offsetof(jf_encoder_limits_t, longest_packet)");
JF_STATIC_ASSERT(sizeof(jf_encoder_limits_t) == 40, "sizeof(jf_encoder_limits_t)");
JF_STATIC_ASSERT(offsetof(jf_audio_encoder_table_t, limits) == 64, "offsetof(jf_audio_encoder_table_t, limits)");
JF_STATIC_ASSERT(sizeof(jf_audio_encoder_table_t) == 72, "sizeof(jf_audio_encoder_table_t)");
JF_STATIC_ASSERT(offsetof(jf_decoder_config_t, size) == 0, "offsetof(jf_decoder_config_t, size)");
JF_STATIC_ASSERT(offsetof(jf_decoder_config_t, format) == 4, "offsetof(jf_decoder_config_t, format)");
JF_STATIC_ASSERT(offsetof(jf_decoder_config_t, sample_rate) == 8, "offsetof(jf_decoder_config_t, sample_rate)");
JF_STATIC_ASSERT(offsetof(jf_decoder_config_t, channels) == 12, "offsetof(jf_decoder_config_t, channels)");
JF_STATIC_ASSERT(sizeof(jf_decoder_config_t) == 16, "sizeof(jf_decoder_config_t)");
JF_STATIC_ASSERT(offsetof(jf_packet_info_t, samples) == 0, "offsetof(jf_packet_info_t, samples)");
JF_STATIC_ASSERT(offsetof(jf_packet_info_t, redundancy) == 4, "offsetof(jf_packet_info_t, redundancy)");
JF_STATIC_ASSERT(offsetof(jf_packet_info_t, dtx) == 8, "offsetof(jf_packet_info_t, dtx)");
JF_STATIC_ASSERT(offsetof(jf_packet_info_t, reserved) == 12, "offsetof(jf_packet_info_t, reserved)");
JF_STATIC_ASSERT(sizeof(jf_packet_info_t) == 16, "sizeof(jf_packet_info_t)");
JF_STATIC_ASSERT(offsetof(jf_decoded_t, samples) == 0, "offsetof(jf_decoded_t, samples)");
JF_STATIC_ASSERT(offsetof(jf_decoded_t, voice) == 4, "offsetof(jf_decoded_t, voice)");
JF_STATIC_ASSERT(sizeof(jf_decoded_t) == 8, "sizeof(jf_decoded_t)");
JF_STATIC_ASSERT(sizeof(jf_audio_decoder_table_t) == 80, "sizeof(jf_audio_decoder_table_t)");
JF_STATIC_ASSERT(offsetof(jf_jitter_config_t, size) == 0, "offsetof(jf_jitter_config_t, size)");
JF_STATIC_ASSERT(offsetof(jf_jitter_config_t, clock_rate) == 4, "offsetof(jf_jitter_config_t, clock_rate)");
JF_STATIC_ASSERT(offsetof(jf_jitter_config_t, max_packets) == 8, "offsetof(jf_jitter_config_t, max_packets)");
JF_STATIC_ASSERT(offsetof(jf_jitter_config_t, reserved) == 12, "offsetof(jf_jitter_config_t, reserved)");
JF_STATIC_ASSERT(sizeof(jf_jitter_config_t) == 16, "sizeof(jf_jitter_config_t)");
JF_STATIC_ASSERT(offsetof(jf_packet_arrival_t, arrival) == 0, "offsetof(jf_packet_arrival_t, arrival)");
JF_STATIC_ASSERT(offsetof(jf_packet_arrival_t, handle) == 8, "offsetof(jf_packet_arrival_t, handle)");
JF_STATIC_ASSERT(offsetof(jf_packet_arrival_t, sequence_number) == 16, "offsetof(jf_packet_arrival_t, sequence_number)");
JF_STATIC_ASSERT(offsetof(jf_packet_arrival_t, timestamp) == 24, "offsetof(jf_packet_arrival_t, timestamp)");
JF_STATIC_ASSERT(offsetof(jf_packet_arrival_t, ticks) == 32, "offsetof(jf_packet_arrival_t, ticks)");
JF_STATIC_ASSERT(offsetof(jf_packet_arrival_t, redundancy) == 36, "offsetof(jf_packet_arrival_t, redundancy)");
JF_STATIC_ASSERT(offsetof(jf_packet_arrival_t, dtx) == 40, "offsetof(jf_packet_arrival_t, dtx)");
JF_STATIC_ASSERT(offsetof(jf_packet_arrival_t, marker) == 44, "offsetof(jf_packet_arrival_t, marker)");
JF_STATIC_ASSERT(sizeof(jf_packet_arrival_t) == 48, "sizeof(jf_packet_arrival_t)");
JF_STATIC_ASSERT(offsetof(jf_playout_t, size) == 0, "offsetof(jf_playout_t, size)");
JF_STATIC_ASSERT(offsetof(jf_playout_t, ready_ticks) == 4, "offsetof(jf_playout_t, ready_ticks)");
JF_STATIC_ASSERT(offsetof(jf_playout_t, last) == 8, "offsetof(jf_playout_t, last)");
JF_STATIC_ASSERT(offsetof(jf_playout_t, voice) == 12, "offsetof(jf_playout_t, voice)");
JF_STATIC_ASSERT(offsetof(jf_playout_t, greatest) == 16, "offsetof(jf_playout_t, greatest)");
JF_STATIC_ASSERT(offsetof(jf_playout_t, muted) == 20, "offsetof(jf_playout_t, muted)");
JF_STATIC_ASSERT(sizeof(jf_playout_t) == 24, "sizeof(jf_playout_t)");
JF_STATIC_ASSERT(offsetof(jf_jitter_handover_t, started) == 0, "offsetof(jf_jitter_handover_t, started)");
JF_STATIC_ASSERT(offsetof(jf_jitter_handover_t, reserved) == 4, "offsetof(jf_jitter_handover_t, reserved)");
JF_STATIC_ASSERT(offsetof(jf_jitter_handover_t, next_sequence_number) == 8, "offsetof(jf_jitter_handover_t, next_sequence_number)");
JF_STATIC_ASSERT(offsetof(jf_jitter_handover_t, next_timestamp) == 16, "offsetof(jf_jitter_handover_t, next_timestamp)");
JF_STATIC_ASSERT(offsetof(jf_jitter_handover_t, target) == 24, "offsetof(jf_jitter_handover_t, target)");
JF_STATIC_ASSERT(sizeof(jf_jitter_handover_t) == 32, "sizeof(jf_jitter_handover_t)");
JF_STATIC_ASSERT(offsetof(jf_event_arrival_t, size) == 0, "offsetof(jf_event_arrival_t, size)");
JF_STATIC_ASSERT(offsetof(jf_event_arrival_t, event) == 4, "offsetof(jf_event_arrival_t, event)");
JF_STATIC_ASSERT(offsetof(jf_event_arrival_t, arrival) == 8, "offsetof(jf_event_arrival_t, arrival)");
JF_STATIC_ASSERT(offsetof(jf_event_arrival_t, handle) == 16, "offsetof(jf_event_arrival_t, handle)");
JF_STATIC_ASSERT(offsetof(jf_event_arrival_t, sequence_number) == 24, "offsetof(jf_event_arrival_t, sequence_number)");
JF_STATIC_ASSERT(offsetof(jf_event_arrival_t, timestamp) == 32, "offsetof(jf_event_arrival_t, timestamp)");
JF_STATIC_ASSERT(offsetof(jf_event_arrival_t, ticks) == 40, "offsetof(jf_event_arrival_t, ticks)");
JF_STATIC_ASSERT(offsetof(jf_event_arrival_t, ended) == 44, "offsetof(jf_event_arrival_t, ended)");
JF_STATIC_ASSERT(sizeof(jf_event_arrival_t) == 48, "sizeof(jf_event_arrival_t)");
JF_STATIC_ASSERT(offsetof(jf_action_t, operation) == 0, "offsetof(jf_action_t, operation)");
JF_STATIC_ASSERT(offsetof(jf_action_t, ticks) == 4, "offsetof(jf_action_t, ticks)");
JF_STATIC_ASSERT(offsetof(jf_action_t, handle) == 8, "offsetof(jf_action_t, handle)");
JF_STATIC_ASSERT(offsetof(jf_action_t, back) == 16, "offsetof(jf_action_t, back)");
JF_STATIC_ASSERT(sizeof(jf_action_t) == 24, "sizeof(jf_action_t)");
JF_STATIC_ASSERT(offsetof(jf_jitter_delay_t, target) == 0, "offsetof(jf_jitter_delay_t, target)");
JF_STATIC_ASSERT(offsetof(jf_jitter_delay_t, current) == 8, "offsetof(jf_jitter_delay_t, current)");
JF_STATIC_ASSERT(sizeof(jf_jitter_delay_t) == 16, "sizeof(jf_jitter_delay_t)");
JF_STATIC_ASSERT(offsetof(jf_jitter_buffer_table_t, insert_event) == 96, "offsetof(jf_jitter_buffer_table_t, insert_event)");
JF_STATIC_ASSERT(sizeof(jf_jitter_buffer_table_t) == 104, "sizeof(jf_jitter_buffer_table_t)");
JF_STATIC_ASSERT(offsetof(jf_mixer_config_t, size) == 0, "offsetof(jf_mixer_config_t, size)");
JF_STATIC_ASSERT(offsetof(jf_mixer_config_t, reserved) == 4, "offsetof(jf_mixer_config_t, reserved)");
JF_STATIC_ASSERT(offsetof(jf_mixer_config_t, format) == 8, "offsetof(jf_mixer_config_t, format)");
JF_STATIC_ASSERT(offsetof(jf_mixer_config_t, max_sources) == 16, "offsetof(jf_mixer_config_t, max_sources)");
JF_STATIC_ASSERT(offsetof(jf_mixer_config_t, max_mixes) == 20, "offsetof(jf_mixer_config_t, max_mixes)");
JF_STATIC_ASSERT(sizeof(jf_mixer_config_t) == 24, "sizeof(jf_mixer_config_t)");
JF_STATIC_ASSERT(offsetof(jf_mix_source_t, id) == 0, "offsetof(jf_mix_source_t, id)");
JF_STATIC_ASSERT(offsetof(jf_mix_source_t, muted) == 4, "offsetof(jf_mix_source_t, muted)");
JF_STATIC_ASSERT(offsetof(jf_mix_source_t, level_dbov) == 8, "offsetof(jf_mix_source_t, level_dbov)");
JF_STATIC_ASSERT(offsetof(jf_mix_source_t, gain) == 12, "offsetof(jf_mix_source_t, gain)");
JF_STATIC_ASSERT(sizeof(jf_mix_source_t) == 16, "sizeof(jf_mix_source_t)");
JF_STATIC_ASSERT(offsetof(jf_mix_request_t, without) == 0, "offsetof(jf_mix_request_t, without)");
JF_STATIC_ASSERT(offsetof(jf_mix_request_t, reserved) == 4, "offsetof(jf_mix_request_t, reserved)");
JF_STATIC_ASSERT(sizeof(jf_mix_request_t) == 8, "sizeof(jf_mix_request_t)");
JF_STATIC_ASSERT(sizeof(jf_mixer_table_t) == 80, "sizeof(jf_mixer_table_t)");
JF_STATIC_ASSERT(offsetof(jf_rate_constraints_t, minimum) == 0, "offsetof(jf_rate_constraints_t, minimum)");
JF_STATIC_ASSERT(offsetof(jf_rate_constraints_t, maximum) == 8, "offsetof(jf_rate_constraints_t, maximum)");
JF_STATIC_ASSERT(offsetof(jf_rate_constraints_t, start) == 16, "offsetof(jf_rate_constraints_t, start)");
JF_STATIC_ASSERT(sizeof(jf_rate_constraints_t) == 24, "sizeof(jf_rate_constraints_t)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, size_of_struct) == 0, "offsetof(jf_congestion_event_t, size_of_struct)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, kind) == 4, "offsetof(jf_congestion_event_t, kind)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, at) == 8, "offsetof(jf_congestion_event_t, at)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, time) == 16, "offsetof(jf_congestion_event_t, time)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, rate) == 24, "offsetof(jf_congestion_event_t, rate)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, size) == 32, "offsetof(jf_congestion_event_t, size)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, in_flight) == 40, "offsetof(jf_congestion_event_t, in_flight)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, sequence_number) == 48, "offsetof(jf_congestion_event_t, sequence_number)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, constraints) == 56, "offsetof(jf_congestion_event_t, constraints)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, lost) == 80, "offsetof(jf_congestion_event_t, lost)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, received) == 84, "offsetof(jf_congestion_event_t, received)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, cluster) == 88, "offsetof(jf_congestion_event_t, cluster)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, flag) == 92, "offsetof(jf_congestion_event_t, flag)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, ssrc) == 96, "offsetof(jf_congestion_event_t, ssrc)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, ecn) == 100, "offsetof(jf_congestion_event_t, ecn)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, untracked) == 104, "offsetof(jf_congestion_event_t, untracked)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, padding) == 112, "offsetof(jf_congestion_event_t, padding)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, lower) == 120, "offsetof(jf_congestion_event_t, lower)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, upper) == 128, "offsetof(jf_congestion_event_t, upper)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, deviation) == 136, "offsetof(jf_congestion_event_t, deviation)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, before_link) == 144, "offsetof(jf_congestion_event_t, before_link)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, behind_link) == 152, "offsetof(jf_congestion_event_t, behind_link)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, confidence) == 160, "offsetof(jf_congestion_event_t, confidence)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, pacing_factor) == 164, "offsetof(jf_congestion_event_t, pacing_factor)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, probe_repeatedly) == 168, "offsetof(jf_congestion_event_t, probe_repeatedly)");
JF_STATIC_ASSERT(offsetof(jf_congestion_event_t, reserved) == 172, "offsetof(jf_congestion_event_t, reserved)");
JF_STATIC_ASSERT(sizeof(jf_congestion_event_t) == 176, "sizeof(jf_congestion_event_t)");
JF_STATIC_ASSERT(offsetof(jf_packet_feedback_t, sequence_number) == 0, "offsetof(jf_packet_feedback_t, sequence_number)");
JF_STATIC_ASSERT(offsetof(jf_packet_feedback_t, sent) == 8, "offsetof(jf_packet_feedback_t, sent)");
JF_STATIC_ASSERT(offsetof(jf_packet_feedback_t, received) == 16, "offsetof(jf_packet_feedback_t, received)");
JF_STATIC_ASSERT(offsetof(jf_packet_feedback_t, arrival_offset) == 24, "offsetof(jf_packet_feedback_t, arrival_offset)");
JF_STATIC_ASSERT(offsetof(jf_packet_feedback_t, size) == 32, "offsetof(jf_packet_feedback_t, size)");
JF_STATIC_ASSERT(offsetof(jf_packet_feedback_t, ecn) == 40, "offsetof(jf_packet_feedback_t, ecn)");
JF_STATIC_ASSERT(offsetof(jf_packet_feedback_t, cluster) == 44, "offsetof(jf_packet_feedback_t, cluster)");
JF_STATIC_ASSERT(offsetof(jf_packet_feedback_t, audio) == 48, "offsetof(jf_packet_feedback_t, audio)");
JF_STATIC_ASSERT(offsetof(jf_packet_feedback_t, recovered) == 52, "offsetof(jf_packet_feedback_t, recovered)");
JF_STATIC_ASSERT(sizeof(jf_packet_feedback_t) == 56, "sizeof(jf_packet_feedback_t)");
JF_STATIC_ASSERT(offsetof(jf_probe_cluster_t, id) == 0, "offsetof(jf_probe_cluster_t, id)");
JF_STATIC_ASSERT(offsetof(jf_probe_cluster_t, minimum_packets) == 4, "offsetof(jf_probe_cluster_t, minimum_packets)");
JF_STATIC_ASSERT(offsetof(jf_probe_cluster_t, rate) == 8, "offsetof(jf_probe_cluster_t, rate)");
JF_STATIC_ASSERT(offsetof(jf_probe_cluster_t, duration) == 16, "offsetof(jf_probe_cluster_t, duration)");
JF_STATIC_ASSERT(sizeof(jf_probe_cluster_t) == 24, "sizeof(jf_probe_cluster_t)");
JF_STATIC_ASSERT(offsetof(jf_congestion_handover_t, estimate) == 0, "offsetof(jf_congestion_handover_t, estimate)");
JF_STATIC_ASSERT(offsetof(jf_congestion_handover_t, target) == 8, "offsetof(jf_congestion_handover_t, target)");
JF_STATIC_ASSERT(offsetof(jf_congestion_handover_t, round_trip) == 16, "offsetof(jf_congestion_handover_t, round_trip)");
JF_STATIC_ASSERT(offsetof(jf_congestion_handover_t, minimum_round_trip) == 24, "offsetof(jf_congestion_handover_t, minimum_round_trip)");
JF_STATIC_ASSERT(offsetof(jf_congestion_handover_t, in_flight) == 32, "offsetof(jf_congestion_handover_t, in_flight)");
JF_STATIC_ASSERT(offsetof(jf_congestion_handover_t, loss_ppm) == 40, "offsetof(jf_congestion_handover_t, loss_ppm)");
JF_STATIC_ASSERT(offsetof(jf_congestion_handover_t, reserved) == 44, "offsetof(jf_congestion_handover_t, reserved)");
JF_STATIC_ASSERT(sizeof(jf_congestion_handover_t) == 48, "sizeof(jf_congestion_handover_t)");
JF_STATIC_ASSERT(offsetof(jf_congestion_update_t, target) == 0, "offsetof(jf_congestion_update_t, target)");
JF_STATIC_ASSERT(offsetof(jf_congestion_update_t, pacing) == 8, "offsetof(jf_congestion_update_t, pacing)");
JF_STATIC_ASSERT(offsetof(jf_congestion_update_t, padding) == 16, "offsetof(jf_congestion_update_t, padding)");
JF_STATIC_ASSERT(offsetof(jf_congestion_update_t, window) == 24, "offsetof(jf_congestion_update_t, window)");
JF_STATIC_ASSERT(offsetof(jf_congestion_update_t, estimate) == 32, "offsetof(jf_congestion_update_t, estimate)");
JF_STATIC_ASSERT(offsetof(jf_congestion_update_t, feedback_interval) == 40, "offsetof(jf_congestion_update_t, feedback_interval)");
JF_STATIC_ASSERT(offsetof(jf_congestion_update_t, ecn) == 48, "offsetof(jf_congestion_update_t, ecn)");
JF_STATIC_ASSERT(offsetof(jf_congestion_update_t, reserved) == 52, "offsetof(jf_congestion_update_t, reserved)");
JF_STATIC_ASSERT(sizeof(jf_congestion_update_t) == 56, "sizeof(jf_congestion_update_t)");
JF_STATIC_ASSERT(offsetof(jf_congestion_advice_t, size) == 0, "offsetof(jf_congestion_advice_t, size)");
JF_STATIC_ASSERT(offsetof(jf_congestion_advice_t, limited_by_path) == 4, "offsetof(jf_congestion_advice_t, limited_by_path)");
JF_STATIC_ASSERT(offsetof(jf_congestion_advice_t, pacing_window) == 8, "offsetof(jf_congestion_advice_t, pacing_window)");
JF_STATIC_ASSERT(offsetof(jf_congestion_advice_t, padding_window) == 16, "offsetof(jf_congestion_advice_t, padding_window)");
JF_STATIC_ASSERT(offsetof(jf_congestion_advice_t, probe_distance) == 24, "offsetof(jf_congestion_advice_t, probe_distance)");
JF_STATIC_ASSERT(offsetof(jf_congestion_advice_t, round_trip) == 32, "offsetof(jf_congestion_advice_t, round_trip)");
JF_STATIC_ASSERT(offsetof(jf_congestion_advice_t, loss) == 40, "offsetof(jf_congestion_advice_t, loss)");
JF_STATIC_ASSERT(offsetof(jf_congestion_advice_t, reduction) == 44, "offsetof(jf_congestion_advice_t, reduction)");
JF_STATIC_ASSERT(sizeof(jf_congestion_advice_t) == 48, "sizeof(jf_congestion_advice_t)");
JF_STATIC_ASSERT(offsetof(jf_congestion_controller_table_t, advice) == 80, "offsetof(jf_congestion_controller_table_t, advice)");
JF_STATIC_ASSERT(sizeof(jf_congestion_controller_table_t) == 96, "sizeof(jf_congestion_controller_table_t)");
JF_STATIC_ASSERT(offsetof(jf_paced_packet_t, handle) == 0, "offsetof(jf_paced_packet_t, handle)");
JF_STATIC_ASSERT(offsetof(jf_paced_packet_t, size) == 8, "offsetof(jf_paced_packet_t, size)");
JF_STATIC_ASSERT(offsetof(jf_paced_packet_t, priority) == 16, "offsetof(jf_paced_packet_t, priority)");
JF_STATIC_ASSERT(offsetof(jf_paced_packet_t, ssrc) == 20, "offsetof(jf_paced_packet_t, ssrc)");
JF_STATIC_ASSERT(sizeof(jf_paced_packet_t) == 24, "sizeof(jf_paced_packet_t)");
JF_STATIC_ASSERT(offsetof(jf_pacer_config_t, size) == 0, "offsetof(jf_pacer_config_t, size)");
JF_STATIC_ASSERT(offsetof(jf_pacer_config_t, count_audio) == 4, "offsetof(jf_pacer_config_t, count_audio)");
JF_STATIC_ASSERT(offsetof(jf_pacer_config_t, window) == 8, "offsetof(jf_pacer_config_t, window)");
JF_STATIC_ASSERT(offsetof(jf_pacer_config_t, longest_wait) == 16, "offsetof(jf_pacer_config_t, longest_wait)");
JF_STATIC_ASSERT(offsetof(jf_pacer_config_t, overhead) == 24, "offsetof(jf_pacer_config_t, overhead)");
JF_STATIC_ASSERT(offsetof(jf_pacer_config_t, probe_distance) == 32, "offsetof(jf_pacer_config_t, probe_distance)");
JF_STATIC_ASSERT(sizeof(jf_pacer_config_t) == 40, "sizeof(jf_pacer_config_t)");
JF_STATIC_ASSERT(offsetof(jf_pacer_queue_t, packets) == 0, "offsetof(jf_pacer_queue_t, packets)");
JF_STATIC_ASSERT(offsetof(jf_pacer_queue_t, size) == 8, "offsetof(jf_pacer_queue_t, size)");
JF_STATIC_ASSERT(sizeof(jf_pacer_queue_t) == 16, "sizeof(jf_pacer_queue_t)");
JF_STATIC_ASSERT(offsetof(jf_pacer_status_t, size) == 0, "offsetof(jf_pacer_status_t, size)");
JF_STATIC_ASSERT(offsetof(jf_pacer_status_t, cluster) == 4, "offsetof(jf_pacer_status_t, cluster)");
JF_STATIC_ASSERT(offsetof(jf_pacer_status_t, packets) == 8, "offsetof(jf_pacer_status_t, packets)");
JF_STATIC_ASSERT(offsetof(jf_pacer_status_t, waiting) == 16, "offsetof(jf_pacer_status_t, waiting)");
JF_STATIC_ASSERT(offsetof(jf_pacer_status_t, oldest_wait) == 24, "offsetof(jf_pacer_status_t, oldest_wait)");
JF_STATIC_ASSERT(offsetof(jf_pacer_status_t, expected_wait) == 32, "offsetof(jf_pacer_status_t, expected_wait)");
JF_STATIC_ASSERT(offsetof(jf_pacer_status_t, padding) == 40, "offsetof(jf_pacer_status_t, padding)");
JF_STATIC_ASSERT(sizeof(jf_pacer_status_t) == 48, "sizeof(jf_pacer_status_t)");
JF_STATIC_ASSERT(offsetof(jf_pacer_table_t, configure) == 88, "offsetof(jf_pacer_table_t, configure)");
JF_STATIC_ASSERT(sizeof(jf_pacer_table_t) == 128, "sizeof(jf_pacer_table_t)");
JF_STATIC_ASSERT(offsetof(jf_transport_config_t, size) == 0, "offsetof(jf_transport_config_t, size)");
JF_STATIC_ASSERT(offsetof(jf_transport_config_t, controlling) == 4, "offsetof(jf_transport_config_t, controlling)");
JF_STATIC_ASSERT(offsetof(jf_transport_config_t, lite) == 8, "offsetof(jf_transport_config_t, lite)");
JF_STATIC_ASSERT(offsetof(jf_transport_config_t, role) == 12, "offsetof(jf_transport_config_t, role)");
JF_STATIC_ASSERT(offsetof(jf_transport_config_t, unix_us) == 16, "offsetof(jf_transport_config_t, unix_us)");
JF_STATIC_ASSERT(sizeof(jf_transport_config_t) == 24, "sizeof(jf_transport_config_t)");
JF_STATIC_ASSERT(offsetof(jf_socket_address_t, address) == 0, "offsetof(jf_socket_address_t, address)");
JF_STATIC_ASSERT(offsetof(jf_socket_address_t, port) == 16, "offsetof(jf_socket_address_t, port)");
JF_STATIC_ASSERT(offsetof(jf_socket_address_t, family) == 20, "offsetof(jf_socket_address_t, family)");
JF_STATIC_ASSERT(sizeof(jf_socket_address_t) == 24, "sizeof(jf_socket_address_t)");
JF_STATIC_ASSERT(offsetof(jf_route_t, local) == 0, "offsetof(jf_route_t, local)");
JF_STATIC_ASSERT(offsetof(jf_route_t, remote) == 24, "offsetof(jf_route_t, remote)");
JF_STATIC_ASSERT(sizeof(jf_route_t) == 48, "sizeof(jf_route_t)");
JF_STATIC_ASSERT(sizeof(jf_transport_table_t) == 144, "sizeof(jf_transport_table_t)");
#endif

#ifdef __cplusplus
}
#endif

#endif
