// PLUGIN_TITLE: a transport without ICE. It adds a checksum to every packet; put your own into `wrap` and `unwrap`.
//
// It hides nothing from anybody: for tests and for learning, not for a call over the Internet.

#include "jackfield_transport.h"

#define KNOBS(KNOB)
JF_KNOBS(KNOBS)

// One instance: one participant's path.
typedef struct plugin {
  jf_direct_transport_t transport;
} plugin_t;

// FNV-1a.
static uint32_t checksum(const uint8_t *bytes, size_t length) {
  uint32_t sum = 0x811c9dc5u;
  for (size_t i = 0; i < length; i++) sum = (sum ^ bytes[i]) * 0x01000193u;
  return sum;
}

// For each packet and each datagram: the length of what it becomes. No lock, no clock, nothing that blocks in here. [network]
static size_t wrap(plugin_t *plugin, uint8_t *packet, size_t length) {
  const uint32_t sum = checksum(packet, length);
  (void)plugin;
  for (size_t i = 0; i < 4; i++) packet[length + i] = (uint8_t)(sum >> (24 - 8 * i));
  return length + 4;
}

// [network]
static size_t unwrap(plugin_t *plugin, uint8_t *datagram, size_t length) {
  (void)plugin;
  if (length < 4) return 0;
  const uint32_t sum = checksum(datagram, length - 4);
  for (size_t i = 0; i < 4; i++)
    if (datagram[length - 4 + i] != (uint8_t)(sum >> (24 - 8 * i))) return 0;
  return length - 4;
}

JF_DIRECT_TRANSPORT(plugin_t, "none: a checksum", wrap, unwrap)
JF_ENTRY(JF_TRANSPORT_ID, "PLUGIN_ID", create)

JF_META(JF_META_MODULE(JF_TRANSPORT_ID, "PLUGIN_ID", "PLUGIN_TITLE", "0.1.0", "PLUGIN_VENDOR", "MIT OR Apache-2.0",
                       "FOR TESTS ONLY: packets in the clear, with a checksum.", "1")
        JF_KNOBS_META(KNOBS) JF_DIRECT_TRANSPORT_STATISTICS JF_MODULE_SHAPE JF_TRANSPORT_SHAPE)
