// A whole transport without ICE but for what happens to a packet on its way: header-only, C11 and C++20, on top of jackfield_plugin.h and POSIX. It keeps
// candidates, states and routes. The same in Rust is jackfield_sdk::transport.
//
//   typedef struct plugin { jf_direct_transport_t transport; … } plugin_t;                     // the transport first
//   static size_t wrap(plugin_t *plugin, uint8_t *packet, size_t length);                       // the datagram's length; there is room for 256 bytes more
//   static size_t unwrap(plugin_t *plugin, uint8_t *datagram, size_t length);                   // the packet's length; 0: there is none in it
//   JF_DIRECT_TRANSPORT(plugin_t, "none: in the clear", wrap, unwrap)                           // after JF_KNOBS: table and `create`
//
// Both functions are [network]: no lock, no clock, nothing that blocks. Whoever sends to our address what can be unwrapped is the peer: for tests, for a
// network of one's own, or for learning; a call over the Internet needs ICE and DTLS.

#ifndef JACKFIELD_TRANSPORT_H
#define JACKFIELD_TRANSPORT_H

#include "jackfield_plugin.h"

#include <arpa/inet.h>
#include <stdio.h>

// The longest packet, with what a wrapping may add.
#define JF_LONGEST_PACKET 65535u
#define JF_MOST_CANDIDATES 64u

typedef struct jf_candidate {
  jf_socket_address_t address;
  uint32_t priority;
} jf_candidate_t;

// Addresses, best first.
typedef struct jf_candidates {
  jf_candidate_t list[JF_MOST_CANDIDATES];
  size_t count;
} jf_candidates_t;

enum { JF_DIRECT_UNBORN, JF_DIRECT_ACTIVE, JF_DIRECT_STARTED, JF_DIRECT_CLOSED };

// What every instance begins with.
typedef struct jf_direct_transport {
  jf_base_t base;
  const char *name;
  size_t (*wrap)(void *self, uint8_t *packet, size_t length);
  size_t (*unwrap)(void *self, uint8_t *datagram, size_t length);
  int life;
  jf_transport_state_t told;
  jf_candidates_t local, remote;
  // The route on which something was heard last, if anything was.
  int heard;
  jf_route_t route;
  uint64_t received, sent, garbage;
  uint8_t scratch[JF_LONGEST_PACKET + 256];
} jf_direct_transport_t;

#define JF_DIRECT_TRANSPORT_STATISTICS                                                                            \
  JF_META_STATISTIC("packets_received", "packets", "counter", "RTP and RTCP packets that were let in.")           \
  JF_META_STATISTIC("packets_sent", "packets", "counter", "RTP and RTCP packets that were sent.")                 \
  JF_META_STATISTIC("garbage", "datagrams", "counter", "Datagrams that were neither RTP nor RTCP.")

// -------------------------------------------------------------------------------------------------
// Packets and candidates

// Whether a packet has the shape of one of this kind: version 2, and a header that is all there (RFC 3550).
static inline int jf_is_packet(jf_packet_kind_t kind, const uint8_t *packet, size_t length) {
  if (length < 8 || packet[0] >> 6 != 2) return 0;
  if (kind == JF_PACKET_KIND_RTCP) return packet[1] >= 192 && packet[1] <= 223;
  size_t header = 12 + 4 * (size_t)(packet[0] & 0x0f);
  if (packet[0] & 0x10) {
    if (length < header + 4) return 0;
    header += 4 + 4 * ((size_t)packet[header + 2] << 8 | packet[header + 3]);
  }
  return length >= header;
}

// RTP and RTCP are told apart by the second byte (RFC 5761 section 4).
static inline jf_packet_kind_t jf_packet_kind(const uint8_t *packet, size_t length) {
  const int is_rtcp = length > 1 && packet[1] >= 192 && packet[1] <= 223;
  return is_rtcp ? (jf_packet_kind_t)JF_PACKET_KIND_RTCP : (jf_packet_kind_t)JF_PACKET_KIND_RTP;
}

