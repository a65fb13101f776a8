import { qualityBetween, readCounters, type QualityCounters, type QualitySample, type StatisticsEntry } from './quality';

const EVERY_MS = 1_000;
/** Half an hour of one-second samples. */
const LONGEST = 1_800;

export interface TimedSample extends QualitySample {
  /** Seconds on the page's clock. */
  at: number;
  /** What the host's congestion controller lets be sent here. */
  allowedKbps: number | null;
  /** What the one in its shadow would. */
  shadowKbps: number | null;
}

/** What the host has decided about the path to this page. */
export type Allowed = Pick<TimedSample, 'allowedKbps' | 'shadowKbps'>;

/** Reads the peer connection's statistics once a second and keeps the history. */
export class QualityMonitor {
  readonly samples: TimedSample[] = [];
  private before: QualityCounters | null = null;
  /** Whose counters those are: another connection begins at zero. */
  private of: RTCPeerConnection | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly connection: () => RTCPeerConnection | null,
    private readonly allowed: () => Allowed,
    private readonly sampled: () => void,
  ) {}

  get latest(): TimedSample | null {
    return this.samples.at(-1) ?? null;
  }

  start(): void {
    this.stop();
    this.samples.length = 0;
    this.before = null;
    this.timer = setInterval(() => void this.read(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async read(): Promise<void> {
    const connection = this.connection();
    if (connection?.connectionState !== 'connected') {
      this.before = null;
      return;
    }
    if (connection !== this.of) this.before = null;
    this.of = connection;
    const after = readCounters(await entries(connection), performance.now());
    const sample = this.before && qualityBetween(this.before, after);
    this.before = after;
    if (!sample) return;
    this.samples.push({ at: after.timeMs / 1000, ...this.allowed(), ...sample });
    if (this.samples.length > LONGEST) this.samples.shift();
    this.sampled();
  }
}

export async function entries(connection: RTCPeerConnection): Promise<StatisticsEntry[]> {
  const all: StatisticsEntry[] = [];
  const report = await connection.getStats();
  report.forEach((entry: StatisticsEntry) => all.push(entry));
  return all;
}
