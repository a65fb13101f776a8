// PLUGIN_TITLE: an audio codec. One byte for each sample, at 16 kHz: 128 kbit/s; put your own into `encode` and `decode`.

#include "jackfield_codec.h"

#define KNOBS(KNOB) KNOB(volume, "Volume", "dB", float, -20, 0, 0, "", "How loud the encoder's input is taken.")
JF_KNOBS(KNOBS)

// One instance: one direction of one participant's voice.
typedef struct plugin {
  jf_block_codec_t codec;
} plugin_t;

// Ten milliseconds in, a packet out. No allocation, no lock, no clock in here. [audio]
static void encode(plugin_t *plugin, const float *block, uint8_t *packet) {
  const float volume = powf(10.0f, (float)plugin->codec.base.values[KNOB_volume] / 20.0f);
  for (size_t i = 0; i < 160; i++) {
    const float root = copysignf(sqrtf(fabsf(block[i]) * volume), block[i]);
    packet[i] = (uint8_t)(int8_t)lrintf(root * 127.0f);
  }
}

// [audio]
static void decode(plugin_t *plugin, const uint8_t *packet, float *block) {
  (void)plugin;
  for (size_t i = 0; i < 160; i++) {
    const float root = (float)(int8_t)packet[i] / 127.0f;
    block[i] = root * fabsf(root);
  }
}

// What the codec is called in SDP, its rate, and how long its packets are. Peers that know the name and the clock can be called with it.
JF_BLOCK_CODEC(plugin_t, "X-PLUGIN_UPPER", 16000, 160, encode, decode)
JF_BLOCK_CODEC_ENTRY("PLUGIN_ID")

JF_META(JF_BLOCK_CODEC_META("PLUGIN_ID", "PLUGIN_TITLE", "0.1.0", "PLUGIN_VENDOR", "MIT OR Apache-2.0",
                            "One byte for each sample, at 16 kHz.", 16000, KNOBS))
