// A person with a browser: opens the call host's page in headless Chromium, joins a room by its controls, listens, swaps.
import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox', // needed as root
  '--use-fake-ui-for-media-stream', // grants the microphone; also a condition of loopback candidates
  '--use-fake-device-for-media-stream',
  '--allow-loopback-in-peer-connection',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** A browser whose microphone plays `microphone` in a loop. The fake microphone belongs to the process, so one per person. */
export async function openBrowser(microphone) {
  return chromium.launch({
    executablePath: executable(),
    headless: true,
    args: [...FLAGS, ...(microphone ? [`--use-file-for-fake-audio-capture=${microphone}`] : [])],
  });
}

/** Opens the page in a browser of its own, joins `room` as `name`, and returns when sound arrives. `prepare` has the tab before the page is in it. */
export async function join({ host, room, name, microphone, prepare }) {
  const browser = await openBrowser(microphone);
  // The instruments of the tests are scripts that the page's own content security policy would not let in.
  const page = await browser.newPage({ bypassCSP: true });
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(`page error: ${error.message}`));
  try {
    await prepare?.(page);
    await page.goto(host.url);
    await page.locator('#room-input').fill(room);
    await page.locator('#name-input').fill(name);
    await page.locator('#join-button').click();
    await page.waitForFunction(() => window.jackfield?.peerConnection?.connectionState === 'connected', null, {
      timeout: 20_000,
    });
    const participant = new Participant(browser, page, said);
    await participant.until('sound arrives', (stats) => stats.packetsReceived > 10);
    return participant;
  } catch (error) {
    await browser.close();
    throw new Error(`${name} could not join: ${error.message}\nThe page said: ${said.join('\n')}\nThe host said:\n${host.log()}`);
  }
}

class Participant {
  constructor(browser, page, said) {
    this.browser = browser;
    this.page = page;
    this.said = said;
  }

  id() {
    return this.page.evaluate(() => window.jackfield.participantId);
  }

  /** The browser's own counters of the mix that it receives, as W3C's RTCInboundRtpStreamStats. */
  async received() {
    return this.page.evaluate(async () => {
      const report = await window.jackfield.peerConnection.getStats();
      return [...report.values()].find((stats) => stats.type === 'inbound-rtp' && stats.kind === 'audio') ?? {};
    });
  }

