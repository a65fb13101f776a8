import { expect, test } from 'vitest';
import type { GraphNode } from '../src/api-types';
import { cables, droops, hangingPath, medium } from '../src/signal-path';

const node = (id: string, socket: string | null): GraphNode => ({
  id,
  socket,
  kind: 'processor',
  label: id,
  format: '',
  latency_ms: 0,
  reason: '',
});

test('the parallel voices of a room fall together in one cable', () => {
  const nodes = [node('p1.echo', 'echo'), node('p1.noise', 'noise'), node('p2.echo', 'echo'), node('p2.noise', 'noise')];
  const edges = [
    { from: 'p1.echo', to: 'p1.noise', format: '48000 Hz x1' },
    { from: 'p2.echo', to: 'p2.noise', format: '48000 Hz x1' },
  ];
  expect(cables({ nodes, edges })).toEqual([{ from: 'echo', to: 'noise', medium: 'audio', formats: ['48000 Hz x1'] }]);
});

test('a cable passes through converters, which stand in no socket', () => {
  const nodes = [node('codec', 'codec'), node('resample', null), node('remix', null), node('echo', 'echo')];
  const edges = [
    { from: 'codec', to: 'resample', format: '16000 Hz x1' },
    { from: 'resample', to: 'remix', format: '48000 Hz x2' },
    { from: 'remix', to: 'echo', format: '48000 Hz x1' },
  ];
  expect(cables({ nodes, edges }).map(({ from, to }) => `${from}>${to}`)).toEqual(['codec>echo']);
});

test('a loop of converters and an edge to nowhere do no harm', () => {
  const nodes = [node('a', 'echo'), node('x', null), node('y', null)];
  const edges = [
    { from: 'a', to: 'x', format: '' },
    { from: 'x', to: 'y', format: '' },
    { from: 'y', to: 'x', format: '' },
    { from: 'y', to: 'gone', format: '' },
  ];
  expect(cables({ nodes, edges })).toEqual([]);
});

test.each([
  ['48000 Hz x1', 'audio'],
  ['Opus 20 ms', 'encoded'],
  ['RTP packets', 'packets'],
  ['datagrams', 'packets'],
  ['transport feedback', 'feedback'],
  ['target rate', 'feedback'],
] as const)('%s is carried as %s', (format, carried) => {
  expect(medium(format)).toBe(carried);
});

test('neighbours hang least and the longest cable hangs deepest, each at a depth of its own', () => {
  const order = ['a', 'b', 'c', 'd'];
  const cable = (from: string, to: string) => ({ from, to, medium: 'audio' as const, formats: [] });
  const [long, near, middle] = droops([cable('d', 'a'), cable('a', 'b'), cable('b', 'd')], order) as [number, number, number];
  expect(long).toBe(1);
  expect(near).toBeLessThan(middle);
  expect(middle).toBeLessThan(long);
});

test('a cable between level jacks touches its depth exactly', () => {
  const path = hangingPath({ x: 0, y: 10 }, { x: 100, y: 10 }, 70);
  const [x0, y0, , y1, , y2, x3, y3] = (path.match(/-?[\d.]+/g) ?? []).map(Number) as [number, number, number, number, number, number, number, number];
  expect([x0, y0, x3, y3]).toEqual([0, 10, 100, 10]);
  const halfway = (y0 + 3 * y1 + 3 * y2 + y3) / 8;
  expect(halfway).toBeCloseTo(70, 5);
});
