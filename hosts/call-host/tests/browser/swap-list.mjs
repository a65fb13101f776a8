/** Socket and plugin, one after the other: each differs from what stands there before, in a call that begins with the plugins of the profile. */
export const SWAPS = [
  ['echo', 'jackfield.processing.null'],
  ['noise', 'jackfield.processing.null'],
  ['echo', 'jackfield.processing.ns-rnnoise'],
  ['echo', 'jackfield.processing.aec3'],
  ['noise', 'jackfield.processing.ns-rnnoise'],
  ['jitter', 'jackfield.jitter.fixed'],
  ['jitter', 'jackfield.jitter.adaptive'],
  ['mixer', 'jackfield.mixer.sum'],
  ['mixer', 'jackfield.mixer.active-speaker'],
];
