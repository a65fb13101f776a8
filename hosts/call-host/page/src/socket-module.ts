import type {
  ParameterValue,
  PluginSummary,
  Socket,
  SocketChange,
  Statistic,
  SwapReport,
  SwapUnderWay,
} from './api-types';
import { element, setData, setText } from './dom';
import { measure, words } from './format';
import { ParameterControl } from './parameter-control';
import { ParameterQueue } from './parameter-queue';
import { SwapDecision } from './swap-decision';
import { SwapReportView } from './swap-report';

export interface ModuleActions {
  /** Asks the host; rejects with an error whose message may be shown. */
  change(socket: string, change: SocketChange): Promise<SwapReport | SwapUnderWay>;
  /** Lets a swap go on now, or takes it back; rejects like `change`. */
  decide(swap: number, decision: 'promote' | 'abort'): Promise<void>;
  pluginName(id: string): string;
  swapping(socket: string, busy: boolean): void;
}

/** The faceplate of one socket: the plugin in it, its controls, what else fits, and the report of the last swap. */
export class SocketModule {
  readonly root: HTMLElement;
  private readonly lamp = element('span', { class: 'lamp' });
  private readonly pluginName = element('span', { class: 'plugin-name' });
  private readonly pluginVersion = element('span', { class: 'plugin-version' });
  private readonly pluginNote = element('p', { class: 'plugin-note' });
  private readonly alternatives: HTMLSelectElement;
  private readonly alternativeNote = element('p', { class: 'alternative-note' });
  private readonly swapButton = element('button', { type: 'button', class: 'swap', 'data-role': 'swap' }, 'Swap');
  private readonly hold = element('input', { type: 'checkbox', 'data-role': 'hold' });
  private readonly decision: SwapDecision;
  private readonly report = new SwapReportView();
  private readonly readouts = element('dl', { class: 'readouts' });
  private readonly parameters = element('div', { class: 'parameters' });
  private readonly stats = element('dl', { class: 'stats' });
  private controls = new Map<string, ParameterControl>();
  private controlsFor = '';
  private readonly queue: ParameterQueue;

  constructor(
    private current: Socket,
    position: number,
    private readonly actions: ModuleActions,
  ) {
    const { socket, title } = current;
    const headingId = `module-${socket}`;
    const selectId = `alternative-${socket}`;
    this.alternatives = element('select', { id: selectId, 'data-role': 'alternative' });
    this.swapButton.setAttribute('aria-describedby', headingId);
    this.decision = new SwapDecision(
      (swap, decision) => this.actions.decide(swap, decision),
      (id) => this.actions.pluginName(id),
    );
    this.queue = new ParameterQueue((values) => this.setParameters(values));
    this.root = element(
      'article',
      { class: 'module', 'data-socket': socket, id: `socket-${socket}`, tabindex: -1, 'aria-labelledby': headingId },
      element(
        'header',
        { class: 'strip' },
        element('span', { class: 'strip-number', 'aria-hidden': 'true' }, String(position).padStart(2, '0')),
        element('h3', { id: headingId }, title),
        this.lamp,
      ),
      element('div', { class: 'plugged' }, element('p', { class: 'plugin' }, this.pluginName, ' ', this.pluginVersion), this.pluginNote),
      element(
        'div',
        { class: 'swap-row' },
        element('label', { for: selectId }, 'Plug in instead'),
        element('div', { class: 'swap-controls' }, this.alternatives, this.swapButton),
        element('label', { class: 'hold' }, this.hold, ' Wait for my decision'),
        this.alternativeNote,
      ),
      this.decision.root,
      this.report.root,
      this.readouts,
      this.parameters,
      this.stats,
    );
    this.alternatives.addEventListener('change', () => this.describeAlternative());
    this.swapButton.addEventListener('click', () => void this.swap());
    this.update(current);
  }

  update(socket: Socket): void {
    const pluginChanged = socket.plugin.id !== this.current.plugin.id;
    const previous = this.current.plugin.id;
    this.current = socket;
    const { plugin } = socket;
    setData(this.root, 'state', socket.state);
    setData(this.root, 'plugin', plugin.id);
    setText(this.lamp, socket.state);
    setText(this.pluginName, plugin.name);
    setText(this.pluginVersion, plugin.version);
    setText(this.pluginNote, plugin.description);
    this.pluginName.title = `${plugin.id}, by ${plugin.vendor}, ${plugin.license}`;
    this.showAlternatives(pluginChanged ? previous : this.alternatives.value);
    this.showReadouts();
    this.showParameters();
    showStatistics(this.stats, socket.stats);
  }

  /** A swap of this socket has begun or gone on, whoever asked for it. */
  showProgress(swap: SwapUnderWay): void {
    this.decision.show(swap);
  }

  showReport(report: SwapReport, own: boolean): void {
    this.decision.ended(report.swap);
    // The room may hear of this page's own swap before the request is answered; the answer follows and says whose it was.
    const awaited = !own && this.root.getAttribute('aria-busy') === 'true';
    if (!awaited) this.report.show(report, own, this.actions.pluginName);
  }

