// Microphone files for the browsers: recorded speech with a steady tone of one's own mixed in, by which a voice is told apart.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const speechFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../speech');
const RATE = 48_000;

/** One of the recorded clips as numbers from -1 to 1 at 48 kHz, cut to whole seconds so that it loops without a jump. */
export function speech(name) {
  const bytes = fs.readFileSync(path.join(speechFolder, name));
  const rate = bytes.readUInt32LE(24);
  if (rate !== 16_000 || bytes.readUInt16LE(22) !== 1 || bytes.readUInt16LE(34) !== 16)
    throw new Error(`${name} is not 16 kHz mono 16-bit`);
  const at = (index) => bytes.readInt16LE(44 + 2 * index) / 32_768;
  const seconds = Math.floor((bytes.length - 44) / 2 / rate);
  const samples = new Float32Array(seconds * RATE);
  const last = seconds * rate - 1;
  for (let n = 0; n < samples.length; n++) {
    const whole = Math.floor(n / 3);
    const part = (n % 3) / 3;
    samples[n] = at(whole) * (1 - part) + at(Math.min(whole + 1, last)) * part;
  }
  return samples;
}

/** Writes `clip` plus a tone of `hertz` (a whole number, at -37 dBFS) to a file that Chromium's fake microphone loops. */
export function microphoneFile(clip, hertz) {
  const samples = speech(clip);
  const bytes = Buffer.alloc(44 + 2 * samples.length);
  header(bytes, samples.length);
  for (let n = 0; n < samples.length; n++) {
    const value = samples[n] + 0.02 * Math.sin((2 * Math.PI * hertz * n) / RATE);
    bytes.writeInt16LE(Math.round(32_767 * Math.max(-1, Math.min(1, value))), 44 + 2 * n);
  }
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'jackfield-microphone-')), 'microphone.wav');
  fs.writeFileSync(file, bytes);
  process.on('exit', () => fs.rmSync(path.dirname(file), { recursive: true, force: true }));
  return file;
}

function header(bytes, samples) {
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + 2 * samples, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(2 * RATE, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(2 * samples, 40);
}
