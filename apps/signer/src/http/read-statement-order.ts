import type { FastifyRequest } from '@sigstead/server';
import { parseStatement, SigningError } from '@sigstead/signing';
import { IN_TOTO_PAYLOAD_TYPE } from '@sigstead/verification';
import { encodeHex } from '@sigstead/encoding';
import { createHash } from 'node:crypto';
import { readToken } from './read-headers.ts';
import { invalidField } from './read-json.ts';
import { readRepeatable, type ReadOrder } from './read-order.ts';
import { readQuery } from './query.ts';

export const STATEMENT_MEDIA_TYPE = IN_TOTO_PAYLOAD_TYPE;

/**
 * A statement as the body itself, signed to the byte as it came. Nothing is stored beside an image.
 *
 * @throws HttpProblem 400, 401
 */
export function readStatementOrder(
  body: Uint8Array | undefined,
  { headers, query }: FastifyRequest,
): ReadOrder {
  const { rekorVersion } = readQuery(query);
  const payload = body ?? new Uint8Array(0);
  const token = readToken(undefined, headers.authorization);
  const asked = ['statement', encodeHex(createHash('sha256').update(payload).digest()), rekorVersion ?? null];
  return {
    isList: false,
    order: {
      route: 'attest',
      artifacts: [
        { kind: 'statement', statement: readStatement(payload), image: undefined, form: undefined },
      ],
      token,
      rekorVersion,
      registryCredentials: new Map(),
      repeatable: readRepeatable(headers, asked),
    },
  };
}

function readStatement(payload: Uint8Array): ReturnType<typeof parseStatement> {
  try {
    return parseStatement(payload);
  } catch (cause) {
    if (!(cause instanceof SigningError)) throw cause;
    throw invalidField('body', cause.message, cause);
  }
}
