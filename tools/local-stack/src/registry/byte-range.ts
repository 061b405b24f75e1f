import { RegistryError } from './registry-error.ts';

/** First and last byte, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * `Content-Range` of an upload chunk as the distribution specification writes it: `<start>-<end>`, also taken in the
 * RFC 9110 form `bytes <start>-<end>/<size>`.
 *
 * @throws RegistryError RANGE_INVALID
 */
export function parseContentRange(header: string | undefined): ByteRange | undefined {
  if (header === undefined) return undefined;
  const match = /^(?:bytes )?([0-9]{1,15})-([0-9]{1,15})(?:\/(?:[0-9]{1,15}|\*))?$/.exec(header.trim());
  const range = { start: Number(match?.[1]), end: Number(match?.[2]) };
  if (match !== null && range.end >= range.start) return range;
  throw new RegistryError('RANGE_INVALID', 'Content-Range must be <start>-<end>');
}

/** `Range` of a read (RFC 9110 section 14.2). Several ranges, or none that can be read, stand for the whole. */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const suffix = match[1] === '';
  const start = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = suffix || match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]));
  if (start <= end) return { start, end };
  throw new RegistryError('RANGE_INVALID', `no such bytes, blob has ${size}`, {
    headers: { 'content-range': `bytes */${size}` },
  });
}
