/** The element that plays the host's mix. Never muted: browsers do no audio work for a muted element. */
export class MixOutput {
  constructor(
    private readonly audio: HTMLAudioElement,
    private readonly blocked: (blocked: boolean) => void,
  ) {}

  attach(stream: MediaStream | null): void {
    this.audio.srcObject = stream;
    if (stream) void this.play();
    else this.blocked(false);
  }

  /** Asks the browser to play. From a press of a button it may, even where it refused before. */
  async play(): Promise<void> {
    try {
      await this.audio.play();
      this.blocked(false);
    } catch (error) {
      // A newer stream interrupts the older one's start: that is no refusal.
      if (error instanceof Error && error.name === 'NotAllowedError') this.blocked(true);
    }
  }
}
