import type { Parameter, ParameterValue } from './api-types';
import { element, setText } from './dom';
import { measure } from './format';

/** One parameter as a slider, a switch, a list or a number field. */
export class ParameterControl {
  readonly root: HTMLElement;
  private readonly control: HTMLInputElement | HTMLSelectElement;
  private readonly output = element('output', { class: 'parameter-value' });
  private readonly reset = element('button', { type: 'button', class: 'parameter-reset' }, 'Reset');

  constructor(
    private parameter: Parameter,
    idPrefix: string,
    private readonly changed: (name: string, value: ParameterValue) => void,
  ) {
    const id = `${idPrefix}-${parameter.name}`;
    this.control = build(parameter, id);
    const label = element('label', { for: id, class: 'parameter-label' }, parameter.title || parameter.name);
    if (parameter.help) {
      label.title = parameter.help;
      this.control.title = parameter.help;
    }
    this.reset.setAttribute('aria-label', `Reset ${parameter.title || parameter.name} to ${valueText(parameter, parameter.default)}`);
    this.root = element(
      'div',
      { class: 'parameter', 'data-kind': parameter.kind },
      label,
      this.reset,
      this.output,
      this.control,
    );

    const live = this.control instanceof HTMLInputElement && this.control.type === 'range' ? 'input' : 'change';
    this.control.addEventListener(live, () => {
      const value = this.read();
      if (value !== null) this.move(value);
    });
    this.reset.addEventListener('click', () => {
      this.move(this.parameter.default);
      this.control.focus();
    });
    this.write(parameter.value);
  }

  /** Takes over the host's value, unless the hand is on the control or a newer value is on its way. */
  update(parameter: Parameter, pending: boolean): void {
    this.parameter = parameter;
    if (!pending && !this.control.matches(':active')) this.write(parameter.value);
  }

  private move(value: ParameterValue): void {
    this.write(value);
    this.changed(this.parameter.name, value);
  }

  private read(): ParameterValue | null {
    const { kind, choices } = this.parameter;
    if (this.control instanceof HTMLSelectElement) {
      // A host may name the choice, or count it; answer in the manner in which it asks.
      return typeof this.parameter.value === 'number' ? (choices ?? []).indexOf(this.control.value) : this.control.value;
    }
    if (kind === 'bool') return this.control.checked;
    const value = this.control.valueAsNumber;
    if (!Number.isFinite(value) || !this.control.checkValidity()) return null;
    return kind === 'int' ? Math.round(value) : value;
  }

  private write(value: ParameterValue): void {
    const { control, parameter } = this;
    if (control instanceof HTMLSelectElement) {
      const choice = choiceText(parameter, value);
      if (control.value !== choice) control.value = choice;
    } else if (control.type === 'checkbox') {
      control.checked = value === true || value === 1;
    } else if (control.value !== String(value)) {
      control.value = String(value);
    }
    if (control instanceof HTMLInputElement && control.type === 'range') {
      const { min, max } = control;
      const share = (Number(value) - Number(min)) / (Number(max) - Number(min) || 1);
      control.style.setProperty('--share', String(Math.min(1, Math.max(0, share))));
      control.setAttribute('aria-valuetext', valueText(parameter, value));
    }
    setText(this.output, parameter.kind === 'choice' ? '' : valueText(parameter, value));
    this.reset.hidden = value === parameter.default;
  }
}

function build(parameter: Parameter, id: string): HTMLInputElement | HTMLSelectElement {
  const shared = { id, 'data-parameter': parameter.name };
  if (parameter.kind === 'choice') {
    return element('select', shared, ...(parameter.choices ?? []).map((choice) => element('option', { value: choice }, choice)));
  }
  if (parameter.kind === 'bool') return element('input', { ...shared, type: 'checkbox', role: 'switch' });
  const { min, max, step } = parameter;
  const bounded = typeof min === 'number' && typeof max === 'number' && max > min;
  const fine = parameter.kind === 'int' ? 1 : bounded ? (max - min) / 100 : 'any';
  return element('input', {
    ...shared,
    type: bounded ? 'range' : 'number',
    min: min ?? undefined,
    max: max ?? undefined,
    step: step && step > 0 ? step : fine,
  });
}

function choiceText(parameter: Parameter, value: ParameterValue): string {
  return typeof value === 'number' ? (parameter.choices?.[value] ?? '') : String(value);
}

function valueText(parameter: Parameter, value: ParameterValue): string {
  if (parameter.kind === 'choice') return choiceText(parameter, value);
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  const text = typeof value === 'number' ? measure(value) : value;
  return parameter.unit ? `${text} ${parameter.unit}` : text;
}
