import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { element, setText } from './dom';
import { duration, measure } from './format';
import type { TimedSample } from './quality-monitor';

export interface SwapMark {
  at: number;
  socket: string;
  outcome: string;
}

interface Line {
  key: Exclude<keyof TimedSample, 'at'>;
  label: string;
  colour: string;
  dash?: number[];
}

interface Plot {
  title: string;
  unit: string;
  /** The axis reaches at least this far, so that noise near zero does not look like a mountain range. */
  atLeast: number;
  lines: [Line, Line];
}

const plots: Plot[] = [
  {
    title: 'Delay',
    unit: 'ms',
    atLeast: 20,
    lines: [
      { key: 'roundTripMs', label: 'round trip', colour: '--series-a' },
      { key: 'jitterMs', label: 'jitter', colour: '--series-b', dash: [6, 3] },
    ],
  },
  {
    title: 'Gaps',
    unit: '%',
    atLeast: 5,
    lines: [
      { key: 'lossPercent', label: 'packets lost', colour: '--series-a' },
      { key: 'concealedPercent', label: 'samples concealed', colour: '--series-b', dash: [6, 3] },
    ],
  },
  {
    title: 'Bitrate',
    unit: 'kbit/s',
    atLeast: 60,
    lines: [
      { key: 'incomingKbps', label: 'incoming', colour: '--series-a' },
      { key: 'outgoingKbps', label: 'outgoing', colour: '--series-b', dash: [6, 3] },
    ],
  },
  {
    title: 'The host may send you',
    unit: 'kbit/s',
    atLeast: 60,
    lines: [
      { key: 'allowedKbps', label: 'allowed', colour: '--series-a' },
      { key: 'shadowKbps', label: 'in the shadow', colour: '--series-b', dash: [6, 3] },
    ],
  },
];

const WINDOW_S = 120;
const SHORTEST_WINDOW_S = 30;
const HEIGHT = 148;

/** Four small charts on one clock, with a vertical mark where a swap took place. */
export class QualityChart {
  private readonly figures: { plot: Plot; host: HTMLElement; readings: HTMLElement[]; chart: uPlot | null }[] = [];
  private samples: readonly TimedSample[] = [];
  private marks: readonly SwapMark[] = [];
  private origin = 0;

  constructor(private readonly root: HTMLElement) {
    for (const plot of plots) this.figures.push(this.addFigure(plot));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.rebuild());
    new ResizeObserver(() => this.resize()).observe(root);
  }

  /** `origin` is when the call began, on the same clock as the samples and marks. */
  update(samples: readonly TimedSample[], marks: readonly SwapMark[], origin: number): void {
    this.samples = samples;
    this.marks = marks;
    this.origin = origin;
    for (const figure of this.figures) {
      figure.chart ??= this.build(figure.plot, figure.host);
      figure.chart?.setData(this.data(figure.plot));
      const latest = samples.at(-1);
      figure.plot.lines.forEach((line, index) => {
        const value = latest?.[line.key];
        const reading = figure.readings[index];
        if (reading) setText(reading, value === null || value === undefined ? '–' : measure(value));
      });
    }
  }

  private addFigure(plot: Plot) {
    const readings = plot.lines.map(() => element('span', { class: 'reading-value' }, '–'));
    const legend = element(
      'figcaption',
      {},
      element('span', { class: 'chart-title' }, plot.title),
      ...plot.lines.map((line, index) =>
        element(
          'span',
          { class: 'reading', 'data-series': index === 0 ? 'a' : 'b' },
          element('span', { class: 'reading-label' }, line.label),
          readings[index] ?? '',
          element('span', { class: 'unit' }, plot.unit),
        ),
      ),
    );
    const host = element('div', { class: 'chart', 'aria-hidden': 'true' });
    this.root.append(element('figure', {}, legend, host));
    return { plot, host, readings, chart: null };
  }

  private data(plot: Plot): uPlot.AlignedData {
    return [
      this.samples.map((sample) => sample.at - this.origin),
      ...plot.lines.map((line) => this.samples.map((sample) => sample[line.key])),
    ] as uPlot.AlignedData;
  }

  private build(plot: Plot, host: HTMLElement): uPlot | null {
    const width = host.clientWidth;
    if (width === 0) return null;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis: uPlot.Axis = {
      stroke: colour('--ink-soft'),
      font: '12px system-ui, sans-serif',
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
    };
    const options: uPlot.Options = {
      width,
      height: HEIGHT,
      legend: { show: false },
      cursor: { sync: { key: 'quality' }, y: false, drag: { x: false, y: false } },
      scales: {
        x: {
          time: false,
          range: (_, _min, max) => {
            const end = Math.max(max ?? 0, SHORTEST_WINDOW_S);
            return [Math.max(0, end - WINDOW_S), end];
          },
        },
        y: { range: (_, _min, max) => [0, Math.max(plot.atLeast, (max ?? 0) * 1.15)] },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 26, space: 70, values: (_, splits) => splits.map(duration) },
        { ...axis, size: 44, space: 34, values: (_, splits) => splits.map((value) => measure(value)) },
      ],
      series: [
        {},
        ...plot.lines.map((line) => ({
          label: line.label,
          stroke: colour(line.colour),
          width: 2,
          points: { show: false },
          ...(line.dash ? { dash: line.dash } : {}),
        })),
      ],
      hooks: { draw: [(chart) => this.drawMarks(chart, colour)] },
    };
    return new uPlot(options, this.data(plot), host);
  }

  private drawMarks(chart: uPlot, colour: (name: string) => string): void {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineWidth = devicePixelRatio;
    // The axes leave their own alignment behind.
    ctx.textAlign = 'left';
    ctx.textBaseline = 'alphabetic';
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    let labelledUpTo = -Infinity;
    for (const mark of this.marks) {
      const x = Math.round(chart.valToPos(mark.at - this.origin, 'x', true));
      ctx.strokeStyle = ctx.fillStyle = colour(mark.outcome === 'committed' ? '--mark' : '--bad');
      ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const start = x + 4 * devicePixelRatio;
      if (start < labelledUpTo) continue;
      ctx.fillText(mark.socket, start, bbox.top + 11 * devicePixelRatio);
      labelledUpTo = start + ctx.measureText(mark.socket).width;
    }
    ctx.restore();
  }

  private resize(): void {
    for (const { chart, host } of this.figures) {
      if (chart && host.clientWidth > 0) chart.setSize({ width: host.clientWidth, height: HEIGHT });
    }
  }

  private rebuild(): void {
    for (const figure of this.figures) {
      figure.chart?.destroy();
      figure.chart = null;
    }
    if (this.samples.length > 0) this.update(this.samples, this.marks, this.origin);
  }
}
