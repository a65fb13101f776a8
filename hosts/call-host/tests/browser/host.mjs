// Starts the real call host for one test file and stops it again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../../..');
const binary = process.env.JACKFIELD_BIN ?? path.join(repository, 'target/debug/jackfield');

/** Starts `jackfield serve` on a free port of the loopback; `stop()` ends it and fails if it had died before. */
export async function startHost({ open = true, robots = 0, args = [], env = {} } = {}) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const command = ['serve', '--listen', `127.0.0.1:${port}`, ...(open ? ['--open'] : []), '--robots', `${robots}`, ...args];
  const child = spawn(binary, command, { cwd: repository, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += text));
  let exit = null;
  child.once('error', (error) => (exit = error.message));
  child.once('exit', (code, signal) => (exit = `code ${code}, signal ${signal}`));

  const died = () => new Error(`${binary} ${command.join(' ')} ended by itself (${exit}). It said:\n${log}`);
  const host = {
    url,
    log: () => log,
    async get(resource) {
      const response = await fetch(url + resource);
      if (!response.ok) throw new Error(`GET ${resource}: ${response.status} ${await response.text()}`);
      return response.json();
    },
    post: (resource, body) =>
      fetch(url + resource, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async stop() {
      if (exit !== null) throw died();
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await once(child, 'exit');
      clearTimeout(late);
    },
  };
  process.once('exit', () => child.kill('SIGKILL'));
  // Whoever ends the tests from outside does not want the host to stay.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

  const deadline = Date.now() + 30_000;
  for (;;) {
    if (exit !== null) throw died();
    try {
      const answer = await fetch(`${url}/healthz`);
      if (answer.ok) return host;
      throw new Error(`GET /healthz: ${answer.status}`);
    } catch (error) {
      if (Date.now() > deadline) {
        child.kill('SIGKILL');
        throw new Error(`the host does not answer on ${url}: ${error.message}. It said:\n${log}`);
      }
    }
    await new Promise((done) => setTimeout(done, 100));
  }
}

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
