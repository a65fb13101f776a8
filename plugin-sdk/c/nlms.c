// An echo canceller in C: a normalised least-mean-squares filter (Widrow and Hoff 1960; normalised: Nagumo and Noda 1967) that learns the
// way from the loudspeaker to the microphone and takes its echo away. It holds still while the near end speaks, after Geigel (Duttweiler,
// "A twelve-channel digital echo canceler", 1978).
//
// It works in the time domain on the first channel: plain to read, and dear for long tails, so the tail is a parameter. Echo that is bent
// by the loudspeaker it cannot learn; jackfield.processing.aec3 can.

#include "jackfield_plugin.h"

#include <math.h>

#define KNOBS(KNOB)                                                                                                    \
  KNOB(tail, "Tail", "ms", int, 4, 64, 24, "", "How long the echo may take. Longer costs more.")                        \
  KNOB(step, "Step", "", float, 0.05, 1, 0.5, "", "How fast it learns; fast is less exact.")
JF_KNOBS(KNOBS)

// 64 ms at 48 kHz.
#define MOST_TAPS 3072

typedef struct nlms {
  jf_base_t base;
  uint32_t samples, channels, rate, taps;
  // The filter, latest far-end sample first, and what it is applied to: each sample stands twice, MOST_TAPS apart, so that the last `taps` of
  // them always lie in one piece.
  float weights[MOST_TAPS], far[2 * MOST_TAPS];
  uint32_t at;
  // The far-end block that was shown last.
  float block[JF_MAX_BLOCK_SAMPLES];
  int rendered;
  double near_power, error_power;
  // For so many samples more it does not learn.
  uint32_t hold;
  uint64_t held_blocks;
} nlms_t;

static void forget(nlms_t *nlms) {
  memset(nlms->weights, 0, sizeof(nlms->weights));
  memset(nlms->far, 0, sizeof(nlms->far));
  memset(nlms->block, 0, sizeof(nlms->block));
  nlms->at = 0;
  nlms->near_power = nlms->error_power = 0.0;
  nlms->hold = 0;
}

// [any]
static jf_status_t nlms_reset(void *self, jf_reset_reason_t reason) {
  (void)reason;
  forget(self);
  return JF_OK;
}

// [control]
static jf_status_t activate(void *self, const jf_audio_format_t *format) {
  nlms_t *nlms = self;
  if (!jf_is_format(format)) return jf_fail(self, JF_E_UNSUPPORTED, "the format is 8 to 48 kHz and 1 to 8 channels");
  nlms->samples = format->sample_rate / 100;
  nlms->channels = format->channels;
  nlms->rate = format->sample_rate;
  nlms->taps = 0;
  forget(nlms);
  return JF_OK;
}

static float clean(float sample) { return isfinite(sample) ? fmaxf(-1.0f, fminf(1.0f, sample)) : 0.0f; }

// [audio]
static jf_status_t render(void *self, jf_timestamp_t now, const float *far, size_t far_len) {
  nlms_t *nlms = self;
  (void)now;
  if (nlms->samples == 0) return jf_fail(self, JF_E_STATE, "call activate first");
  if (far_len != (size_t)nlms->samples * nlms->channels) return jf_fail(self, JF_E_INVALID, "a block is 10 ms");
  for (uint32_t i = 0; i < nlms->samples; i++) nlms->block[i] = clean(far[i]);
  nlms->rendered = 1;
  return JF_OK;
}

// The filter's length follows its parameter between two blocks; what was learnt of the part that stays is kept.
static void set_length(nlms_t *nlms) {
  const uint32_t wanted = (uint32_t)(nlms->base.values[KNOB_tail] * nlms->rate / 1000.0);
  const uint32_t taps = wanted < 1 ? 1 : wanted > MOST_TAPS ? MOST_TAPS : wanted;
  for (uint32_t i = taps; i < nlms->taps; i++) nlms->weights[i] = 0.0f;
  nlms->taps = taps;
}

