import type { AddressChoices } from './address';
import { byId } from './dom';
import type { JoinChoices } from './room-session';

const NAME_KEY = 'jackfield.name';

/** The form that opens a call. */
export class JoinForm {
  private readonly form = byId('join-form', HTMLFormElement);
  private readonly room = byId('room-input', HTMLInputElement);
  private readonly name = byId('name-input', HTMLInputElement);
  private readonly microphone = byId('microphone-input', HTMLInputElement);
  private readonly processing = byId('processing-input', HTMLInputElement);
  private readonly button = byId('join-button', HTMLButtonElement);

  constructor(
    private readonly address: AddressChoices,
    events: { join: (choices: JoinChoices) => void; roomChosen: (room: string) => void },
  ) {
    this.room.value = address.room;
    this.name.value = address.name || remembered();
    this.microphone.addEventListener('change', () => (this.processing.disabled = !this.microphone.checked));
    this.room.addEventListener('change', () => {
      if (this.room.value.trim()) events.roomChosen(this.room.value.trim());
    });
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      const choices = this.choices();
      remember(choices.name);
      events.join(choices);
    });
  }

  busy(busy: boolean): void {
    this.button.disabled = busy;
    this.button.textContent = busy ? 'Joining' : 'Join and listen';
  }

  private choices(): JoinChoices {
    const choices: JoinChoices = {
      room: this.room.value.trim() || this.address.room,
      name: this.name.value.trim() || 'Guest',
      microphone: this.microphone.checked,
      browserProcessing: this.processing.checked,
    };
    if (this.address.token !== undefined) choices.token = this.address.token;
    return choices;
  }
}

function remembered(): string {
  try {
    return localStorage.getItem(NAME_KEY) ?? '';
  } catch {
    return '';
  }
}

function remember(name: string): void {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}
