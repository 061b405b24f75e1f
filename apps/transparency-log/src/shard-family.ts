import type { LogSettings } from './config.ts';
import type { RunningLog } from './engine/hosted-log.ts';

/** A log made of shards that takes up further ones while the process runs, for {@link ShardWatch}. */
export interface ShardFamily {
  /** Opens what the settings have and this has not, and takes it up. Tells what it opened. */
  take(settings: readonly LogSettings[]): Promise<readonly RunningLog[]>;
  /** What the shard that takes entries is called in the settings. */
  readonly active: string;
  /** Whether a log is a shard that another one follows. */
  isOver(log: RunningLog): boolean;
}

/** A shard that is open. */
export interface FamilyMember<Settings> {
  readonly log: RunningLog;
  readonly settings: Settings;
}

export interface GrowingFamilyOptions<Settings, Member extends FamilyMember<Settings>> {
  /** Open ones, oldest first; at least one. */
  readonly members: readonly Member[];
  /** Those of the family among all logs, oldest first. */
  select(settings: readonly LogSettings[]): readonly Settings[];
  nameOf(settings: Settings): string;
  open(settings: Settings): Promise<Member>;
  /** An open member under what the settings say of it now. */
  resettle(member: Member, settings: Settings): Member;
  /** Has the log go on with these. */
  become(members: readonly Member[]): Promise<void>;
}

/** A family that only grows: a shard that is left out of the settings is served until the next start. */
export class GrowingFamily<Settings, Member extends FamilyMember<Settings>> implements ShardFamily {
  readonly #options: GrowingFamilyOptions<Settings, Member>;
  #members: readonly Member[];

  constructor(options: GrowingFamilyOptions<Settings, Member>) {
    this.#options = options;
    this.#members = options.members;
  }

  get active(): string {
    const last = this.#members.at(-1);
    return last === undefined ? '' : this.#options.nameOf(last.settings);
  }

  isOver(log: RunningLog): boolean {
    return this.#members.slice(0, -1).some((member) => member.log === log);
  }

  async take(settings: readonly LogSettings[]): Promise<readonly RunningLog[]> {
    const { select, nameOf, open, resettle, become } = this.#options;
    const known = new Map(this.#members.map((member) => [nameOf(member.settings), member]));
    const wanted = select(settings);
    const last = wanted.at(-1);
    if (last === undefined) return [];
    if (wanted.every((each) => known.has(nameOf(each))) && nameOf(last) === this.active) return [];
    const members: Member[] = [];
    for (const each of wanted) {
      const member = known.get(nameOf(each));
      members.push(member === undefined ? await open(each) : resettle(member, each));
    }
    await become(members);
    this.#members = members;
    return members.filter((member) => !known.has(nameOf(member.settings))).map(({ log }) => log);
  }
}
