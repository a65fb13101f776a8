// A whole jitter buffer but for the delay that it aims for: header-only, C11 and C++20, on top of jackfield_plugin.h. The same in Rust, with
// its reasons, is jackfield_sdk::jitter::DelayBuffer.
//
//   typedef struct plugin { jf_delay_buffer_t buffer; … } plugin_t;               // the buffer first
//   static void arrived(plugin_t *plugin, const jf_packet_arrival_t *packet);      // a packet has come: what does its arrival tell?
//   static jf_time_delta_t target(const plugin_t *plugin);                         // how long the fastest packets are to wait
//   JF_DELAY_BUFFER(plugin_t, arrived, target)                                     // after JF_KNOBS: table and `create`
//
// Both functions are [audio]: no allocation, no lock, no clock. Packets are put in order and played `target` after their arrival; one that is late
// is still played if none behind it has been, and a packet is played faster or slower now and then to get back to the target.

#ifndef JACKFIELD_JITTER_H
#define JACKFIELD_JITTER_H

#include "jackfield_plugin.h"

// In microseconds: the most that is made at once; what is as good as now; after so long without a packet it is silence; a hole longer than this is a
// jump of the clock; how far beyond the target a packet after a pause may wait; how far the delay may stray; what is skipped instead of being played
// faster; the time between two corrections.
enum {
  JF_JITTER_STEP = 10000,
  JF_JITTER_NOW = 1000,
  JF_JITTER_CONCEAL = 400000,
  JF_JITTER_JUMP = 1000000,
  JF_JITTER_SLACK = 20000,
  JF_JITTER_BELOW = 5000,
  JF_JITTER_ABOVE = 10000,
  JF_JITTER_EXCESS = 100000,
  JF_JITTER_PAUSE = 200000,
};

// How long the fastest packets of the last one to two seconds wait.
typedef struct jf_delay_window {
  int known, present_known, past_known;
  jf_timestamp_t since, half_since;
  uint32_t packets;
  jf_time_delta_t present, past;
} jf_delay_window_t;

// What every instance begins with.
typedef struct jf_delay_buffer {
  jf_base_t base;
  void (*arrived)(void *self, const jf_packet_arrival_t *packet);
  jf_time_delta_t (*target)(void *self);
  jf_time_delta_t minimum, maximum;
  int64_t rate;
  // What waits, by sequence number.
  jf_packet_arrival_t *packets;
  size_t waiting, most;
  // Where playing stands: what is due next, a media time and when it is played, and which of the 64 packets before have come.
  int playing, anchored;
  int64_t sequence_number, timestamp, anchor_media;
  jf_timestamp_t anchor_time;
  uint64_t came;
  // Packets that belong elsewhere, in sequence: a stream that began anew.
  int64_t stray;
  uint32_t strays;
  jf_delay_window_t window;
  // Ticks made up or left silent since the last packet.
  int64_t idle_ticks;
  int heard, pause, comfort, rebuffer, taken_over, easing, corrected;
  jf_timestamp_t corrected_at;
  uint64_t late, flushed, played, concealed;
} jf_delay_buffer_t;

#define JF_DELAY_BUFFER_STATISTICS                                                                             \
  JF_META_STATISTIC("target_ms", "ms", "gauge", "The delay that it aims for.")                                 \
  JF_META_STATISTIC("packets_late", "packets", "counter", "Packets refused because their time had passed.")    \
  JF_META_STATISTIC("packets_flushed", "packets", "counter", "Packets given back unplayed.")                   \
  JF_META_STATISTIC("packets_played", "packets", "counter", "Packets given out to be played.")                 \
  JF_META_STATISTIC("concealed_operations", "", "counter", "Times that something was made up, up to 10 ms each.")

// -------------------------------------------------------------------------------------------------
// Numbers that do not overflow, whatever a peer sends

static inline int64_t jf_add(int64_t a, int64_t b) {
  int64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? (a < 0 ? INT64_MIN : INT64_MAX) : sum;
}

static inline int64_t jf_sub(int64_t a, int64_t b) {
  int64_t difference;
  return __builtin_sub_overflow(a, b, &difference) ? (a < 0 ? INT64_MIN : INT64_MAX) : difference;
}

