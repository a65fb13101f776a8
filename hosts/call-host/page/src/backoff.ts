const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * How long to wait before reconnection attempt `attempt` (0 is the first): doubles from half a second to fifteen, less a
 * random quarter so that the pages of one room do not all come back in the same instant.
 *
 * `random` is a number in [0, 1).
 */
export function backoffDelay(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(ceiling * (1 - 0.25 * random));
}
