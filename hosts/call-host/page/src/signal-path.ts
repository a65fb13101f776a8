import type { Graph } from './api-types';

/** What a cable carries: decides its colour. */
export type Medium = 'audio' | 'encoded' | 'packets' | 'feedback';

export interface Cable {
  from: string;
  to: string;
  medium: Medium;
  /** The negotiated formats, for example `48000 Hz x1`. */
  formats: string[];
}

/**
 * The cables between sockets. The graph has a node per voice, and converters that stand in no socket; the panel has one
 * column per socket, so parallel edges fall together and a cable passes through nodes that have no socket.
 */
export function cables(graph: Pick<Graph, 'nodes' | 'edges'>): Cable[] {
  const socketOf = new Map(graph.nodes.map((node) => [node.id, node.socket]));
  const leaving = new Map<string, { to: string; format: string }[]>();
  for (const edge of graph.edges) {
    const list = leaving.get(edge.from) ?? [];
    list.push(edge);
    leaving.set(edge.from, list);
  }

  const found = new Map<string, Cable>();
  for (const node of graph.nodes) {
    if (node.socket === null) continue;
    const seen = new Set([node.id]);
    const pending = [...(leaving.get(node.id) ?? [])];
    for (let edge = pending.pop(); edge; edge = pending.pop()) {
      if (seen.has(edge.to)) continue;
      seen.add(edge.to);
      const socket = socketOf.get(edge.to);
      if (socket === null) pending.push(...(leaving.get(edge.to) ?? []));
      else if (socket !== undefined && socket !== node.socket) add(found, node.socket, socket, edge.format);
    }
  }
  return [...found.values()];
}

export function medium(format: string): Medium {
  if (/feedback|estimate|target|report|rtcp|rate/i.test(format)) return 'feedback';
  if (/rtp|packet|datagram/i.test(format)) return 'packets';
  if (/\bHz\b|pcm|f32|samples|audio/i.test(format) && !/encoded|opus/i.test(format)) return 'audio';
  return 'encoded';
}

function add(found: Map<string, Cable>, from: string, to: string, format: string): void {
  const carried = medium(format);
  const key = `${from}>${to}>${carried}`;
  const cable = found.get(key) ?? { from, to, medium: carried, formats: [] };
  if (format && !cable.formats.includes(format)) cable.formats.push(format);
  found.set(key, cable);
}

export interface Point {
  x: number;
  y: number;
}

/**
 * How deep each cable hangs, as a share of the room below the jacks: neighbours hang least, and every longer cable hangs
 * deeper than the one before, so that no two lie on each other. In the order of `plugged`.
 */
export function droops(plugged: readonly Cable[], order: readonly string[]): number[] {
  const spans = plugged.map((cable) => Math.abs(order.indexOf(cable.from) - order.indexOf(cable.to)));
  const long = spans
    .map((span, index) => ({ span, index }))
    .filter(({ span }) => span > 1)
    .sort((a, b) => a.span - b.span || a.index - b.index);
  const shares = spans.map(() => NEIGHBOUR_DROOP);
  long.forEach(({ index }, rank) => {
    shares[index] = NEIGHBOUR_DROOP + ((1 - NEIGHBOUR_DROOP) * (rank + 1)) / long.length;
  });
  return shares;
}

const NEIGHBOUR_DROOP = 0.3;

/** A cable that hangs from `from` to `to`, down to `depth`, as an SVG path. */
export function hangingPath(from: Point, to: Point, depth: number): string {
  // A cubic's lowest point lies three quarters of the way down to its two controls.
  const low = Math.max(from.y, to.y);
  const pull = low + (depth - low) / 0.75;
  const lean = (to.x - from.x) * 0.12;
  const at = (x: number, y: number) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  return `M${at(from.x, from.y)} C${at(from.x + lean, pull)} ${at(to.x - lean, pull)} ${at(to.x, to.y)}`;
}
