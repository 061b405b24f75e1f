import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { createLog } from '@sigstead/server';
import { ClockMonitor, type ClockMonitorOptions, type ClockState } from './clock-monitor.ts';
import { SntpError, type ClockReading } from './sntp-message.ts';

type Answer = Partial<ClockReading> | 'silent';

/** A monitor whose servers answer as told; what it reported is kept. */
function monitorOf(answers: Answer[], changes: Partial<ClockMonitorOptions> = {}) {
  const rounds: [ClockState, string | undefined][] = [];
  const asked: [string, boolean][] = [];
  const monitor = new ClockMonitor({
    servers: answers.map((_, i) => ({ host: `time-${i}`, port: 123 })),
    threshold: Math.floor(answers.length / 2) + 1,
    maxOffsetMs: 1000,
    periodMs: 3_600_000,
    ask: async ({ host }) => {
      const answer = answers[Number(host.slice('time-'.length))] as Answer;
      if (answer === 'silent') throw new SntpError('no reply');
      return { offsetMs: 0, uncertaintyMs: 10, ...answer };
    },
    observer: {
      serverAsked: (server, _milliseconds, failed) => asked.push([server, failed]),
      roundEnded: (state, reason) => rounds.push([state, reason]),
    },
    log: createLog('test', 'silent'),
    ...changes,
  });
  return { monitor, answers, rounds, asked };
}

const SLOW = { offsetMs: 5000 };
const FAST = { offsetMs: -5000 };

describe('ClockMonitor', () => {
  it('knows nothing before it has asked', () => {
    expect(monitorOf([{}, {}, {}]).monitor.state).toEqual({
      verdict: 'unknown',
      agreeing: 0,
      disagreeing: 0,
      asked: 3,
    });
  });

  it.each<[string, Answer[], ClockState['verdict'], string | undefined]>([
    ['every server agrees', [{}, {}, {}], 'right', undefined],
    ['a server lies', [{}, {}, SLOW], 'right', undefined],
    ['a server is away', [{}, {}, 'silent'], 'right', undefined],
    ['two of three differ', [SLOW, FAST, {}], 'wrong', 'err_inv_time'],
    ['two of three differ and one is away', [SLOW, SLOW, 'silent'], 'wrong', 'err_inv_time'],
    ['two of three are away', [SLOW, 'silent', 'silent'], 'unknown', 'err_too_few'],
    ['all are away', ['silent', 'silent', 'silent'], 'unknown', 'err_too_few'],
    ['they are divided', [SLOW, {}, 'silent'], 'unknown', 'err_too_few'],
    ['they are divided in halves', [SLOW, SLOW, {}, {}], 'unknown', 'err_too_few'],
    ['the only one differs', [SLOW], 'wrong', 'err_inv_time'],
    ['the offset is just the limit', [{ offsetMs: 1000 }], 'right', undefined],
    ['the offset is just beyond what is sure', [{ offsetMs: 1010 }], 'unknown', 'err_too_few'],
    ['the offset is surely beyond the limit', [{ offsetMs: -1011 }], 'wrong', 'err_inv_time'],
    ['the server is less sure than the limit', [{ ...SLOW, uncertaintyMs: 1001 }], 'unknown', 'err_too_few'],
    ['the server agrees without being sure', [{ uncertaintyMs: 1001 }], 'unknown', 'err_too_few'],
  ])('when %s', async (_name, answers, verdict, reason) => {
    const { monitor, rounds } = monitorOf(answers);
    expect((await monitor.check()).verdict).toBe(verdict);
    expect(rounds).toEqual([[monitor.state, reason]]);
  });

  it('asks a server that fails three times, and tells of each', async () => {
    const { monitor, asked } = monitorOf([{}, 'silent', {}]);
    await monitor.check();
    expect(asked.filter(([server]) => server === 'time-1')).toEqual(Array(3).fill(['time-1', true]));
    expect(asked.filter(([, failed]) => !failed)).toHaveLength(2);
  });

  it('holds a clock for wrong until enough servers find it right', async () => {
    const { monitor, answers, rounds } = monitorOf([SLOW, SLOW, SLOW]);
    const next = async (...list: Answer[]) => {
      answers.splice(0, 3, ...list);
      return (await monitor.check()).verdict;
    };
    expect(await next(SLOW, SLOW, SLOW)).toBe('wrong');
    expect(await next('silent', 'silent', 'silent')).toBe('wrong');
    expect(await next({}, 'silent', 'silent')).toBe('wrong');
    expect(await next({}, {}, 'silent')).toBe('right');
    expect(await next('silent', 'silent', {})).toBe('unknown');
    expect(rounds.map(([, reason]) => reason)).toEqual([
      'err_inv_time',
      'err_too_few',
      'err_too_few',
      undefined,
      'err_too_few',
    ]);
  });

  it('logs what it found first, and then only what has changed', async () => {
    const lines: string[] = [];
    const log = createLog('test', 'info', (line) =>
      lines.push((JSON.parse(line) as { verdict: string }).verdict),
    );
    const { monitor, answers } = monitorOf(['silent'], { log });
    await monitor.check();
    await monitor.check();
    answers[0] = {};
    await monitor.check();
    await monitor.check();
    expect(lines).toEqual(['unknown', 'right']);
  });

  it('goes on asking by itself until it is stopped', async () => {
    const target = new EventTarget();
    let rounds = 0;
    const { monitor } = monitorOf([{}], {
      periodMs: 1,
      observer: {
        serverAsked: () => {},
        roundEnded: () => void (++rounds === 3 && target.dispatchEvent(new Event('third'))),
      },
    });
    const third = once(target, 'third');
    await monitor.start();
    expect(rounds).toBe(1);
    // The monitor's timer does not keep a process alive; this one does meanwhile.
    const awake = setInterval(() => {}, 1000);
    await third;
    clearInterval(awake);
    monitor.stop();
    expect(monitor.state.verdict).toBe('right');
  });

  it('ends the questions under way when it is stopped, and draws no conclusion from them', async () => {
    let aborted = 0;
    const { monitor, rounds } = monitorOf([{}, {}], {
      ask: (_server, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted++;
            reject(new SntpError('stopped'));
          });
        }),
    });
    const started = monitor.start();
    monitor.stop();
    await started;
    expect([aborted, rounds.length, monitor.state.verdict]).toEqual([2, 0, 'unknown']);
  });
});
