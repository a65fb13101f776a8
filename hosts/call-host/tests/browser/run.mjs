// Runs the browser tests one file after the other and closes with "N passed, N failed": node run.mjs [part of a file's name].
// JACKFIELD_BIN names the host's binary; CHROMIUM the browser, if it is not in PATH.
import fs from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const folder = path.dirname(fileURLToPath(import.meta.url));
const files = fs
  .readdirSync(folder)
  .filter((name) => name.endsWith('.test.mjs') && name.includes(process.argv[2] ?? ''))
  .map((name) => path.join(folder, name));

let passed = 0;
let failed = 0;
// One at a time: two real-time calls on one small machine would measure each other.
const tests = run({ files, concurrency: false, timeout: 400_000 });
tests.on('test:pass', ({ details, name }) => (details.type === 'suite' || files.includes(name) ? 0 : passed++));
tests.on('test:fail', ({ details, name }) => (details.type === 'suite' ? 0 : failed++));
const told = tests.compose(spec);
told.pipe(process.stdout, { end: false });
told.on('end', () => {
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
});
