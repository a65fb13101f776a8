// How punctual the host is while plugins are swapped: captures what it sends to two browsers and prints the longest pauses between two packets,
// without swaps and with them. Not a test: node on-the-wire.mjs, as root, with tcpdump (scripts/setup.sh bench).
import { spawn } from 'node:child_process';
import { startHost } from './host.mjs';
import { join, pause } from './participant.mjs';
import { microphoneFile } from './wav.mjs';

const ROOM = 'lobby';
const SWAPS = [
  ['echo', 'jackfield.processing.null'],
  ['noise', 'jackfield.processing.null'],
  ['echo', 'jackfield.processing.ns-rnnoise'],
  ['echo', 'jackfield.processing.aec3'],
  ['noise', 'jackfield.processing.ns-rnnoise'],
  ['jitter', 'jackfield.jitter.fixed'],
  ['jitter', 'jackfield.jitter.adaptive'],
  ['mixer', 'jackfield.mixer.sum'],
  ['mixer', 'jackfield.mixer.active-speaker'],
];

const host = await startHost();
const people = [];
for (const [name, clip, tone] of [
  ['Ann', 'reader-1.wav', 2300],
  ['Bob', 'reader-2.wav', 3100],
])
  people.push(await join({ host, room: ROOM, name, microphone: microphoneFile(clip, tone) }));
const [ann] = people;
const { port } = await ann.remoteMediaAddress();
const capture = spawn('tcpdump', ['-i', 'lo', '-n', '-tt', '-l', '--immediate-mode', '-q', `udp and src port ${port}`], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let text = '';
capture.stdout.on('data', (data) => (text += data));
await pause(5_000);

const phases = [];
for (const [title, act] of [
  ['without swaps', () => pause(1_000)],
  ['with swaps', ([socket, plugin]) => ann.swap(socket, plugin)],
]) {
  const from = Date.now() / 1000;
  for (const swap of SWAPS) {
    await pause(500);
    await act(swap);
    await pause(500);
  }
  phases.push({ title, from, to: Date.now() / 1000 });
}
capture.kill();

/** When each packet of media left, by the port of the browser that it went to; RTCP and STUN come when they like. */
const departures = {};
for (const line of text.split('\n')) {
  const [, at, to, length] = /^([\d.]+) IP .* > [\d.]*\.(\d+): UDP, length (\d+)/.exec(line) ?? [];
  if (Number(length) >= 60) (departures[to] ??= []).push(Number(at));
}
for (const { title, from, to } of phases)
  for (const [browser, times] of Object.entries(departures)) {
    const within = times.filter((at) => at >= from && at <= to);
    if (within.length < 100) continue;
    const pauses = within.slice(1).map((at, n) => 1_000 * (at - within[n]));
    pauses.sort((a, b) => b - a);
    const longest = pauses.slice(0, 5).map((one) => one.toFixed(1));
    console.log(`${title}, to port ${browser}: ${within.length} packets, the longest pauses ${longest.join(', ')} ms`);
  }
const { tick } = await host.get(`/api/rooms/${ROOM}/stats`);
console.log(`ticks: 99 % within ${tick.p99_us} µs, ${tick.late} late`);
for (const person of people) await person.leave();
await host.stop();