static inline jf_time_delta_t jf_delay_duration(const jf_delay_buffer_t *buffer, int64_t ticks) {
  int64_t seconds;
  if (__builtin_mul_overflow(ticks / buffer->rate, (int64_t)1000000, &seconds)) return ticks < 0 ? INT64_MIN : INT64_MAX;
  return jf_add(seconds, ticks % buffer->rate * 1000000 / buffer->rate);
}

static inline int64_t jf_clamp(int64_t value, int64_t least, int64_t most) {
  return value < least ? least : value > most ? most : value;
}

static inline int jf_is_near(jf_time_delta_t time, jf_time_delta_t limit) { return time > -limit && time < limit; }

static inline jf_time_delta_t jf_delay_target(jf_delay_buffer_t *buffer) {
  const jf_time_delta_t target = buffer->target(buffer);
  return target > buffer->maximum ? buffer->maximum : target < buffer->minimum ? buffer->minimum : target;
}

static inline int jf_knows(const jf_playout_t *playout, jf_operation_t operation) {
  const jf_operation_t greatest = JF_HAS(playout, jf_playout_t, greatest) ? playout->greatest : (jf_operation_t)JF_OPERATION_SILENCE;
  return operation <= (greatest == JF_OPERATION_SILENCE ? (jf_operation_t)JF_OPERATION_RECOVER : greatest);
}

// -------------------------------------------------------------------------------------------------
// The delay, measured

static inline void jf_window_add(jf_delay_window_t *window, jf_timestamp_t now, jf_time_delta_t wait) {
  if (!window->known || jf_sub(now, window->half_since) > 2000000) {
    memset(window, 0, sizeof(*window));
    window->known = 1;
    window->since = window->half_since = now;
  } else if (jf_sub(now, window->half_since) > 1000000) {
    window->half_since = now;
    window->past = window->present;
    window->past_known = window->present_known;
    window->present_known = 0;
  }
  window->packets++;
  if (!window->present_known || wait > window->present) window->present = wait;
  window->present_known = 1;
}

static inline void jf_window_shift(jf_delay_window_t *window, jf_time_delta_t later) {
  window->present = jf_add(window->present, later);
  window->past = jf_add(window->past, later);
}

// Whether the delay is known, and how long it is.
static inline int jf_window_delay(const jf_delay_window_t *window, jf_timestamp_t now, jf_time_delta_t *out) {
  if (!window->known || jf_sub(now, window->since) < 500000 || window->packets < 5) return 0;
  if (!window->present_known && !window->past_known) return 0;
  const int present = window->present_known && (!window->past_known || window->present > window->past);
  *out = present ? window->present : window->past;
  return 1;
}

// -------------------------------------------------------------------------------------------------
// What waits

// The place of a sequence number, or where it belongs.
static inline size_t jf_delay_place(const jf_delay_buffer_t *buffer, int64_t sequence_number) {
  size_t low = 0, high = buffer->waiting;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (buffer->packets[middle].sequence_number < sequence_number) low = middle + 1;
    else high = middle;
  }
  return low;
}

static inline int jf_delay_has_come(const jf_delay_buffer_t *buffer, int64_t sequence_number) {
  const int64_t back = jf_sub(jf_sub(buffer->sequence_number, sequence_number), 1);
  if (buffer->playing && back >= 0 && back < 64 && (buffer->came >> back & 1)) return 1;
  const size_t at = jf_delay_place(buffer, sequence_number);
  return at < buffer->waiting && buffer->packets[at].sequence_number == sequence_number;
}

static inline void jf_delay_put(jf_delay_buffer_t *buffer, const jf_packet_arrival_t *packet) {
  const size_t at = jf_delay_place(buffer, packet->sequence_number);
  memmove(&buffer->packets[at + 1], &buffer->packets[at], (buffer->waiting - at) * sizeof(*packet));
  buffer->packets[at] = *packet;
  buffer->waiting++;
}

static inline jf_packet_arrival_t jf_delay_pop(jf_delay_buffer_t *buffer) {
  const jf_packet_arrival_t front = buffer->packets[0];
  buffer->waiting -= buffer->waiting > 0;
  memmove(buffer->packets, buffer->packets + 1, buffer->waiting * sizeof(front));
  return front;
}

