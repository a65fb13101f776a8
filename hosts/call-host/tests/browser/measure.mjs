// What is in a recording: tones and voices. All levels in dB; full scale is 0.

const BLOCK_SECONDS = 0.1;

/**
 * How far a steady tone stands out of what lies beside it in frequency: the median over blocks of 100 ms of its level minus
 * the louder of the levels 6 % below and above. A tone in a pause of speech gives 20 dB and more; no tone gives about 0.
 */
export function toneProminence(samples, rate, hertz) {
  const length = Math.round(BLOCK_SECONDS * rate);
  const differences = [];
  for (let start = 0; start + length <= samples.length; start += length) {
    const block = samples.subarray(start, start + length);
    const beside = Math.max(level(block, rate, hertz * 0.94), level(block, rate, hertz * 1.06));
    differences.push(level(block, rate, hertz) - beside);
  }
  return median(differences);
}

/** For how many milliseconds on end a steady tone is missed at most: 10 dB or more below its median, in windows of 20 ms, every 5 ms. */
export function longestGap(samples, rate, hertz) {
  const length = Math.round(0.02 * rate);
  const step = Math.round(0.005 * rate);
  const levels = [];
  for (let start = 0; start + length <= samples.length; start += step)
    levels.push(level(samples.subarray(start, start + length), rate, hertz));
  const least = median(levels) - 10;
  let longest = 0;
  let run = 0;
  for (const one of levels) {
    run = one < least ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest * 5;
}

/** The median level of a tone over blocks of 100 ms. */
export function toneLevel(samples, rate, hertz) {
  const length = Math.round(BLOCK_SECONDS * rate);
  const levels = [];
  for (let start = 0; start + length <= samples.length; start += length)
    levels.push(level(samples.subarray(start, start + length), rate, hertz));
  return median(levels);
}

/**
 * How much the loudness of a recording moves as that of a looped voice does: the correlation, from -1 to 1, of the two
 * level curves (20 ms steps, in dB, bounded below) at the shift that suits best. Both at the same rate.
 */
export function likeness(recording, voice, rate) {
  const heard = curve(recording, rate);
  const spoken = curve(voice, rate);
  let best = -1;
  for (let shift = 0; shift < spoken.length; shift++) {
    const expected = heard.map((_, n) => spoken[(n + shift) % spoken.length]);
    best = Math.max(best, correlation(heard, expected));
  }
  return best;
}

/** The level of the whole recording. */
export function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 10 * Math.log10(sum / samples.length + 1e-12);
}

function curve(samples, rate) {
  const length = Math.round(0.02 * rate);
  const levels = [];
  for (let start = 0; start + length <= samples.length; start += length)
    levels.push(Math.max(loudness(samples.subarray(start, start + length)), -50));
  return levels;
}

// Goertzel's filter over one block with a Hann window.
function level(block, rate, hertz) {
  const coefficient = 2 * Math.cos((2 * Math.PI * hertz) / rate);
  let before = 0;
  let last = 0;
  for (let n = 0; n < block.length; n++) {
    const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / block.length);
    const now = block[n] * window + coefficient * last - before;
    before = last;
    last = now;
  }
  const power = before * before + last * last - coefficient * before * last;
  return 10 * Math.log10(power / (block.length * block.length) + 1e-14) + 12;
}

function correlation(a, b) {
  const meanA = mean(a);
  const meanB = mean(b);
  let both = 0;
  let squareA = 0;
  let squareB = 0;
  for (let n = 0; n < a.length; n++) {
    both += (a[n] - meanA) * (b[n] - meanB);
    squareA += (a[n] - meanA) ** 2;
    squareB += (b[n] - meanB) ** 2;
  }
  return both / Math.sqrt(squareA * squareB + 1e-12);
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
