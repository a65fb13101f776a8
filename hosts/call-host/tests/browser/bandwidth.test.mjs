// A Chromium sends video to the host through a narrow link: our feedback makes its own congestion control follow what the link bears.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort, repository, startHost } from './host.mjs';
import { openBrowser, pause } from './participant.mjs';
import { plotRates } from './rate-plot.mjs';
import { microphoneFile } from './wav.mjs';

const SCENARIO = path.join(repository, 'benches/ab/scenarios/jackfield/step-down-and-up.toml');
/** As the scenario has them: seconds from the first packet on, and kbit/s. */
const STEPS = [
  { from: 0, to: 25, kbps: 1_000 },
  { from: 25, to: 50, kbps: 400 },
  { from: 50, to: 90, kbps: 1_500 },
];
/** The end of each step in which it is looked whether the rate has settled, in seconds. */
const SETTLED = 10;

let host;
let relay;
let browser;

before(async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'jackfield-'));
  const manifest = path.join(folder, 'jackfield.toml');
  fs.writeFileSync(manifest, 'profile = "conference"\n\n[room]\nvideo = "discard"\n');
  host = await startHost({ args: ['--manifest', manifest] });
  browser = await openBrowser(microphoneFile('reader-1.wav', 2300));
});

after(async () => {
  relay?.kill();
  await browser?.close();
  await host?.stop();
});

test('E17.4 the sender of a browser follows a link of 1, then 0.4, then 1.5 Mbit/s by our feedback', async () => {
  const page = await browser.newPage({ bypassCSP: true });
  await page.goto(host.url);
  const { port, description } = await call(page);
  relay = await startRelay(port);
  await page.evaluate(connectThrough, { sdp: description, port: relay.port });
  await page.waitForFunction(() => window.call.connectionState === 'connected', null, { timeout: 20_000 });

  const samples = [];
  const began = Date.now();
  for (let last = null; Date.now() - began < STEPS.at(-1).to * 1_000; ) {
    await pause(500);
    const now = await page.evaluate(readSender);
    if (last) {
      const seconds = (now.at - last.at) / 1_000;
      samples.push({ at: (now.at - now.since) / 1_000, sent: (8 * (now.bytes - last.bytes)) / 1_000 / seconds, allowed: now.available / 1_000 });
    }
    last = now;
  }
  const file = path.join(repository, 'target/chromium-follows-the-link.svg');
  fs.writeFileSync(file, plotRates({ title: 'Chromium sends video through a link of 1, 0.4 and 1.5 Mbit/s', steps: STEPS, samples }));
  console.log(`the plot stands in ${file}`);

  for (const { to, kbps } of STEPS) {
    const last = samples.filter(({ at }) => at > to - SETTLED && at <= to);
    const [sent, allowed] = ['sent', 'allowed'].map((which) => median(last.map((sample) => sample[which])));
    const said = `${kbps} kbit/s: in the last ${SETTLED} s it believed in ${allowed.toFixed(0)} kbit/s and sent ${sent.toFixed(0)}`;
    console.log(said);
    assert.ok(allowed > 0.6 * kbps && allowed < 1.15 * kbps, `${said}: ${JSON.stringify(samples)}`);
    // An encoder may make less than it is allowed, and no more than the link bears comes through.
    assert.ok(sent > 0.35 * kbps && sent < 1.1 * kbps, `${said}: ${JSON.stringify(samples)}`);
  }
  const { participants } = await host.get('/api/rooms/lobby/stats');
  assert.ok(participants[0].video_bytes_received > 1_000_000, JSON.stringify(participants));
});

/** Joins the room and offers voice and video; the host's answer, and the port that its media comes to. */
async function call(page) {
  const description = await page.evaluate(async () => {
    const media = await navigator.mediaDevices.getUserMedia({ audio: true });
    // The page may not use a camera. What is drawn changes so much that an encoder has use for any rate.
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const paint = canvas.getContext('2d');
    setInterval(() => {
      for (let n = 0; n < 14; n++) {
        paint.fillStyle = `hsl(${360 * Math.random()} 80% ${100 * Math.random()}%)`;
        paint.fillRect(640 * Math.random(), 360 * Math.random(), 40, 30);
      }
    }, 33);
    media.addTrack(canvas.captureStream(30).getVideoTracks()[0]);
    const connection = (window.call = new RTCPeerConnection());
    for (const track of media.getTracks()) {
      const encoding = track.kind === 'video' ? { maxBitrate: 2_500_000 } : {};
      connection.addTransceiver(track, { direction: track.kind === 'video' ? 'sendonly' : 'sendrecv', streams: [media], sendEncodings: [encoding] });
    }
    const socket = (window.signalling = new WebSocket(`${location.origin.replace('http', 'ws')}/ws`));
    const say = (message) => socket.send(JSON.stringify({ v: 1, ...message }));
    await new Promise((open) => (socket.onopen = open));
    return new Promise((done, fail) => {
      socket.onmessage = async ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === 'joined') {
          await connection.setLocalDescription(await connection.createOffer());
          say({ type: 'offer', sdp: connection.localDescription.sdp });
        } else if (message.type === 'answer') done(message.sdp);
        else if (message.type === 'error') fail(new Error(message.message));
      };
      say({ type: 'join', room: 'lobby', name: 'Ann' });
      setInterval(() => say({ type: 'ping', id: 1 }), 5_000);
    });
  });
  const candidate = /a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+) typ host/i.exec(description);
  assert.ok(candidate, `the answer has a candidate on the loopback:\n${description}`);
  return { description, port: Number(candidate[1]) };
}

/** Takes the answer, with the relay's address in place of all that the host told; nothing of ours is told to it, so the relay is the only way. */
async function connectThrough({ sdp, port }) {
  const lines = sdp.split('\r\n').filter((line) => !line.startsWith('a=candidate:') && line !== 'a=end-of-candidates');
  await window.call.setRemoteDescription({ type: 'answer', sdp: lines.join('\r\n') });
  await window.call.addIceCandidate({ candidate: `candidate:1 1 udp 2130706431 127.0.0.1 ${port} typ host`, sdpMLineIndex: 0 });
  window.since = performance.timeOrigin + performance.now();
}

/** All that the browser has sent, as the link sees it, and how much it believes it may send. */
async function readSender() {
  const statistics = [...(await window.call.getStats()).values()];
  const pairs = statistics.filter(({ type }) => type === 'candidate-pair');
  return {
    at: performance.timeOrigin + performance.now(),
    since: window.since,
    bytes: pairs.reduce((sum, { bytesSent = 0, packetsSent = 0 }) => sum + bytesSent + 28 * packetsSent, 0),
    available: Math.max(...pairs.map(({ availableOutgoingBitrate = 0 }) => availableOutgoingBitrate)),
  };
}

/** `jackfield impair` before the host's media. */
async function startRelay(to) {
  const binary = process.env.JACKFIELD_BIN ?? path.join(repository, 'target/debug/jackfield');
  const port = await freePort();
  const child = spawn(binary, ['impair', '--scenario', SCENARIO, '--listen', `127.0.0.1:${port}`, '--to', `127.0.0.1:${to}`]);
  child.stderr.on('data', (text) => process.stderr.write(text));
  await once(child.stdout, 'data');
  child.port = port;
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
