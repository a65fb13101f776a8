// A plot of rates over time beside what a link bears, as an SVG that stands by itself.

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [900, 420, 64, 16, 56, 44];

/** `samples` are { at (s), sent (kbit/s), allowed (kbit/s) }; `steps` are { from, to (s), kbps }. */
export function plotRates({ title, steps, samples }) {
  const end = steps.at(-1).to;
  const highest = 1.25 * Math.max(...steps.map(({ kbps }) => kbps), ...samples.map(({ sent }) => sent));
  const x = (seconds) => LEFT + ((WIDTH - LEFT - RIGHT) * seconds) / end;
  const y = (kbps) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * Math.min(kbps, highest)) / highest;
  const line = (points) => points.map(([at, kbps]) => `${x(at).toFixed(1)},${y(kbps).toFixed(1)}`).join(' ');
  const capacity = line(steps.flatMap(({ from, to, kbps }) => [[from, kbps], [to, kbps]]));
  const within = samples.filter(({ at }) => at >= 0 && at <= end);
  const every = highest > 1_200 ? 500 : 200;
  const rates = Array.from({ length: Math.floor(highest / every) + 1 }, (_, n) => n * every);
  const times = Array.from({ length: Math.floor(end / 10) + 1 }, (_, n) => n * 10);
  const legend = [
    ['#6b7280', 'the link bears', 0],
    ['#0f766e', 'sent, headers included', 150],
    ['#c2410c', 'what the browser believes', 330],
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="${LEFT}" y="22" font-size="16" font-weight="600">${title}</text>
${legend.map(([colour, name, at]) => `<g><line x1="${LEFT + at}" x2="${LEFT + at + 22}" y1="40" y2="40" stroke="${colour}" stroke-width="3"/><text x="${LEFT + at + 28}" y="44">${name}</text></g>`).join('\n')}
${rates.map((rate) => `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(rate)}" y2="${y(rate)}" stroke="#e5e7eb"/><text x="${LEFT - 8}" y="${y(rate) + 4}" text-anchor="end" fill="#374151">${rate}</text>`).join('\n')}
${times.map((time) => `<text x="${x(time)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle" fill="#374151">${time}</text>`).join('\n')}
<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end" fill="#374151">seconds</text>
<text x="${LEFT - 8}" y="${TOP - 4}" text-anchor="end" fill="#374151">kbit/s</text>
<polyline points="${capacity}" fill="none" stroke="#6b7280" stroke-width="2" stroke-dasharray="6 3"/>
<polyline points="${line(within.map(({ at, allowed }) => [at, allowed]))}" fill="none" stroke="#c2410c" stroke-width="1.5"/>
<polyline points="${line(within.map(({ at, sent }) => [at, sent]))}" fill="none" stroke="#0f766e" stroke-width="2"/>
</svg>
`;
}
