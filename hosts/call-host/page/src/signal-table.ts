import type { Graph } from './api-types';
import { element, setData } from './dom';
import { measure } from './format';

/** Every node of the negotiated plan in words: the same as the drawing, and the converters that it leaves out. */
export class SignalTable {
  private shown = '';

  constructor(private readonly body: HTMLElement) {}

  update(graph: Graph): void {
    const shape = JSON.stringify([graph.nodes, graph.edges]);
    if (shape === this.shown) return;
    this.shown = shape;
    // Only what the host put in by itself has a reason.
    const explained = graph.nodes.some(({ reason }) => reason !== '');
    setData(this.body, 'explained', String(explained));
    const labelOf = new Map(graph.nodes.map((node) => [node.id, node.label]));
    this.body.replaceChildren(
      ...graph.nodes.map((node) => {
        const next = graph.edges.filter((edge) => edge.from === node.id).map((edge) => labelOf.get(edge.to) ?? edge.to);
        return element(
          'tr',
          {},
          element('th', { scope: 'row' }, node.label),
          element('td', {}, node.kind),
          element('td', {}, node.format),
          element('td', { class: 'figure' }, `${measure(node.latency_ms)} ms`),
          element('td', {}, next.join(', ')),
          element('td', {}, node.reason),
        );
      }),
    );
  }
}
