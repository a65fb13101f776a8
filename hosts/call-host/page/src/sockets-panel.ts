import { ApiError, type Api } from './api';
import type { Graph, SwapReport, SwapUnderWay } from './api-types';
import { byId, element, setText } from './dom';
import { measure, shortId } from './format';
import { JackBay } from './jack-bay';
import { SignalTable } from './signal-table';
import { SocketModule } from './socket-module';

export interface PanelEvents {
  /** A swap or a change of parameters that this page asked for has ended. */
  changed(report: SwapReport): void;
  /** A swap that this page asked for is under way and waits for a decision. */
  begun(swap: number): void;
}

type PanelState = 'loading' | 'ready' | 'empty' | 'error';

/** The panel of sockets of one room: the bay, and a module for each socket. Shows what the host's graph says, no more. */
export class SocketsPanel {
  private readonly root = byId('panel', HTMLElement);
  private readonly state = byId('panel-state', HTMLElement);
  private readonly modulesRoot = byId('modules', HTMLElement);
  private readonly total = byId('total-latency', HTMLElement);
  private readonly bay = new JackBay(byId('bay', HTMLElement), (socket) => this.goTo(socket));
  private readonly table = new SignalTable(byId('signal-table', HTMLElement));
  private readonly modules = new Map<string, SocketModule>();
  private names = new Map<string, string>();
  private titles = new Map<string, string>();
  private room = '';
  private asked = 0;
  private answered = 0;

  constructor(
    private readonly api: Api,
    private readonly events: PanelEvents,
  ) {}

  get isEmpty(): boolean {
    return this.root.dataset['state'] === 'empty';
  }

  /** Shows another room's sockets. */
  async open(room: string): Promise<void> {
    if (room !== this.room) {
      this.room = room;
      this.clear();
      this.enter('loading');
    }
    await this.refresh();
  }

  /** Fetches the graph again; the newest answer wins, whatever the order of arrival. */
  async refresh(): Promise<void> {
    const room = this.room;
    if (!room) return;
    const turn = ++this.asked;
    try {
      const graph = await this.api.graph(room);
      if (room !== this.room || turn < this.answered) return;
      this.answered = turn;
      this.show(graph);
    } catch (error) {
      if (room !== this.room || turn < this.answered) return;
      if (error instanceof ApiError && error.status === 404) {
        this.clear();
        this.enter('empty');
      } else if (this.modules.size === 0) {
        this.enter('error', error instanceof Error ? error.message : String(error));
      }
      // With a panel on show, a missed refresh is no news: the call's own state tells whether the host is there.
    }
  }

  showSwap(report: SwapReport, own: boolean): void {
    if (report.outcome === 'parameters-set') return;
    this.modules.get(report.socket)?.showReport(report, own);
    this.bay.flash(report.socket, report.outcome);
  }

  /** A swap has begun or gone on, whoever asked for it. */
  showProgress(swap: SwapUnderWay): void {
    this.modules.get(swap.socket)?.showProgress(swap);
  }

  showUnderWay(swaps: readonly SwapUnderWay[]): void {
    for (const swap of swaps) this.showProgress(swap);
  }

  signal(present: boolean): void {
    this.bay.signal(present);
  }

  pluginName = (id: string): string => this.names.get(id) ?? shortId(id);

  socketTitle(socket: string): string {
    return this.titles.get(socket) ?? socket;
  }

  private show(graph: Graph): void {
    for (const { socket, title, plugin, alternatives } of graph.sockets) {
      this.titles.set(socket, title);
      for (const one of [plugin, ...alternatives]) this.names.set(one.id, one.name);
    }
    const order = graph.sockets.map((one) => one.socket);
    if (order.join() !== [...this.modules.keys()].join()) this.rebuild(graph);
    else for (const socket of graph.sockets) this.modules.get(socket.socket)?.update(socket);
    this.enter(graph.sockets.length > 0 ? 'ready' : 'empty');
    this.bay.update(graph);
    this.table.update(graph);
    setText(this.total, `${measure(graph.latency_ms)} ms`);
  }

  private rebuild(graph: Graph): void {
    this.modules.clear();
    graph.sockets.forEach((socket, index) => {
      this.modules.set(
        socket.socket,
        new SocketModule(socket, index + 1, {
          change: async (name, change) => {
            const answer = await this.api.changeSocket(this.room, name, change);
            if ('outcome' in answer) this.events.changed(answer);
            else this.events.begun(answer.swap);
            void this.refresh();
            return answer;
          },
          decide: async (swap, decision) => {
            await this.api.decideSwap(this.room, swap, decision);
          },
          pluginName: this.pluginName,
          swapping: (name, busy) => this.bay.swapping(name, busy),
        }),
      );
    });
    this.modulesRoot.replaceChildren(...[...this.modules.values()].map((module) => module.root));
  }

  private goTo(socket: string): void {
    const module = this.modules.get(socket)?.root;
    if (!module) return;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    module.scrollIntoView({ behavior: still ? 'auto' : 'smooth', block: 'center' });
    module.focus({ preventScroll: true });
  }

  private clear(): void {
    this.modules.clear();
    this.modulesRoot.replaceChildren();
  }

  private enter(state: PanelState, detail = ''): void {
    if (this.root.dataset['state'] === state && state !== 'error') return;
    this.root.dataset['state'] = state;
    const text: Record<PanelState, string> = {
      loading: 'Looking at what is plugged in.',
      ready: '',
      empty: `Nobody is in “${this.room}” yet, so nothing is plugged in. Join, and its sockets appear here.`,
      error: detail,
    };
    this.state.replaceChildren(text[state]);
    if (state === 'error') {
      const again = element('button', { type: 'button', class: 'quiet' }, 'Try again');
      again.addEventListener('click', () => void this.refresh());
      this.state.append(again);
    }
  }
}
