import type { Limits } from './limits';
import type { Pictures } from './picture-ladder';

/** Encodings as they were before the first limit: what is no longer limited is as it was. */
type Usual = Pick<RTCRtpEncodingParameters, 'maxBitrate' | 'maxFramerate' | 'scaleResolutionDownBy'>;

const DEFAULT_FRAME_RATE = 30;

/** Has the senders of peer connections keep within limits (`RTCRtpSender.setParameters`). */
export class SenderLimits {
  private readonly usual = new WeakMap<RTCRtpSender, Usual[]>();
  private queue: Promise<void> = Promise.resolve();

  /** Settles when all senders have taken it, or said that they cannot. */
  apply(connection: RTCPeerConnection, limits: Limits): Promise<void> {
    // Parameters that are read must be set before anybody reads them again.
    this.queue = this.queue.then(async () => {
      for (const sender of connection.getSenders()) if (sender.track) await this.applyTo(sender, sender.track, limits);
    });
    return this.queue;
  }

  private async applyTo(sender: RTCRtpSender, track: MediaStreamTrack, limits: Limits): Promise<void> {
    const parameters = sender.getParameters();
    const before = JSON.stringify(parameters.encodings);
    const usual = this.usual.get(sender) ?? parameters.encodings.map((encoding) => ({ ...encoding }));
    this.usual.set(sender, usual);
    parameters.encodings.forEach((encoding, n) => {
      if (track.kind === 'audio') limit(encoding, 'maxBitrate', usual[n], limits.audio_kbps && 1_000 * limits.audio_kbps, Math.min);
      else {
        limit(encoding, 'maxFramerate', usual[n], limits.frame_rate, Math.min);
        limit(encoding, 'scaleResolutionDownBy', usual[n], scale(track, limits), Math.max);
      }
    });
    if (JSON.stringify(parameters.encodings) === before) return;
    try {
      await sender.setParameters(parameters);
    } catch (error) {
      // A sender that takes no limit, or is gone, is no reason to end a call.
      console.warn('A sender does not keep within a limit:', error);
    }
  }
}

/** The largest pictures that the connection's cameras give; null if it sends none. */
export function picturesOf(connection: RTCPeerConnection): Pictures | null {
  const tracks = connection.getSenders().flatMap(({ track }) => (track?.kind === 'video' && track.readyState === 'live' ? [track] : []));
  const all = tracks.map((track) => track.getSettings());
  const pixels = Math.max(0, ...all.map(({ width = 0, height = 0 }) => width * height));
  if (pixels === 0) return null;
  return { pixels, frameRate: Math.max(...all.map(({ frameRate }) => frameRate || DEFAULT_FRAME_RATE)) };
}

function limit(
  encoding: RTCRtpEncodingParameters,
  name: keyof Usual,
  usual: Usual | undefined,
  most: number | undefined,
  stricter: (a: number, b: number) => number,
): void {
  const before = usual?.[name];
  const wanted = most === undefined || before === undefined ? (most ?? before) : stricter(most, before);
  if (wanted === undefined) delete encoding[name];
  else encoding[name] = wanted;
}

/** By how much each side is divided, so that no picture has more pixels than allowed. */
function scale(track: MediaStreamTrack, { pixels }: Limits): number | undefined {
  const { width = 0, height = 0 } = track.getSettings();
  return pixels === undefined || width * height <= pixels ? undefined : Math.sqrt((width * height) / pixels);
}
