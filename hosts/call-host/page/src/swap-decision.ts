import type { SwapUnderWay } from './api-types';
import { element, setText } from './dom';
import { describeProgress } from './swap-words';

type Decision = 'promote' | 'abort';

/** Where the swap of a socket stands, with the buttons that let it go on or take it back. Hidden while there is none. */
export class SwapDecision {
  private readonly sentence = element('p', {});
  private readonly promote = element('button', { type: 'button', class: 'primary', 'data-role': 'promote' }, 'Let it be heard');
  private readonly abort = element('button', { type: 'button', class: 'quiet', 'data-role': 'abort' }, 'Take it back');
  readonly root = element(
    'div',
    { class: 'decision', 'data-role': 'decision', role: 'status', hidden: true },
    this.sentence,
    element('div', { class: 'decision-buttons' }, this.promote, this.abort),
  );
  private current = 0;
  /** The newest swap that has ended: what is told of it later is old news. */
  private over = 0;

  constructor(
    private readonly decide: (swap: number, decision: Decision) => Promise<void>,
    private readonly pluginName: (id: string) => string,
  ) {
    this.promote.addEventListener('click', () => void this.press('promote'));
    this.abort.addEventListener('click', () => void this.press('abort'));
  }

  show(swap: SwapUnderWay): void {
    if (swap.swap <= this.over) return;
    this.current = swap.swap;
    const words = describeProgress(swap, this.pluginName);
    this.root.hidden = words.promote === null;
    this.root.dataset['swap'] = String(swap.swap);
    this.root.dataset['step'] = swap.step;
    setText(this.sentence, words.sentence);
    setText(this.promote, words.promote ?? '');
  }

  ended(swap: number): void {
    this.over = Math.max(this.over, swap);
    if (this.current <= this.over) this.root.hidden = true;
  }

  private async press(decision: Decision): Promise<void> {
    try {
      await this.decide(this.current, decision);
    } catch (error) {
      setText(this.sentence, error instanceof Error ? error.message : String(error));
    }
  }
}