// Whether `text` ends in `end`.
static inline int jf_ends_in(const char *text, const char *end) {
  const size_t length = strlen(text), end_length = strlen(end);
  return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

// Reads the value of a=candidate (RFC 8839 section 5.1): 1 with an address, 0 with nothing for us (over TCP, for RTCP alone, a name, the end of the list),
// -1 if it is none.
static inline int jf_candidate_of(const char *text, size_t length, jf_candidate_t *out) {
  char copy[512], foundation[64], transport[16], address[64];
  unsigned component, port;
  unsigned long priority;
  if (length >= sizeof(copy)) return -1;
  memcpy(copy, text, length);
  copy[length] = '\0';
  const char *value = strncmp(copy, "candidate:", 10) == 0 ? copy + 10 : copy;
  if (*value == '\0' || strcmp(value, "end-of-candidates") == 0) return 0;
  const int read = sscanf(value, "%63s %9u %15s %10lu %63s %9u typ %*1s", foundation, &component, transport, &priority, address, &port);
  if (read < 6 || !strstr(value, " typ ") || port > 65535) return -1;
  if (component == 2 || (strcmp(transport, "udp") != 0 && strcmp(transport, "UDP") != 0) || jf_ends_in(address, ".local")) return 0;
  memset(out, 0, sizeof(*out));
  out->priority = (uint32_t)priority;
  out->address.port = port;
  out->address.family = inet_pton(AF_INET, address, out->address.address) == 1 ? 4 : 6;
  if (out->address.family == 6 && inet_pton(AF_INET6, address, out->address.address) != 1) return -1;
  return 1;
}

static inline jf_status_t jf_candidate_add(void *self, jf_candidates_t *candidates, const char *text, size_t length) {
  jf_candidate_t candidate;
  const int found = jf_candidate_of(text, length, &candidate);
  if (found < 0) return jf_fail(self, JF_E_INVALID, "not a candidate: pass the value of a=candidate (RFC 8839 section 5.1)");
  if (found == 0 || candidates->count == JF_MOST_CANDIDATES) return JF_OK;
  size_t at = 0;
  while (at < candidates->count && candidates->list[at].priority >= candidate.priority) {
    if (memcmp(&candidates->list[at], &candidate, sizeof(candidate)) == 0) return JF_OK;
    at++;
  }
  memmove(&candidates->list[at + 1], &candidates->list[at], (candidates->count - at) * sizeof(candidate));
  candidates->list[at] = candidate;
  candidates->count++;
  return JF_OK;
}

// Whether there is a way to the peer, and which: back to where the last packet came from, else the best pair of one family.
static inline int jf_direct_route(const jf_direct_transport_t *transport, jf_route_t *out) {
  *out = transport->route;
  if (transport->heard) return 1;
  for (size_t r = 0; r < transport->remote.count; r++) {
    for (size_t l = 0; l < transport->local.count; l++) {
      out->local = transport->local.list[l].address;
      out->remote = transport->remote.list[r].address;
      if (out->local.family == out->remote.family) return 1;
    }
  }
  return 0;
}

static inline int jf_direct_connects(const jf_direct_transport_t *transport) {
  jf_route_t route;
  return transport->life == JF_DIRECT_STARTED && jf_direct_route(transport, &route);
}

// Tells a change of state.
static inline jf_status_t jf_direct_settle(jf_direct_transport_t *transport, const jf_transport_sink_t *sink) {
  jf_transport_state_t state = JF_TRANSPORT_STATE_NEW;
  if (transport->life == JF_DIRECT_CLOSED) state = JF_TRANSPORT_STATE_CLOSED;
  else if (jf_direct_connects(transport)) state = JF_TRANSPORT_STATE_CONNECTED;
  else if (transport->life == JF_DIRECT_STARTED) state = JF_TRANSPORT_STATE_CONNECTING;
  if (state == transport->told) return JF_OK;
  transport->told = state;
  return sink->state(sink->context, state);
}

static inline jf_status_t jf_direct_alive(void *self) {
  if (((const jf_direct_transport_t *)self)->life != JF_DIRECT_UNBORN) return JF_OK;
  return jf_fail(self, JF_E_STATE, "the transport is not active: call activate first");
}

// -------------------------------------------------------------------------------------------------
// jackfield.transport/1

static inline jf_status_t jf_direct_activate(void *self, jf_timestamp_t now, const jf_transport_config_t *config) {
  jf_direct_transport_t *transport = (jf_direct_transport_t *)self;
  (void)now, (void)config;
  transport->life = JF_DIRECT_ACTIVE;
  transport->told = JF_TRANSPORT_STATE_NEW;
  transport->local.count = transport->remote.count = 0;
  transport->heard = 0;
  transport->received = transport->sent = transport->garbage = 0;
  return JF_OK;
}

static inline jf_status_t jf_attribute(const jf_attribute_sink_t *sink, const char *name, const char *value) {
  return sink->attribute(sink->context, name, strlen(name), value, strlen(value));
}

// What a description cannot do without (RFC 8829 section 5.2.1): names that open nothing and the fingerprint of no certificate.
static inline jf_status_t jf_direct_local_description(void *self, const jf_attribute_sink_t *sink) {
  static const char *const attributes[][2] = {
      {"ice-options", "trickle"},
      {"address-proof", "none"},
      {"ice-ufrag", "clear"},
      {"ice-pwd", "neitherSecretNorAskedFor"},
      {"setup", "passive"},
      {"fingerprint", "sha-256 00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"},
  };
  jf_status_t status = jf_direct_alive(self);
  for (size_t i = 0; status >= 0 && i < sizeof(attributes) / sizeof(attributes[0]); i++)
    status = jf_attribute(sink, attributes[i][0], attributes[i][1]);
  return status;
}

static inline jf_status_t jf_direct_set_remote_attribute(void *self, jf_timestamp_t now, const char *name, size_t name_len,
                                                         const char *value, size_t value_len) {
  (void)now, (void)name, (void)name_len, (void)value, (void)value_len;
  return jf_direct_alive(self);
}

static inline jf_status_t jf_direct_start(void *self, jf_timestamp_t now, const jf_transport_sink_t *sink) {
  jf_direct_transport_t *transport = (jf_direct_transport_t *)self;
  (void)now;
  if (jf_direct_alive(self) < 0) return JF_E_STATE;
  if (transport->life == JF_DIRECT_CLOSED) return jf_fail(self, JF_E_STATE, "this transport is closed: activate it again");
  transport->life = JF_DIRECT_STARTED;
  return jf_direct_settle(transport, sink);
}

static inline jf_status_t jf_direct_restart(void *self, jf_timestamp_t now) {
  (void)now;
  ((jf_direct_transport_t *)self)->heard = 0;
  return jf_direct_alive(self);
}

static inline jf_status_t jf_direct_add_local_candidate(void *self, jf_timestamp_t now, const char *candidate, size_t candidate_len) {
  (void)now;
  if (jf_direct_alive(self) < 0) return JF_E_STATE;
  return jf_candidate_add(self, &((jf_direct_transport_t *)self)->local, candidate, candidate_len);
}

static inline jf_status_t jf_direct_add_remote_candidate(void *self, jf_timestamp_t now, const char *candidate, size_t candidate_len) {
  (void)now;
  if (jf_direct_alive(self) < 0) return JF_E_STATE;
  return jf_candidate_add(self, &((jf_direct_transport_t *)self)->remote, candidate, candidate_len);
}

static inline jf_status_t jf_direct_receive(void *self, jf_timestamp_t now, const jf_route_t *route, const uint8_t *datagram,
                                            size_t datagram_len, const jf_transport_sink_t *sink) {
  jf_direct_transport_t *transport = (jf_direct_transport_t *)self;
  (void)now;
  if (jf_direct_alive(self) < 0) return JF_E_STATE;
  const size_t length = datagram_len < sizeof(transport->scratch) ? datagram_len : sizeof(transport->scratch);
  if (length > 0) memcpy(transport->scratch, datagram, length);
  const size_t left = transport->life == JF_DIRECT_STARTED ? transport->unwrap(self, transport->scratch, length) : 0;
  const jf_packet_kind_t kind = jf_packet_kind(transport->scratch, left);
  if (!jf_is_packet(kind, transport->scratch, left)) {
    transport->garbage++;
    return JF_OK;
  }
  transport->received++;
  transport->heard = 1;
  transport->route = *route;
  const jf_status_t status = jf_direct_settle(transport, sink);
  return status < 0 ? status : sink->packet(sink->context, kind, transport->scratch, left);
}

// A candidate that came after the start has connected us, and somebody must be told.
static inline jf_status_t jf_direct_deadline(void *self, jf_timestamp_t *out) {
  const jf_direct_transport_t *transport = (const jf_direct_transport_t *)self;
  const int untold = transport->told == JF_TRANSPORT_STATE_CONNECTING && jf_direct_connects(transport);
  *out = untold ? 0 : JF_TIMESTAMP_NEVER;
  return JF_OK;
}

static inline jf_status_t jf_direct_handle_timeout(void *self, jf_timestamp_t now, const jf_transport_sink_t *sink) {
  (void)now;
  if (jf_direct_alive(self) < 0) return JF_E_STATE;
  return jf_direct_settle((jf_direct_transport_t *)self, sink);
}

static inline jf_status_t jf_direct_send(void *self, jf_timestamp_t now, jf_packet_kind_t kind, const uint8_t *packet, size_t packet_len,
                                         const jf_transport_sink_t *sink) {
  jf_direct_transport_t *transport = (jf_direct_transport_t *)self;
  jf_route_t route;
  (void)now;
  if (transport->life != JF_DIRECT_STARTED || !jf_direct_route(transport, &route))
    return jf_fail(self, JF_E_STATE, "not connected: start it and tell it a remote candidate before sending");
  if (packet_len > JF_LONGEST_PACKET || !jf_is_packet(kind, packet, packet_len))
    return jf_fail(self, JF_E_INVALID, "not a whole RTP or RTCP packet (RFC 3550): pass header and payload");
  memcpy(transport->scratch, packet, packet_len);
  transport->sent++;
  return sink->transmit(sink->context, &route, transport->scratch, transport->wrap(self, transport->scratch, packet_len));
}

static inline jf_status_t jf_direct_close(void *self, jf_timestamp_t now, const jf_transport_sink_t *sink) {
  (void)now;
  if (jf_direct_alive(self) < 0) return JF_E_STATE;
  ((jf_direct_transport_t *)self)->life = JF_DIRECT_CLOSED;
  return jf_direct_settle((jf_direct_transport_t *)self, sink);
}

// 192.0.2.1:5000, [2001:db8::1]:5000
static inline void jf_address_text(const jf_socket_address_t *address, char *out, size_t out_len) {
  char host[INET6_ADDRSTRLEN] = "";
  inet_ntop(address->family == 6 ? AF_INET6 : AF_INET, address->address, host, sizeof(host));
  snprintf(out, out_len, address->family == 6 ? "[%s]:%u" : "%s:%u", host, (unsigned)address->port);
}

static inline jf_status_t jf_direct_path(void *self, const jf_attribute_sink_t *sink) {
  const jf_direct_transport_t *transport = (const jf_direct_transport_t *)self;
  char local[64], remote[64], pair[130] = "";
  jf_route_t route;
  if (jf_direct_alive(self) < 0) return JF_E_STATE;
  if (jf_direct_route(transport, &route)) {
    jf_address_text(&route.local, local, sizeof(local));
    jf_address_text(&route.remote, remote, sizeof(remote));
    snprintf(pair, sizeof(pair), "%s %s", local, remote);
  }
  const char *const attributes[][2] = {
      {"ice-state", jf_direct_connects(transport) ? "connected" : "new"},
      {"dtls-version", ""},
      {"dtls-cipher", ""},
      {"srtp-profile", transport->name},
      {"selected-pair", pair},
  };
  jf_status_t status = JF_OK;
  for (size_t i = 0; status >= 0 && i < sizeof(attributes) / sizeof(attributes[0]); i++)
    status = jf_attribute(sink, attributes[i][0], attributes[i][1]);
  return status;
}

static inline jf_status_t jf_direct_stats(void *self, double *values, size_t values_len, uint32_t *out) {
  const jf_direct_transport_t *transport = (const jf_direct_transport_t *)self;
  if (values_len < 3) return jf_fail(self, JF_E_BUFFER_TOO_SMALL, "pass one place for each statistic");
  values[0] = (double)transport->received;
  values[1] = (double)transport->sent;
  values[2] = (double)transport->garbage;
  *out = 3;
  return JF_OK;
}

// Table and `create` of a transport whose instances are a `type`; `name_` is what its protection is called where the path is told.
#define JF_DIRECT_TRANSPORT(type, name_, wrap_, unwrap_)                                                                \
  static size_t jf_wrap(void *self, uint8_t *packet, size_t length) { return wrap_((type *)self, packet, length); }     \
  static size_t jf_unwrap(void *self, uint8_t *datagram, size_t length) { return unwrap_((type *)self, datagram, length); } \
  JF_MODULE_TABLE(free, jf_no_latency, jf_direct_stats, jf_no_reset)                                                    \
  static const jf_transport_table_t jf_table = {                                                                        \
      JF_HEAD(jf_transport_table_t, JF_TRANSPORT_REVISION, free),                                                       \
      .activate = jf_direct_activate,                                                                                   \
      .local_description = jf_direct_local_description,                                                                 \
      .set_remote_attribute = jf_direct_set_remote_attribute,                                                           \
      .start = jf_direct_start,                                                                                         \
      .restart = jf_direct_restart,                                                                                     \
      .add_local_candidate = jf_direct_add_local_candidate,                                                             \
      .add_remote_candidate = jf_direct_add_remote_candidate,                                                           \
      .receive = jf_direct_receive,                                                                                     \
      .deadline = jf_direct_deadline,                                                                                   \
      .handle_timeout = jf_direct_handle_timeout,                                                                       \
      .send = jf_direct_send,                                                                                           \
      .close = jf_direct_close,                                                                                         \
      .path = jf_direct_path,                                                                                           \
  };                                                                                                                    \
  static jf_status_t create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {               \
    (void)environment;                                                                                                  \
    jf_direct_transport_t *transport =                                                                                  \
        (jf_direct_transport_t *)jf_make(sizeof(type), jf_knobs, JF_KNOB_COUNT, &jf_table, out, fault);                 \
    if (!transport) return JF_E_FAILED;                                                                                 \
    transport->name = name_;                                                                                            \
    transport->wrap = jf_wrap;                                                                                          \
    transport->unwrap = jf_unwrap;                                                                                      \
    return JF_OK;                                                                                                       \
  }

#endif
