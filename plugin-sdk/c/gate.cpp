// A noise gate in C++: what is softer than the threshold fades away, and comes back at once when somebody speaks.

#include "jackfield_plugin.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#define KNOBS(KNOB)                                                                                            \
  KNOB(threshold, "Threshold", "dBov", float, -90, 0, -60, "", "What stays below this level is faded away.")   \
  KNOB(release, "Release", "ms", int, 10, 2000, 200, "", "For how long a voice is still let through after it fell silent.")
JF_KNOBS(KNOBS)

namespace {

class Gate : public jf::Plugin {
 public:
  jf_status_t activate(const jf_audio_format_t &format) {
    if (!jf_is_format(&format)) return fail(JF_E_UNSUPPORTED, "the format is 8 to 48 kHz and 1 to 8 channels");
    samples_ = format.sample_rate / 100;
    // One gain per sample, computed once for all channels. This is the place to allocate; process is not.
    gains_.assign(samples_, 1.0f);
    channels_ = format.channels;
    reset(JF_RESET_REASON_STREAM);
    return JF_OK;
  }

  jf_status_t process(jf_timestamp_t now, float *near, size_t near_len, const jf_capture_info_t &, jf_processor_report_t &report) {
    if (samples_ == 0) return fail(JF_E_STATE, "call activate first");
    if (near_len != size_t{samples_} * channels_) return fail(JF_E_INVALID, "a block is 10 ms");
    double energy = 0.0;
    for (size_t i = 0; i < near_len; i++) {
      near[i] = std::isfinite(near[i]) ? std::clamp(near[i], -4.0f, 4.0f) : 0.0f;
      energy += double{near[i]} * near[i];
    }
    const double level = 10.0 * std::log10(energy / double(near_len) + 1e-13);
    if (level > value(KNOB_threshold)) heard_ = now;
    const bool open = heard_ != NEVER && double(now - heard_) <= value(KNOB_release) * 1000.0;
    if (!open) closed_blocks_++;
    const float target = open ? 1.0f : 0.0f;
    // Opens within one block, closes within about ten.
    const float reach = open ? 1.0f : 0.1f;
    const float to = gain_ + (target - gain_) * reach;
    for (uint32_t i = 0; i < samples_; i++) gains_[i] = gain_ + (to - gain_) * float(i + 1) / float(samples_);
    for (uint32_t channel = 0; channel < channels_; channel++)
      for (uint32_t i = 0; i < samples_; i++) near[channel * samples_ + i] *= gains_[i];
    gain_ = to;
    if (JF_HAS(&report, jf_processor_report_t, gain_db)) report.gain_db = 20.0f * std::log10(std::max(gain_, 1e-6f));
    return JF_OK;
  }

  uint32_t stats(double *values, size_t values_len) {
    if (values_len > 0) values[0] = double(closed_blocks_);
    return 1;
  }

  void reset(jf_reset_reason_t) {
    gain_ = 1.0f;
    heard_ = NEVER;
  }

 private:
  static constexpr jf_timestamp_t NEVER = INT64_MIN;

  uint32_t samples_ = 0, channels_ = 0;
  std::vector<float> gains_;
  float gain_ = 1.0f;
  jf_timestamp_t heard_ = NEVER;
  uint64_t closed_blocks_ = 0;
};

}  // namespace

JF_AUDIO_PROCESSOR(Gate, "example.processing.cpp-gate")

JF_META(JF_META_MODULE(JF_AUDIO_PROCESSOR_ID, "example.processing.cpp-gate", "Gate in C++", "1.0.0", "Jackfield", "MIT OR Apache-2.0",
                       "Fades away what is softer than a voice; written in C++.", "1")
        JF_META_AUDIO("", "8", "0") JF_KNOBS_META(KNOBS)
        JF_META_STATISTIC("closed", "blocks", "counter", "Blocks during which the gate was closed.")
        JF_MODULE_SHAPE JF_AUDIO_PROCESSOR_SHAPE)
