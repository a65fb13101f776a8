// Every plugin that does wrong is put into a live call, in the tier that is meant for it: the two who talk go on talking.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startHost } from './host.mjs';
import { toneProminence } from './measure.mjs';
import { join, pause } from './participant.mjs';
import { microphoneFile } from './wav.mjs';

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../..');
const built = path.dirname(process.env.JACKFIELD_BIN ?? path.join(repository, 'target/debug/jackfield'));
const ROOM = 'lobby';
const SOCKET = 'gain';
const GOOD = 'jackfield.processing.null';
/** After the swap has ended, so long the call is watched on. */
const WATCHED_MS = 700;
const BLOCK = 480;
/** What a plugin does to the sound it does every time; what this machine's scheduler makes a browser conceal comes and goes. */
const TRIES = 4;

const TIERS = {
  'in-process': [
    'panics-in-process',
    'panics-in-drop',
    'fails',
    'gives-nan',
    'gives-silence',
    'gives-noise',
    'gives-denormals',
    'explodes',
    'allocates',
    'locks',
    'logs-in-process',
    'reads-a-clock',
    'looks-at-addresses',
    'lies-about-latency',
    'lies-about-determinism',
    'forgets-its-state',
    'leaks',
    'grows',
    'spawns-threads',
    'leaves-files-open',
  ],
  process: ['aborts', 'segfaults', 'loops-endlessly', 'is-slow', 'sleeps', 'exits', 'writes-past-its-buffer', 'keeps-pointers'],
};

for (const [tier, sins] of Object.entries(TIERS))
  describe(`bad plugins in tier ${tier}`, () => {
    let folder, host, ann, bob;

    before(async () => {
      folder = fs.mkdtempSync(path.join(os.tmpdir(), 'jackfield-bad-'));
      fs.copyFileSync(path.join(built, 'examples/libbad_plugins.so'), path.join(folder, 'bad_plugins.so'));
      const manifest = path.join(folder, 'jackfield.toml');
      fs.writeFileSync(
        manifest,
        `profile = "conference"\n\n[plugins]\nfolders = ["."]\n\n[sockets.${SOCKET}]\nuse = "${GOOD}"\nisolation = "${tier}"\n`,
      );
      host = await startHost({ args: ['--manifest', manifest] });
      ann = await join({ host, room: ROOM, name: 'Ann', microphone: microphoneFile('reader-1.wav', 2300) });
      bob = await join({ host, room: ROOM, name: 'Bob', microphone: microphoneFile('reader-2.wav', 3100) });
      // Steady tones are what tells the two apart, and noise suppressors take them out.
      for (const socket of ['noise', 'echo']) await plug(socket, GOOD);
      await pause(3_000);
    });

    after(async () => {
      await ann?.leave();
      await bob?.leave();
      await host?.stop();
      if (folder) fs.rmSync(folder, { recursive: true });
    });

    const plug = async (socket, use) => {
      const answer = await host.post(`/api/rooms/${ROOM}/sockets/${socket}`, { use });
      const report = await answer.json();
      assert.equal(answer.status, 200, JSON.stringify(report));
      return report;
    };

    for (const sin of sins)
      test(`T.6 the call goes on with a plugin that ${sin.replaceAll('-', ' ')}`, async () => {
        const id = `jackfield.bad.${sin}`;
        const concealed = [];
        let ending;
        do {
          const earlier = await received();
          const report = await plug(SOCKET, id);
          await pause(WATCHED_MS);
          const later = await received();
          concealed.push(Math.max(...later.map((stats, at) => stats.concealedSamples - earlier[at].concealedSamples)));
          ending = report.outcome === 'committed' ? 'stays in the call' : report.message.replace(/^`[^`]*` was /, '');
          assert.ok(['committed', 'rolled-back'].includes(report.outcome), JSON.stringify(report));
          assert.equal(report.samples_lost, 0);
          for (const [at, one] of [ann, bob].entries()) {
            assert.equal(later[at].packetsLost, 0);
            assert.ok(later[at].packetsReceived > earlier[at].packetsReceived + 20, 'the mix goes on coming');
            assert.equal(await one.page.evaluate(() => window.jackfield.peerConnection.connectionState), 'connected');
          }
          if (report.outcome === 'committed') await plug(SOCKET, GOOD);
        } while (concealed.at(-1) > BLOCK && concealed.length < TRIES);
        console.log(`| \`${id}\` | ${tier} | ${ending} | ${(Math.min(...concealed) / BLOCK).toFixed(1)} |`);
        assert.ok(Math.min(...concealed) <= BLOCK, `concealed samples, each time: ${concealed}`);
      });

    test('T.6 after all of them the two hear each other still', async () => {
      for (const [listener, other] of [
        [ann, 3100],
        [bob, 2300],
      ]) {
        const { samples, rate } = await listener.listen(2);
        assert.ok(toneProminence(samples, rate, other) > 15);
      }
    });

    const received = () => Promise.all([ann.received(), bob.received()]);
  });
