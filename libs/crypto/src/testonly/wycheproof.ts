import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeHex } from '@sigstead/encoding';

export interface WycheproofTest {
  readonly id: string;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly flags: readonly string[];
}

export interface WycheproofGroup {
  readonly spki: Uint8Array;
  readonly tests: readonly WycheproofTest[];
}

interface WycheproofFile {
  readonly testGroups: readonly {
    readonly publicKeyDer: string;
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly msg: string;
      readonly sig: string;
      readonly result: WycheproofTest['result'];
      readonly flags: readonly string[];
    }[];
  }[];
}

/** Groups of one C2SP/wycheproof file: a key and the signatures to try under it. */
export function readWycheproof(directory: string, file: string): WycheproofGroup[] {
  const { testGroups } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as WycheproofFile;
  return testGroups.map((group) => ({
    spki: decodeHex(group.publicKeyDer),
    tests: group.tests.map(({ tcId, comment, msg, sig, result, flags }) => ({
      id: `${file} ${tcId}: ${comment}`,
      message: decodeHex(msg),
      signature: decodeHex(sig),
      result,
      flags,
    })),
  }));
}
