import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { hammer, type Report } from './hammer.ts';
import { RekorV2Face } from './rekor-v2.ts';
import { MadeLog, ORIGIN } from './testonly/made-log.ts';

const SECONDS = 1;

let log: MadeLog;
let urls: string[];

beforeEach(async () => {
  log = new MadeLog();
  urls = [await log.listen()];
});

afterEach(() => log.close());

function run(seconds = SECONDS): Promise<Report> {
  const face = new RekorV2Face(ORIGIN, log.signer.publicKey);
  return hammer({ urls, face }, { minutes: seconds / 60, writers: 2, killEvery: 0, crashEvery: 0 });
}

describe('the hammer', () => {
  it('finds nothing wrong with an honest log, whatever was in it before', async () => {
    await run();
    const before = log.entries.length;
    const { violations, acknowledged, treeSize, untold } = await run();
    expect(violations).toEqual([]);
    expect(acknowledged).toBeGreaterThan(0);
    expect([treeSize, untold]).toEqual([before + acknowledged, before]);
  });

  it('finds a log that takes an entry again', async () => {
    log.repeats = true;
    let violations: readonly string[] = [];
    // A slow machine may not come to the first repetition in one second.
    for (let seconds = SECONDS; violations.length === 0 && log.entries.length < 1_000; seconds *= 2)
      ({ violations } = await run(seconds));
    expect(violations).toContainEqual(expect.stringMatching(/submitted again is entry \d+$/));
  });

  it('finds a log that forgets an entry', async () => {
    const forget = setInterval(() => log.entries.splice(0, log.entries.length > 4 ? 1 : 0), 50);
    try {
      const { violations } = await run(3);
      expect(violations).toContainEqual(expect.stringMatching(/two signed roots|given to two entries/));
    } finally {
      clearInterval(forget);
    }
  });
});
