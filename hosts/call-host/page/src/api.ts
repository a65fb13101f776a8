import type {
  Graph,
  RoomStatistics,
  RoomSummary,
  RoomSwaps,
  SocketChange,
  SwapReport,
  SwapUnderWay,
} from './api-types';

/** A request that the host turned down, or that never reached it (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** The host's HTTP interface. Every call fails with an `ApiError`. */
export class Api {
  constructor(
    private readonly base: URL,
    private readonly token: string | undefined,
    private readonly send: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  async rooms(): Promise<RoomSummary[]> {
    const answer = await this.request<{ rooms: RoomSummary[] }>('api/rooms');
    return answer.rooms;
  }

  graph(room: string): Promise<Graph> {
    return this.request(`api/rooms/${encodeURIComponent(room)}/graph`);
  }

  statistics(room: string): Promise<RoomStatistics> {
    return this.request(`api/rooms/${encodeURIComponent(room)}/stats`);
  }

  /** Swaps the plugin of a socket, sets its parameters, or both. */
  changeSocket(room: string, socket: string, change: SocketChange): Promise<SwapReport | SwapUnderWay> {
    return this.request(`api/rooms/${encodeURIComponent(room)}/sockets/${encodeURIComponent(socket)}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(change),
    });
  }

  swaps(room: string): Promise<RoomSwaps> {
    return this.request(`api/rooms/${encodeURIComponent(room)}/swaps`);
  }

  /** Lets a swap go on now, or takes it back. */
  decideSwap(room: string, swap: number, decision: 'promote' | 'abort'): Promise<SwapUnderWay> {
    return this.request(`api/rooms/${encodeURIComponent(room)}/swaps/${swap}/${decision}`, { method: 'POST' });
  }

  private async request<T>(path: string, init: RequestInit = {}): Promise<T> {
    const headers = new Headers(init.headers);
    headers.set('Accept', 'application/json');
    if (this.token) headers.set('Authorization', `Bearer ${this.token}`);

    let response: Response;
    try {
      response = await this.send(new URL(path, this.base), { ...init, headers, cache: 'no-store' });
    } catch {
      throw new ApiError(0, 'unreachable', 'The host does not answer. Check that it is running, then try again.');
    }
    const text = await response.text();
    if (!response.ok) throw refusal(response.status, text);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new ApiError(response.status, 'malformed-answer', `The host answered ${path} with something that is not JSON.`);
    }
  }
}

function refusal(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } };
    if (error && typeof error.message === 'string') {
      return new ApiError(status, typeof error.code === 'string' ? error.code : 'refused', error.message);
    }
  } catch {
    // Not the host's own error shape: a proxy in between, perhaps. The status is all there is to tell.
  }
  return new ApiError(status, 'refused', `The host refused the request (HTTP ${status}).`);
}
