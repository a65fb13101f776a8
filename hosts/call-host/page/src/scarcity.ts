/** Why less is sent than there is, in words. */

import type { Limits } from './limits';
import type { Problem } from './problems';

const REASONS: Record<string, string> = {
  battery: 'the battery of this device is low',
  processor: 'this device is busy or hot',
  host: 'the host asks for it',
};

/** Null if nothing of what is sent is limited. */
export function scarcity(limits: Limits, scarce: readonly string[], sendsPictures: boolean): Problem | null {
  const parts: string[] = [];
  if (limits.audio_kbps !== undefined) parts.push(`at most ${limits.audio_kbps} kbit/s of voice`);
  if (sendsPictures) {
    if (limits.frame_rate !== undefined) parts.push(`at most ${limits.frame_rate} pictures a second`);
    if (limits.pixels !== undefined) parts.push(`pictures of at most ${Math.round(limits.pixels / 1_000)} thousand pixels`);
  }
  if (parts.length === 0) return null;
  const reasons = scarce.map((name) => REASONS[name] ?? name);
  return { title: `Less is sent, because ${reasons.join(' and ')}.`, advice: `Now it is ${parts.join(', ')}. It comes back by itself.` };
}
