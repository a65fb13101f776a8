import { expect, test } from 'vitest';
import { decode, encode } from '../src/signalling-messages';

const ann = { id: 'p3', name: 'Ann', kind: 'browser', muted: false };

test('every message that is sent carries the version', () => {
  expect(JSON.parse(encode({ type: 'mute', muted: true }))).toEqual({ v: 1, type: 'mute', muted: true });
});

test('a well-formed message is read as it is', () => {
  const joined = { v: 1, type: 'joined', room: 'lobby', participant: 'p3', resume: 'r', resumed: false, participants: [ann] };
  expect(decode(JSON.stringify(joined))).toEqual(joined);
  expect(decode('{"v":1,"type":"candidate","candidate":null}')).toEqual({ v: 1, type: 'candidate', candidate: null });
  expect(decode('{"v":1,"type":"reconnect","connection":7}')).toEqual({ v: 1, type: 'reconnect', connection: 7 });
  expect(decode('{"v":1,"type":"answer","sdp":"v=0","connection":7}')).not.toBeNull();
  expect(decode('{"v":1,"type":"limits","limits":{}}')).toEqual({ v: 1, type: 'limits', limits: {} });
  expect(decode('{"v":1,"type":"limits","limits":{"audio_kbps":24,"frame_rate":15,"pixels":230400}}')).not.toBeNull();
  expect(decode('{"v":1,"type":"levels","levels":{"p1":-31.5},"active":["p1"]}')).not.toBeNull();
});

test('a message of another version or an unknown type is passed over', () => {
  expect(decode('{"v":2,"type":"pong","id":7}')).toBeNull();
  expect(decode('{"v":1,"type":"weather"}')).toBeNull();
  expect(decode('{"v":1,"type":"toString"}')).toBeNull();
});

test.each([
  'not json',
  '[]',
  'null',
  '{"v":1,"type":"answer"}',
  '{"v":1,"type":"answer","sdp":"v=0","connection":"7"}',
  '{"v":1,"type":"reconnect"}',
  '{"v":1,"type":"limits"}',
  '{"v":1,"type":"limits","limits":{"pixels":0}}',
  '{"v":1,"type":"limits","limits":{"frame_rate":"15"}}',
  '{"v":1,"type":"joined","room":"lobby","participant":"p3","resume":"r","resumed":false,"participants":[{}]}',
  '{"v":1,"type":"levels","levels":{"p1":"loud"},"active":[]}',
  '{"v":1,"type":"error","code":"room-full","message":"full"}',
])('a malformed message is passed over: %s', (text) => {
  expect(decode(text)).toBeNull();
});
