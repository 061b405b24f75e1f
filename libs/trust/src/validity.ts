import { TrustError } from './errors.ts';
import type { MessageReader } from './message-reader.ts';

/** A period; an absent bound is open. */
export interface Validity {
  readonly start?: Date;
  readonly end?: Date;
}

/** Whether the moment lies in the period, both ends included (sigstore_common.proto, TimeRange). */
export function isWithin(validity: Validity, at: Date): boolean {
  const { start, end } = validity;
  return (
    (start === undefined || start.getTime() <= at.getTime()) &&
    (end === undefined || at.getTime() <= end.getTime())
  );
}

/**
 * `validFor` of a message; an absent period is open at both ends.
 *
 * @throws TrustError VALIDITY
 */
export function readValidity(message: MessageReader): Validity {
  const range = message.optionalMessage('validFor', ['start', 'end']);
  if (range === undefined) return {};
  const start = readTimestamp(range, 'start');
  const end = readTimestamp(range, 'end');
  if (start !== undefined && end !== undefined && start.getTime() > end.getTime()) {
    throw new TrustError('VALIDITY', 'ends before it starts', { path: range.path });
  }
  return { ...(start && { start }), ...(end && { end }) };
}

/** As proto3 JSON writes it: a fraction only when there is one. */
export function writeValidity({ start, end }: Validity): { start?: string; end?: string } {
  return { ...(start && { start: writeTimestamp(start) }), ...(end && { end: writeTimestamp(end) }) };
}

const RFC_3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/** To the millisecond: finer digits are cut off, which moves neither bound across a millisecond that is asked about. */
function readTimestamp(range: MessageReader, name: string): Date | undefined {
  if (!range.has(name)) return undefined;
  const text = range.string(name);
  const [, day, time, fraction = '', zone] = RFC_3339.exec(text) ?? [];
  const refuse = (): never => {
    throw new TrustError('VALIDITY', 'is not a timestamp of RFC 3339', { path: range.at(name) });
  };
  if (day === undefined || time === undefined || zone === undefined) return refuse();
  const milliseconds = fraction.slice(0, 3).padEnd(3, '0');
  const local = new Date(`${day}T${time}.${milliseconds}Z`);
  // A day or hour that does not exist either fails to parse or comes back as another one.
  if (Number.isNaN(local.getTime()) || local.toISOString() !== `${day}T${time}.${milliseconds}Z`)
    return refuse();
  const date = new Date(`${day}T${time}.${milliseconds}${zone}`);
  return Number.isNaN(date.getTime()) ? refuse() : date;
}

function writeTimestamp(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new TrustError('VALIDITY', 'period holds a date that is none');
  return date.toISOString().replace('.000Z', 'Z');
}
