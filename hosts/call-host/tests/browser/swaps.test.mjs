// Plugins are swapped by the page's own controls while two people talk: the listener's browser conceals nothing for it. What the host sends is on
// time through all of it; a page that draws what a swap does takes time from the audio of its own browser on a small machine, so the listener has
// the page in the background.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startHost } from './host.mjs';
import { toneProminence } from './measure.mjs';
import { join, pause } from './participant.mjs';
import { SWAPS } from './swap-list.mjs';
import { microphoneFile } from './wav.mjs';

const ROOM = 'lobby';
const PHASE_MS = 20_000;
const ROUNDS = 4;
/** What one packet of 20 ms holds: a single one that this machine's scheduler delays must not decide the comparison. */
const ONE_PACKET = 960;

let host, ann, bob;

before(async () => {
  host = await startHost();
  ann = await join({ host, room: ROOM, name: 'Ann', microphone: microphoneFile('reader-1.wav', 2300) });
  bob = await join({ host, room: ROOM, name: 'Bob', microphone: microphoneFile('reader-2.wav', 3100) });
  await bob.putInBackground();
  // The browser's own jitter buffer needs some seconds to settle after the start of a call.
  await pause(5_000);
});

after(async () => {
  await ann?.leave();
  await bob?.leave();
  await host?.stop();
});

test('swaps in every kind of socket lose no sample and make the listener conceal no more than a call without them (T.7)', async () => {
  const concealed = [];
  for (let round = 0; round < ROUNDS; round++) {
    // The hands are as busy in both phases: on a small machine the browser that they move takes time from the call.
    const idle = await during(idleActs());
    const busy = await during(swaps(await graph()));
    for (const report of busy.reports) {
      const told = JSON.stringify(report);
      console.log(told);
      assert.ok(['committed', 'parameters-set'].includes(report.outcome), told);
      assert.equal(report.samples_lost, 0, told);
      if (report.shown) assert.deepEqual(report.shown, { outcome: report.outcome, samplesLost: 0 }, `the page shows it: ${told}`);
    }
    assert.ok(busy.reports.filter(({ outcome }) => outcome === 'committed').length >= 8, 'every swap was carried out');
    for (const name of ['Ann', 'Bob']) {
      const [without, swapped] = [idle[name], busy[name]];
      const told = `${name}: ${JSON.stringify({ without, swapped })}`;
      console.log(told);
      assert.equal(swapped.packetsLost, 0, told);
      if (name === 'Bob') concealed.push(share(swapped) - share(without));
    }
    // What a swap does to the sound it does every time; what the machine's scheduler does comes and goes.
    if (Math.min(...concealed) <= 0) return;
  }
  assert.fail(`more was concealed with swaps than without in every round, in shares of what was played: ${JSON.stringify(concealed)}`);
});

test('after all the swaps the voices are still there', async () => {
  const answer = await host.post(`/api/rooms/${ROOM}/sockets/noise`, { use: 'jackfield.processing.null' });
  assert.equal(answer.status, 200);
  for (const [listener, other] of [
    [ann, 3100],
    [bob, 2300],
  ]) {
    const { samples, rate } = await listener.listen(4);
    assert.ok(toneProminence(samples, rate, other) > 15);
  }
});

test('the graph of the room shows what runs now, and the page shows the same', async () => {
  const { sockets } = await graph();
  for (const { socket, plugin } of sockets)
    await ann.page.waitForSelector(`[data-socket="${socket}"][data-plugin="${plugin.id}"]`, { timeout: 5_000 });
});

const graph = () => host.get(`/api/rooms/${ROOM}/graph`);

/** What grows in both listeners' counters while `acts` are done one after the other, with equal pauses, and what they report. */
async function during(acts) {
  const people = { Ann: ann, Bob: bob };
  const begin = {};
  for (const [name, person] of Object.entries(people)) begin[name] = await person.received();
  const grown = { reports: [] };
  for (const act of acts) {
    await pause(PHASE_MS / acts.length / 2);
    grown.reports.push(await act());
    await pause(PHASE_MS / acts.length / 2);
  }
  for (const [name, person] of Object.entries(people)) {
    const stats = await person.received();
    grown[name] = {};
    for (const counter of ['packetsReceived', 'packetsLost', 'concealedSamples', 'silentConcealedSamples', 'concealmentEvents', 'totalSamplesReceived'])
      grown[name][counter] = stats[counter] - begin[name][counter];
  }
  return grown;
}

/** How much of what was played is made up; a single packet that this machine's scheduler delays must not count. */
const share = ({ concealedSamples, totalSamplesReceived }) => Math.max(0, concealedSamples - ONE_PACKET) / totalSamplesReceived;

/** Ten acts on the page that swap nothing. */
const idleActs = () => Array.from({ length: 10 }, (_, act) => () => ann.setParameter('codec', 'complexity', act));

/** The swaps that change something, plus Opus's complexity down and up again; all by Ann's hand. */
function swaps({ sockets }) {
  const current = Object.fromEntries(sockets.map(({ socket, plugin }) => [socket, plugin.id]));
  const acts = [];
  // A socket must stand on another plugin than the one to be plugged in, so each starts from its own rival.
  for (const [socket, plugin] of SWAPS) {
    if (current[socket] === plugin) continue;
    acts.push(() => ann.swap(socket, plugin));
    current[socket] = plugin;
  }
  acts.splice(3, 0, () => ann.setParameter('codec', 'complexity', 2));
  acts.splice(7, 0, () => ann.setParameter('codec', 'complexity', 9));
  return acts;
}