  private async swap(): Promise<void> {
    const use = this.alternatives.value;
    if (!use || this.root.getAttribute('aria-busy') === 'true') return;
    this.queue.clear();
    this.busy(true);
    this.report.working(this.actions.pluginName(use));
    try {
      const change = this.hold.checked ? { use, hold: true } : { use };
      const answer = await this.actions.change(this.current.socket, change);
      if ('outcome' in answer) this.showReport(answer, true);
      else {
        this.report.held();
        this.showProgress(answer);
      }
    } catch (error) {
      this.report.failed(error instanceof Error ? error.message : String(error));
    } finally {
      this.busy(false);
    }
  }

  private async setParameters(values: Record<string, ParameterValue>): Promise<void> {
    try {
      const report = await this.actions.change(this.current.socket, { params: values });
      // The controls themselves show what was set; only what was not needs words.
      if ('outcome' in report && report.outcome !== 'parameters-set') this.showReport(report, true);
    } catch (error) {
      this.report.failed(error instanceof Error ? error.message : String(error));
    }
  }

  private busy(busy: boolean): void {
    this.root.setAttribute('aria-busy', String(busy));
    this.swapButton.setAttribute('aria-disabled', String(busy));
    setText(this.swapButton, busy ? 'Swapping' : 'Swap');
    this.actions.swapping(this.current.socket, busy);
  }

  /** `preferred` stays chosen if it still fits: after a swap that is the predecessor, so that one more press swaps back. */
  private showAlternatives(preferred: string): void {
    const fitting = inOrder(this.current.alternatives.filter((one) => one.id !== this.current.plugin.id));
    const known = [...this.alternatives.options].map((option) => option.value).join();
    if (known !== fitting.map((one) => one.id).join()) {
      this.alternatives.replaceChildren(
        ...fitting.map((one) => element('option', { value: one.id }, `${one.name} ${one.version}`.trim())),
      );
      if (fitting.some((one) => one.id === preferred)) this.alternatives.value = preferred;
    } else if (fitting.length > 0 && this.alternatives.options.length === fitting.length) {
      this.alternatives.value = fitting.some((one) => one.id === preferred) ? preferred : (fitting[0]?.id ?? '');
    }
    this.alternatives.disabled = this.swapButton.disabled = fitting.length === 0;
    this.describeAlternative();
  }

  private describeAlternative(): void {
    const chosen = this.current.alternatives.find((one) => one.id === this.alternatives.value);
    setText(this.alternativeNote, chosen ? chosen.description : 'Nothing else fits this socket yet. Add a plugin to the manifest.');
    this.swapButton.setAttribute('aria-label', chosen ? `Swap to ${chosen.name}` : 'Swap');
  }

  private showReadouts(): void {
    const { latency_ms, isolation, fallback, instances, scope } = this.current;
    const entries: [string, string][] = [
      ['Latency', `${measure(latency_ms)} ms`],
      ['Isolation', isolation],
      ['Stands by', fallback ? this.actions.pluginName(fallback) : 'nothing'],
      ['Instances', scope === 'participant' ? `${measure(instances)}, one per voice` : `${measure(instances)} for the room`],
    ];
    writeEntries(this.readouts, entries);
  }

  private showParameters(): void {
    const { socket, plugin, parameters } = this.current;
    const shape = JSON.stringify([plugin.id, plugin.version, parameters.map((p) => [p.name, p.kind, p.min, p.max, p.step, p.choices])]);
    if (shape !== this.controlsFor) {
      this.controlsFor = shape;
      this.queue.clear();
      this.controls = new Map(
        parameters.map((parameter) => [
          parameter.name,
          new ParameterControl(parameter, `parameter-${socket}`, (name, value) => this.queue.set(name, value)),
        ]),
      );
      this.parameters.replaceChildren(...[...this.controls.values()].map((control) => control.root));
    }
    for (const parameter of parameters) {
      this.controls.get(parameter.name)?.update(parameter, this.queue.isPending(parameter.name));
    }
  }
}

/** A plugin that does nothing is a fine thing to try, but not the first. */
function inOrder(plugins: PluginSummary[]): PluginSummary[] {
  const rank = (one: PluginSummary) => (/\b(null|none|bypass|passthrough)\b/.test(one.id) ? 1 : 0);
  return [...plugins].sort((a, b) => rank(a) - rank(b));
}

function showStatistics(list: HTMLElement, statistics: Statistic[]): void {
  writeEntries(
    list,
    statistics.map(({ name, value, unit }) => [
      words(name),
      value === null || value === undefined ? '–' : `${typeof value === 'number' ? measure(value) : String(value)}${unit ? ` ${unit}` : ''}`,
    ]),
  );
}

/** Writes a description list in place, so that figures change without the list being rebuilt under the reader. */
function writeEntries(list: HTMLElement, entries: [string, string][]): void {
  while (list.children.length > entries.length) list.lastElementChild?.remove();
  entries.forEach(([label, value], index) => {
    let row = list.children[index];
    if (!row) {
      row = element('div', {}, element('dt'), element('dd'));
      list.append(row);
    }
    const [dt, dd] = row.children;
    if (dt) setText(dt, label);
    if (dd) setText(dd, value);
  });
}
