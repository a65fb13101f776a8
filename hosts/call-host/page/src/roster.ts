import type { Participant } from './api-types';
import { countInWords } from './format';

/** Who is in the room, oneself included and first. */
export class Roster {
  private readonly members = new Map<string, Participant>();
  private selfId: string | null = null;

  get self(): string | null {
    return this.selfId;
  }

  get list(): readonly Participant[] {
    const all = [...this.members.values()];
    return [...all.filter((one) => one.id === this.selfId), ...all.filter((one) => one.id !== this.selfId)];
  }

  reset(participants: readonly Participant[], self: string): void {
    this.members.clear();
    this.selfId = self;
    for (const participant of participants) this.put(participant);
  }

  put(participant: Participant): void {
    this.members.set(participant.id, participant);
  }

  remove(id: string): void {
    this.members.delete(id);
  }
}

/** `two robots and one person`; empty for nobody. */
export function headcount(participants: readonly Participant[]): string {
  const robots = participants.filter((one) => one.kind === 'robot').length;
  const people = participants.length - robots;
  const parts: string[] = [];
  if (robots > 0) parts.push(`${countInWords(robots)} ${robots === 1 ? 'robot' : 'robots'}`);
  if (people > 0) parts.push(`${countInWords(people)} ${people === 1 ? 'person' : 'people'}`);
  return parts.join(' and ');
}
