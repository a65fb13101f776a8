import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ParameterValue } from '../src/api-types';
import { ParameterQueue } from '../src/parameter-queue';

let posted: Record<string, ParameterValue>[];
let answer: () => void;
let queue: ParameterQueue;

beforeEach(() => {
  vi.useFakeTimers();
  posted = [];
  queue = new ParameterQueue((values) => {
    posted.push(values);
    return new Promise((resolve) => (answer = resolve));
  });
});

afterEach(() => vi.useRealTimers());

test('a dragged slider makes one request with its newest value', () => {
  for (const value of [1, 2, 3]) queue.set('gain', value);
  vi.advanceTimersByTime(150);
  expect(posted).toEqual([{ gain: 3 }]);
});

test('a long drag is followed on the way, not only at its end', async () => {
  for (let value = 0; value < 10; value++) {
    queue.set('gain', value);
    await vi.advanceTimersByTimeAsync(50);
    if (posted.length > 0) answer();
  }
  expect(posted.length).toBeGreaterThan(1);
});

test('two parameters moved together go together', () => {
  queue.set('gain', 3);
  queue.set('limiter', true);
  vi.advanceTimersByTime(150);
  expect(posted).toEqual([{ gain: 3, limiter: true }]);
});

test('the next request waits for the answer to the one before', async () => {
  queue.set('gain', 1);
  await vi.advanceTimersByTimeAsync(150);
  queue.set('gain', 2);
  await vi.advanceTimersByTimeAsync(1000);
  expect(posted).toHaveLength(1);
  expect(queue.isPending('gain')).toBe(true);
  answer();
  await vi.advanceTimersByTimeAsync(150);
  expect(posted).toEqual([{ gain: 1 }, { gain: 2 }]);
  answer();
  await vi.advanceTimersByTimeAsync(0);
  expect(queue.isPending('gain')).toBe(false);
});

test('what was meant for a plugin that is gone is never sent', () => {
  queue.set('gain', 1);
  queue.clear();
  vi.advanceTimersByTime(1000);
  expect(posted).toEqual([]);
});
