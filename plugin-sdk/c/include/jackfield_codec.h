// A whole audio codec but for its algorithm: header-only, C11 and C++20, on top of jackfield_plugin.h. One payload format, mono, each block of 10 ms a
// packet of its own, all packets of one length. The same in Rust is jackfield_sdk::codec.
//
//   typedef struct plugin { jf_block_codec_t codec; … } plugin_t;                        // the codec first
//   static void encode(plugin_t *plugin, const float *block, uint8_t *packet);
//   static void decode(plugin_t *plugin, const uint8_t *packet, float *block);
//   JF_BLOCK_CODEC(plugin_t, "X-MINE", 16000, 160, encode, decode)                       // name in SDP, rate, bytes of a packet
//   JF_BLOCK_CODEC_ENTRY("example.codec.mine")
//   JF_META(JF_BLOCK_CODEC_META("example.codec.mine", "Mine", "1.0.0", "Me", "MIT", "What it is.", 16000, KNOBS))
//
// Both functions are [audio]: no allocation, no lock, no clock. Encoder and decoder are instances of their own. A block is finite and within ±1.0; a
// packet to decode has the right length and may hold anything. What is lost is made up from what was heard last.

#ifndef JACKFIELD_CODEC_H
#define JACKFIELD_CODEC_H

#include "jackfield_plugin.h"

#include <math.h>

// What a codec is.
typedef struct jf_block_codec_kind {
  const char *name;
  uint32_t sample_rate, packet_bytes;
  void (*encode)(void *self, const float *block, uint8_t *packet);
  void (*decode)(void *self, const uint8_t *packet, float *block);
} jf_block_codec_kind_t;

// What every instance begins with.
typedef struct jf_block_codec {
  jf_base_t base;
  const jf_block_codec_kind_t *kind;
  int active;
  float block[JF_MAX_BLOCK_SAMPLES];
  // Where concealment reads in `block`, which it plays to and fro, and how loud.
  uint32_t at;
  int backwards;
  float loudness;
} jf_block_codec_t;

static inline uint32_t jf_codec_samples(const jf_block_codec_t *codec) { return codec->kind->sample_rate / 100; }

// Finite and within ±1.0; the answer is whether it is loud enough for a voice.
static inline uint32_t jf_codec_clean(float *block, uint32_t samples) {
  double power = 0.0;
  for (uint32_t i = 0; i < samples; i++) {
    block[i] = isfinite(block[i]) ? fmaxf(-1.0f, fminf(1.0f, block[i])) : 0.0f;
    power += (double)block[i] * block[i];
  }
  return power > 1e-5 * samples;
}

static inline jf_status_t jf_codec_check(void *self, uint32_t format, uint32_t sample_rate, uint32_t channels) {
  const jf_block_codec_t *codec = (const jf_block_codec_t *)self;
  if (format != 0 || sample_rate != codec->kind->sample_rate || channels != 1)
    return jf_fail(self, JF_E_UNSUPPORTED, "this codec has one format, mono at its own rate: convert the samples first");
  return JF_OK;
}

static inline jf_status_t jf_codec_reset(void *self, jf_reset_reason_t reason) {
  jf_block_codec_t *codec = (jf_block_codec_t *)self;
  (void)reason;
  codec->at = 0;
  codec->loudness = 0.0f;
  return JF_OK;
}

// ---- jackfield.audio-codec/1 ----

static inline jf_status_t jf_codec_formats(void *self, const jf_payload_format_sink_t *sink) {
  const jf_block_codec_kind_t *kind = ((const jf_block_codec_t *)self)->kind;
  const jf_payload_format_t format = {kind->sample_rate, 1, JF_PAYLOAD_FORMAT_DYNAMIC, kind->sample_rate, 1, 10};
  return sink->format(sink->context, kind->name, strlen(kind->name), &format, "", 0);
}

static inline jf_status_t jf_codec_answer(void *self, uint32_t index, const char *offered, size_t offered_len, const jf_text_sink_t *answer) {
  (void)offered, (void)offered_len;
  if (index != 0) return jf_fail(self, JF_E_UNSUPPORTED, "this codec has one format");
  return answer->text(answer->context, "", 0);
}

// ---- jackfield.audio-encoder/1 ----

static inline jf_status_t jf_encoder_activate(void *self, const jf_encoder_config_t *config, const char *fmtp, size_t fmtp_len) {
  (void)fmtp, (void)fmtp_len;
  const jf_status_t status = jf_codec_check(self, config->format, config->sample_rate, config->channels);
  if (status < 0) return status;
  if (config->packet_ms % 10 != 0) return jf_fail(self, JF_E_INVALID, "packet_ms is a multiple of 10, or 0");
  ((jf_block_codec_t *)self)->active = 1;
  return JF_OK;
}

