import { expect, test } from 'vitest';
import { readAddress, signallingUrl } from '../src/address';
import { duration, measure, number, shortId, signed } from '../src/format';
import { meterBallistics, meterShare, SILENCE_DBOV } from '../src/levels';
import { constraints } from '../src/microphone';
import { hostProblem, microphoneProblem } from '../src/problems';
import { headcount, Roster } from '../src/roster';

test('numbers have a real minus sign, and no minus zero', () => {
  expect(number(-61.24, 1)).toBe('−61.2');
  expect(number(-0.01, 1)).toBe('0.0');
  expect(number(NaN)).toBe('–');
  expect(signed(40, 1)).toBe('+40.0');
  expect(signed(0.01, 1)).toBe('0.0');
  expect([7.13, 213.4, 0.421, 5].map(measure)).toEqual(['7.1', '213', '0.42', '5']);
  expect(duration(75.9)).toBe('1:15');
  expect(shortId('jackfield.jitter.fixed')).toBe('jitter.fixed');
});

test('the room comes from the query, else from the fragment, else it is the lobby', () => {
  expect(readAddress({ search: '?room=studio%20b&token=abc', hash: '#other' })).toMatchObject({ room: 'studio b', token: 'abc' });
  expect(readAddress({ search: '', hash: '#caf%C3%A9' }).room).toBe('café');
  expect(readAddress({ search: '', hash: '#100%' }).room).toBe('100%');
  expect(readAddress({ search: '?room=', hash: '' })).toEqual({ room: 'lobby', name: '', token: undefined });
});

test('signalling runs beside the page, encrypted where the page is', () => {
  expect(signallingUrl('https://host/calls/?token=abc#x')).toBe('wss://host/calls/ws');
  expect(signallingUrl('http://127.0.0.1:8080/')).toBe('ws://127.0.0.1:8080/ws');
});

test('a meter spans sixty decibels, and silence is nothing', () => {
  expect([0, -30, -60, SILENCE_DBOV, NaN].map(meterShare)).toEqual([1, 0.5, 0, 0, 0]);
});

test('a meter rises at once and falls slowly to its target', () => {
  expect(meterBallistics(0.2, 0.9, 16)).toBe(0.9);
  expect(meterBallistics(0.9, 0.1, 90)).toBeCloseTo(0.8);
  expect(meterBallistics(0.15, 0.1, 900)).toBe(0.1);
});

test('the browser leaves the voice alone unless asked', () => {
  const off = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  expect(constraints({ browserProcessing: false }).audio).toMatchObject(off);
  expect(constraints({ browserProcessing: true }).audio).toMatchObject({ echoCancellation: true });
});

test('every problem says what to do, also one that this page has never heard of', () => {
  expect(hostProblem('room-full', '').advice).toContain('Wait');
  expect(hostProblem('too-hot', 'Let the host cool down.').advice).toBe('Let the host cool down.');
  expect(hostProblem('too-hot', '').advice).toContain('too-hot');
  expect(hostProblem('malformed-offer', 'no audio line').advice).toContain('no audio line');
});

test('a microphone that may never open here is told apart from one that was refused', () => {
  expect(microphoneProblem('SecurityError', false).advice).toContain('https');
  expect(microphoneProblem('NotAllowedError', true).advice).toContain('Allow it');
});

test('oneself stands first, and a robot is not counted as a person', () => {
  const robot = { id: 'p1', name: 'Ada', kind: 'robot' as const, muted: false };
  const ann = { id: 'p2', name: 'Ann', kind: 'browser' as const, muted: false };
  const roster = new Roster();
  roster.reset([robot, ann], 'p2');
  expect(roster.list.map((one) => one.id)).toEqual(['p2', 'p1']);
  expect(headcount([robot, { ...robot, id: 'p9' }])).toBe('two robots');
  expect(headcount([robot, ann])).toBe('one robot and one person');
  expect(headcount([])).toBe('');
});
