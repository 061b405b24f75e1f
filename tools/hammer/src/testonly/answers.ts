import type { Answer, Ask } from '../ask.ts';

/** @param body text, bytes, or what is sent as JSON */
export function answer(
  status: number,
  body: unknown = '',
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const bytes = body instanceof Uint8Array ? Buffer.from(body) : Buffer.from(text);
  return { status, headers: new Headers(headers), body: bytes };
}

/** A log that gives one answer per path and none for any other. */
export function asked(answers: Readonly<Record<string, Answer>>): Ask {
  return (path) => Promise.resolve(answers[path]);
}
