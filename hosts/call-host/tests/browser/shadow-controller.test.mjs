// Another congestion controller in the shadow of a live call: what it would decide is drawn beside what is decided, and one press lets it decide.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startHost } from './host.mjs';
import { join, pause } from './participant.mjs';
import { microphoneFile } from './wav.mjs';

const ROOM = 'lobby';
const NEWCOMER = 'jackfield.congestion.gcc';

let host, ann, bob;
const folder = mkdtempSync(path.join(tmpdir(), 'jackfield-shadow-'));

before(async () => {
  const manifest = path.join(folder, 'jackfield.toml');
  writeFileSync(manifest, 'profile = "conference"\n\n[sockets.congestion]\nuse = "jackfield.congestion.fixed"\n');
  host = await startHost({ args: ['--manifest', manifest] });
  ann = await join({ host, room: ROOM, name: 'Ann', microphone: microphoneFile('reader-1.wav', 2300) });
  bob = await join({ host, room: ROOM, name: 'Bob', microphone: microphoneFile('cards.wav', 3100) });
});

after(async () => {
  await ann?.leave();
  await bob?.leave();
  await host?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const rates = async () => {
  const { participants } = await host.get(`/api/rooms/${ROOM}/stats`);
  return participants.map(({ congestion, congestion_shadow }) => [congestion.target_kbps, congestion_shadow?.target_kbps ?? null]);
};

/** What the chart of the rates reads. */
const readings = () =>
  ann.page.evaluate(() => {
    const figure = [...document.querySelectorAll('#charts figure')].find((one) => one.textContent.includes('in the shadow'));
    return [...figure.querySelectorAll('.reading-value')].map((one) => one.textContent);
  });

test('E17.6 a controller is tried in the shadow of a live call, shown beside the other, and promoted by a press without a jump of the rate', async () => {
  const panel = ann.page.locator('[data-socket="congestion"]');
  await panel.locator('select[data-role="alternative"]').selectOption(NEWCOMER);
  await panel.locator('input[data-role="hold"]').check();
  await panel.locator('button[data-role="swap"]').click();
  const decision = panel.locator('[data-role="decision"][data-step="ready"]');
  await decision.waitFor({ timeout: 20_000 });
  for (const [decided, shadow] of await rates()) {
    assert.ok(decided > 0, 'somebody decides');
    assert.ok(shadow > 0, 'and the other says what it would');
  }
  await pause(4_000);
  const shown = await readings();
  assert.match(shown[0], /\d/, `${shown}`);
  assert.match(shown[1], /\d/, `the shadow is drawn: ${shown}`);

  const before = await rates();
  await decision.locator('button[data-role="promote"]').click();
  await panel.locator('[data-role="decision"][data-step="probation"]').waitFor({ timeout: 10_000 });
  const after = await rates();
  for (const [n, [decided]] of after.entries()) {
    const jump = Math.abs(decided / before[n][0] - 1);
    assert.ok(jump <= 0.2, `from ${before[n][0]} to ${decided} kbit/s`);
  }
  await panel.locator('[data-role="decision"] button[data-role="promote"]').click();
  await panel.locator('[data-role="report"][data-outcome="committed"]').waitFor({ timeout: 10_000 });
  const { sockets } = await host.get(`/api/rooms/${ROOM}/graph`);
  assert.equal(sockets.find(({ socket }) => socket === 'congestion').plugin.id, NEWCOMER);
  for (const [, shadow] of await rates()) assert.equal(shadow, null);
  const heard = await ann.until('packets still come', (stats) => stats.packetsReceived > 100);
  assert.equal(heard.packetsLost, 0);
});
