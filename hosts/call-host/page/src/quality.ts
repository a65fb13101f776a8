/** Call quality from `RTCPeerConnection.getStats()`: counters now, and rates between two readings. */

export interface QualityCounters {
  timeMs: number;
  packetsReceived: number;
  packetsLost: number;
  concealedSamples: number;
  totalSamples: number;
  bytesReceived: number;
  bytesSent: number;
  jitterMs: number | null;
  roundTripMs: number | null;
}

export interface QualitySample {
  roundTripMs: number | null;
  jitterMs: number | null;
  /** Share of the packets of the last interval that never came, in percent. */
  lossPercent: number | null;
  /** Share of the samples of the last interval that had to be invented, in percent. */
  concealedPercent: number | null;
  incomingKbps: number | null;
  outgoingKbps: number | null;
}

/** One entry of the statistics report, as far as it is read here. */
export type StatisticsEntry = Record<string, unknown> & { type: string };

export function readCounters(entries: Iterable<StatisticsEntry>, timeMs: number): QualityCounters {
  const counters: QualityCounters = {
    timeMs,
    packetsReceived: 0,
    packetsLost: 0,
    concealedSamples: 0,
    totalSamples: 0,
    bytesReceived: 0,
    bytesSent: 0,
    jitterMs: null,
    roundTripMs: null,
  };
  let reportedRoundTrip: number | null = null;
  for (const entry of entries) {
    switch (entry.type) {
      case 'inbound-rtp':
        counters.packetsReceived += count(entry['packetsReceived']);
        counters.packetsLost += count(entry['packetsLost']);
        counters.concealedSamples += count(entry['concealedSamples']);
        counters.totalSamples += count(entry['totalSamplesReceived']);
        counters.bytesReceived += count(entry['bytesReceived']);
        counters.jitterMs = seconds(entry['jitter']) ?? counters.jitterMs;
        break;
      case 'outbound-rtp':
        counters.bytesSent += count(entry['bytesSent']);
        break;
      case 'remote-inbound-rtp':
        reportedRoundTrip = seconds(entry['roundTripTime']) ?? reportedRoundTrip;
        break;
      case 'candidate-pair':
        if (entry['nominated'] === true && entry['state'] === 'succeeded') {
          counters.roundTripMs = seconds(entry['currentRoundTripTime']) ?? counters.roundTripMs;
        }
        break;
    }
  }
  // The receiver's reports measure the path of the voice itself; ICE's checks stand in until the first one comes.
  counters.roundTripMs = reportedRoundTrip ?? counters.roundTripMs;
  return counters;
}

/** Null if the counters went back, as they do when a new connection took the place of the old one. */
export function qualityBetween(before: QualityCounters, after: QualityCounters): QualitySample | null {
  const elapsedMs = after.timeMs - before.timeMs;
  const received = after.packetsReceived - before.packetsReceived;
  const samples = after.totalSamples - before.totalSamples;
  const bytesIn = after.bytesReceived - before.bytesReceived;
  const bytesOut = after.bytesSent - before.bytesSent;
  if (elapsedMs <= 0 || received < 0 || samples < 0 || bytesIn < 0 || bytesOut < 0) return null;

  // A late packet turns a loss back into an arrival, so this may be negative for one interval.
  const lost = Math.max(0, after.packetsLost - before.packetsLost);
  const concealed = Math.max(0, after.concealedSamples - before.concealedSamples);
  return {
    roundTripMs: after.roundTripMs,
    jitterMs: after.jitterMs,
    lossPercent: share(lost, lost + received),
    concealedPercent: share(concealed, samples),
    // Bits per millisecond are kilobits per second.
    incomingKbps: (bytesIn * 8) / elapsedMs,
    outgoingKbps: (bytesOut * 8) / elapsedMs,
  };
}

function share(part: number, whole: number): number | null {
  return whole > 0 ? Math.min(100, (100 * part) / whole) : null;
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

/** Statistics give seconds; the page shows milliseconds. */
function seconds(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value * 1000 : null;
}
