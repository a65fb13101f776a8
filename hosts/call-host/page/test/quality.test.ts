import { expect, test } from 'vitest';
import { qualityBetween, readCounters, type QualityCounters, type StatisticsEntry } from '../src/quality';

const entries = (bytes: number, lost: number): StatisticsEntry[] => [
  {
    type: 'inbound-rtp',
    packetsReceived: 100 + bytes / 100,
    packetsLost: lost,
    concealedSamples: lost * 960,
    totalSamplesReceived: 48 * bytes,
    bytesReceived: bytes,
    jitter: 0.004,
  },
  { type: 'outbound-rtp', bytesSent: 2 * bytes },
  { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.02 },
  { type: 'candidate-pair', nominated: false, state: 'succeeded', currentRoundTripTime: 9 },
  { type: 'codec' },
];

const counters = (changes: Partial<QualityCounters> = {}): QualityCounters => ({
  ...readCounters(entries(4000, 2), 1000),
  ...changes,
});

test('seconds become milliseconds, and only the nominated pair counts', () => {
  expect(readCounters(entries(0, 0), 0)).toMatchObject({ jitterMs: 4, roundTripMs: 20 });
});

test('the round trip of the voice itself goes before that of the path checks', () => {
  const all = [...entries(0, 0), { type: 'remote-inbound-rtp', roundTripTime: 0.031 }];
  expect(readCounters(all, 0).roundTripMs).toBeCloseTo(31);
});

test('two readings a second apart give rates', () => {
  const sample = qualityBetween(readCounters(entries(0, 0), 0), readCounters(entries(4000, 10), 1000));
  expect(sample?.incomingKbps).toBe(32);
  expect(sample?.outgoingKbps).toBe(64);
  expect(sample?.lossPercent).toBe(20);
  expect(sample?.concealedPercent).toBe(5);
});

test('nothing expected means no share, rather than no loss', () => {
  const sample = qualityBetween(counters(), counters({ timeMs: 2000 }));
  expect(sample?.lossPercent).toBeNull();
  expect(sample?.concealedPercent).toBeNull();
});

test('a packet that comes late after all does not make a negative loss', () => {
  const after = counters({ timeMs: 2000, packetsLost: 1, packetsReceived: 200 });
  expect(qualityBetween(counters(), after)?.lossPercent).toBe(0);
});

test('counters that went back belong to another connection and are not compared', () => {
  expect(qualityBetween(counters(), counters({ timeMs: 2000, bytesReceived: 10 }))).toBeNull();
  expect(qualityBetween(counters(), counters())).toBeNull();
});
