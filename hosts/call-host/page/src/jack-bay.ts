import type { Graph, Socket } from './api-types';
import { element, setData, setText, svgElement } from './dom';
import { cables, droops, hangingPath, type Cable, type Point } from './signal-path';

/** Kept free under the deepest cable. */
const BELOW_PX = 8;

interface Column {
  root: HTMLLIElement;
  button: HTMLButtonElement;
  name: HTMLElement;
  plugin: HTMLElement;
  out: HTMLElement;
  input: HTMLElement;
}

/**
 * The jackfield itself: a column per socket with its output above its input, and the cables that the host's graph says
 * are plugged. It only draws; the figures and controls stand in the modules below.
 */
export class JackBay {
  private readonly legend = [...document.querySelectorAll<HTMLElement>('.bay-legend [data-medium]')];
  private readonly list = element('ol', { class: 'bay-columns' });
  private readonly drawing = svgElement('svg', { class: 'bay-cables', 'aria-hidden': 'true' });
  private readonly columns = new Map<string, Column>();
  private shown = '';
  private plugged: Cable[] = [];

  constructor(
    private readonly root: HTMLElement,
    private readonly pick: (socket: string) => void,
  ) {
    root.append(this.list, this.drawing);
    new ResizeObserver(() => this.draw()).observe(root);
  }

  update(graph: Graph): void {
    const names = graph.sockets.map((one) => one.socket).join();
    if (names !== [...this.columns.keys()].join()) this.build(graph.sockets);
    for (const socket of graph.sockets) this.updateColumn(socket);
    this.plugged = cables(graph);
    const shape = names + JSON.stringify(this.plugged);
    if (shape === this.shown) return;
    this.shown = shape;
    for (const entry of this.legend) entry.hidden = !this.plugged.some(({ medium }) => medium === entry.dataset['medium']);
    this.draw();
  }

  /** Light runs along the cables while somebody talks. */
  signal(present: boolean): void {
    setData(this.root, 'signal', String(present));
  }

  swapping(socket: string, busy: boolean): void {
    const column = this.columns.get(socket);
    if (column) setData(column.root, 'swapping', String(busy));
    for (const cable of this.drawing.querySelectorAll<SVGElement>(`[data-ends~="${CSS.escape(socket)}"]`)) {
      setData(cable, 'swapping', String(busy));
    }
  }

  /** Lights the column up once: what was plugged in here has just changed. */
  flash(socket: string, outcome: string): void {
    const column = this.columns.get(socket);
    if (!column) return;
    delete column.root.dataset['flash'];
    // Reading the layout makes the browser forget the old animation, so that the same one may start again.
    void column.root.offsetWidth;
    column.root.dataset['flash'] = outcome;
  }

  private build(sockets: Socket[]): void {
    this.columns.clear();
    for (const { socket } of sockets) {
      const name = element('span', { class: 'bay-name' });
      const plugin = element('span', { class: 'bay-plugin' });
      const out = element('span', { class: 'jack' });
      const input = element('span', { class: 'jack' });
      const strip = element('span', { class: 'bay-strip' }, name, plugin);
      const button = element('button', { type: 'button', class: 'bay-column' }, strip, out, input);
      button.addEventListener('click', () => this.pick(socket));
      const root = element('li', {}, button);
      this.columns.set(socket, { root, button, name, plugin, out, input });
    }
    this.root.style.setProperty('--columns', String(sockets.length));
    this.list.replaceChildren(...[...this.columns.values()].map((column) => column.root));
  }

  private updateColumn(socket: Socket): void {
    const column = this.columns.get(socket.socket);
    if (!column) return;
    setText(column.name, socket.socket);
    setText(column.plugin, socket.plugin.name);
    column.plugin.title = socket.plugin.name;
    setData(column.root, 'state', socket.state);
    column.button.setAttribute('aria-label', `${socket.title}: ${socket.plugin.name}, ${socket.state}. Go to its controls.`);
  }

  private draw(): void {
    const frame = this.root.getBoundingClientRect();
    if (frame.width === 0) return;
    this.drawing.setAttribute('viewBox', `0 0 ${frame.width} ${frame.height}`);
    const centre = (jack: HTMLElement): Point => {
      const box = jack.getBoundingClientRect();
      return { x: box.left + box.width / 2 - frame.left, y: box.top + box.height / 2 - frame.top };
    };
    const shares = droops(this.plugged, [...this.columns.keys()]);
    // The long cables hang behind the short ones.
    const hung = this.plugged.map((cable, index) => ({ cable, share: shares[index] ?? 0 })).sort((a, b) => b.share - a.share);
    this.drawing.replaceChildren(
      ...hung.flatMap(({ cable, share }) => {
        const from = this.columns.get(cable.from);
        const to = this.columns.get(cable.to);
        if (!from || !to) return [];
        const start = centre(from.out);
        const end = centre(to.input);
        const low = Math.max(start.y, end.y);
        const depth = low + (frame.height - BELOW_PX - low) * share;
        return [drawCable(cable, start, end, hangingPath(start, end, depth))];
      }),
    );
  }
}

function drawCable(cable: Cable, start: Point, end: Point, d: string): SVGGElement {
  const plug = ({ x, y }: Point) =>
    svgElement(
      'g',
      { class: 'plug', transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` },
      svgElement('circle', { class: 'plug-shell' }),
      svgElement('circle', { class: 'plug-core' }),
    );
  return svgElement(
    'g',
    { class: 'cable', 'data-medium': cable.medium, 'data-ends': `${cable.from} ${cable.to}` },
    svgElement('path', { class: 'cable-shadow', d }),
    svgElement('path', { class: 'cable-jacket', d }),
    svgElement('path', { class: 'cable-shine', d }),
    svgElement('path', { class: 'cable-signal', d, pathLength: 100 }),
    plug(start),
    plug(end),
  );
}