  /** Waits until the browser's counters of the received mix satisfy `condition`. */
  async until(what, condition, milliseconds = 15_000) {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      const stats = await this.received();
      if (condition(stats)) return stats;
      if (Date.now() > deadline) throw new Error(`${what}: not within ${milliseconds} ms; last counters ${JSON.stringify(stats)}`);
      await pause(100);
    }
  }

  /** The address that the host's media comes from. */
  async remoteMediaAddress() {
    return this.page.evaluate(async () => {
      const stats = [...(await window.jackfield.peerConnection.getStats()).values()];
      const pair = stats.find((entry) => entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded');
      const remote = stats.find((entry) => entry.id === pair?.remoteCandidateId);
      return { address: remote.address, port: remote.port };
    });
  }

  /** The page draws nothing any more, as in a tab that somebody has left; the call goes on. */
  async putInBackground() {
    await this.page.addStyleTag({ content: 'body { display: none }' });
  }

  /** Names the peer connection that carries the call, by the fingerprint of its own certificate. */
  async connection() {
    return this.page.evaluate(() => /a=fingerprint:(.*)/.exec(window.jackfield.peerConnection.localDescription.sdp)[1]);
  }

  /** Records what the page plays for `seconds`, through whichever elements and as loud as each, as numbers at `rate`. */
  async listen(seconds) {
    const { rate, bytes } = await this.page.evaluate(async (seconds) => {
      const element = document.querySelector('#mix');
      if (!element?.srcObject) throw new Error('nothing is attached to #mix');
      if (element.muted) throw new Error('#mix is muted: nobody would hear the room');
      const context = new AudioContext({ sampleRate: 48_000 });
      const code = `registerProcessor('recorder', class extends AudioWorkletProcessor {
        process([input]) { if (input[0]) this.port.postMessage(input[0].slice()); return true; }
      });`;
      await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
      const recorder = new AudioWorkletNode(context, 'recorder', { channelCount: 1, channelCountMode: 'explicit' });
      const wanted = seconds * context.sampleRate;
      const samples = new Int16Array(wanted);
      let filled = 0;
      const full = new Promise((done) => {
        recorder.port.onmessage = ({ data }) => {
          for (let n = 0; n < data.length && filled < wanted; n++)
            samples[filled++] = Math.max(-1, Math.min(1, data[n])) * 32_767;
          if (filled >= wanted) done();
        };
      });
      recorder.connect(context.destination);
      const playing = new Map();
      const follow = setInterval(() => {
        for (const one of document.querySelectorAll('audio')) {
          if (!playing.has(one) && one.srcObject) {
            const gain = context.createGain();
            context.createMediaStreamSource(one.srcObject).connect(gain).connect(recorder);
            playing.set(one, gain);
          }
        }
        for (const [one, gain] of playing) gain.gain.value = one.isConnected && one.srcObject ? one.volume : 0;
      }, 5);
      await Promise.race([full, new Promise((_, late) => setTimeout(late, 3_000 * seconds, new Error('no sound to record')))]);
      clearInterval(follow);
      await context.close();
      const view = new Uint8Array(samples.buffer);
      let text = '';
      for (let n = 0; n < view.length; n += 32_768) text += String.fromCharCode(...view.subarray(n, n + 32_768));
      return { rate: 48_000, bytes: btoa(text) };
    }, seconds);
    const data = Buffer.from(bytes, 'base64');
    const samples = Float32Array.from({ length: data.length / 2 }, (_, n) => data.readInt16LE(2 * n) / 32_768);
    return { rate, samples };
  }

  /** Puts another plugin into a socket by the page's controls; the host's report, and what of it the page shows. */
  async swap(socket, plugin) {
    const panel = this.page.locator(`[data-socket="${socket}"]`);
    await panel.locator('select[data-role="alternative"]').selectOption(plugin);
    const report = await this.#asked(socket, () => panel.locator('button[data-role="swap"]').click());
    const shown = panel.locator(`[data-role="report"][data-swap="${report.swap}"]`);
    await shown.waitFor({ timeout: 5_000 });
    const { outcome, samplesLost } = await shown.evaluate((element) => ({ ...element.dataset }));
    return { ...report, shown: { outcome, samplesLost: Number(samplesLost) } };
  }

  /** Moves a parameter by the page's slider. */
  async setParameter(socket, parameter, value) {
    const control = this.page.locator(`[data-socket="${socket}"] [data-parameter="${parameter}"]`);
    return this.#asked(socket, () =>
      control.evaluate((input, value) => {
        input.value = value;
        input.dispatchEvent(new Event('input', { bubbles: true }));
        input.dispatchEvent(new Event('change', { bubbles: true }));
      }, `${value}`),
    );
  }

  async #asked(socket, act) {
    const answer = this.page.waitForResponse(
      (response) => response.request().method() === 'POST' && response.url().endsWith(`/sockets/${socket}`),
      { timeout: 20_000 },
    );
    const [response] = await Promise.all([answer, act()]);
    const report = await response.json();
    if (!response.ok()) throw new Error(`the host refused: ${response.status()} ${JSON.stringify(report)}`);
    return report;
  }

  async leave() {
    await this.browser.close();
  }
}

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function executable() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome'])
    for (const folder of (process.env.PATH ?? '').split(path.delimiter))
      if (folder && fs.existsSync(path.join(folder, name))) return path.join(folder, name);
  throw new Error('no Chromium in PATH: run scripts/setup.sh test, or set CHROMIUM');
}
