import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const MAIN = resolve(import.meta.dirname, '../dist/main.js');

/** Tells of every module as it is loaded, on standard error. */
const TELL_TALE = `data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    export function load(url, context, next) {
      process._rawDebug('loaded ' + url);
      return next(url, context);
    }\`));`)}`;

/** What the built command loads: packages, Node's own modules, and files of the command itself. */
async function loadedBy(
  ...args: string[]
): Promise<{ packages: string[]; builtins: string[]; own: string[] }> {
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', TELL_TALE, MAIN, ...args]);
  const urls = [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, url]) => url as string);
  const named = (pattern: RegExp): string[] =>
    [...new Set(urls.flatMap((url) => pattern.exec(url)?.[1] ?? []))].sort();
  return {
    packages: named(/^file:.*?\/((?:node_modules|libs|apps)\/(?:@[^/]+\/)?[^/]+)/),
    builtins: named(/^node:(.*)$/),
    own: named(/^file:.*\/tools\/cli\/dist\/(.*)$/),
  };
}

describe('start-up', () => {
  it.each([
    ['--version'],
    ['--help'],
    ['sign', '--help'],
    ['verify', '--help'],
    ['verify-blob', '--help'],
    ['issuer', 'check', '--help'],
  ])('loads commander and the definitions of the commands, and no library, for %s %s %s', async (...args) => {
    const { packages, builtins, own } = await loadedBy(...args);
    expect(packages).toEqual(['node_modules/commander']);
    expect(builtins).toEqual(['fs']);
    expect(own.filter((name) => !name.startsWith('commands/'))).toEqual([
      'base-url.js',
      'boolean-options.js',
      'cli-error.js',
      'main.js',
      'output.js',
      'program.js',
    ]);
  });

  it('loads what does the work when a command is run', async () => {
    const { packages, own } = await loadedBy('issuer', 'preset');
    expect(packages).toContain('libs/oidc');
    expect(own).toContain('issuer/issuer-commands.js');
  });
});