// One sample: puts the far end into the line and gives what is left of the near end.
static float cancel(nlms_t *nlms, float far, float near, float step, float loudest) {
  nlms->at = nlms->at == 0 ? MOST_TAPS - 1 : nlms->at - 1;
  nlms->far[nlms->at] = nlms->far[nlms->at + MOST_TAPS] = far;
  const float *line = &nlms->far[nlms->at];
  float echo = 0.0f, energy = 0.0f;
  for (uint32_t i = 0; i < nlms->taps; i++) {
    echo += nlms->weights[i] * line[i];
    energy += line[i] * line[i];
  }
  const float error = near - echo;
  // Louder than the far end can have made it: somebody speaks here, and what they say must not be learnt.
  if (fabsf(near) > 0.7f * loudest) nlms->hold = nlms->rate / 20;
  if (nlms->hold > 0) {
    nlms->hold--;
  } else if (energy > 1e-4f) {
    const float by = step * error / (energy + 1e-3f);
    for (uint32_t i = 0; i < nlms->taps; i++) nlms->weights[i] += by * line[i];
  }
  return error;
}

// [audio]
static jf_status_t process(void *self, jf_timestamp_t now, float *near, size_t near_len, const jf_capture_info_t *capture,
                           jf_processor_report_t *report) {
  nlms_t *nlms = self;
  (void)now, (void)capture;
  if (nlms->samples == 0) return jf_fail(self, JF_E_STATE, "call activate first");
  if (near_len != (size_t)nlms->samples * nlms->channels) return jf_fail(self, JF_E_INVALID, "a block is 10 ms");
  if (!nlms->rendered) memset(nlms->block, 0, sizeof(nlms->block));
  nlms->rendered = 0;
  set_length(nlms);
  float loudest = 0.0f;
  for (uint32_t i = 0; i < nlms->taps; i++) loudest = fmaxf(loudest, fabsf(nlms->far[nlms->at + i]));
  for (uint32_t i = 0; i < nlms->samples; i++) loudest = fmaxf(loudest, fabsf(nlms->block[i]));
  const float step = (float)nlms->base.values[KNOB_step];
  double heard = 0.0, left = 0.0;
  for (uint32_t i = 0; i < nlms->samples; i++) {
    const float sample = clean(near[i]);
    near[i] = cancel(nlms, nlms->block[i], sample, step, loudest);
    // A filter that has gone wild adds more than it takes away.
    near[i] = fmaxf(-1.0f, fminf(1.0f, near[i]));
    heard += (double)sample * sample;
    left += (double)near[i] * near[i];
  }
  if (left > 4.0 * heard + 1e-3) forget(nlms);
  for (size_t i = nlms->samples; i < near_len; i++) near[i] = clean(near[i]);
  if (nlms->hold > 0) nlms->held_blocks++;
  nlms->near_power = 0.95 * nlms->near_power + 0.05 * heard;
  nlms->error_power = 0.95 * nlms->error_power + 0.05 * left;
  if (JF_HAS(report, jf_processor_report_t, echo_return_loss_enhancement))
    report->echo_return_loss_enhancement = (float)(10.0 * log10((nlms->near_power + 1e-9) / (nlms->error_power + 1e-9)));
  return JF_OK;
}

// [any]
static jf_status_t stats(void *self, double *values, size_t values_len, uint32_t *out) {
  const nlms_t *nlms = self;
  if (values_len < 1) return jf_fail(self, JF_E_BUFFER_TOO_SMALL, "pass one place for each statistic");
  values[0] = (double)nlms->held_blocks;
  *out = 1;
  return JF_OK;
}

JF_MODULE_TABLE(free, jf_no_latency, stats, nlms_reset)

static const jf_audio_processor_table_t table = {
    JF_HEAD(jf_audio_processor_table_t, JF_AUDIO_PROCESSOR_REVISION, free),
    .activate = activate,
    .render = render,
    .process = process,
};

static jf_status_t create(const jf_environment_t *environment, jf_instance_t *out, jf_fault_t *fault) {
  (void)environment;
  return jf_make(sizeof(nlms_t), jf_knobs, JF_KNOB_COUNT, &table, out, fault) ? JF_OK : JF_E_FAILED;
}

JF_ENTRY(JF_AUDIO_PROCESSOR_ID, "example.processing.c-nlms", create)

JF_META(JF_META_MODULE(JF_AUDIO_PROCESSOR_ID, "example.processing.c-nlms", "Echo canceller in C", "1.0.0", "Jackfield", "MIT OR Apache-2.0",
                       "Learns the echo's way and takes it off (NLMS); written in C.", "1")
        JF_META_AUDIO("", "8", "1") JF_KNOBS_META(KNOBS)
        JF_META_STATISTIC("held", "blocks", "counter", "Blocks in which it did not learn because the near end spoke.")
        JF_MODULE_SHAPE JF_AUDIO_PROCESSOR_SHAPE)
