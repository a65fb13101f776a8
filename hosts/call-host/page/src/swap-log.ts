import type { SwapReport } from './api-types';

export interface SwapEntry {
  report: SwapReport;
  /** Seconds on the page's clock; null for a swap that ended before this page looked. */
  at: number | null;
  /** Asked for on this page, rather than by someone else. */
  own: boolean;
}

/**
 * The swaps of a room, newest first. The same report may arrive three times, as the answer to a request, as a message to
 * the room and in the room's statistics: it is one entry, and it is one's own if any of them says so.
 */
export class SwapLog {
  private readonly entries = new Map<number, SwapEntry>();

  /** True if this report was not known yet. */
  add(report: SwapReport, at: number | null, own: boolean): boolean {
    if (report.outcome === 'parameters-set') return false;
    const known = this.entries.get(report.swap);
    if (known) {
      known.own ||= own;
      return false;
    }
    this.entries.set(report.swap, { report, at, own });
    return true;
  }

  clear(): void {
    this.entries.clear();
  }

  get newestFirst(): SwapEntry[] {
    return [...this.entries.values()].sort((a, b) => b.report.swap - a.report.swap);
  }

  /** The swaps that changed what one hears while this page watched, oldest first. */
  get marks(): { at: number; socket: string; outcome: SwapReport['outcome'] }[] {
    return this.newestFirst
      .filter((entry) => entry.at !== null && entry.report.outcome !== 'refused')
      .map(({ report, at }) => ({ at: at ?? 0, socket: report.socket, outcome: report.outcome }))
      .reverse();
  }
}
