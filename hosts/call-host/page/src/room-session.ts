import type { Participant, SwapReport, SwapUnderWay } from './api-types';
import { BatteryResource, type BatterySource } from './battery';
import { Call } from './call';
import { isSameLimits, type Limits } from './limits';
import { isSameLink, linkOf, type Link, type LinkSource } from './link';
import { openMicrophone, type MicrophoneSettings } from './microphone';
import { PressureResource } from './pressure';
import { hostProblem, microphoneProblem, type Problem } from './problems';
import { Resources, ToldLimits } from './resources';
import { Roster } from './roster';
import { scarcity } from './scarcity';
import { picturesOf, SenderLimits } from './sender-limits';
import { Signalling, type SignallingState } from './signalling';
import type { HostMessage, Joined, JoinRequest } from './signalling-messages';

export type SessionState = 'idle' | 'joining' | 'connecting' | 'connected' | 'reconnecting' | 'failed' | 'left';

export interface RoomSessionEvents {
  /** `retryInMs` is set while waiting to reconnect. */
  state(state: SessionState, retryInMs?: number): void;
  participants(roster: readonly Participant[], self: string): void;
  levels(levels: Record<string, number>, active: readonly string[]): void;
  graphChanged(revision: number): void;
  swap(report: SwapReport): void;
  swapProgress(swap: SwapUnderWay): void;
  /** A plugin file on the host cannot be used. */
  pluginProblem(path: string, message: string): void;
  mix(stream: MediaStream | null): void;
  /** The mix over a second connection, to be played unheard beside the other until `goOver`; null if it came to nothing. */
  nextMix(stream: MediaStream | null): void;
  goOver(): Promise<void>;
  /** A fatal problem ends the session; any other is a notice beside the running call. */
  problem(problem: Problem, fatal: boolean): void;
  /** Less is sent than there is, and why; null when that is over. */
  scarcity(problem: Problem | null): void;
  /** Null once the microphone is open; else why it is not. */
  microphone(problem: Problem | null): void;
}

export interface JoinChoices extends JoinRequest {
  microphone: boolean;
  browserProcessing: boolean;
}

/** So long a second connection may take until it carries sound. */
const SECOND_CALL_MS = 10_000;
/** Joins that may end without media before the session gives up. */
const MEDIA_ATTEMPTS = 3;

/** One visit to one room: the signalling, the peer connection and the microphone, kept in step until `leave()`. */
export class RoomSession {
  private signalling: Signalling | null = null;
  private call: Call | null = null;
  /** A second connection beside the first, while the host swaps its transport. */
  private second: Call | null = null;
  private microphone: { stream: MediaStream; track: MediaStreamTrack } | null = null;
  private readonly roster = new Roster();
  private signallingState: SignallingState = 'closed';
  private retryInMs: number | undefined;
  private ended: 'failed' | 'left' | null = null;
  private wasJoined = false;
  private wantsMuted = false;
  private mediaFailures = 0;
  private settings: MicrophoneSettings;
  private readonly hostVote = new ToldLimits('host');
  private readonly resources = new Resources([
    new BatteryResource(navigator as BatterySource),
    new PressureResource(() => (this.call ? picturesOf(this.call.connection) : null)),
    this.hostVote,
  ]);
  private readonly senderLimits = new SenderLimits();
  private scarcity: Problem | null = null;
  /** What the host knows of how much can be borne here. */
  private toldLimits: Limits = {};
  private link: Link = linkOf(navigator as LinkSource);
  /** What the next join says: a host that has lost our place must hear of the link as it is then. */
  private join: JoinRequest;

  constructor(
    private readonly url: string,
    private readonly choices: JoinChoices,
    private readonly events: RoomSessionEvents,
  ) {
    this.settings = { browserProcessing: choices.browserProcessing };
    const { room, name, token } = choices;
    this.join = { room, name, link: this.link };
    if (token !== undefined) this.join.token = token;
  }

  get state(): SessionState {
    if (this.ended) return this.ended;
    if (this.signallingState !== 'joined') return this.wasJoined ? 'reconnecting' : 'joining';
    return this.call?.connection.connectionState === 'connected' ? 'connected' : 'connecting';
  }

  get participantId(): string | null {
    return this.roster.self;
  }

  get peerConnection(): RTCPeerConnection | null {
    return this.call?.connection ?? null;
  }

  get muted(): boolean {
    return this.wantsMuted;
  }

