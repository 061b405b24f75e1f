import { readFileSync } from 'node:fs';

export interface CosignFlag {
  readonly name: string;
  readonly short?: string;
  readonly deprecated?: boolean;
  readonly hidden?: boolean;
}

export interface CosignCommand {
  /** Words from the program's first command on; empty for the program itself, whose flags every command takes. */
  readonly name: string;
  readonly deprecated?: boolean;
  readonly hidden?: boolean;
  readonly flags: readonly CosignFlag[];
}

export interface Cosign {
  readonly version: string;
  readonly commands: readonly CosignCommand[];
}

/** Every command and flag of cosign, as its own code tells them (vectors/cosign-commands/make-commands.go). */
export function readCosign(): Cosign {
  const path = new URL('../../../../vectors/cosign-commands/commands.json', import.meta.url);
  const { version, commands } = JSON.parse(readFileSync(path, 'utf8')) as Cosign;
  return { version, commands: commands.map((command) => ({ ...command, ...inherited(command, commands) })) };
}

/** What holds for a group holds for those in it. */
function inherited({ name }: CosignCommand, commands: readonly CosignCommand[]): Partial<CosignCommand> {
  const groups = commands.filter((group) => group.name !== '' && name.startsWith(`${group.name} `));
  return {
    ...(groups.some(({ deprecated }) => deprecated === true) && { deprecated: true }),
    ...(groups.some(({ hidden }) => hidden === true) && { hidden: true }),
  };
}