// Gives everything back that waits: playing begins anew.
static inline jf_status_t jf_delay_flush(jf_delay_buffer_t *buffer, const jf_handle_sink_t *released) {
  jf_status_t status = JF_OK;
  buffer->playing = 0;
  memset(&buffer->window, 0, sizeof(buffer->window));
  buffer->flushed += buffer->waiting;
  for (size_t i = 0; i < buffer->waiting; i++) {
    const jf_status_t one = released->release(released->context, buffer->packets[i].handle);
    if (status >= 0) status = one;
  }
  buffer->waiting = 0;
  return status;
}

// When the packet with this media time would have come had it been as fast as the fastest that waits.
static inline jf_timestamp_t jf_delay_fastest(const jf_delay_buffer_t *buffer, int64_t timestamp) {
  jf_timestamp_t fastest = INT64_MAX;
  for (size_t i = 0; i < buffer->waiting; i++) {
    const jf_packet_arrival_t *packet = &buffer->packets[i];
    const jf_timestamp_t came = jf_sub(packet->arrival, jf_delay_duration(buffer, jf_sub(packet->timestamp, timestamp)));
    if (came < fastest) fastest = came;
  }
  return fastest;
}

static inline jf_timestamp_t jf_delay_play_time(const jf_delay_buffer_t *buffer, int64_t timestamp) {
  return jf_add(buffer->anchor_time, jf_delay_duration(buffer, jf_sub(timestamp, buffer->anchor_media)));
}

// -------------------------------------------------------------------------------------------------
// Operations

// Whether a packet belongs elsewhere, and whether it begins a stream of its own (after RFC 3550 appendix A.1).
static inline int jf_delay_strays(jf_delay_buffer_t *buffer, int64_t sequence_number, int64_t due, int *anew) {
  const int64_t distance = jf_sub(sequence_number, due);
  if (distance >= 0 && distance <= 3000) return (int)(buffer->strays = 0);
  buffer->strays = buffer->strays > 0 && sequence_number == buffer->stray ? buffer->strays + 1 : 1;
  buffer->stray = jf_add(sequence_number, 1);
  *anew = buffer->strays >= (distance >= -100 && distance <= 3000 ? 25u : 2u);
  if (*anew) buffer->strays = 0;
  return 1;
}

static inline jf_status_t jf_delay_insert(void *self, jf_timestamp_t now, const jf_packet_arrival_t *packet,
                                          const jf_handle_sink_t *released, jf_insertion_t *out) {
  jf_delay_buffer_t *buffer = (jf_delay_buffer_t *)self;
  if (!buffer->packets) return jf_fail(self, JF_E_STATE, "call activate first");
  if (packet->ticks == 0 || packet->ticks > buffer->rate) return jf_fail(self, JF_E_INVALID, "a packet lasts from one tick to one second");
  *out = JF_INSERTION_DUPLICATE;
  if (jf_delay_has_come(buffer, packet->sequence_number)) return JF_OK;
  int anew = 0;
  if (buffer->playing || buffer->waiting > 0) {
    // Before playing begins a packet from before the first is as welcome as any other.
    const int64_t due = buffer->playing ? buffer->sequence_number : jf_sub(buffer->packets[0].sequence_number, 100);
    if (jf_delay_strays(buffer, packet->sequence_number, due, &anew) && !anew) {
      *out = JF_INSERTION_LATE;
      buffer->late++;
      return JF_OK;
    }
  }
  *out = JF_INSERTION_ACCEPTED;
  if (anew || buffer->waiting == buffer->most) {
    const jf_status_t status = jf_delay_flush(buffer, released);
    if (status < 0) return jf_fail(self, status, "the host did not take a packet back");
    *out = JF_INSERTION_FLUSHED;
  }
  jf_delay_put(buffer, packet);
  if (*out == JF_INSERTION_ACCEPTED && buffer->playing && buffer->anchored) {
    const jf_time_delta_t wait = jf_sub(jf_delay_play_time(buffer, packet->timestamp), packet->arrival);
    if (jf_is_near(wait, 2 * JF_JITTER_JUMP)) jf_window_add(&buffer->window, now, wait);
  }
  buffer->arrived(self, packet);
  return JF_OK;
}

