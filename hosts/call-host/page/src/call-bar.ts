import { byId, setData, setText } from './dom';
import type { SessionState } from './room-session';

/** The bar that stays in sight: where one is, how the call stands, mute and leave. */
export class CallBar {
  private readonly status = byId('call-status', HTMLElement);
  private readonly actions = byId('call-actions', HTMLElement);
  private readonly muteButton = byId('mute-button', HTMLButtonElement);

  constructor(events: { mute: () => void; leave: () => void }) {
    this.muteButton.addEventListener('click', events.mute);
    byId('leave-button', HTMLButtonElement).addEventListener('click', events.leave);
  }

  show(state: SessionState, room: string, retryInMs: number | undefined): void {
    setData(this.status, 'state', state);
    setText(this.status, text(state, room, retryInMs));
    this.actions.hidden = !inCall(state);
  }

  microphone(canSpeak: boolean, muted: boolean): void {
    this.muteButton.disabled = !canSpeak;
    this.muteButton.setAttribute('aria-pressed', String(muted));
    setText(this.muteButton, !canSpeak ? 'No mic' : muted ? 'Unmute' : 'Mute');
  }
}

export function inCall(state: SessionState): boolean {
  return state === 'joining' || state === 'connecting' || state === 'connected' || state === 'reconnecting';
}

function text(state: SessionState, room: string, retryInMs: number | undefined): string {
  switch (state) {
    case 'idle':
      return 'Not in a call';
    case 'joining':
      return retryInMs === undefined ? `Joining ${room}` : `The host does not answer. Trying again in ${seconds(retryInMs)}`;
    case 'connecting':
      return `In ${room}, opening the sound`;
    case 'connected':
      return `Live in ${room}`;
    case 'reconnecting':
      return retryInMs === undefined ? 'Reconnecting' : `Connection lost. Trying again in ${seconds(retryInMs)}`;
    case 'failed':
      return 'Not in the call';
    case 'left':
      return 'You left the call';
  }
}

function seconds(ms: number): string {
  return `${Math.max(1, Math.round(ms / 1000))} s`;
}
