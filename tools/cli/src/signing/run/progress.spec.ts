import { describe, expect, it } from '@jest/globals';
import { Progress } from './progress.ts';

const shown = (total: number, isTTY: boolean, use: (progress: Progress) => void): string => {
  let text = '';
  use(new Progress({ isTTY, write: (more) => (text += more) }, 'signing', total));
  return text;
};

describe('Progress', () => {
  it('is a bar on a terminal, which goes away at the end', () => {
    const text = shown(4, true, (progress) => {
      progress.step(false);
      progress.step(true);
      progress.end();
    });
    const frames = text.split('\r\x1b[K');
    expect(frames).toEqual([
      '',
      'signing [######..................] 1/4',
      'signing [############............] 2/4, 1 failed',
      '',
    ]);
  });

  it('makes room for what is written meanwhile', () => {
    let written = '';
    const text = shown(2, true, (progress) => {
      progress.step(false);
      progress.around(() => (written = 'line'));
    });
    expect(written).toBe('line');
    expect(text).toMatch(/1\/2\r\x1b\[K\r\x1b\[Ksigning .* 1\/2$/);
  });

  it.each([
    [200, false],
    [1, true],
    [0, true],
  ])('is nothing for %i on a terminal: %s', (total, isTTY) => {
    expect(shown(total, isTTY, (progress) => (progress.step(false), progress.end()))).toBe('');
  });
});
