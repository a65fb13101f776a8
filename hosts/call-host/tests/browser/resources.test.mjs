// Resources run short at a browser that sends video, or at its host: it sends fewer and smaller pictures, and again what it did when that is over.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startHost } from './host.mjs';
import { join, pause } from './participant.mjs';
import { microphoneFile } from './wav.mjs';

const [WIDTH, HEIGHT, FRAME_RATE] = [640, 360, 30];

let host, ann, devtools;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'jackfield-resources-'));

before(async () => {
  const manifest = path.join(folder, 'jackfield.toml');
  fs.writeFileSync(manifest, 'profile = "conference"\n\n[room]\nvideo = "discard"\n');
  host = await startHost({ args: ['--manifest', manifest] });
  const prepare = async (page) => {
    devtools = await page.context().newCDPSession(page);
    await devtools.send('Emulation.setPressureSourceOverrideEnabled', { source: 'cpu', enabled: true });
    await page.addInitScript(sendVideoToo, { width: WIDTH, height: HEIGHT, frameRate: FRAME_RATE });
  };
  ann = await join({ host, room: 'lobby', name: 'Ann', microphone: microphoneFile('reader-1.wav', 2300), prepare });
  await press('nominal');
});

after(async () => {
  await ann?.leave();
  await host?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

test('pressure on the processor of a browser lowers frame rate and resolution of what it sends, and both come back (D5.2)', async () => {
  const usual = await sentOnce('it sends what its camera gives', ({ height, frameRate }) => height === HEIGHT && frameRate > 18);
  await press('critical');
  const fewer = await sentOnce('fewer pictures', ({ frameRate }) => frameRate <= 16);
  const smaller = await sentOnce('smaller pictures', ({ height, frameRate }) => height <= 280 && frameRate <= 11);
  assert.match(await notice().innerText(), /busy or hot.*pictures a second/s);
  const { maxFramerate, scaleResolutionDownBy } = await encoding();
  assert.ok(maxFramerate <= 10 && scaleResolutionDownBy > 1.2, 'it is the page that lowers both, not the browser');
  console.log('usual, fewer, smaller:', usual, fewer, smaller);
  await press('nominal');
  // 40 s until the first step up, and 10 s until each of the others.
  const back = await sentOnce('all of it again', ({ height, frameRate }) => height === HEIGHT && frameRate > 18, 150_000);
  console.log('and back:', back);
  await notice().waitFor({ state: 'detached', timeout: 5_000 });
});

test('what is voted for at the host is kept to by the browser, and saves the host what it need not receive (D5.2)', async () => {
  await sentOnce('it sends what its camera gives', ({ height, frameRate }) => height === HEIGHT && frameRate > 18);
  const before = await received();
  const limits = { audio_kbps: 12, frame_rate: 7, pixels: 320 * 180 };
  const answer = await host.post('/api/rooms/lobby/limits', limits);
  assert.deepEqual((await answer.json()).votes, { operator: limits });
  await sentOnce('few small pictures', ({ height, frameRate }) => height <= 180 && frameRate <= 8);
  assert.match(await notice().innerText(), /the host asks for it/);
  // The estimate of the path need not have come to its end, but what is left of the pictures is bounded.
  const limited = await received();
  console.log('kbit/s at the host, before and limited:', before, limited);
  assert.ok(limited.voice <= 14, `voice: ${limited.voice} kbit/s`);
  assert.ok(limited.voice < before.voice);
  assert.ok(limited.video < 0.7 * before.video, `video: from ${before.video} to ${limited.video} kbit/s`);
  await host.post('/api/rooms/lobby/limits', {});
  await sentOnce('all of it again', ({ height, frameRate }) => height === HEIGHT && frameRate > 18);
  await notice().waitFor({ state: 'detached', timeout: 5_000 });
  assert.ok((await received()).voice > 14);
});

const press = (state) => devtools.send('Emulation.setPressureStateOverride', { source: 'cpu', state });
const notice = () => ann.page.locator('.notice[data-subject="resources"]');

/** Has the page's own connection offer a canvas that always changes, as a camera: the page itself may not use one. */
function sendVideoToo({ width, height, frameRate }) {
  const { createOffer } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.createOffer = function (...options) {
    if (!this.getSenders().some(({ track }) => track?.kind === 'video')) {
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      const paint = canvas.getContext('2d');
      setInterval(() => {
        for (let n = 0; n < 6; n++) {
          paint.fillStyle = `hsl(${360 * Math.random()} 80% ${100 * Math.random()}%)`;
          paint.fillRect(width * Math.random(), height * Math.random(), 40, 30);
        }
      }, 1_000 / frameRate);
      const { sender } = this.addTransceiver(canvas.captureStream(frameRate).getVideoTracks()[0], { direction: 'sendonly' });
      // Whatever the browser itself thinks of a machine that is busy with tests, the size is left to the page.
      void sender.setParameters({ ...sender.getParameters(), degradationPreference: 'maintain-resolution' });
    }
    return createOffer.apply(this, options);
  };
}

const encoding = () =>
  ann.page.evaluate(() => {
    const sender = window.jackfield.peerConnection.getSenders().find(({ track }) => track.kind === 'video');
    return sender.getParameters().encodings[0];
  });

const outbound = (kind) =>
  ann.page.evaluate(async (kind) => {
    const report = await window.jackfield.peerConnection.getStats();
    return [...report.values()].find((entry) => entry.type === 'outbound-rtp' && entry.kind === kind) ?? {};
  }, kind);

/** What the browser sends in two seconds. */
async function sent() {
  const before = await outbound('video');
  await pause(2_000);
  const after = await outbound('video');
  const frameRate = ((after.framesSent - before.framesSent) * 1_000) / (after.timestamp - before.timestamp);
  return { width: after.frameWidth, height: after.frameHeight, frameRate: Math.round(10 * frameRate) / 10 };
}

async function sentOnce(what, condition, milliseconds = 45_000) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const now = await sent();
    if (condition(now)) return now;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${milliseconds} ms, at last ${JSON.stringify(now)}\n${ann.said.join('\n')}`);
  }
}

/** What comes in at the host of the pictures, and what the browser sends of the voice, in kbit/s over five seconds. */
async function received() {
  const read = async () => ({
    video: (await host.get('/api/rooms/lobby/stats')).participants[0].video_bytes_received,
    voice: (await outbound('audio')).bytesSent,
    at: Date.now(),
  });
  const before = await read();
  await pause(5_000);
  const after = await read();
  const rate = (which) => Math.round((8 * (after[which] - before[which])) / (after.at - before.at));
  return { video: rate('video'), voice: rate('voice') };
}
