import type { Validity } from '@sigstead/trust';

/** `from 2026-01-01T00:00:00.000Z to ...`, for messages. */
export function describeValidity({ start, end }: Validity): string {
  const from = start === undefined ? '' : `from ${start.toISOString()}`;
  const to = end === undefined ? '' : `to ${end.toISOString()}`;
  return [from, to].filter((part) => part !== '').join(' ') || 'always';
}

/** Text from certificates and payloads, made safe for messages and terminals: no control or bidirectional characters. */
export function printable(text: string, maxLength = 400): string {
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\u{fffd}');
  return safe.length > maxLength ? `${safe.slice(0, maxLength)}…` : safe;
}

/** `1 signature`, `2 signatures`; other plurals are given. */
export function count(number: number | bigint, noun: string, plural = `${noun}s`): string {
  return `${number} ${BigInt(number) === 1n ? noun : plural}`;
}
