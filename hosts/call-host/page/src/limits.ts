/** The most that may be encoded, as the messages have it: what is left out is not limited. */
export interface Limits {
  /** Of sound: payload. */
  audio_kbps?: number;
  /** Pictures a second. */
  frame_rate?: number;
  /** Pixels of a picture. */
  pixels?: number;
}

const DIMENSIONS = ['audio_kbps', 'frame_rate', 'pixels'] as const;

/** What keeps within all of them, in every dimension. */
export function mostLimiting(all: readonly Limits[]): Limits {
  const agreed: Limits = {};
  for (const dimension of DIMENSIONS) {
    const votes = all.map((limits) => limits[dimension]).filter((vote) => vote !== undefined);
    if (votes.length > 0) agreed[dimension] = Math.min(...votes);
  }
  return agreed;
}

export function isSameLimits(a: Limits, b: Limits): boolean {
  return DIMENSIONS.every((dimension) => a[dimension] === b[dimension]);
}

export function isUnlimited(limits: Limits): boolean {
  return isSameLimits(limits, {});
}
