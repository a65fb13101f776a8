import type { SwapReport } from './api-types';
import { element } from './dom';
import { describeSwap } from './swap-words';

/** The measured report of a swap, written into the module whose socket it was. */
export class SwapReportView {
  readonly root = element('div', { class: 'report', 'data-role': 'report', role: 'status' });
  private swap = -1;

  show(report: SwapReport, own: boolean, pluginName: (id: string) => string): void {
    // The answer to a request and the message to the room tell of the same swap: the first one stays.
    if (report.swap === this.swap) return;
    this.swap = report.swap;
    const words = describeSwap(report, pluginName);
    const by = own || report.outcome === 'parameters-set' ? '' : ' Someone else in the room did it.';
    this.write(report.outcome, words.headline, `${words.sentence}${by}`);
    Object.assign(this.root.dataset, {
      swap: String(report.swap),
      samplesLost: String(report.samples_lost),
      discontinuityDb: String(report.discontinuity_db),
      stallUs: String(report.stall_us),
      addedLatencyMs: String(report.added_latency_ms),
    });
    if (words.figures.length === 0) return;
    const figures = words.figures.map(({ label, value, unit }) =>
      element('div', {}, element('dd', {}, value, element('span', { class: 'unit' }, unit)), element('dt', {}, label)),
    );
    this.root.append(element('dl', { class: 'report-figures' }, ...figures));
  }

  working(plugin: string): void {
    this.reset();
    this.write('working', `Plugging in ${plugin}.`, 'It runs in the shadow of the call first, then takes over.');
  }

  /** It waits for a decision, and what asks for that says so. */
  held(): void {
    this.reset();
    delete this.root.dataset['outcome'];
    this.root.replaceChildren();
  }

  failed(message: string): void {
    this.reset();
    this.write('error', 'Not done.', message);
  }

  private reset(): void {
    this.swap = -1;
    for (const key of ['swap', 'samplesLost', 'discontinuityDb', 'stallUs', 'addedLatencyMs']) delete this.root.dataset[key];
  }

  private write(outcome: string, headline: string, sentence: string): void {
    this.root.dataset['outcome'] = outcome;
    this.root.replaceChildren(element('p', {}, element('strong', {}, headline), ` ${sentence.trim()}`));
  }
}
