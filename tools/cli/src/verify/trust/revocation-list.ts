import { KeyError, PublicKey } from '@sigstead/crypto';
import { decodeUtf8, EncodingError } from '@sigstead/encoding';
import { assertFresh, openRevocationList, RevocationError, type RevocationList } from '@sigstead/revocation';
import { CliError, exitCodes } from '../../cli-error.ts';
import type { RevocationOptions } from '../options.ts';
import { readGivenFile } from '../../read-given-file.ts';

const MAX_LIST_BYTES = 24 * 1024 * 1024;
const MAX_KEY_BYTES = 64 * 1024;

/**
 * The list that the options name, signed by its key and fresh: an old one may lack what matters.
 *
 * @returns undefined when none is named
 * @throws CliError
 */
export async function readRevocations(
  { revocations, revocationsKey }: RevocationOptions,
  now: Date,
): Promise<RevocationList | undefined> {
  if (revocations === undefined && revocationsKey === undefined) return undefined;
  if (revocations === undefined || revocationsKey === undefined) {
    throw new CliError('--revocations and --revocations-key go together', exitCodes.usage);
  }
  const envelope = await readGivenFile(revocations, 'list of revocations', MAX_LIST_BYTES);
  const pem = await readGivenFile(revocationsKey, 'key of revocations', MAX_KEY_BYTES);
  try {
    const list = openRevocationList(envelope, PublicKey.fromPem(decodeUtf8(pem)));
    assertFresh(list, now);
    return list;
  } catch (cause) {
    if (cause instanceof RevocationError) {
      throw new CliError(
        `list of revocations ${JSON.stringify(revocations)} cannot be relied on: ${cause.message}`,
        exitCodes.failed,
        { cause },
      );
    }
    if (!(cause instanceof KeyError || cause instanceof EncodingError)) throw cause;
    throw new CliError(
      `key of revocations ${JSON.stringify(revocationsKey)} is no usable public key: ${cause.message}`,
      exitCodes.failed,
      { cause },
    );
  }
}