// Makes up to `wanted` of silence or of what is missing.
static inline void jf_delay_idle(jf_delay_buffer_t *buffer, jf_time_delta_t wanted, int silent, jf_action_t *out) {
  const int64_t wanted_ticks = jf_clamp(wanted, 0, JF_JITTER_STEP) * buffer->rate / 1000000;
  const int64_t ticks = wanted_ticks < 1 ? 1 : wanted_ticks;
  const int over = jf_delay_duration(buffer, buffer->idle_ticks) >= JF_JITTER_CONCEAL;
  buffer->rebuffer |= over && !silent && buffer->waiting == 0;
  buffer->idle_ticks = jf_add(buffer->idle_ticks, ticks);
  out->ticks = (uint32_t)ticks;
  out->operation = JF_OPERATION_CONCEAL;
  if (silent && buffer->pause && buffer->heard && buffer->comfort) out->operation = JF_OPERATION_COMFORT_NOISE;
  else if (silent || over || !buffer->heard) out->operation = JF_OPERATION_SILENCE;
  else buffer->concealed++;
}

// Moves on to a sequence number, which is next.
static inline void jf_delay_advance(jf_delay_buffer_t *buffer, int64_t sequence_number) {
  const int64_t skipped = jf_sub(sequence_number, buffer->sequence_number);
  buffer->came = skipped >= 0 && skipped < 64 ? buffer->came << skipped : 0;
  buffer->sequence_number = sequence_number;
}

// Gives packets back while the delay is beyond all measure.
static inline jf_status_t jf_delay_drop(jf_delay_buffer_t *buffer, jf_timestamp_t at, const jf_handle_sink_t *released, int *dropped) {
  const jf_time_delta_t target = jf_delay_target(buffer);
  jf_time_delta_t allowed = jf_add(target, JF_JITTER_EXCESS);
  while (buffer->waiting > 0) {
    if (jf_sub(at, jf_delay_fastest(buffer, buffer->packets[0].timestamp)) <= allowed) {
      buffer->easing = 0;
      break;
    }
    if (buffer->easing || buffer->waiting == 1) break;
    allowed = jf_add(target, JF_JITTER_STEP);
    const jf_packet_arrival_t front = jf_delay_pop(buffer);
    if (buffer->playing) jf_delay_advance(buffer, jf_add(front.sequence_number, 1));
    buffer->flushed++;
    *dropped = 1;
    const jf_status_t status = released->release(released->context, front.handle);
    if (status < 0) return jf_fail(buffer, status, "the host did not take a packet back");
  }
  return JF_OK;
}

// Whether to play faster or slower, to get to the target.
static inline jf_operation_t jf_delay_stretch(jf_delay_buffer_t *buffer, jf_timestamp_t now, jf_timestamp_t at) {
  jf_time_delta_t delay;
  if (!buffer->playing || (buffer->corrected && jf_sub(now, buffer->corrected_at) < JF_JITTER_PAUSE)) return JF_OPERATION_NORMAL;
  if (!jf_window_delay(&buffer->window, now, &delay)) return JF_OPERATION_NORMAL;
  if (buffer->idle_ticks == 0) {
    if (!buffer->anchored) return JF_OPERATION_NORMAL;
    delay = jf_add(delay, jf_sub(at, jf_delay_play_time(buffer, buffer->timestamp)));
  }
  const jf_time_delta_t error = jf_sub(delay, jf_delay_target(buffer));
  if (error > JF_JITTER_ABOVE) return JF_OPERATION_ACCELERATE;
  return error < -JF_JITTER_BELOW ? JF_OPERATION_PREEMPTIVE_EXPAND : JF_OPERATION_NORMAL;
}

