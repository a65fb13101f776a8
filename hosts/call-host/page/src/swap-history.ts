import type { SwapEntry } from './swap-log';
import { element } from './dom';
import { duration, measure, number, signed } from './format';
import { describeSteps, hasStep } from './swap-words';

const SHOWN = 50;

/** The swaps of the room as a table, newest first. */
export class SwapHistory {
  constructor(
    private readonly body: HTMLElement,
    private readonly none: HTMLElement,
    private readonly table: HTMLElement,
  ) {}

  show(
    entries: readonly SwapEntry[],
    names: { plugin: (id: string) => string; socket: (socket: string) => string },
    origin: number,
  ): void {
    this.none.hidden = entries.length > 0;
    this.table.hidden = entries.length === 0;
    this.body.replaceChildren(
      ...entries.slice(0, SHOWN).map(({ report, at, own }) => {
        const measured = report.outcome !== 'refused';
        const step = hasStep(report) ? `${number(report.discontinuity_db, 1)} dB` : 'none';
        return element(
          'tr',
          { 'data-swap': report.swap, 'data-outcome': report.outcome },
          element('td', { class: 'figure when' }, at === null ? 'before' : duration(at - origin)),
          element('th', { scope: 'row' }, names.socket(report.socket)),
          element('td', { class: 'change' }, `${names.plugin(report.from)} → ${names.plugin(report.to)}`),
          element('td', { class: 'outcome' }, report.outcome.replace('-', ' ')),
          figure('lost', measured ? number(report.samples_lost) : '–'),
          figure('step', measured ? step : '–'),
          figure('held up', measured ? `${measure(report.stall_us)} µs` : '–'),
          figure('latency', measured ? `${signed(report.added_latency_ms, 1)} ms` : '–'),
          element('td', { class: 'steps', 'data-label': 'steps' }, describeSteps(report)),
          element('td', { class: 'by' }, at === null ? '' : own ? 'you' : 'someone else'),
        );
      }),
    );
  }
}

/** On a narrow screen the table's head is gone, and each figure carries its own label. */
function figure(label: string, value: string): HTMLElement {
  return element('td', { class: 'figure', 'data-label': label }, value);
}
