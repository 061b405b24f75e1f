import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { joinSignals } from './join-signals.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const endOf = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));

describe('joinSignals', () => {
  it.each([0, 1])('ends with signal %i, and keeps its reason', (at) => {
    const controllers = [new AbortController(), new AbortController()];
    const joined = joinSignals(...controllers.map(({ signal }) => signal));
    expect(joined.aborted).toBe(false);
    controllers[at]?.abort('first');
    controllers[1 - at]?.abort('second');
    expect(joined.reason).toBe('first');
  });

  it('has ended when one of them has', () => {
    expect(joinSignals(new AbortController().signal, AbortSignal.abort('before')).reason).toBe('before');
  });

  it('never ends when there is none', () => {
    expect(joinSignals().aborted).toBe(false);
  });

  it('ends with a timeout nobody else holds, whatever is collected meanwhile', async () => {
    const ended = endOf(joinSignals(new AbortController().signal, AbortSignal.timeout(50)));
    const collecting = setInterval(collectGarbage, 5);
    try {
      expect(await ended).toMatchObject({ name: 'TimeoutError' });
    } finally {
      clearInterval(collecting);
    }
  });

  it('ends with a timeout behind another joint', async () => {
    const ended = endOf(joinSignals(joinSignals(AbortSignal.timeout(50)), new AbortController().signal));
    const collecting = setInterval(collectGarbage, 5);
    try {
      expect(await ended).toMatchObject({ name: 'TimeoutError' });
    } finally {
      clearInterval(collecting);
    }
  });
});