// Gives the front packet out.
static inline jf_status_t jf_delay_play(jf_delay_buffer_t *buffer, jf_timestamp_t now, jf_timestamp_t at, const jf_playout_t *playout,
                                        const jf_handle_sink_t *released, jf_action_t *out) {
  int dropped = 0;
  const jf_operation_t stretch = jf_delay_stretch(buffer, now, at);
  const jf_status_t status = jf_delay_drop(buffer, at, released, &dropped);
  if (status < 0) return status;
  const jf_packet_arrival_t packet = jf_delay_pop(buffer);
  const int contiguous = buffer->idle_ticks == 0 && buffer->playing && buffer->sequence_number == packet.sequence_number;
  out->operation = dropped || playout->last == JF_OPERATION_CONCEAL ? (jf_operation_t)JF_OPERATION_MERGE : contiguous ? stretch : (jf_operation_t)JF_OPERATION_NORMAL;
  out->handle = packet.handle;
  if (out->operation == stretch && stretch != JF_OPERATION_NORMAL) {
    buffer->corrected = 1;
    buffer->corrected_at = now;
  }
  const int going_on = buffer->playing && buffer->anchored && !buffer->rebuffer;
  const jf_time_delta_t later = going_on ? jf_sub(at, jf_delay_play_time(buffer, packet.timestamp)) : INT64_MAX;
  // Where it ran dry, what was measured before says little about the network as it is now.
  const int dry = buffer->idle_ticks > 0 && !buffer->pause && later > JF_JITTER_NOW;
  if (jf_is_near(later, JF_JITTER_JUMP) && !dry) jf_window_shift(&buffer->window, later);
  else memset(&buffer->window, 0, sizeof(buffer->window));
  if (buffer->playing) jf_delay_advance(buffer, packet.sequence_number);
  else buffer->came = 0;
  buffer->came = buffer->came << 1 | 1;
  buffer->sequence_number = jf_add(packet.sequence_number, 1);
  buffer->timestamp = jf_add(packet.timestamp, packet.ticks);
  buffer->anchor_media = packet.timestamp;
  buffer->anchor_time = at;
  buffer->playing = buffer->anchored = buffer->heard = 1;
  buffer->rebuffer = 0;
  buffer->idle_ticks = 0;
  buffer->pause = packet.dtx != 0;
  buffer->played++;
  return JF_OK;
}

// What is due next is played at `at`, whatever was expected: the host has stretched time, or was late itself.
static inline void jf_delay_anchor(jf_delay_buffer_t *buffer, jf_timestamp_t at, const jf_playout_t *playout) {
  if (buffer->taken_over) {
    buffer->taken_over = 0;
    buffer->pause = playout->last == JF_OPERATION_SILENCE || playout->last == JF_OPERATION_COMFORT_NOISE;
  } else if (buffer->idle_ticks != 0 || buffer->rebuffer) {
    return;
  }
  if (!buffer->playing) return;
  if (buffer->anchored) {
    const jf_time_delta_t shift = jf_sub(at, jf_delay_play_time(buffer, buffer->timestamp));
    if (jf_is_near(shift, JF_JITTER_JUMP)) jf_window_shift(&buffer->window, shift);
    else memset(&buffer->window, 0, sizeof(buffer->window));
  }
  buffer->anchored = 1;
  buffer->anchor_media = buffer->timestamp;
  buffer->anchor_time = at;
}

// When the front packet, before which something is missing or nothing was sent, is to be played.
static inline jf_timestamp_t jf_delay_due(jf_delay_buffer_t *buffer, const jf_packet_arrival_t *front, int missing, jf_time_delta_t hole) {
  const jf_timestamp_t regular = buffer->anchored ? jf_delay_play_time(buffer, front->timestamp) : front->arrival;
  if (missing && hole <= JF_JITTER_JUMP) return regular;
  // A pause is the time to correct the delay: nobody hears it. Half of the target is kept for packets that are slower than this one.
  const jf_time_delta_t target = jf_delay_target(buffer);
  jf_time_delta_t measured = target;
  jf_window_delay(&buffer->window, front->arrival, &measured);
  const jf_time_delta_t correction = jf_sub(target, measured);
  const jf_timestamp_t wanted = jf_is_near(correction, JF_JITTER_STEP + 1) ? regular : jf_add(regular, correction);
  const jf_time_delta_t least = target > 0 ? target : 0;
  return jf_clamp(wanted, jf_add(front->arrival, least / 2), jf_add(jf_add(front->arrival, least), JF_JITTER_SLACK));
}