static inline jf_status_t jf_encoder_encode(void *self, const float *block, size_t block_len, uint8_t *payload, size_t payload_len, jf_encoded_t *out) {
  jf_block_codec_t *codec = (jf_block_codec_t *)self;
  const uint32_t samples = jf_codec_samples(codec);
  if (!codec->active) return jf_fail(self, JF_E_STATE, "call activate first");
  if (block_len != samples) return jf_fail(self, JF_E_INVALID, "pass exactly 10 ms at the rate of the codec");
  if (payload_len < codec->kind->packet_bytes) return jf_fail(self, JF_E_BUFFER_TOO_SMALL, "pass room for 1,275 bytes of payload");
  memcpy(codec->block, block, samples * sizeof(float));
  out->voice = jf_codec_clean(codec->block, samples);
  codec->kind->encode(self, codec->block, payload);
  out->bytes = codec->kind->packet_bytes;
  out->ticks = samples;
  out->dtx = 0;
  return JF_OK;
}

// ---- jackfield.audio-decoder/1 ----

static inline jf_status_t jf_decoder_activate(void *self, const jf_decoder_config_t *config, const char *fmtp, size_t fmtp_len) {
  (void)fmtp, (void)fmtp_len;
  const jf_status_t status = jf_codec_check(self, config->format, config->sample_rate, config->channels);
  if (status < 0) return status;
  ((jf_block_codec_t *)self)->active = 1;
  return jf_codec_reset(self, JF_RESET_REASON_STREAM);
}

static inline jf_status_t jf_decoder_probe(void *self, const uint8_t *packet, size_t packet_len, jf_packet_info_t *out) {
  const jf_block_codec_t *codec = (const jf_block_codec_t *)self;
  (void)packet;
  if (!codec->active) return jf_fail(self, JF_E_STATE, "call activate first");
  if (packet_len != codec->kind->packet_bytes) return jf_fail(self, JF_E_INVALID, "a packet of this codec has another length: drop it and conceal");
  memset(out, 0, sizeof(*out));
  out->samples = jf_codec_samples(codec);
  return JF_OK;
}

static inline jf_status_t jf_decoder_decode(void *self, const uint8_t *packet, size_t packet_len, float *pcm, size_t pcm_len, jf_decoded_t *out) {
  jf_block_codec_t *codec = (jf_block_codec_t *)self;
  jf_packet_info_t info;
  const jf_status_t status = jf_decoder_probe(self, packet, packet_len, &info);
  if (status < 0) return status;
  if (pcm_len < info.samples) return jf_fail(self, JF_E_BUFFER_TOO_SMALL, "pass room for 120 ms");
  codec->kind->decode(self, packet, codec->block);
  out->samples = info.samples;
  out->voice = jf_codec_clean(codec->block, info.samples);
  memcpy(pcm, codec->block, info.samples * sizeof(float));
  codec->at = info.samples - 1;
  codec->backwards = 1;
  codec->loudness = 1.0f;
  return JF_OK;
}

// The last block to and fro, so that it has no step, softer and softer: silent after 60 ms.
static inline jf_status_t jf_decoder_conceal(void *self, uint32_t samples, float *pcm, size_t pcm_len, jf_decoded_t *out) {
  jf_block_codec_t *codec = (jf_block_codec_t *)self;
  if (!codec->active) return jf_fail(self, JF_E_STATE, "call activate first");
  if (pcm_len < samples) return jf_fail(self, JF_E_BUFFER_TOO_SMALL, "pass room for 120 ms");
  const uint32_t last = jf_codec_samples(codec) - 1;
  const float softer = 1.0f / (6.0f * (float)(last + 1));
  for (uint32_t i = 0; i < samples; i++) {
    if (codec->at == (codec->backwards ? 0u : last)) codec->backwards = !codec->backwards;
    codec->at = codec->backwards ? codec->at - 1 : codec->at + 1;
    codec->loudness = fmaxf(0.0f, codec->loudness - softer);
    pcm[i] = codec->block[codec->at] * codec->loudness;
  }
  out->samples = samples;
  out->voice = 0;
  return JF_OK;
}

