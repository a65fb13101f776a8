/** The going over from one stream to another, in steps as short as a browser's audio buffers. */
const FADE_STEPS = 4;
const FADE_STEP_MS = 10;

/** The element that plays the host's mix. Never muted: browsers do no audio work for a muted element. */
export class MixOutput {
  /** Plays what is gone over to next, unheard. */
  private next: HTMLAudioElement | null = null;

  constructor(
    private audio: HTMLAudioElement,
    private readonly blocked: (blocked: boolean) => void,
  ) {}

  attach(stream: MediaStream | null): void {
    this.audio.srcObject = stream;
    if (stream) void this.play();
    else this.blocked(false);
  }

  /** Plays another stream beside the present one, unheard until `goOver`; null gives it up. */
  prepare(stream: MediaStream | null): void {
    if (this.next) {
      this.next.srcObject = null;
      this.next.remove();
      this.next = null;
    }
    if (!stream) return;
    const next = this.audio.cloneNode(false) as HTMLAudioElement;
    next.removeAttribute('id');
    next.volume = 0;
    next.srcObject = stream;
    this.audio.after(next);
    this.next = next;
    // The element beside it is allowed to play, so this one is.
    next.play().catch(() => undefined);
  }

  /** Fades over to the stream that was prepared. */
  async goOver(): Promise<void> {
    const { audio: before, next } = this;
    if (!next) return;
    this.next = null;
    this.audio = next;
    for (let step = 1; step <= FADE_STEPS; step++) {
      next.volume = step / FADE_STEPS;
      before.volume = 1 - step / FADE_STEPS;
      await new Promise((done) => setTimeout(done, FADE_STEP_MS));
    }
    before.srcObject = null;
    next.id = before.id;
    before.remove();
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