static inline jf_status_t jf_delay_next(void *self, jf_timestamp_t now, const jf_playout_t *playout, const jf_handle_sink_t *released,
                                        jf_action_t *out) {
  jf_delay_buffer_t *buffer = (jf_delay_buffer_t *)self;
  if (!buffer->packets) return jf_fail(self, JF_E_STATE, "call activate first");
  memset(out, 0, sizeof(*out));
  const jf_timestamp_t at = jf_add(now, jf_delay_duration(buffer, playout->ready_ticks));
  buffer->comfort = jf_knows(playout, JF_OPERATION_COMFORT_NOISE);
  jf_delay_anchor(buffer, at, playout);
  if (buffer->waiting == 0) {
    jf_delay_idle(buffer, JF_JITTER_STEP, buffer->pause, out);
    return JF_OK;
  }
  const jf_packet_arrival_t *front = &buffer->packets[0];
  if (!buffer->playing || buffer->rebuffer) {
    const jf_timestamp_t due = jf_add(jf_delay_fastest(buffer, front->timestamp), jf_delay_target(buffer));
    // Blocks come every 10 ms: the nearest one, not the next one.
    if (jf_add(at, JF_JITTER_STEP / 2) >= due || buffer->waiting == buffer->most) return jf_delay_play(buffer, now, at, playout, released, out);
    jf_delay_idle(buffer, JF_JITTER_STEP, buffer->pause, out);
    return JF_OK;
  }
  const int missing = front->sequence_number > buffer->sequence_number;
  const jf_time_delta_t hole = jf_delay_duration(buffer, jf_sub(front->timestamp, buffer->timestamp));
  const jf_time_delta_t lead = hole > 0 ? jf_sub(jf_delay_due(buffer, front, missing, hole), at) : 0;
  if (lead < JF_JITTER_NOW) return jf_delay_play(buffer, now, at, playout, released, out);
  const jf_time_delta_t length = jf_delay_duration(buffer, front->ticks);
  if (!missing) {
    // The sender sent nothing, so there was nothing to hear.
    jf_delay_idle(buffer, lead, 1, out);
  } else if (front->redundancy && jf_is_near(jf_sub(lead, length), JF_JITTER_NOW)) {
    jf_delay_advance(buffer, front->sequence_number);
    buffer->timestamp = front->timestamp;
    buffer->idle_ticks = 0;
    out->operation = JF_OPERATION_RECOVER;
    out->ticks = front->ticks;
    out->handle = front->handle;
    out->back = length;
  } else {
    const jf_time_delta_t until = jf_sub(lead, length);
    jf_delay_idle(buffer, front->redundancy && until > JF_JITTER_NOW ? until : lead, buffer->pause, out);
  }
  return JF_OK;
}

// -------------------------------------------------------------------------------------------------
// The rest of the table

static inline jf_status_t jf_delay_reset(void *self, jf_reset_reason_t reason) {
  jf_delay_buffer_t *buffer = (jf_delay_buffer_t *)self;
  (void)reason;
  // Packets that wait go on waiting, and playing begins anew with them.
  buffer->playing = buffer->heard = buffer->pause = buffer->rebuffer = buffer->taken_over = buffer->easing = buffer->corrected = 0;
  buffer->strays = 0;
  buffer->idle_ticks = 0;
  memset(&buffer->window, 0, sizeof(buffer->window));
  return JF_OK;
}

static inline jf_status_t jf_delay_activate(void *self, const jf_jitter_config_t *config) {
  jf_delay_buffer_t *buffer = (jf_delay_buffer_t *)self;
  if (config->clock_rate < 1000) return jf_fail(self, JF_E_INVALID, "the clock of an RTP stream runs at 1 kHz or more");
  if (config->max_packets < 1 || config->max_packets > 65536) return jf_fail(self, JF_E_INVALID, "max_packets is 1 to 65,536; 200 is usual");
  if (buffer->waiting > 0) return jf_fail(self, JF_E_STATE, "packets wait: take them out with next, or make a new instance");
  void *packets = calloc(config->max_packets, sizeof(jf_packet_arrival_t));
  if (!packets) return jf_fail(self, JF_E_FAILED, "out of memory");
  free(buffer->packets);
  buffer->packets = (jf_packet_arrival_t *)packets;
  buffer->most = config->max_packets;
  buffer->rate = config->clock_rate;
  return jf_delay_reset(self, JF_RESET_REASON_STREAM);
}

static inline jf_status_t jf_delay_set_bounds(void *self, jf_time_delta_t minimum, jf_time_delta_t maximum) {
  jf_delay_buffer_t *buffer = (jf_delay_buffer_t *)self;
  if (minimum < 0 || maximum < minimum) return jf_fail(self, JF_E_INVALID, "the minimum is at least 0, the maximum at least the minimum");
  buffer->minimum = minimum;
  buffer->maximum = maximum;
  return JF_OK;
}

