/** How many pictures a second, and of how many pixels each. */
export interface Pictures {
  frameRate: number;
  pixels: number;
}

/** Up to so many pixels, so many a second are enough. These, and the steps, are those of the host (`framework/graph/src/resources/pictures.rs`). */
const ENOUGH: readonly Pictures[] = [
  { pixels: 320 * 240, frameRate: 7 },
  { pixels: 480 * 360, frameRate: 10 },
  { pixels: 640 * 480, frameRate: 15 },
];
/** Smaller pictures are not asked for. */
const LEAST_PIXELS = 320 * 180;

/** One step down: fewer a second if there are more than enough for their size, else three fifths of the pixels. Null if they are the least. */
export function lower({ frameRate, pixels }: Pictures): Pictures | null {
  const enough = ENOUGH.find((one) => pixels <= one.pixels)?.frameRate ?? Infinity;
  if (enough < frameRate) return { frameRate: enough, pixels };
  const fewer = Math.floor((pixels * 3) / 5);
  return fewer >= LEAST_PIXELS ? { frameRate, pixels: fewer } : null;
}

/** So many steps down, or as far as it goes. */
export function lowered(pictures: Pictures, steps: number): Pictures {
  let now = pictures;
  for (let step = 0; step < steps; step++) now = lower(now) ?? now;
  return now;
}
