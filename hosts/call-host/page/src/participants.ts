import type { Participant, ParticipantStatistics } from './api-types';
import { element, setData, setText } from './dom';
import { measure, number } from './format';
import { icon } from './icons';
import { meterBallistics, meterShare, SILENCE_DBOV } from './levels';

interface Tile {
  root: HTMLLIElement;
  name: HTMLElement;
  tags: HTMLElement;
  meter: HTMLElement;
  detail: HTMLElement;
  shown: number;
}

/** The channel strip: one tile per participant, with a meter that follows the host's levels. */
export class ParticipantsView {
  private readonly tiles = new Map<string, Tile>();
  private drawnAt = 0;

  constructor(private readonly list: HTMLElement) {}

  show(roster: readonly Participant[], self: string): void {
    for (const [id, tile] of this.tiles) {
      if (roster.some((one) => one.id === id)) continue;
      tile.root.remove();
      this.tiles.delete(id);
    }
    roster.forEach((participant, index) => {
      const tile = this.tiles.get(participant.id) ?? this.add(participant);
      const isSelf = participant.id === self;
      setText(tile.name, participant.name);
      setText(tile.tags, [isSelf ? 'you' : participant.kind === 'robot' ? 'robot' : '', participant.muted ? 'muted' : ''].filter(Boolean).join(', '));
      setData(tile.root, 'self', String(isSelf));
      setData(tile.root, 'muted', String(participant.muted));
      if (this.list.children[index] !== tile.root) this.list.insertBefore(tile.root, this.list.children[index] ?? null);
    });
  }

  /**
   * The host's levels, ten times a second. The meters move then and not in between: they are lamps, and a page that draws
   * at every frame takes from a small machine the time that the call needs.
   */
  levels(levels: Record<string, number>, active: readonly string[]): void {
    const now = performance.now();
    const elapsed = now - this.drawnAt;
    this.drawnAt = now;
    for (const [id, tile] of this.tiles) {
      const level = levels[id] ?? SILENCE_DBOV;
      const shown = meterBallistics(tile.shown, meterShare(level), elapsed);
      if (shown !== tile.shown) tile.meter.style.setProperty('--level', shown.toFixed(3));
      tile.shown = shown;
      setData(tile.root, 'level', String(level));
      setData(tile.root, 'active', String(active.includes(id)));
    }
  }

  statistics(participants: readonly ParticipantStatistics[]): void {
    for (const one of participants) {
      const tile = this.tiles.get(one.id);
      if (tile) setText(tile.detail, one.kind === 'robot' ? 'speaks from inside the host' : networkLine(one));
    }
  }

  clear(): void {
    this.tiles.clear();
    this.list.replaceChildren();
  }

  private add(participant: Participant): Tile {
    const name = element('span', { class: 'tile-name' });
    const tags = element('span', { class: 'tile-tags' });
    const meter = element('div', { class: 'meter', 'aria-hidden': 'true' });
    const detail = element('span', { class: 'tile-detail' });
    const root = element(
      'li',
      { class: 'tile', 'data-participant': participant.id, 'data-kind': participant.kind, 'data-level': SILENCE_DBOV, 'data-active': 'false' },
      element('div', { class: 'tile-head' }, icon(participant.kind === 'robot' ? 'robot' : 'person'), name, tags),
      meter,
      detail,
    );
    const tile: Tile = { root, name, tags, meter, detail, shown: 0 };
    this.tiles.set(participant.id, tile);
    return tile;
  }
}

function networkLine(one: ParticipantStatistics): string {
  const expected = one.packets_received + one.packets_lost;
  const loss = expected > 0 ? (100 * one.packets_lost) / expected : 0;
  const roundTrip = one.round_trip_ms === null || one.round_trip_ms === undefined ? '' : `, RTT ${measure(one.round_trip_ms)} ms`;
  return `loss ${number(loss, 1)} %, buffer ${number(one.jitter_buffer_ms)} ms${roundTrip}`;
}