static inline jf_status_t jf_delay_delay(void *self, jf_timestamp_t now, jf_jitter_delay_t *out) {
  jf_delay_buffer_t *buffer = (jf_delay_buffer_t *)self;
  if (!buffer->packets) return jf_fail(self, JF_E_STATE, "call activate first");
  out->target = jf_delay_target(buffer);
  out->current = 0;
  const jf_packet_arrival_t *back = buffer->waiting > 0 ? &buffer->packets[buffer->waiting - 1] : NULL;
  const int64_t end = back ? jf_add(back->timestamp, back->ticks) : buffer->timestamp;
  if (buffer->playing && buffer->anchored && !buffer->rebuffer) out->current = jf_sub(jf_delay_play_time(buffer, end), now);
  else if (back) out->current = jf_delay_duration(buffer, jf_sub(end, buffer->packets[0].timestamp));
  return JF_OK;
}

static inline jf_status_t jf_delay_hand_over(void *self, jf_timestamp_t now, jf_jitter_handover_t *out) {
  jf_delay_buffer_t *buffer = (jf_delay_buffer_t *)self;
  (void)now;
  if (!buffer->packets) return jf_fail(self, JF_E_STATE, "call activate first");
  memset(out, 0, sizeof(*out));
  out->target = jf_delay_target(buffer);
  if (!buffer->playing) return JF_OK;
  out->started = 1;
  out->next_sequence_number = buffer->sequence_number;
  out->next_timestamp = jf_add(buffer->timestamp, buffer->idle_ticks);
  return JF_OK;
}

static inline jf_status_t jf_delay_take_over(void *self, jf_timestamp_t now, const jf_jitter_handover_t *state) {
  jf_delay_buffer_t *buffer = (jf_delay_buffer_t *)self;
  (void)now;
  if (!buffer->packets) return jf_fail(self, JF_E_STATE, "call activate first");
  memset(&buffer->window, 0, sizeof(buffer->window));
  buffer->playing = buffer->heard = state->started != 0;
  buffer->anchored = buffer->rebuffer = 0;
  buffer->sequence_number = state->next_sequence_number;
  buffer->timestamp = state->next_timestamp;
  buffer->came = 0;
  buffer->idle_ticks = 0;
  buffer->taken_over = buffer->easing = 1;
  return JF_OK;
}

static inline jf_status_t jf_delay_stats(void *self, double *values, size_t values_len, uint32_t *out) {
  jf_delay_buffer_t *buffer = (jf_delay_buffer_t *)self;
  if (values_len < 5) return jf_fail(self, JF_E_BUFFER_TOO_SMALL, "pass one place for each statistic");
  values[0] = (double)jf_delay_target(buffer) / 1000.0;
  values[1] = (double)buffer->late;
  values[2] = (double)buffer->flushed;
  values[3] = (double)buffer->played;
  values[4] = (double)buffer->concealed;
  *out = 5;
  return JF_OK;
}

static inline void jf_delay_free(void *self) {
  free(((jf_delay_buffer_t *)self)->packets);
  free(self);
}

// Table and `create` of a jitter buffer whose instances are a `type`.
#define JF_DELAY_BUFFER(type, arrived_, target_)                                                                        \
  static void jf_arrived(void *self, const jf_packet_arrival_t *packet) { arrived_((type *)self, packet); }             \
  static jf_time_delta_t jf_target(void *self) { return target_((const type *)self); }                                  \
  JF_MODULE_TABLE(jf_delay_free, jf_no_latency, jf_delay_stats, jf_delay_reset)                                         \
  static const jf_jitter_buffer_table_t jf_table = {                                                                    \
      JF_HEAD(jf_jitter_buffer_table_t, JF_JITTER_BUFFER_REVISION, jf_delay_free),                                      \
      .activate = jf_delay_activate,                                                                                    \
      .insert = jf_delay_insert,                                                                                        \
      .next = jf_delay_next,                                                                                            \
      .set_bounds = jf_delay_set_bounds,                                                                                \
      .delay = jf_delay_delay,                                                                                          \
      .hand_over = jf_delay_hand_over,                                                                                  \
      .take_over = jf_delay_take_over,                                                                                  \
  };                                                                                                                    \
  static jf_status_t create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {               \
    (void)environment;                                                                                                  \
    jf_delay_buffer_t *buffer = (jf_delay_buffer_t *)jf_make(sizeof(type), jf_knobs, JF_KNOB_COUNT, &jf_table, out, fault); \
    if (!buffer) return JF_E_FAILED;                                                                                    \
    buffer->arrived = jf_arrived;                                                                                       \
    buffer->target = jf_target;                                                                                         \
    buffer->maximum = JF_TIME_DELTA_INFINITE;                                                                           \
    return JF_OK;                                                                                                       \
  }

#endif
