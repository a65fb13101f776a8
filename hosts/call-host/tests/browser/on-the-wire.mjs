// How punctual the host is while plugins are swapped: captures what it sends to two browsers and prints the longest pauses between two packets,
// without swaps and with them. Not a test: node on-the-wire.mjs, as root, with tcpdump (scripts/setup.sh bench).
import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { startHost } from './host.mjs';
import { join, pause } from './participant.mjs';
import { SWAPS } from './swap-list.mjs';
import { microphoneFile } from './wav.mjs';

const ROOM = 'lobby';
/** RTP, and nothing else of what shares its port (RFC 7983, RFC 5761 section 4): a packet of silence is hardly longer than a report. */
const RTP = '(udp[8] & 0xc0 = 0x80) and (udp[9] < 192 or udp[9] > 223)';

/**
 * Before everything else on its processor, asks the clock every 5 ms. What makes this one late is none of the processes here: the machine itself
 * stood still.
 */
const SENTINEL = `
import time
last = time.monotonic()
while True:
    time.sleep(0.005)
    now = time.monotonic()
    if now - last > 0.025:
        print(f"{time.time():.3f} {(now - last) * 1000:.0f}", flush=True)
    last = now
`;
const standstills = [];
const sentinels = cpus().map((_, cpu) => {
  const command = ['-c', String(cpu), 'chrt', '-f', '99', 'python3', '-c', SENTINEL];
  const sentinel = spawn('taskset', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  sentinel.stdout.on('data', (data) => {
    for (const line of `${data}`.trim().split('\n')) {
      const [at, ms] = line.split(' ').map(Number);
      standstills.push({ cpu, at, ms });
    }
  });
  process.on('exit', () => sentinel.kill());
  return sentinel;
});

const host = await startHost();
const people = [];
for (const [name, clip, tone] of [
  ['Ann', 'reader-1.wav', 2300],
  ['Bob', 'reader-2.wav', 3100],
])
  people.push(await join({ host, room: ROOM, name, microphone: microphoneFile(clip, tone) }));
const [ann] = people;
const { port } = await ann.remoteMediaAddress();
const capture = spawn('tcpdump', ['-i', 'lo', '-n', '-tt', '-l', '--immediate-mode', '-q', `udp and src port ${port} and ${RTP}`], {
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
for (const child of [capture, ...sentinels]) child.kill();

/** When each packet of media left, by the port of the browser that it went to. */
const departures = {};
for (const line of text.split('\n')) {
  const [, at, to] = /^([\d.]+) IP .* > [\d.]*\.(\d+): UDP/.exec(line) ?? [];
  if (to) (departures[to] ??= []).push(Number(at));
}
for (const { title, from, to } of phases)
  for (const [browser, times] of Object.entries(departures)) {
    const within = times.filter((at) => at >= from && at <= to);
    if (within.length < 100) continue;
    const pauses = within.slice(1).map((at, n) => 1_000 * (at - within[n]));
    pauses.sort((a, b) => b - a);
    const longest = pauses.slice(0, 5).map((one) => one.toFixed(1));
    console.log(`${title}, to port ${browser}: ${within.length} packets, the longest pauses ${longest.join(', ')} ms`);
    within.slice(1).forEach((at, n) => {
      const ms = 1_000 * (at - within[n]);
      if (ms > 60) console.log(`  ${ms.toFixed(0)} ms until ${at.toFixed(3)}`);
    });
  }
for (const { cpu, at, ms } of standstills) console.log(`processor ${cpu} stood still for ${ms} ms until ${at}`);
const { tick } = await host.get(`/api/rooms/${ROOM}/stats`);
console.log(`ticks: 99 % within ${tick.p99_us} µs, ${tick.late} late`);
for (const person of people) await person.leave();
await host.stop();
