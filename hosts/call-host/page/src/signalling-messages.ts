import type { Participant, SwapReport, SwapUnderWay } from './api-types';
import type { Limits } from './limits';
import type { Link } from './link';

/** Version of the signalling messages that this page speaks. */
export const VERSION = 1;

export interface JoinRequest {
  room: string;
  name: string;
  token?: string;
  resume?: string;
  link?: Link;
}

/** Which of a client's connections is meant: none for the first, else the number with which the host asked for it. */
export interface OfConnection {
  connection?: number;
}

export type ClientMessage =
  | ({ type: 'join' } & JoinRequest)
  | ({ type: 'offer'; sdp: string } & OfConnection)
  | ({ type: 'candidate'; candidate: RTCIceCandidateInit | null } & OfConnection)
  | { type: 'mute'; muted: boolean }
  | { type: 'link'; link: Link }
  | { type: 'limits'; limits: Limits }
  | { type: 'leave' }
  | { type: 'ping'; id: number };

export interface Joined {
  type: 'joined';
  room: string;
  participant: string;
  resume: string;
  resumed: boolean;
  participants: Participant[];
}

export type HostMessage =
  | Joined
  | ({ type: 'answer'; sdp: string } & OfConnection)
  | ({ type: 'candidate'; candidate: RTCIceCandidateInit | null } & OfConnection)
  | { type: 'reconnect'; connection: number }
  | { type: 'limits'; limits: Limits }
  | { type: 'participant-joined'; participant: Participant }
  | { type: 'participant-left'; id: string }
  | { type: 'participant-changed'; participant: Participant }
  | { type: 'levels'; levels: Record<string, number>; active: string[] }
  | { type: 'graph'; revision: number }
  | { type: 'swap'; report: SwapReport }
  | { type: 'swap-progress'; swap: SwapUnderWay }
  | { type: 'plugin-problem'; path: string; message: string }
  | { type: 'error'; code: string; message: string; fatal: boolean }
  | { type: 'pong'; id: number };

export function encode(message: ClientMessage): string {
  return JSON.stringify({ v: VERSION, ...message });
}

/**
 * Reads one message of the host. A message of an unknown type or version gives null, because a newer host may say more
 * than this page knows; text that is not such a message at all gives null too.
 */
export function decode(text: string): HostMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || value['v'] !== VERSION) return null;
  const type = value['type'];
  if (!isText(type) || !Object.hasOwn(shapes, type)) return null;
  return shapes[type as HostMessage['type']](value) ? (value as unknown as HostMessage) : null;
}

type Shape = (message: Record<string, unknown>) => boolean;

const shapes: Record<HostMessage['type'], Shape> = {
  joined: (m) =>
    isText(m['room']) &&
    isText(m['participant']) &&
    isText(m['resume']) &&
    typeof m['resumed'] === 'boolean' &&
    Array.isArray(m['participants']) &&
    m['participants'].every(isParticipant),
  answer: (m) => isText(m['sdp']) && isConnection(m['connection']),
  candidate: (m) => (m['candidate'] === null || isRecord(m['candidate'])) && isConnection(m['connection']),
  reconnect: (m) => typeof m['connection'] === 'number',
  limits: (m) => isLimits(m['limits']),
  'participant-joined': (m) => isParticipant(m['participant']),
  'participant-left': (m) => isText(m['id']),
  'participant-changed': (m) => isParticipant(m['participant']),
  levels: (m) =>
    isRecord(m['levels']) &&
    Object.values(m['levels']).every((level) => typeof level === 'number') &&
    Array.isArray(m['active']),
  graph: (m) => typeof m['revision'] === 'number',
  swap: (m) => isRecord(m['report']) && typeof m['report']['swap'] === 'number' && isText(m['report']['socket']),
  'swap-progress': (m) =>
    isRecord(m['swap']) &&
    typeof m['swap']['swap'] === 'number' &&
    isText(m['swap']['socket']) &&
    isText(m['swap']['to']) &&
    isText(m['swap']['step']),
  'plugin-problem': (m) => isText(m['path']) && isText(m['message']),
  error: (m) => isText(m['code']) && isText(m['message']) && typeof m['fatal'] === 'boolean',
  pong: (m) => typeof m['id'] === 'number',
};

function isConnection(value: unknown): boolean {
  return value === undefined || typeof value === 'number';
}

function isLimits(value: unknown): value is Limits {
  const isLimit = (limit: unknown): boolean => limit === undefined || (typeof limit === 'number' && limit >= 1);
  return isRecord(value) && ['audio_kbps', 'frame_rate', 'pixels'].every((dimension) => isLimit(value[dimension]));
}

function isParticipant(value: unknown): value is Participant {
  return isRecord(value) && isText(value['id']) && isText(value['name']) && isText(value['kind']);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
