import type { QualitySample, StatisticsEntry } from './quality';
import type { SessionState } from './room-session';

/** What scripts that drive this page may read, as `window.jackfield`. */
export interface JackfieldHandle {
  readonly peerConnection: RTCPeerConnection | null;
  readonly participantId: string | null;
  readonly state: SessionState;
  /** The newest quality sample, and every entry of the connection's statistics. */
  stats(): Promise<{ state: SessionState; quality: QualitySample | null; entries: StatisticsEntry[] }>;
}

declare global {
  interface Window {
    jackfield: JackfieldHandle;
  }
}
