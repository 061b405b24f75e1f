import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { watchOutput } from './output.ts';

async function reasonsFor(code: string): Promise<string[]> {
  const reasons: string[] = [];
  const output = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`write ${code}`), { code })),
  });
  watchOutput(output, (reason) => reasons.push(reason));
  output.write('text');
  await new Promise((resolve) => output.once('close', resolve));
  return reasons;
}

describe('watchOutput', () => {
  it('takes no offence at a reader that has gone', async () => {
    expect(await reasonsFor('EPIPE')).toEqual([]);
  });

  it('tells of output that is lost', async () => {
    expect(await reasonsFor('ENOSPC')).toEqual(['the output cannot be written: write ENOSPC']);
  });
});