  get canSpeak(): boolean {
    return this.microphone !== null;
  }

  async start(): Promise<void> {
    this.announce();
    this.resources.watch(() => this.keepLimits());
    if (this.choices.microphone) await this.openMicrophone();
    if (!this.ended) this.connect();
  }

  mute(muted: boolean): void {
    this.wantsMuted = muted;
    if (this.microphone) this.microphone.track.enabled = !muted;
    this.signalling?.send({ type: 'mute', muted });
  }

  /** Opens the microphone again, with other settings or after a refusal, while the call runs. */
  async reopenMicrophone(settings: MicrophoneSettings = this.settings): Promise<void> {
    this.settings = settings;
    // Two captures of one device share its processing in some browsers, so the old one goes first.
    this.microphone?.track.stop();
    this.microphone = null;
    if (!(await this.openMicrophone()) || !this.call || !this.microphone) return;
    for (const call of [this.call, this.second]) {
      const offerNeeded = await call?.speakThrough(this.microphone);
      if (offerNeeded) await call?.offer();
    }
    this.keepLimits();
  }

  /** The device may be on another network now, or every byte may cost. */
  linkChanged(): void {
    const link = linkOf(navigator as LinkSource);
    if (this.ended || isSameLink(link, this.link)) return;
    this.link = link;
    this.join.link = link;
    this.signalling?.send({ type: 'link', link });
  }

  /** What runs short may have become something else, or who sends. */
  private keepLimits(): void {
    if (this.ended) return;
    const { limits, scarce } = this.resources;
    for (const call of [this.call, this.second]) if (call) void this.senderLimits.apply(call.connection, limits);
    this.tellLimits(this.toldLimits);
    const sendsPictures = this.call !== null && picturesOf(this.call.connection) !== null;
    const problem = scarcity(limits, scarce, sendsPictures);
    // One that somebody has put away does not come back as it was.
    if (problem?.title === this.scarcity?.title && problem?.advice === this.scarcity?.advice) return;
    this.scarcity = problem;
    this.events.scarcity(problem);
  }

  /** What is sent here is to keep within what can be borne here, but for what the host itself has asked for. `known` is null if nobody knows. */
  private tellLimits(known: Limits | null): void {
    const limits = this.resources.limitsWithout(this.hostVote.name);
    if (known && isSameLimits(limits, known)) return;
    this.toldLimits = limits;
    this.signalling?.send({ type: 'limits', limits });
  }

  networkIsBack(): void {
    this.signalling?.retryNow();
  }

  leave(): void {
    if (!this.ended) this.end('left');
  }

  private async openMicrophone(): Promise<boolean> {
    const opened = await openMicrophone(this.settings);
    if ('errorName' in opened) {
      this.events.microphone(microphoneProblem(opened.errorName, window.isSecureContext));
      return false;
    }
    if (this.ended) {
      opened.track.stop();
      return false;
    }
    opened.track.enabled = !this.wantsMuted;
    this.microphone = opened;
    this.events.microphone(null);
    return true;
  }

  private connect(): void {
    this.signalling = new Signalling({
      url: this.url,
      join: this.join,
      events: {
        joined: (message) => this.joined(message),
        message: (message) => this.receive(message),
        state: (state, retryInMs) => {
          this.signallingState = state;
          this.retryInMs = retryInMs;
          this.announce();
        },
      },
    });
    this.signalling.open();
  }

  private joined(message: Joined): void {
    this.wasJoined = true;
    this.roster.reset(message.participants, message.participant);
    this.showRoster();
    if (this.wantsMuted) this.signalling?.send({ type: 'mute', muted: true });
    // The host says its limits anew, if it has any; ours may not have come to it.
    this.hostVote.set({});
    this.tellLimits(message.resumed ? null : {});
    if (message.resumed && this.call) {
      this.call.repeatOffer();
      this.second?.repeatOffer();
    } else this.startCall();
    this.announce();
  }

  private startCall(): void {
    this.call?.close();
    this.giveUpSecond();
    const call = this.newCall(0, (stream) => this.events.mix(stream));
    this.call = call;
    call.offer().catch((error: unknown) => this.fail(browserProblem(error)));
  }

  private newCall(number: number, mix: (stream: MediaStream) => void): Call {
    const connection = number === 0 ? {} : { connection: number };
    const call: Call = new Call(number, this.microphone, {
      offer: (sdp) => this.signalling?.send({ type: 'offer', sdp, ...connection }),
      candidate: (candidate) => this.signalling?.send({ type: 'candidate', candidate, ...connection }),
      mix,
      connection: (state) => {
        if (call === this.call) this.connectionChanged(state);
      },
    });
    return call;
  }

