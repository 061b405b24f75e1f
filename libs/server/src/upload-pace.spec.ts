import { describe, expect, it } from '@jest/globals';
import { UploadPace } from './upload-pace.ts';

describe('an upload', () => {
  it('may be slow in its first minute', () => {
    expect(() => new UploadPace().add(1, 60_000)).not.toThrow();
  });

  it('may take hours at 16 bytes per millisecond', () => {
    const pace = new UploadPace();
    for (let minute = 1; minute <= 300; minute++)
      expect(() => pace.add(60_000 * 16, minute * 60_000)).not.toThrow();
  });

  it('is given up below that', () => {
    const pace = new UploadPace();
    pace.add(60_001 * 16 - 2, 1);
    expect(() => pace.add(1, 60_001)).toThrow(expect.objectContaining({ status: 408 }));
  });
});
