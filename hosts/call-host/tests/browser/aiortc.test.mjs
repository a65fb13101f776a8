// A WebRTC stack that shares no code with Chromium (aiortc) in the same room as a browser: sound goes both ways.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startHost } from './host.mjs';
import { toneProminence } from './measure.mjs';
import { join } from './participant.mjs';
import { microphoneFile } from './wav.mjs';

const folder = path.dirname(fileURLToPath(import.meta.url));
const python = process.env.JACKFIELD_PYTHON ?? path.resolve(folder, '../../../../target/venv/bin/python');
const ROOM = 'lobby';
const ANN_TONE = 2300;
const CLEO_TONE = 1700;

let host, ann;

before(async () => {
  host = await startHost();
  ann = await join({ host, room: ROOM, name: 'Ann', microphone: microphoneFile('reader-1.wav', ANN_TONE) });
  // Steady tones are what tells the two apart, and noise suppressors take them out.
  for (const socket of ['noise', 'echo']) {
    const answer = await host.post(`/api/rooms/${ROOM}/sockets/${socket}`, { use: 'jackfield.processing.null' });
    assert.equal(answer.status, 200, await answer.clone().text());
  }
});

after(async () => {
  await ann?.leave();
  await host?.stop();
});

test('aiortc hears the browser, and the browser hears aiortc', async () => {
  const cleo = aiortcPeer(['--name', 'Cleo', '--tone', `${CLEO_TONE}`, '--listen', `${ANN_TONE}`, '--seconds', '8']);
  assert.deepEqual(await cleo.next(), { connected: true });
  await ann.page.waitForFunction(() => document.querySelectorAll('[data-participant]').length === 2, null, { timeout: 5_000 });

  const { samples, rate } = await ann.listen(5);
  const browserHears = toneProminence(samples, rate, CLEO_TONE);
  const told = await cleo.next();
  console.log(`the browser hears aiortc's tone stand out by ${browserHears.toFixed(1)} dB; aiortc: ${JSON.stringify(told)}`);

  assert.ok(browserHears > 15, `${browserHears} dB`);
  assert.ok(toneProminence(samples, rate, ANN_TONE) < 6, 'the browser does not hear itself');
  assert.ok(told.prominence[ANN_TONE] > 15, JSON.stringify(told));
  assert.ok(told.prominence[CLEO_TONE] < 6, `aiortc does not hear itself: ${JSON.stringify(told)}`);
  assert.ok(told.seconds > 7 && told.packets_lost === 0, JSON.stringify(told));
  assert.equal(await cleo.exit, 0);
});

/** Starts aiortc_peer.py; `next()` gives its next line of JSON. */
function aiortcPeer(args) {
  const child = spawn(python, [path.join(folder, 'aiortc_peer.py'), '--url', host.url, '--room', ROOM, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (text) => (errors += text));
  const exit = new Promise((done) => child.once('exit', done));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    exit,
    async next() {
      const { value, done } = await lines.next();
      if (done) throw new Error(`aiortc_peer.py ended:\n${errors}\nThe host said:\n${host.log()}`);
      return JSON.parse(value);
    },
  };
}
