import { element } from './dom';
import type { Problem } from './problems';

export interface NoticeAction {
  label: string;
  run: () => void;
}

/** Notices above the call, one per subject: a newer one takes the place of the older, and each can be put away. */
export class Notices {
  private readonly shown = new Map<string, HTMLElement>();

  constructor(private readonly root: HTMLElement) {}

  show(subject: string, kind: 'problem' | 'note', problem: Problem, action?: NoticeAction): void {
    this.clear(subject);
    const close = element('button', { type: 'button', class: 'quiet', 'aria-label': `Put away: ${problem.title}` }, 'Close');
    close.addEventListener('click', () => this.clear(subject));
    const buttons = element('div', { class: 'notice-actions' });
    if (action) {
      const act = element('button', { type: 'button', class: 'primary' }, action.label);
      act.addEventListener('click', action.run);
      buttons.append(act);
    }
    buttons.append(close);
    const notice = element(
      'div',
      { class: 'notice', 'data-kind': kind, 'data-subject': subject, role: kind === 'problem' ? 'alert' : 'status' },
      element('p', {}, element('strong', {}, problem.title), ` ${problem.advice}`),
      buttons,
    );
    this.shown.set(subject, notice);
    this.root.append(notice);
  }

  clear(subject: string): void {
    this.shown.get(subject)?.remove();
    this.shown.delete(subject);
  }

  /** Those whose subject begins with this. */
  clearMatching(beginning: string): void {
    for (const subject of [...this.shown.keys()]) if (subject.startsWith(beginning)) this.clear(subject);
  }

  clearAll(): void {
    for (const subject of [...this.shown.keys()]) this.clear(subject);
  }
}
