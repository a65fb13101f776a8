import { svgElement } from './dom';

/** Drawn here rather than taken from a font, so that they follow the text's colour and need no download. */
const paths = {
  robot: 'M8 1.2v2M4 3.6h8a1.6 1.6 0 0 1 1.6 1.6v6a1.6 1.6 0 0 1-1.6 1.6H4a1.6 1.6 0 0 1-1.6-1.6v-6A1.6 1.6 0 0 1 4 3.6ZM.9 7v3M15.1 7v3M5.6 7.1v.8M10.4 7.1v.8M5.8 10.3h4.4',
  person: 'M8 8.2a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.6 14c.5-2.6 2.6-4 5.4-4s4.9 1.4 5.4 4',
  muted: 'M8 1.6a2 2 0 0 0-2 2v3.6a2 2 0 0 0 4 0V3.6a2 2 0 0 0-2-2ZM3.8 7.2a4.2 4.2 0 0 0 8.4 0M8 11.4v2.8M2 1.8l12 12.4',
} as const;

export type IconName = keyof typeof paths;

export function icon(name: IconName): SVGSVGElement {
  return svgElement(
    'svg',
    { viewBox: '0 0 16 16', class: 'icon', 'aria-hidden': 'true' },
    svgElement('path', { d: paths[name] }),
  );
}
