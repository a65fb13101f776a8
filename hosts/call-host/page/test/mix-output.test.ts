import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MixOutput } from '../src/mix-output';

/** As much of an audio element as a mix is played by. */
class Element {
  id = 'mix';
  volume = 1;
  srcObject: unknown = null;
  readonly played: number[] = [];
  removed = false;
  next: Element | null = null;
  cloneNode(): Element {
    return new Element();
  }
  removeAttribute(): void {
    this.id = '';
  }
  after(next: Element): void {
    this.next = next;
  }
  remove(): void {
    this.removed = true;
  }
  async play(): Promise<void> {
    this.played.push(this.volume);
  }
}

const stream = (name: string) => ({ name }) as unknown as MediaStream;

let first: Element;
let output: MixOutput;

beforeEach(() => {
  vi.useFakeTimers();
  first = new Element();
  output = new MixOutput(first as unknown as HTMLAudioElement, () => undefined);
  output.attach(stream('first'));
});

afterEach(() => vi.useRealTimers());

test('a stream that is prepared is played and not heard', () => {
  output.prepare(stream('second'));
  expect(first.next?.played).toEqual([0]);
  expect(first.volume).toBe(1);
  expect(first.next?.id).toBe('');
});

test('going over, the one grows louder as the other grows softer, and takes its place', async () => {
  output.prepare(stream('second'));
  const second = first.next!;
  const done = output.goOver();
  const sums: number[] = [];
  for (let step = 0; step < 4; step++) {
    sums.push(first.volume + second.volume);
    await vi.advanceTimersByTimeAsync(10);
  }
  await done;
  expect(sums).toEqual([1, 1, 1, 1]);
  expect([second.volume, second.id, first.removed, first.srcObject]).toEqual([1, 'mix', true, null]);
  output.prepare(stream('third'));
  expect(second.next?.played).toEqual([0]);
});

test('one that comes to nothing leaves no trace', async () => {
  output.prepare(stream('second'));
  const second = first.next!;
  output.prepare(null);
  expect([second.removed, second.srcObject]).toEqual([true, null]);
  await output.goOver();
  expect([first.volume, first.removed]).toEqual([1, false]);
});
