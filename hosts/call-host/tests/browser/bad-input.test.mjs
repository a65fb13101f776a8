// Nonsense from outside, over every door at once, while two people talk: a clear error for the sender, nothing for the call.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { after, before, test } from 'node:test';
import { startHost } from './host.mjs';
import { toneProminence } from './measure.mjs';
import { join, openBrowser } from './participant.mjs';
import { microphoneFile } from './wav.mjs';

const ROOM = 'lobby';
const ANN_TONE = 2300;

let host, ann, bob, stranger, page;

before(async () => {
  host = await startHost();
  ann = await join({ host, room: ROOM, name: 'Ann', microphone: microphoneFile('reader-1.wav', ANN_TONE) });
  bob = await join({ host, room: ROOM, name: 'Bob', microphone: microphoneFile('reader-2.wav', 3100) });
  assert.equal((await host.post(`/api/rooms/${ROOM}/sockets/noise`, { use: 'jackfield.processing.null' })).status, 200);
  stranger = await openBrowser();
  page = await stranger.newPage();
  await page.goto(`${host.url}/api/rooms`);
});

after(async () => {
  await stranger?.close();
  await ann?.leave();
  await bob?.leave();
  await host?.stop();
});

const joinMessage = { v: 1, type: 'join', room: ROOM, name: 'Mallory' };

for (const { title, send, code } of [
  { title: 'text that is not JSON', send: ['{"v":1,"type":'], code: 'malformed-message' },
  { title: 'JSON that is no message', send: ['[1,2,3]'], code: 'malformed-message' },
  { title: 'a message of an unknown type', send: [{ v: 1, type: 'dance' }], code: 'malformed-message' },
  { title: 'a join without a room', send: [{ v: 1, type: 'join', name: 'Mallory' }], code: 'malformed-message' },
  { title: 'a version that nobody speaks', send: [{ ...joinMessage, v: 99 }], code: 'unknown-version' },
  { title: 'an offer before the join', send: [{ v: 1, type: 'offer', sdp: 'v=0\r\n' }], code: 'not-joined' },
  { title: 'an offer that is no SDP', send: [joinMessage, { v: 1, type: 'offer', sdp: 'hello' }], code: 'malformed-offer' },
  {
    title: 'an offer without a fingerprint',
    send: [
      joinMessage,
      {
        v: 1,
        type: 'offer',
        sdp:
          'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n' +
          'a=mid:0\r\na=rtpmap:111 opus/48000/2\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=rtcp-mux\r\n',
      },
    ],
    code: 'malformed-offer',
  },
]) {
  test(`${title} is answered with ${code}, and the call goes on`, async () => {
    const answers = await tell(host.url, send);
    const error = answers.find(({ type }) => type === 'error');
    assert.ok(error, `an error was expected, not ${JSON.stringify(answers)}`);
    assert.equal(error.code, code, JSON.stringify(error));
    assert.equal(error.v, 1);
    assert.ok(error.message.length > 20, `it says what was wrong and what to do: ${JSON.stringify(error)}`);
    await callGoesOn(1_000);
  });
}

test('a token that is none is refused by a host that asks for tokens, and it says what to do', async () => {
  const strict = await startHost({ open: false, env: { JACKFIELD_TOKEN_SECRET: 'a secret of thirty-two bytes or so' } });
  try {
    await page.goto(`${strict.url}/api/rooms`);
    for (const token of ['rubbish', 'eyJhbGciOiJub25lIn0.eyJyb29tIjoibG9iYnkifQ.', undefined]) {
      const answers = await tell(strict.url, [{ ...joinMessage, token }]);
      const error = answers.find(({ type }) => type === 'error');
      assert.equal(error?.code, 'bad-token', JSON.stringify(answers));
      assert.ok(!answers.some(({ type }) => type === 'joined'), 'nobody gets in without a token');
    }
  } finally {
    await page.goto(`${host.url}/api/rooms`);
    await strict.stop();
  }
});