  /** The host swaps its transport: connects a second time and goes over to that, make before break. */
  private async reconnect(number: number): Promise<void> {
    if (!this.call) return;
    this.giveUpSecond();
    const call = this.newCall(number, (stream) => this.events.nextMix(stream));
    this.second = call;
    try {
      await call.offer();
    } catch (error) {
      console.warn('The second connection was not offered:', error);
    }
    const carries = await call.carriesSound(SECOND_CALL_MS);
    // Somebody else may have given it up meanwhile.
    if (this.second !== call) return;
    if (!carries) {
      this.giveUpSecond();
      return;
    }
    const before = this.call;
    this.call = call;
    this.second = null;
    this.keepLimits();
    await this.events.goOver();
    before.close();
    this.announce();
  }

  private giveUpSecond(): void {
    if (!this.second) return;
    this.second.close();
    this.second = null;
    this.events.nextMix(null);
  }

  private callOf(connection: number | undefined): Call | null {
    const calls = [this.call, this.second];
    return calls.find((call) => call?.number === (connection ?? 0)) ?? null;
  }

  private connectionChanged(state: RTCPeerConnectionState): void {
    if (state === 'connected') {
      this.mediaFailures = 0;
      this.keepLimits();
    }
    if (state === 'failed') this.joinAgain();
    else this.announce();
  }

  /** The media path is gone for good: take a fresh place in the room, up to a limit. */
  private joinAgain(): void {
    this.mediaFailures += 1;
    if (this.mediaFailures >= MEDIA_ATTEMPTS) {
      this.fail({
        title: 'No sound can pass between this browser and the host.',
        advice: 'Something on the way blocks UDP: a firewall or a VPN. Try another network, then join again.',
      });
      return;
    }
    this.signalling?.close();
    this.connect();
  }

  private receive(message: HostMessage): void {
    switch (message.type) {
      case 'answer':
        void this.accept(this.callOf(message.connection), message.sdp);
        break;
      case 'candidate':
        void this.callOf(message.connection)?.addCandidate(message.candidate);
        break;
      case 'reconnect':
        void this.reconnect(message.connection);
        break;
      case 'limits':
        this.hostVote.set(message.limits);
        break;
      case 'participant-joined':
      case 'participant-changed':
        this.roster.put(message.participant);
        this.showRoster();
        break;
      case 'participant-left':
        this.roster.remove(message.id);
        this.showRoster();
        break;
      case 'levels':
        this.events.levels(message.levels, message.active);
        break;
      case 'graph':
        this.events.graphChanged(message.revision);
        break;
      case 'swap':
        this.events.swap(message.report);
        break;
      case 'swap-progress':
        this.events.swapProgress(message.swap);
        break;
      case 'plugin-problem':
        this.events.pluginProblem(message.path, message.message);
        break;
      case 'error': {
        const problem = hostProblem(message.code, message.message);
        if (message.fatal) this.fail(problem);
        else this.events.problem(problem, false);
        break;
      }
      case 'joined':
      case 'pong':
        break;
    }
  }

  private async accept(call: Call | null, sdp: string): Promise<void> {
    try {
      await call?.acceptAnswer(sdp);
    } catch (error) {
      // Without the second connection the call goes on as it was.
      if (call === this.second) this.giveUpSecond();
      else this.fail(browserProblem(error));
    }
  }

  private fail(problem: Problem): void {
    if (this.ended) return;
    this.end('failed');
    this.events.problem(problem, true);
  }

  private end(how: 'failed' | 'left'): void {
    this.ended = how;
    this.resources.unwatch();
    this.signalling?.close();
    this.giveUpSecond();
    this.call?.close();
    this.call = null;
    this.microphone?.track.stop();
    this.microphone = null;
    this.events.mix(null);
    this.announce();
  }

  private showRoster(): void {
    this.events.participants(this.roster.list, this.roster.self ?? '');
  }

  private announce(): void {
    this.events.state(this.state, this.retryInMs);
  }
}

function browserProblem(error: unknown): Problem {
  const detail = error instanceof Error ? error.message : String(error);
  return {
    title: 'The browser could not set up the call.',
    advice: `Reload the page; if it stays so, try another browser. The browser said: ${detail}`,
  };
}
