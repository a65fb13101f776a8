/** Audio levels: dBov, where 0 is the loudest a voice can be and -127 is silence (RFC 6464). */

export const SILENCE_DBOV = -127;
const QUIETEST_SHOWN_DBOV = -60;

/** How far a meter stands up, 0 to 1. */
export function meterShare(levelDbov: number): number {
  if (!Number.isFinite(levelDbov)) return 0;
  return Math.min(1, Math.max(0, 1 - levelDbov / QUIETEST_SHOWN_DBOV));
}

/** Rises at once and falls slowly, as a programme meter does, so that the eye can follow speech. */
export function meterBallistics(shown: number, target: number, elapsedMs: number): number {
  if (target >= shown) return target;
  const fallen = shown - elapsedMs / 900;
  return Math.max(target, fallen, 0);
}
