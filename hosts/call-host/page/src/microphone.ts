/** The browser's own voice processing. Off by default, so that what the room hears is the work of the host's sockets. */
export interface MicrophoneSettings {
  browserProcessing: boolean;
}

export function constraints(settings: MicrophoneSettings): MediaStreamConstraints {
  return {
    audio: {
      echoCancellation: settings.browserProcessing,
      noiseSuppression: settings.browserProcessing,
      autoGainControl: settings.browserProcessing,
      channelCount: 1,
    },
    video: false,
  };
}

export type Microphone = { stream: MediaStream; track: MediaStreamTrack } | { errorName: string };

/** Opens the microphone, or says by the DOM exception's name why it cannot. Never rejects. */
export async function openMicrophone(settings: MicrophoneSettings): Promise<Microphone> {
  // Absent on pages that are neither https nor localhost.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices?.getUserMedia) return { errorName: 'SecurityError' };
  try {
    const stream = await devices.getUserMedia(constraints(settings));
    const [track] = stream.getAudioTracks();
    return track ? { stream, track } : { errorName: 'NotFoundError' };
  } catch (error) {
    return { errorName: error instanceof Error ? error.name : 'UnknownError' };
  }
}
