import type { AddressChoices } from './address';
import type { Api } from './api';
import type { Participant, RoomStatistics, SwapReport } from './api-types';
import { CallBar, inCall } from './call-bar';
import { byId, setText } from './dom';
import { measure } from './format';
import { JoinForm } from './join-form';
import type { LinkSource } from './link';
import { MixOutput } from './mix-output';
import { Notices } from './notices';
import { ParticipantsView } from './participants';
import { QualityChart } from './quality-chart';
import { QualityMonitor, type Allowed } from './quality-monitor';
import { RoomSession, type JoinChoices, type SessionState } from './room-session';
import { headcount } from './roster';
import { SocketsPanel } from './sockets-panel';
import { SwapHistory } from './swap-history';
import { SwapLog } from './swap-log';
import { spokenSwap } from './swap-words';

/** Statistics of sockets and participants have no message of their own, so they are asked for. */
const POLL_MS = 2_000;

/** The page as a whole: passes what happens in the session on to the views, and what is pressed back to the session. */
export class App {
  session: RoomSession | null = null;
  readonly quality = new QualityMonitor(
    () => this.session?.peerConnection ?? null,
    () => this.allowed,
    () => this.drawQuality(),
  );
  private allowed: Allowed = { allowedKbps: null, shadowKbps: null };
  private room: string;
  private origin = 0;
  private readonly log = new SwapLog();
  /** Swaps that were asked for here and wait for decisions: their ends are told to the room alone. */
  private readonly begun = new Set<number>();
  private readonly notices = new Notices(byId('notices', HTMLElement));
  private readonly participants = new ParticipantsView(byId('participants', HTMLElement));
  private readonly panel: SocketsPanel;
  private readonly history = new SwapHistory(
    byId('history-rows', HTMLElement),
    byId('history-none', HTMLElement),
    byId('history-table', HTMLElement),
  );
  private readonly chart = new QualityChart(byId('charts', HTMLElement));
  private readonly bar = new CallBar({ mute: () => this.toggleMute(), leave: () => this.session?.leave() });
  private readonly form: JoinForm;
  private readonly output = new MixOutput(byId('mix', HTMLAudioElement), (blocked) => this.soundBlocked(blocked));
  private readonly processing = byId('call-processing-input', HTMLInputElement);
  private readonly heading = byId('call-heading', HTMLElement);
  private readonly announcement = byId('announcement', HTMLElement);

  constructor(
    private readonly api: Api,
    private readonly signalling: string,
    address: AddressChoices,
  ) {
    this.room = address.room;
    this.panel = new SocketsPanel(api, {
      changed: (report) => this.swapEnded(report, true),
      begun: (swap) => this.begun.add(swap),
    });
    this.form = new JoinForm(address, {
      join: (choices) => this.join(choices),
      roomChosen: (room) => this.openRoom(room),
    });
    this.processing.addEventListener('change', () => {
      void this.session?.reopenMicrophone({ browserProcessing: this.processing.checked });
    });
    window.addEventListener('online', () => this.session?.networkIsBack());
    (navigator as LinkSource).connection?.addEventListener?.('change', () => this.session?.linkChanged());
    window.addEventListener('pagehide', () => this.session?.leave());
    setInterval(() => void this.poll(), POLL_MS);
  }

  start(): void {
    this.openRoom(this.room);
    this.stateChanged('idle', undefined);
  }

  private openRoom(room: string): void {
    if (room !== this.room) {
      this.log.clear();
      this.drawHistory();
    }
    this.room = room;
    document.title = `${room} · Jackfield`;
    void this.panel.open(room);
    void this.poll();
  }

  private join(choices: JoinChoices): void {
    this.session?.leave();
    this.notices.clearAll();
    this.openRoom(choices.room);
    this.processing.checked = choices.browserProcessing;
    this.origin = performance.now() / 1000;
    const session: RoomSession = new RoomSession(this.signalling, choices, {
      state: (state, retryInMs) => this.stateChanged(state, retryInMs),
      participants: (roster, self) => this.rosterChanged(roster, self),
      levels: (levels, active) => {
        this.participants.levels(levels, active);
        this.panel.signal(active.length > 0);
      },
      graphChanged: () => void this.panel.refresh(),
      swap: (report) => this.swapEnded(report, this.begun.has(report.swap)),
      swapProgress: (swap) => this.panel.showProgress(swap),
      pluginProblem: (path, message) => {
        const name = path.split('/').pop() ?? path;
        this.notices.show(`plugin ${path}`, 'problem', { title: `The plugin file ${name} cannot be used.`, advice: message });
      },
      mix: (stream) => this.output.attach(stream),
      nextMix: (stream) => this.output.prepare(stream),
      goOver: () => this.output.goOver(),
      problem: (problem, fatal) => this.notices.show(fatal ? 'call' : 'host', 'problem', problem),
      scarcity: (problem) => {
        if (problem) this.notices.show('resources', 'note', problem);
        else this.notices.clear('resources');
      },
      microphone: (problem) => {
        this.bar.microphone(session.canSpeak, session.muted);
        if (!problem) this.notices.clear('microphone');
        else {
          const again = { label: 'Try the microphone', run: () => void session.reopenMicrophone() };
          this.notices.show('microphone', 'note', problem, again);
        }
      },
    });
    this.session = session;
    this.quality.start();
    this.bar.microphone(false, false);
    void session.start();
  }

