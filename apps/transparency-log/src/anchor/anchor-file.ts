import {
  decodeBase64,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  isJsonObject,
  parseJson,
} from '@sigstead/encoding';
import { createHash } from 'node:crypto';
import { LogError } from '../errors.ts';
import type { TreeHead } from './anchor.ts';

/** `{"size":"<decimal>","root":"<base64>","checksum":"<hex SHA-256 of size, newline, root>"}` and a newline. */
export function formatAnchorFile(head: TreeHead): string {
  const size = head.size.toString();
  const root = encodeBase64(head.root);
  return `${JSON.stringify({ size, root, checksum: checksum(size, root) })}\n`;
}

/** @throws LogError ANCHOR on anything that is not exactly what {@link formatAnchorFile} writes */
export function parseAnchorFile(text: string, version: string): TreeHead {
  try {
    const value = parseJson(text, { maxBytes: 1024 });
    if (isJsonObject(value)) {
      const { size, root, checksum: sum } = value;
      if (typeof size === 'string' && typeof root === 'string' && sum === checksum(size, root)) {
        return { size: BigInt(size), root: decodeBase64(root) };
      }
    }
  } catch (cause) {
    throw new LogError('ANCHOR', `anchor file ${version} is torn or was changed`, { cause });
  }
  throw new LogError('ANCHOR', `anchor file ${version} is torn or was changed: its checksum does not fit`);
}

function checksum(size: string, root: string): string {
  return encodeHex(
    createHash('sha256')
      .update(encodeUtf8(`${size}\n${root}`))
      .digest(),
  );
}
