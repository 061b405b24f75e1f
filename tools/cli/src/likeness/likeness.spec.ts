import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { commandTree } from '../completion/command-tree.ts';
import { createProgram } from '../program.ts';
import { compareWithCosign } from './compare.ts';
import { readCosign } from './cosign-commands.ts';
import { commandDifferences, flagDifferences } from './differences.ts';
import { likenessPage } from './likeness-page.ts';

const cosign = readCosign();
const program = commandTree(createProgram('', {}));
const comparison = compareWithCosign(cosign, program);
const page = readFileSync(new URL('../../../../docs/cosign.md', import.meta.url), 'utf8');

describe('docs/cosign.md', () => {
  it('is what cosign and the command are: node tools/cli/dist/likeness/write-page.js writes it anew', () => {
    expect(page).toBe(likenessPage(cosign, comparison));
  });

  it('leaves out no command and no flag', () => {
    for (const { name, flags } of cosign.commands) {
      for (const flag of flags) expect(page).toContain(`\`--${flag.name}\``);
      const holdsOthers = cosign.commands.some((other) => other.name.startsWith(`${name} `));
      if (name !== '' && !holdsOthers) expect(page).toContain(`\`${name}\``);
    }
  });

  it('knows no difference of what cosign does not have', () => {
    const named = new Set(cosign.commands.map(({ name }) => name));
    for (const { command } of commandDifferences) expect([...named]).toContain(command);
    for (const { flag, commands = [] } of flagDifferences) {
      const having = cosign.commands.filter(({ flags }) => flags.some(({ name }) => name === flag));
      expect(having.map(({ name }) => name)).toEqual(expect.arrayContaining([...commands]));
      expect(having).not.toEqual([]);
    }
  });
});

describe('compareWithCosign', () => {
  const option = (...flags: string[]) => ({ flags, description: '', value: undefined });
  const command = (name: string, ...options: ReturnType<typeof option>[]) => ({
    path: name.split(' '),
    description: '',
    subcommands: [],
    options,
    argument: undefined,
  });
  const flag = (name: string, short?: string) => ({ name, ...(short === undefined ? {} : { short }) });

  it('tells what is there, what differs, and what is missing', () => {
    const theirs = {
      version: 'v0',
      commands: [
        { name: 'both', flags: [flag('same'), flag('short', 's'), flag('none')] },
        { name: 'theirs', flags: [flag('same')] },
        { name: 'group', flags: [] },
        { name: 'group member', flags: [] },
      ],
    };
    const ours = {
      ...command(''),
      path: [],
      subcommands: [command('both', option('--same'), option('--short'))],
    };
    const { commands, flags } = compareWithCosign(theirs, ours);
    expect(commands.map(({ command: { name }, standing }) => [name, standing])).toEqual([
      ['both', 'supported'],
      ['theirs', 'not yet'],
      ['group member', 'not yet'],
    ]);
    expect(flags).toEqual([
      { name: 'none', supported: [], different: [], missing: ['both'] },
      { name: 'same', supported: ['both'], different: [], missing: [] },
      { name: 'short', supported: [], different: [{ command: 'both', why: 'without `-s`' }], missing: [] },
    ]);
  });
});
