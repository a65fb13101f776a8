import { mostLimiting, isUnlimited, type Limits } from './limits';

/** Something that may run short: it has a name, and an opinion about how much shall be encoded. */
export interface Resource {
  readonly name: string;
  /** What it votes for now; without a limit it does not mind. */
  readonly limits: Limits;
  /** Looks after itself from now on, and tells when its vote may have become another. */
  watch(changed: () => void): void;
  unwatch(): void;
}

/** All that may run short. Each votes, and the most limiting vote wins. */
export class Resources {
  constructor(private readonly resources: readonly Resource[]) {}

  get limits(): Limits {
    return mostLimiting(this.resources.map(({ limits }) => limits));
  }

  limitsWithout(name: string): Limits {
    return mostLimiting(this.resources.filter((one) => one.name !== name).map(({ limits }) => limits));
  }

  /** The names of those who limit anything. */
  get scarce(): string[] {
    return this.resources.filter(({ limits }) => !isUnlimited(limits)).map(({ name }) => name);
  }

  watch(changed: () => void): void {
    for (const resource of this.resources) resource.watch(changed);
  }

  unwatch(): void {
    for (const resource of this.resources) resource.unwatch();
  }
}

/** Of somebody else, who says what is to be kept within. */
export class ToldLimits implements Resource {
  limits: Limits = {};
  private changed: () => void = () => {};

  constructor(readonly name: string) {}

  set(limits: Limits): void {
    this.limits = limits;
    this.changed();
  }

  watch(changed: () => void): void {
    this.changed = changed;
  }

  unwatch(): void {
    this.changed = () => {};
  }
}
