import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { openManagedKey } from '@sigstead/managed-key';
import { SecretPrompt, type Terminal } from './secret-prompt.ts';

/** A terminal at which somebody types these pieces, and what it was told about showing them. */
function terminal(...pieces: (string | Uint8Array)[]) {
  const modes: boolean[] = [];
  const stream = new PassThrough({ highWaterMark: 1 });
  for (const piece of pieces) stream.write(piece);
  const input = Object.assign(stream, { setRawMode: (isRaw: boolean) => modes.push(isRaw) }) as Terminal;
  let shown = '';
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      shown += String(chunk);
      done();
    },
  });
  return { prompt: new SecretPrompt(input, output), stream, modes, shown: () => shown };
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('SecretPrompt', () => {
  it('takes a line and shows nothing of it', async () => {
    const { prompt, modes, shown } = terminal('cor', 'rect\r');
    expect(textOf(await prompt.ask('Password: '))).toBe('correct');
    expect([modes, shown()]).toEqual([[true, false], 'Password: \n']);
  });

  it('keeps what was typed ahead for the next question', async () => {
    const { prompt } = terminal('one\r\ntwo\nthr', 'ee\n');
    const answers = [await prompt.ask('1'), await prompt.ask('2'), await prompt.ask('3')];
    expect(answers.map(textOf)).toEqual(['one', 'two', 'three']);
  });

  it.each([
    ['backspace', 'ab\x7fc\r', 'ac'],
    ['backspace at the beginning', '\x08\x08a\r', 'a'],
    ['backspace over a character of several bytes', 'a\u2602\x7fb\r', 'ab'],
    ['erasing the line', 'abc\x15d\r', 'd'],
    ['the end of input', 'ab\x04', 'ab'],
    ['nothing', '\r', ''],
  ])('knows %s', async (_what, typed, secret) => {
    expect(textOf(await terminal(typed).prompt.ask(''))).toBe(secret);
  });

  it('ends when the person interrupts, and shows again what is typed', async () => {
    const { prompt, modes } = terminal('secret\x03');
    await expect(prompt.ask('')).rejects.toThrow('interrupted');
    expect(modes).toEqual([true, false]);
  });

  it('ends with the terminal, and with more than a password', async () => {
    const ended = terminal('secret');
    ended.stream.end();
    await expect(ended.prompt.ask('')).rejects.toThrow('not entered');
    await expect(terminal('x'.repeat(2000)).prompt.ask('')).rejects.toThrow('more than 1024');
  });
});

const hasScript = spawnSync('script', ['--version']).status === 0;

describe('password at a real terminal', () => {
  const real = hasScript ? it : it.skip;
  real(`opens the key, and is not shown${hasScript ? '' : ': no script(1) here'}`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sigstead-prompt-'));
    try {
      const prefix = join(directory, 'key');
      const main = resolve(import.meta.dirname, '../../dist/main.js');
      const command = `'${process.execPath}' '${main}' generate-key-pair --output-key-prefix '${prefix}'`;
      const { SIGSTEAD_PASSWORD: _ours, COSIGN_PASSWORD: _theirs, ...env } = process.env;
      const child = spawn('script', ['-qec', command, '/dev/null'], { env });
      let shown = '';
      let answered = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        shown += chunk.toString();
        const asked = shown.split('Enter password').length - 1;
        for (; answered < asked; answered++) child.stdin.write('correct horse\r');
      });
      const [code] = (await once(child, 'close')) as [number];
      expect([code, answered]).toEqual([0, 2]);
      expect(shown).not.toContain('horse');
      await openManagedKey(await readFile(`${prefix}.key`), new TextEncoder().encode('correct horse'));
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
