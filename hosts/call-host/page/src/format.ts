/** Numbers as people read them: a real minus sign, and only as many digits as mean something. */

export function number(value: number, digits = 0): string {
  if (!Number.isFinite(value)) return '–';
  const rounded = value.toFixed(digits);
  const text = Number(rounded) === 0 ? (0).toFixed(digits) : rounded;
  return text.replace('-', '−');
}

/** Three significant digits or so: 0.42, 7.1, 61.2, 480. */
export function measure(value: number): string {
  const size = Math.abs(value);
  return number(value, size >= 100 || Number.isInteger(value) ? 0 : size >= 1 ? 1 : 2);
}

export function signed(value: number, digits: number): string {
  const text = number(value, digits);
  return value > 0 && Number(value.toFixed(digits)) !== 0 ? `+${text}` : text;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${measure(count)} ${count === 1 ? one : many}`;
}

/** Small counts as words, because they stand in sentences. */
export function countInWords(count: number): string {
  return ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'][count] ?? String(count);
}

/** `75` seconds as `1:15`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/** `late_frames` as `late frames`. */
export function words(name: string): string {
  return name.replace(/[_-]+/g, ' ');
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The last part of a plugin's id, for places where its name is not known: `jackfield.jitter.fixed` as `fixed`. */
export function shortId(id: string): string {
  return id.split('.').slice(-2).join('.');
}
