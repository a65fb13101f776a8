import type { StatisticsEntry } from './quality';

export interface CallEvents {
  offer(sdp: string): void;
  candidate(candidate: RTCIceCandidateInit | null): void;
  /** The host's mix of everybody else. */
  mix(stream: MediaStream): void;
  connection(state: RTCPeerConnectionState): void;
}

/** How often it is looked whether the host's mix is being played. */
const LOOK_MS = 50;
/** Samples that have been played when the mix is taken to flow: a fifth of a second. */
const FLOWING_SAMPLES = 9_600;
/** How long a connection may stay `disconnected` before its ICE is restarted: it often heals by itself. */
const DISCONNECTED_LIMIT_MS = 4_000;

/** The media half of a call: one peer connection with one audio line, always offered by the browser. */
export class Call {
  readonly connection: RTCPeerConnection;
  private readonly transceiver: RTCRtpTransceiver;
  private earlyCandidates: (RTCIceCandidateInit | null)[] = [];
  private restartTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    /** 0, or the number with which the host asked for a second connection. */
    readonly number: number,
    microphone: { stream: MediaStream; track: MediaStreamTrack } | null,
    private readonly events: CallEvents,
  ) {
    this.connection = new RTCPeerConnection();
    this.transceiver = microphone
      ? this.connection.addTransceiver(microphone.track, { direction: 'sendrecv', streams: [microphone.stream] })
      : this.connection.addTransceiver('audio', { direction: 'recvonly' });
    this.connection.onicecandidate = ({ candidate }) => events.candidate(candidate ? candidate.toJSON() : null);
    this.connection.ontrack = ({ track, streams }) => events.mix(streams[0] ?? new MediaStream([track]));
    this.connection.onconnectionstatechange = () => this.connectionChanged();
  }

  async offer(options: RTCOfferOptions = {}): Promise<void> {
    const description = await this.connection.createOffer(options);
    await this.connection.setLocalDescription(description);
    this.events.offer(description.sdp ?? '');
  }

  /** Sends an offer again whose answer was lost with the signalling connection. */
  repeatOffer(): void {
    if (this.connection.signalingState !== 'have-local-offer') return;
    this.events.offer(this.connection.localDescription?.sdp ?? '');
  }

  async acceptAnswer(sdp: string): Promise<void> {
    if (this.connection.signalingState !== 'have-local-offer') return;
    await this.connection.setRemoteDescription({ type: 'answer', sdp });
    const early = this.earlyCandidates;
    this.earlyCandidates = [];
    for (const candidate of early) await this.addCandidate(candidate);
  }

  async addCandidate(candidate: RTCIceCandidateInit | null): Promise<void> {
    if (!this.connection.remoteDescription) {
      this.earlyCandidates.push(candidate);
      return;
    }
    try {
      await this.connection.addIceCandidate(candidate ?? undefined);
    } catch (error) {
      // One candidate that this browser cannot use is no reason to end a call that others may carry.
      console.warn('A candidate of the host was not usable:', error);
    }
  }

  /** Starts to speak, or speaks through another track. True if the line's direction changed, so that an offer must follow. */
  async speakThrough(microphone: { stream: MediaStream; track: MediaStreamTrack }): Promise<boolean> {
    await this.transceiver.sender.replaceTrack(microphone.track);
    if (this.transceiver.direction === 'sendrecv') return false;
    this.transceiver.sender.setStreams(microphone.stream);
    this.transceiver.direction = 'sendrecv';
    return true;
  }

  /** Whether the host's mix is played before so much time has passed. Somebody must be playing it. */
  async carriesSound(withinMs: number): Promise<boolean> {
    const until = performance.now() + withinMs;
    while (performance.now() < until && this.connection.signalingState !== 'closed') {
      for (const entry of (await this.connection.getStats()).values() as Iterable<StatisticsEntry>)
        if (entry.type === 'inbound-rtp' && Number(entry['totalSamplesReceived'] ?? 0) > FLOWING_SAMPLES) return true;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    return false;
  }

  close(): void {
    clearTimeout(this.restartTimer);
    this.connection.onicecandidate = this.connection.ontrack = this.connection.onconnectionstatechange = null;
    this.connection.close();
  }

  private connectionChanged(): void {
    const state = this.connection.connectionState;
    clearTimeout(this.restartTimer);
    if (state === 'disconnected') this.restartTimer = setTimeout(() => this.restartIce(), DISCONNECTED_LIMIT_MS);
    this.events.connection(state);
  }

  private restartIce(): void {
    this.offer({ iceRestart: true }).catch((error: unknown) => console.warn('The ICE restart was not offered:', error));
  }
}
