import { expect, test } from 'vitest';
import type { SwapReport, SwapUnderWay } from '../src/api-types';
import { SwapLog } from '../src/swap-log';
import { describeProgress, describeSteps, describeSwap, spokenSwap } from '../src/swap-words';

const report = (changes: Partial<SwapReport> = {}): SwapReport => ({
  swap: 17,
  socket: 'jitter',
  from: 'jackfield.jitter.adaptive',
  to: 'jackfield.jitter.fixed',
  outcome: 'committed',
  samples_lost: 0,
  discontinuity_db: -61.24,
  stall_us: 7.13,
  added_latency_ms: 40,
  instances: 3,
  message: '',
  ...changes,
});
const name = (id: string) => (id.endsWith('fixed') ? 'Fixed' : 'Adaptive');

test('a clean swap says so, with what was measured', () => {
  const words = describeSwap(report(), name);
  expect(words.headline).toBe('Swapped. Nothing lost.');
  expect(words.sentence).toBe('Fixed took over from Adaptive while the call ran.');
  expect(words.figures.map(({ value, unit }) => `${value} ${unit}`.trim())).toEqual(['0', '−61.2 dB', '7.1 µs', '+40.0 ms']);
});

test('a swap that lost samples does not claim to be clean', () => {
  expect(describeSwap(report({ samples_lost: 480 }), name).headline).toBe('Swapped, with a loss.');
  expect(spokenSwap('Jitter buffer', report({ samples_lost: 480 }), name)).toContain('480 samples lost');
});

test('a roll-back names who plays now, and why', () => {
  const words = describeSwap(report({ outcome: 'rolled-back', message: 'It emitted NaN.' }), name);
  expect(words.sentence).toBe('Fixed misbehaved, so Adaptive plays again. It emitted NaN.');
});

test('a refusal has nothing measured to show', () => {
  const words = describeSwap(report({ outcome: 'refused', message: 'It wants 16000 Hz.' }), name);
  expect(words).toEqual({ headline: 'Not plugged in.', sentence: 'It wants 16000 Hz.', figures: [] });
});

test('no discontinuity at all is told without a number', () => {
  expect(describeSwap(report({ discontinuity_db: -120 }), name).figures[1]).toMatchObject({ value: 'none', unit: '' });
});

test('the same report by three ways is one entry, and stays one’s own', () => {
  const log = new SwapLog();
  expect(log.add(report(), 12, false)).toBe(true);
  expect(log.add(report(), 12.1, true)).toBe(false);
  expect(log.add(report(), null, false)).toBe(false);
  expect(log.newestFirst).toEqual([{ report: report(), at: 12, own: true }]);
});

test('the newest swap stands first, and only heard ones mark the chart', () => {
  const log = new SwapLog();
  log.add(report({ swap: 1 }), null, false);
  log.add(report({ swap: 3, outcome: 'refused' }), 30, true);
  log.add(report({ swap: 2, outcome: 'rolled-back' }), 20, true);
  log.add(report({ swap: 4, outcome: 'parameters-set' }), 40, true);
  expect(log.newestFirst.map((entry) => entry.report.swap)).toEqual([3, 2, 1]);
  expect(log.marks).toEqual([{ at: 20, socket: 'jitter', outcome: 'rolled-back' }]);
});

test('a swap that waits says for what, and what the button does', () => {
  const swap: SwapUnderWay = {
    swap: 18,
    socket: 'jitter',
    from: 'jackfield.jitter.adaptive',
    to: 'jackfield.jitter.fixed',
    step: 'ready',
    hold: true,
  };
  expect(describeProgress(swap, name)).toEqual({
    sentence: 'Fixed is ready and waits: it hears the call and is not heard.',
    promote: 'Let it be heard',
  });
  expect(describeProgress({ ...swap, step: 'probation' }, name)).toEqual({
    sentence: 'Fixed is heard; Adaptive is kept at hand.',
    promote: 'Keep it',
  });
  expect(describeProgress({ ...swap, step: 'instantiate' }, name).promote).toBe(null);
});

test('a congestion controller that is tried decides nothing, and is never said to be heard', () => {
  const swap: SwapUnderWay = { swap: 9, socket: 'congestion', from: 'fixed', to: 'gcc', step: 'ready', hold: true };
  const name = (id: string) => id.toUpperCase();
  expect(describeProgress(swap, name)).toEqual({
    sentence: 'GCC is ready and waits; the chart shows what it would decide.',
    promote: 'Let it decide',
  });
  expect(describeProgress({ ...swap, step: 'probation' }, name)).toEqual({
    sentence: 'GCC decides; the chart shows what FIXED would.',
    promote: 'Keep it',
  });
});

test('the steps are told in order, and their lack is no fault', () => {
  const steps = [
    { step: 'verify', ms: 0.42 },
    { step: 'shadow', ms: 310 },
  ];
  expect(describeSteps(report({ steps }))).toBe('verify 0.42, shadow 310 ms');
  expect(describeSteps(report())).toBe('–');
});
