/** The shapes of the call host's HTTP interface, exactly as they travel. */

export interface PluginSummary {
  id: string;
  name: string;
  version: string;
  description: string;
}

export interface PluginDescriptor extends PluginSummary {
  vendor: string;
  license: string;
}

export type ParameterKind = 'bool' | 'int' | 'float' | 'choice';
export type ParameterValue = boolean | number | string;

export interface Parameter {
  name: string;
  title: string;
  kind: ParameterKind;
  unit: string;
  min?: number | null;
  max?: number | null;
  step?: number | null;
  default: ParameterValue;
  value: ParameterValue;
  choices?: string[] | null;
  help?: string | null;
}

export interface Statistic {
  name: string;
  value: number | string | boolean | null;
  unit: string;
}

export interface Socket {
  /** Stable name of the socket: `echo`, `jitter`, ... */
  socket: string;
  title: string;
  area: string;
  /** Whether every voice has its own instance, or the room shares one. */
  scope: 'participant' | 'room';
  plugin: PluginDescriptor;
  isolation: string;
  /** What takes its place when it breaks, if the manifest names something. */
  fallback: string | null;
  latency_ms: number;
  instances: number;
  state: 'running' | 'bypassed';
  parameters: Parameter[];
  alternatives: PluginSummary[];
  stats: Statistic[];
}

export interface GraphNode {
  id: string;
  socket: string | null;
  kind: string;
  label: string;
  format: string;
  latency_ms: number;
  reason: string;
}

export interface GraphEdge {
  from: string;
  to: string;
  format: string;
}

export interface Graph {
  room: string;
  revision: number;
  latency_ms: number;
  /** In signal order. */
  sockets: Socket[];
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export type SwapOutcome = 'committed' | 'rolled-back' | 'refused' | 'parameters-set';

export interface SwapReport {
  swap: number;
  socket: string;
  from: string;
  to: string;
  outcome: SwapOutcome;
  samples_lost: number;
  /** Largest discontinuity at the seam, in dB relative to full scale; -120 where there was none. */
  discontinuity_db: number;
  /** How long the audio tick was held up, in microseconds. */
  stall_us: number;
  added_latency_ms: number;
  instances: number;
  /** How long each step took that it came to, in order; left out by older hosts. */
  steps?: { step: string; ms: number }[];
  message: string;
}

export type SwapStep = 'verify' | 'instantiate' | 'shadow' | 'ready' | 'align' | 'join' | 'probation';

/** A swap that has not ended. */
export interface SwapUnderWay {
  swap: number;
  socket: string;
  from: string;
  to: string;
  step: SwapStep;
  /** Whether it goes on only when it is promoted. */
  hold: boolean;
}

export interface RoomSwaps {
  room: string;
  under_way: SwapUnderWay[];
  ended: SwapReport[];
}

export interface Participant {
  id: string;
  name: string;
  kind: 'browser' | 'robot';
  muted: boolean;
}

export interface RoomSummary {
  name: string;
  participants: Participant[];
}

/** What a congestion controller has decided. */
export interface Rates {
  target_kbps: number;
  estimate_kbps: number;
}

export interface ParticipantStatistics extends Participant {
  level_dbov: number;
  packets_received: number;
  packets_lost: number;
  packets_sent: number;
  jitter_ms: number;
  round_trip_ms: number | null;
  concealed_samples: number;
  total_samples: number;
  jitter_buffer_ms: number;
  heard: boolean;
  /** Of what goes to the participant; null for robots, left out by older hosts. */
  congestion?: Rates | null;
  /** What the controller that nobody heeds would have decided, while a swap is under way. */
  congestion_shadow?: Rates | null;
  /** What they were told last that they may send, if they know no feedback but REMB. */
  told_kbps?: number | null;
  ice_state: string;
  dtls_version: string;
  srtp_profile: string;
}

export interface RoomStatistics {
  room: string;
  time_ms: number;
  /** The 10 ms audio tick: how long it takes, and how often it missed its deadline. */
  tick: { p50_us: number; p99_us: number; late: number };
  participants: ParticipantStatistics[];
  swaps: SwapReport[];
}

export interface SocketChange {
  /** Plugin to plug in; left out, only the parameters change. */
  use?: string;
  params?: Record<string, ParameterValue>;
  /** The swap waits to be promoted: answered as soon as it is under way. */
  hold?: boolean;
}