  private stateChanged(state: SessionState, retryInMs: number | undefined): void {
    const active = inCall(state);
    document.body.dataset['call'] = active ? 'on' : 'off';
    byId('welcome', HTMLElement).hidden = active;
    byId('call', HTMLElement).hidden = !active;
    byId('quality', HTMLElement).hidden = !active && this.quality.samples.length === 0;
    this.bar.show(state, this.room, retryInMs);
    this.form.busy(active);
    if (active) return;
    this.quality.stop();
    this.participants.clear();
    this.panel.signal(false);
    this.notices.clear('sound');
    this.notices.clear('microphone');
    this.notices.clear('resources');
  }

  private rosterChanged(roster: readonly Participant[], self: string): void {
    this.participants.show(roster, self);
    const others = headcount(roster.filter((one) => one.id !== self));
    setText(this.heading, others ? `You hear ${others}.` : 'You are alone here so far.');
    // The first voice builds the sockets, and each voice more has its own instances of some of them.
    void this.panel.refresh();
  }

  private swapEnded(report: SwapReport, own: boolean): void {
    if (report.socket && report.outcome === 'committed') this.notices.clearMatching('plugin ');
    const fresh = this.log.add(report, performance.now() / 1000, own);
    this.panel.showSwap(report, own);
    if (fresh && !own) setText(this.announcement, spokenSwap(this.panel.socketTitle(report.socket), report, this.panel.pluginName));
    this.drawHistory();
    this.drawQuality();
  }

  private toggleMute(): void {
    const { session } = this;
    if (!session) return;
    session.mute(!session.muted);
    this.bar.microphone(session.canSpeak, session.muted);
  }

  private soundBlocked(blocked: boolean): void {
    if (!blocked) return this.notices.clear('sound');
    this.notices.show(
      'sound',
      'note',
      { title: 'The browser holds the sound back.', advice: 'It wants one press from you before it plays.' },
      { label: 'Turn the sound on', run: () => void this.output.play() },
    );
  }

  /** Swaps that were under way before this page looked wait for a decision here too. */
  private async showSwaps(room: string): Promise<void> {
    const { under_way } = await this.api.swaps(room);
    if (room === this.room) this.panel.showUnderWay(under_way);
  }

  private async poll(): Promise<void> {
    if (document.visibilityState === 'hidden') return;
    const room = this.room;
    try {
      if (this.panel.isEmpty && !(await this.exists(room))) return;
      void this.panel.refresh();
      const statistics = await this.api.statistics(room);
      if (room === this.room) this.showStatistics(statistics);
      await this.showSwaps(room);
    } catch {
      // The panel and the call bar say so when the host is away; figures that stand still say it too.
    }
  }

  /** Whether the room has come into being; until then it has neither sockets nor statistics to ask for. */
  private async exists(room: string): Promise<boolean> {
    const found = (await this.api.rooms()).find((one) => one.name === room);
    if (!found && room === this.room) this.inviteTo([]);
    return found !== undefined;
  }

  private showStatistics(statistics: RoomStatistics): void {
    this.participants.statistics(statistics.participants);
    const self = statistics.participants.find((one) => one.id === this.session?.participantId);
    this.allowed = { allowedKbps: self?.congestion?.target_kbps ?? null, shadowKbps: self?.congestion_shadow?.target_kbps ?? null };
    const { p50_us, p99_us, late } = statistics.tick;
    setText(byId('tick', HTMLElement), `${measure(p50_us)} µs, 99 % under ${measure(p99_us)} µs, ${measure(late)} late`);
    const before = statistics.swaps.filter((report) => this.log.add(report, null, false));
    if (before.length > 0) this.drawHistory();
    if (!this.session || !inCall(this.session.state)) this.inviteTo(statistics.participants);
  }

  private inviteTo(present: readonly Participant[]): void {
    const who = headcount(present);
    setText(byId('room-note', HTMLElement), who ? `In this room now: ${who}.` : 'Nobody is in this room yet.');
  }

  private drawHistory(): void {
    const names = { plugin: this.panel.pluginName, socket: (socket: string) => this.panel.socketTitle(socket) };
    this.history.show(this.log.newestFirst, names, this.origin);
  }

  private drawQuality(): void {
    if (this.session) this.chart.update(this.quality.samples, this.log.marks, this.origin);
  }
}
