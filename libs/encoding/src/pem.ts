import { decodeBase64, encodeBase64 } from './base64.ts';
import { EncodingError } from './errors.ts';

export interface PemBlock {
  readonly label: string;
  readonly bytes: Uint8Array;
}

const BEGIN = /^-----BEGIN ([A-Z0-9][A-Z0-9 ]{0,62})-----$/;
const BODY = /^[A-Za-z0-9+/=]+$/;
const HEADER = /^[A-Za-z][A-Za-z0-9-]*: ?.*$/;

/**
 * All blocks of a PEM text (RFC 7468, lax about line length; RFC 1421 headers are dropped). Only blank lines may
 * stand between blocks.
 *
 * @param options.maxBlocks refuses more than this, 32 unless told
 * @throws EncodingError PEM on no block or anything malformed, LIMIT on too many blocks
 */
export function decodePem(text: string, options: { maxBlocks?: number } = {}): PemBlock[] {
  const maxBlocks = options.maxBlocks ?? 32;
  const lines = text.split(/\r?\n/);
  const blocks: PemBlock[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] as string).trim();
    if (line === '') continue;
    const label = BEGIN.exec(line)?.[1];
    if (label === undefined) throw new EncodingError('PEM', `line ${at + 1} stands outside a PEM block`);
    const end = `-----END ${label}-----`;
    let body = '';
    let headers = true;
    for (at++; ; at++) {
      if (at >= lines.length) throw new EncodingError('PEM', `PEM block ${label} has no end line`);
      const inner = (lines[at] as string).trim();
      if (inner === end) break;
      if (headers && (inner === '' || HEADER.test(inner))) continue;
      headers = false;
      if (!BODY.test(inner))
        throw new EncodingError('PEM', `line ${at + 1} of PEM block ${label} is not base64`);
      body += inner;
    }
    if (blocks.length === maxBlocks) throw new EncodingError('LIMIT', `more than ${maxBlocks} PEM blocks`);
    blocks.push({ label, bytes: decodeBody(label, body) });
  }
  if (blocks.length === 0) throw new EncodingError('PEM', 'no PEM block found');
  return blocks;
}

/** One block: 64 columns, line feeds, final line feed. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const lines = encodeBase64(bytes).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

function decodeBody(label: string, body: string): Uint8Array {
  try {
    return decodeBase64(body);
  } catch (cause) {
    throw new EncodingError('PEM', `PEM block ${label} does not hold padded base64`, { cause });
  }
}