test('garbage datagrams on the media port change nothing', async () => {
  const { address, port } = await bob.remoteMediaAddress();
  const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const random = generator(7);
  // One after the other what RFC 7983 tells apart by the first byte: STUN, DTLS, TURN channels, RTP, RTCP, and nothing at all.
  const firstBytes = [0, 1, 20, 22, 63, 64, 79, 128, 144, 191, 200, 255];
  for (let n = 0; n < 1_500; n++) {
    const bytes = Buffer.from(Array.from({ length: Math.floor(random() * 1_400) }, () => Math.floor(random() * 256)));
    if (bytes.length > 0) bytes[0] = firstBytes[n % firstBytes.length];
    // A STUN header with the right cookie, but whose length and attributes lie.
    if (n % 5 === 0 && bytes.length > 20) Buffer.from([0, 1, 0xff, 0xfc, 0x21, 0x12, 0xa4, 0x42]).copy(bytes);
    await new Promise((done) => socket.send(bytes, port, address, done));
  }
  socket.close();
  await callGoesOn(2_000);
});

test('requests that ask for what is not there are refused with a reason', async () => {
  const socket = (name, body) => host.post(`/api/rooms/${ROOM}/sockets/${name}`, body);
  for (const [title, answer, status] of [
    ['no JSON', socket('noise', '{'), [400, 422]],
    ['no such room', host.post('/api/rooms/nowhere/sockets/noise', { use: 'jackfield.processing.null' }), [404]],
    ['no such socket', socket('teleport', { use: 'jackfield.processing.null' }), [404]],
    ['no such plugin', socket('noise', { use: 'jackfield.processing.magic' }), [400, 404, 409, 422]],
    ['a plugin of another area', socket('noise', { use: 'jackfield.mixer.sum' }), [400, 409, 422]],
    ['no such parameter', socket('codec', { params: { volume: 11 } }), [400, 422]],
    ['a value out of range', socket('codec', { params: { complexity: 99 } }), [400, 422]],
    ['a value of another kind', socket('codec', { params: { complexity: 'high' } }), [400, 422]],
  ]) {
    const response = await answer;
    const text = await response.text();
    assert.ok(status.includes(response.status), `${title}: ${response.status} ${text}`);
    const { error } = JSON.parse(text);
    assert.ok(error.code && error.message.length > 10, `${title}: ${text}`);
  }
  await callGoesOn(1_000);
});

/** Says `messages` to the host over a WebSocket of one's own and gives back all that it answers within a second or until it closes. */
function tell(url, messages) {
  return page.evaluate(
    ([url, messages]) =>
      new Promise((done, failed) => {
        const answers = [];
        const socket = new WebSocket(url);
        socket.onopen = () => messages.forEach((text) => socket.send(text));
        socket.onmessage = ({ data }) => answers.push(JSON.parse(data));
        socket.onclose = () => done(answers);
        socket.onerror = () => failed(new Error(`no WebSocket at ${url}`));
        setTimeout(() => socket.close(), 1_000);
      }),
    [
      `${url.replace('http', 'ws')}/ws`,
      messages.map((message) => (typeof message === 'string' ? message : JSON.stringify(message))),
    ],
  );
}

/** Bob still receives every packet, and in them Ann. A busy machine may show some of them late, never lose one. */
async function callGoesOn(milliseconds) {
  const before = await bob.received();
  let { samples, rate } = await bob.listen(milliseconds / 1_000);
  const after = await bob.received();
  const told = `${after.packetsReceived - before.packetsReceived} packets, ${after.packetsLost} lost`;
  assert.ok(after.packetsReceived - before.packetsReceived > (milliseconds / 20) * 0.4, told);
  assert.equal(after.packetsLost, 0, told);
  // Bob's browser may stretch or conceal a moment while the machine is busy, and his ear is held to the next one.
  for (let again = 0; again < 2 && toneProminence(samples, rate, ANN_TONE) <= 12; again++)
    ({ samples, rate } = await bob.listen(milliseconds / 1_000));
  assert.ok(toneProminence(samples, rate, ANN_TONE) > 12, `Bob no longer hears Ann (${told})`);
}

/** Pseudo-random numbers from 0 to 1 that are the same in every run (mulberry32). */
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
