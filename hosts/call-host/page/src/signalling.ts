import { backoffDelay } from './backoff';
import { decode, encode, type ClientMessage, type HostMessage, type Joined, type JoinRequest } from './signalling-messages';

export type SignallingState = 'closed' | 'opening' | 'joined' | 'waiting';

export interface SignallingEvents {
  /** The host let us in. `resumed` tells whether it still had our place in the room. */
  joined(message: Joined): void;
  message(message: HostMessage): void;
  /** `retryInMs` is set while waiting to reconnect. */
  state(state: SignallingState, retryInMs?: number): void;
}

export interface SignallingOptions {
  url: string;
  join: JoinRequest;
  events: SignallingEvents;
  openSocket?: (url: string) => WebSocket;
  random?: () => number;
}

const PING_EVERY_MS = 5_000;
/** The host sends levels ten times a second; this long without a word means that the line is dead. */
const SILENCE_LIMIT_MS = 15_000;

/**
 * One place in one room, over a WebSocket that reconnects by itself: it backs off exponentially, resumes with the host's
 * token, and keeps what was to be sent meanwhile. It stops for good on `close()` and on a fatal error of the host.
 */
export class Signalling {
  private socket: WebSocket | null = null;
  private current: SignallingState = 'closed';
  private resume: string | undefined;
  private attempt = 0;
  private unsent: ClientMessage[] = [];
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private pingTimer: ReturnType<typeof setInterval> | undefined;
  private pingId = 0;
  private heardAt = 0;

  constructor(private readonly options: SignallingOptions) {}

  get state(): SignallingState {
    return this.current;
  }

  open(): void {
    this.connect();
  }

  /** Sends now if joined, else as soon as the place in the room is resumed. */
  send(message: ClientMessage): void {
    if (this.current === 'joined' && this.socket) this.socket.send(encode(message));
    else this.unsent.push(message);
  }

  /** Tries at once instead of waiting for the back-off, because the network has just come back. */
  retryNow(): void {
    if (this.current !== 'waiting') return;
    this.attempt = 0;
    this.connect();
  }

  close(): void {
    if (this.socket && this.current === 'joined') this.socket.send(encode({ type: 'leave' }));
    this.stop();
  }

  private stop(): void {
    this.resume = undefined;
    this.unsent = [];
    this.dropSocket();
    this.enter('closed');
  }

  private connect(): void {
    this.dropSocket();
    this.enter('opening');
    const open = this.options.openSocket ?? ((url: string) => new WebSocket(url));
    const socket = open(this.options.url);
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onopen = () => {
      const join: JoinRequest = { ...this.options.join };
      if (this.resume !== undefined) join.resume = this.resume;
      socket.send(encode({ type: 'join', ...join }));
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      this.heardAt = Date.now();
      const message = typeof event.data === 'string' ? decode(event.data) : null;
      if (message) this.receive(message);
    };
    socket.onclose = () => this.reconnectLater();
    // A socket that nobody answers may hang in the opening state for minutes, so the same watch guards that too.
    this.pingTimer = setInterval(() => this.watch(), PING_EVERY_MS);
  }

  private receive(message: HostMessage): void {
    switch (message.type) {
      case 'joined':
        this.resume = message.resume;
        this.attempt = 0;
        this.enter('joined');
        // A host that lost our place knows nothing of the old offer and its candidates; a new offer follows.
        if (!message.resumed) this.unsent = [];
        this.options.events.joined(message);
        this.flush();
        break;
      case 'error':
        if (message.fatal) this.stop();
        this.options.events.message(message);
        break;
      case 'pong':
        break;
      default:
        this.options.events.message(message);
    }
  }

  private flush(): void {
    const waiting = this.unsent;
    this.unsent = [];
    for (const message of waiting) this.send(message);
  }

  private watch(): void {
    if (Date.now() - this.heardAt >= SILENCE_LIMIT_MS) this.reconnectLater();
    else if (this.current === 'joined') this.send({ type: 'ping', id: ++this.pingId });
  }

  private reconnectLater(): void {
    this.dropSocket();
    const delay = backoffDelay(this.attempt, (this.options.random ?? Math.random)());
    this.attempt += 1;
    this.retryTimer = setTimeout(() => this.connect(), delay);
    this.enter('waiting', delay);
  }

  private dropSocket(): void {
    clearTimeout(this.retryTimer);
    clearInterval(this.pingTimer);
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private enter(state: SignallingState, retryInMs?: number): void {
    this.current = state;
    this.options.events.state(state, retryInMs);
  }
}