// Kind, tables and `create` functions of a codec whose instances are a `type`.
#define JF_BLOCK_CODEC(type, name_, rate_, bytes_, encode_, decode_)                                                         \
  static void jf_encode(void *self, const float *block, uint8_t *packet) { encode_((type *)self, block, packet); }           \
  static void jf_decode(void *self, const uint8_t *packet, float *block) { decode_((type *)self, packet, block); }           \
  static const jf_block_codec_kind_t jf_kind = {name_, rate_, bytes_, jf_encode, jf_decode};                                 \
  JF_MODULE_TABLE(free, jf_no_latency, jf_no_stats, jf_codec_reset)                                                          \
  static const jf_audio_codec_table_t jf_codec_table = {                                                                     \
      JF_HEAD(jf_audio_codec_table_t, JF_AUDIO_CODEC_REVISION, free),                                                        \
      .formats = jf_codec_formats,                                                                                           \
      .answer = jf_codec_answer,                                                                                             \
  };                                                                                                                         \
  static const jf_audio_encoder_table_t jf_encoder_table = {                                                                 \
      JF_HEAD(jf_audio_encoder_table_t, JF_AUDIO_ENCODER_REVISION, free),                                                    \
      .activate = jf_encoder_activate,                                                                                       \
      .encode = jf_encoder_encode,                                                                                           \
  };                                                                                                                         \
  static const jf_audio_decoder_table_t jf_decoder_table = {                                                                 \
      JF_HEAD(jf_audio_decoder_table_t, JF_AUDIO_DECODER_REVISION, free),                                                    \
      .activate = jf_decoder_activate,                                                                                       \
      .probe = jf_decoder_probe,                                                                                             \
      .decode = jf_decoder_decode,                                                                                           \
      .conceal = jf_decoder_conceal,                                                                                         \
  };                                                                                                                         \
  static jf_status_t jf_make_codec(const void *table, jf_instance_t *out, jf_fault_t *fault) {                               \
    jf_block_codec_t *codec = (jf_block_codec_t *)jf_make(sizeof(type), jf_knobs, JF_KNOB_COUNT, table, out, fault);         \
    if (!codec) return JF_E_FAILED;                                                                                          \
    codec->kind = &jf_kind;                                                                                                  \
    return JF_OK;                                                                                                            \
  }                                                                                                                          \
  static jf_status_t jf_create_codec(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {           \
    (void)environment;                                                                                                       \
    return jf_make_codec(&jf_codec_table, out, fault);                                                                       \
  }                                                                                                                          \
  static jf_status_t jf_create_encoder(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {         \
    (void)environment;                                                                                                       \
    return jf_make_codec(&jf_encoder_table, out, fault);                                                                     \
  }                                                                                                                          \
  static jf_status_t jf_create_decoder(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {         \
    (void)environment;                                                                                                       \
    return jf_make_codec(&jf_decoder_table, out, fault);                                                                     \
  }

// The entry: codec, encoder and decoder under one id.
#define JF_BLOCK_CODEC_ENTRY(id_)                                                              \
  static const jf_module_t jf_modules[] = {                                                    \
      {sizeof(jf_module_t), 0, JF_STR(JF_AUDIO_CODEC_ID), JF_STR(id_), jf_create_codec},       \
      {sizeof(jf_module_t), 0, JF_STR(JF_AUDIO_ENCODER_ID), JF_STR(id_), jf_create_encoder},   \
      {sizeof(jf_module_t), 0, JF_STR(JF_AUDIO_DECODER_ID), JF_STR(id_), jf_create_decoder},   \
  };                                                                                           \
  JF_ENTRY_OF(jf_modules)

#define JF_BLOCK_CODEC_MODULE(area, id, name, version, vendor, license, description, rate, list)  \
  JF_META_MODULE(area, id, name, version, vendor, license, description, "1") JF_META_AUDIO(#rate, "1", "0") JF_KNOBS_META(list)

// The lines of metadata of all three modules and their tables.
#define JF_BLOCK_CODEC_META(id, name, version, vendor, license, description, rate, list)                              \
  JF_BLOCK_CODEC_MODULE(JF_AUDIO_CODEC_ID, id, name, version, vendor, license, description, rate, list)               \
  JF_BLOCK_CODEC_MODULE(JF_AUDIO_ENCODER_ID, id, name, version, vendor, license, description, rate, list)             \
  JF_BLOCK_CODEC_MODULE(JF_AUDIO_DECODER_ID, id, name, version, vendor, license, description, rate, list)             \
  JF_MODULE_SHAPE JF_AUDIO_CODEC_SHAPE JF_AUDIO_ENCODER_SHAPE JF_AUDIO_DECODER_SHAPE

#endif
