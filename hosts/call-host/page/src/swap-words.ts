import type { SwapReport, SwapStep, SwapUnderWay } from './api-types';
import { measure, number, plural, signed } from './format';

export interface SwapFigure {
  label: string;
  value: string;
  unit: string;
}

/** What the host measured, in one sentence and four figures. */
export interface SwapWords {
  headline: string;
  sentence: string;
  figures: SwapFigure[];
}

export function describeSwap(report: SwapReport, pluginName: (id: string) => string): SwapWords {
  return {
    headline: headline(report),
    sentence: sentence(report, pluginName),
    figures: report.outcome === 'refused' || report.outcome === 'parameters-set' ? [] : figures(report),
  };
}

function headline(report: SwapReport): string {
  switch (report.outcome) {
    case 'committed':
      return report.samples_lost === 0 ? 'Swapped. Nothing lost.' : 'Swapped, with a loss.';
    case 'rolled-back':
      return 'Rolled back.';
    case 'refused':
      return 'Not plugged in.';
    case 'parameters-set':
      return 'Set.';
    default:
      return String(report.outcome);
  }
}

function sentence(report: SwapReport, pluginName: (id: string) => string): string {
  const message = report.message ? ` ${report.message}` : '';
  switch (report.outcome) {
    case 'committed':
      return `${pluginName(report.to)} took over from ${pluginName(report.from)} while the call ran.${message}`;
    case 'rolled-back':
      return `${pluginName(report.to)} misbehaved, so ${pluginName(report.from)} plays again.${message}`;
    case 'refused':
      return report.message || `${pluginName(report.to)} does not fit this socket.`;
    default:
      return report.message;
  }
}

function figures(report: SwapReport): SwapFigure[] {
  return [
    { label: 'samples lost', value: number(report.samples_lost), unit: '' },
    {
      label: 'largest step',
      value: hasStep(report) ? number(report.discontinuity_db, 1) : 'none',
      unit: hasStep(report) ? 'dB' : '',
    },
    { label: 'audio held up', value: measure(report.stall_us), unit: 'µs' },
    { label: 'added latency', value: signed(report.added_latency_ms, 1), unit: 'ms' },
  ];
}

/** Whether the seam has a step at all: a step of nothing is minus infinity in dB, for which the host says -120. */
export const hasStep = (report: SwapReport): boolean => report.discontinuity_db > -120;

/** What a swap that is under way does, and what can be decided about it. */
export function describeProgress(swap: SwapUnderWay, pluginName: (id: string) => string): { sentence: string; promote: string | null } {
  const to = pluginName(swap.to);
  const from = pluginName(swap.from);
  if (swap.socket === 'congestion') return describeController(swap.step, to, from);
  switch (swap.step) {
    case 'shadow':
      return { sentence: `${to} hears the call and is not heard yet.`, promote: 'Let it be heard' };
    case 'ready':
      return { sentence: `${to} is ready and waits: it hears the call and is not heard.`, promote: 'Let it be heard' };
    case 'probation':
      return { sentence: `${to} is heard; ${from} is kept at hand.`, promote: 'Keep it' };
    default:
      return { sentence: `${to} is being made ready.`, promote: null };
  }
}

/** A congestion controller is not heard: it decides. The chart of the rates shows what it would decide meanwhile. */
function describeController(step: SwapStep, to: string, from: string): { sentence: string; promote: string | null } {
  switch (step) {
    case 'shadow':
      return { sentence: `${to} is told everything and decides nothing yet; the chart shows what it would.`, promote: 'Let it decide' };
    case 'ready':
      return { sentence: `${to} is ready and waits; the chart shows what it would decide.`, promote: 'Let it decide' };
    case 'probation':
      return { sentence: `${to} decides; the chart shows what ${from} would.`, promote: 'Keep it' };
    default:
      return { sentence: `${to} is being made ready.`, promote: null };
  }
}

/** How long the steps of a swap took, in order: `verify 0.42, shadow 310, probation 410 ms`. */
export function describeSteps(report: SwapReport): string {
  const steps = report.steps ?? [];
  if (steps.length === 0) return '–';
  return `${steps.map(({ step, ms }) => `${step} ${measure(ms)}`).join(', ')} ms`;
}

/** The whole report in one line, for screen readers and the history. */
export function spokenSwap(title: string, report: SwapReport, pluginName: (id: string) => string): string {
  const words = describeSwap(report, pluginName);
  const lost = words.figures.length > 0 ? ` ${plural(report.samples_lost, 'sample')} lost.` : '';
  return `${title}: ${words.headline} ${words.sentence}${lost}`;
}
