import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signingAlgorithms } from '@sigstead/managed-key';
import { SIGNING_ALGORITHMS } from '../commands/keys.ts';
import { createProgram } from '../program.ts';
import { bashCompletion } from './bash.ts';
import { commandTree, withDescendants } from './command-tree.ts';
import { fishCompletion } from './fish.ts';
import { powershellCompletion } from './powershell.ts';
import { zshCompletion } from './zsh.ts';

const tree = commandTree(createProgram('1.0.0', {}));
const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

describe('commandTree', () => {
  it('has every command with its options, and the global one everywhere', () => {
    const check = withDescendants(tree).find(({ path }) => path.join(' ') === 'issuer check');
    expect(check?.options.map(({ flags }) => flags.at(-1))).toEqual([
      '--config',
      '--json',
      '--url',
      '--help',
    ]);
    expect(tree.options.map(({ flags }) => flags.at(-1))).toEqual(['--version', '--url', '--help']);
  });

  it('tells files from words and words from switches', () => {
    const valueOf = (command: string, flag: string) =>
      withDescendants(tree)
        .find(({ path }) => path.join(' ') === command)
        ?.options.find(({ flags }) => flags.includes(flag))?.value;
    expect(valueOf('sign', '--identity-token')).toEqual({ kind: 'file' });
    expect(valueOf('sign', '--annotations')).toEqual({ kind: 'anything' });
    expect(valueOf('sign', '--yes')).toBeUndefined();
    expect(valueOf('env', '--home')).toEqual({ kind: 'file' });
    expect(valueOf('generate-key-pair', '--signing-algorithm')).toEqual({
      kind: 'words',
      words: signingAlgorithms,
    });
  });

  it('is of algorithms that there are', () => {
    expect(SIGNING_ALGORITHMS).toEqual(signingAlgorithms);
  });
});

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sigstead-completion-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe('completion in bash', () => {
  const hasBash = has('bash');
  const real = hasBash ? it : it.skip;
  beforeAll(() => {
    writeFileSync(join(directory, 'completion.bash'), bashCompletion(tree));
    writeFileSync(join(directory, 'a key'), '');
  });

  /** What bash offers behind these words; the last is the one being typed. */
  function offered(...words: string[]): string[] {
    const script = `source ./completion.bash
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sigstead
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script, 'bash', ...words], {
      cwd: directory,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((line) => line !== '');
  }

  real.each([
    [['sigstead', 'compl'], ['completion']],
    [
      ['sigstead', 'issuer', ''],
      ['check', 'list', 'preset'],
    ],
    [['sigstead', 'issuer', 'pre'], ['preset']],
    [['sigstead', 'sign', '--oidc-is'], ['--oidc-issuer']],
    [['sigstead', '--url', 'sign', 'compl'], ['completion']],
    [['sigstead', '--url', '=', 'http://x', 'issuer', 'ch'], ['check']],
    [['sigstead', 'sign', '--fulcio-auth-flow', 'd'], ['device']],
    [['sigstead', 'sign', '--fulcio-auth-flow', '=', 'd'], ['device']],
    [
      ['sigstead', 'sign', '--fulcio-auth-flow', '='],
      ['normal', 'device', 'client_credentials', 'token'],
    ],
    [['sigstead', 'sign', '--bundle', 'a'], ['a key']],
    [
      ['sigstead', 'public-key', '--key', ''],
      ['a key', 'completion.bash'],
    ],
    [['sigstead', 'completion', 'z'], ['zsh']],
    [['sigstead', 'login', '--certificate'], []],
    [['sigstead', 'issuer', 'preset', ''], []],
  ])('%j', (words, expected) => {
    expect(offered(...words).sort()).toEqual([...expected].sort());
  });

  real('offers every command there is', () => {
    expect(offered('sigstead', '')).toEqual(tree.subcommands.map(({ path }) => path[0]));
  });
});

describe('completion in other shells', () => {
  const scripts = [
    ['bash', ['-n'], bashCompletion(tree)],
    ['zsh', ['-n'], zshCompletion(tree)],
    ['fish', ['--no-execute'], fishCompletion(tree)],
  ] as const;

  for (const [shell, args, script] of scripts) {
    const isHere = has(shell);
    (isHere ? it : it.skip)(`is what ${shell} can read${isHere ? '' : `: no ${shell} here`}`, () => {
      const file = join(directory, `script.${shell}`);
      writeFileSync(file, script);
      const { status, stderr } = spawnSync(shell, [...args, file], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    });
  }

  const hasFish = has('fish');
  (hasFish ? it : it.skip)(`is what fish offers${hasFish ? '' : ': no fish here'}`, () => {
    const offered = (line: string): string[] => {
      const file = join(directory, 'offered.fish');
      writeFileSync(file, `${fishCompletion(tree)}\ncomplete -C ${JSON.stringify(line)}\n`);
      const { stdout } = spawnSync('fish', ['--no-config', file], { encoding: 'utf8' });
      return stdout.split('\n').flatMap((row) => row.split('\t', 1)[0] || []);
    };
    expect(offered('sigstead issuer ')).toEqual(['check', 'list', 'preset']);
    expect(offered('sigstead sign --oidc-is')).toEqual(['--oidc-issuer']);
    expect(offered('sigstead sign --fulcio-auth-flow d')).toEqual(['device']);
  });

  it('quotes what is special to them', () => {
    const option = { flags: ['--it'], description: `it's $HOME: [a] \\ "b"`, value: undefined };
    const command = { path: [], description: '', subcommands: [], options: [option], argument: undefined };
    expect(zshCompletion(command)).toContain(`'--it[it'\\''s $HOME\\: \\[a\\] \\\\ "b"]'`);
    expect(fishCompletion(command)).toContain(`'it\\'s $HOME: [a] \\\\ "b"'`);
  });

  it('has every command and option in PowerShell', () => {
    const script = powershellCompletion(tree);
    for (const { path, options } of withDescendants(tree)) {
      expect(script).toContain(`'${path.join(' ')}' = @{`);
      for (const { flags } of options) expect(script).toContain(`'${flags.at(-1)}'`);
    }
  });
});
