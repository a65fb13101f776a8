import { expect, test } from 'vitest';
import { backoffDelay } from '../src/backoff';

test('each attempt waits twice as long as the one before', () => {
  expect([0, 1, 2, 3].map((attempt) => backoffDelay(attempt, 0))).toEqual([500, 1000, 2000, 4000]);
});

test('no attempt waits longer than fifteen seconds, however many went before', () => {
  expect(backoffDelay(5, 0)).toBe(15_000);
  expect(backoffDelay(10_000, 0)).toBe(15_000);
});

test('chance takes off up to a quarter, so that pages do not come back in step', () => {
  expect(backoffDelay(2, 0.5)).toBe(1750);
  expect(backoffDelay(2, 0.999_999)).toBeGreaterThanOrEqual(1500);
});
