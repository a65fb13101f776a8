import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Signalling, type SignallingState } from '../src/signalling';
import type { HostMessage } from '../src/signalling-messages';

/** The far end of a WebSocket, played by the test. */
class Line {
  sent: Record<string, unknown>[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.closed = true;
  }

  say(message: Record<string, unknown>): void {
    this.onmessage?.({ data: JSON.stringify({ v: 1, ...message }) });
  }

  letIn(resumed: boolean, resume = 'r1'): void {
    this.onopen?.();
    this.say({ type: 'joined', room: 'lobby', participant: 'p1', resume, resumed, participants: [] });
  }
}

let lines: Line[];
let states: SignallingState[];
let received: HostMessage[];
let signalling: Signalling;
const last = () => lines.at(-1) as Line;
const types = (line: Line) => line.sent.map((message) => message['type']);

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  states = [];
  received = [];
  signalling = new Signalling({
    url: 'ws://host/ws',
    join: { room: 'lobby', name: 'Ann' },
    random: () => 0,
    openSocket: () => {
      const line = new Line();
      lines.push(line);
      return line as unknown as WebSocket;
    },
    events: {
      joined: () => {},
      message: (message) => received.push(message),
      state: (state) => states.push(state),
    },
  });
  signalling.open();
});

afterEach(() => {
  signalling.close();
  vi.useRealTimers();
});

test('it joins as soon as the line is open', () => {
  last().letIn(false);
  expect(last().sent).toEqual([{ v: 1, type: 'join', room: 'lobby', name: 'Ann' }]);
  expect(states).toEqual(['opening', 'joined']);
});

test('after a drop it comes back with the resume token of the last visit', () => {
  last().letIn(false, 'r7');
  last().onclose?.();
  expect(signalling.state).toBe('waiting');
  vi.advanceTimersByTime(500);
  last().letIn(true);
  expect(lines).toHaveLength(2);
  expect(last().sent[0]).toMatchObject({ type: 'join', resume: 'r7' });
});

test('it waits longer after each failure, and starts afresh once it is in', () => {
  last().onclose?.();
  vi.advanceTimersByTime(500);
  expect(lines).toHaveLength(2);
  last().onclose?.();
  vi.advanceTimersByTime(999);
  expect(lines).toHaveLength(2);
  vi.advanceTimersByTime(1);
  last().letIn(false);
  last().onclose?.();
  vi.advanceTimersByTime(500);
  expect(lines).toHaveLength(4);
});

test('what is said while the line is down is sent once the place is resumed', () => {
  last().letIn(false);
  last().onclose?.();
  signalling.send({ type: 'mute', muted: true });
  vi.advanceTimersByTime(500);
  last().letIn(true);
  expect(types(last())).toEqual(['join', 'mute']);
});

test('a host that forgot the place is told nothing of the old call', () => {
  last().letIn(false);
  last().onclose?.();
  signalling.send({ type: 'candidate', candidate: null });
  vi.advanceTimersByTime(500);
  last().letIn(false);
  expect(types(last())).toEqual(['join']);
});

test('a fatal error ends it: no reconnection follows', () => {
  last().letIn(false);
  last().say({ type: 'error', code: 'bad-token', message: 'no', fatal: true });
  last().onclose?.();
  vi.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(1);
  expect(signalling.state).toBe('closed');
  expect(received).toHaveLength(1);
});

test('an error that is not fatal leaves it joined', () => {
  last().letIn(false);
  last().say({ type: 'error', code: 'malformed-message', message: 'what?', fatal: false });
  expect(signalling.state).toBe('joined');
});

test('a line that falls silent is given up after fifteen seconds', () => {
  last().letIn(false);
  const silent = last();
  vi.advanceTimersByTime(14_000);
  expect(types(silent)).toEqual(['join', 'ping', 'ping']);
  vi.advanceTimersByTime(1_000);
  expect(silent.closed).toBe(true);
  expect(signalling.state).toBe('waiting');
});

test('when the network comes back it does not sit out the wait', () => {
  last().letIn(false);
  last().onclose?.();
  signalling.retryNow();
  expect(lines).toHaveLength(2);
});

test('leaving says so, and stays', () => {
  last().letIn(false);
  const line = last();
  signalling.close();
  vi.advanceTimersByTime(60_000);
  expect(types(line)).toEqual(['join', 'leave']);
  expect(lines).toHaveLength(1);
});
