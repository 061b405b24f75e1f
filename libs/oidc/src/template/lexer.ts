import { OidcError, quote } from '../errors.ts';

export interface Token {
  readonly kind: 'text' | 'open' | 'close' | 'space' | 'word' | 'field' | 'string' | 'number' | 'symbol';
  /** What it means: text after trimming, a string without its quotes, a field without its dot. */
  readonly value: string;
}

const OPEN = '{{';
const CLOSE = '}}';
const COMMENT = /\{\{(?:-[ \t\r\n])?\/\*(?:(?!\*\/)[^])*\*\/(?:[ \t\r\n]-)?\}\}/y;
const TRIM_BEFORE = /-(?=[ \t\r\n])/y;
const CLOSING = /([ \t\r\n]-)?\}\}/y;
const INSIDE =
  /(?<space>[ \t\r\n]+)|(?<string>"(?:[^"\\\n]|\\.)*")|(?<raw>`[^`]*`)|(?<number>[+-]?[0-9]+)(?![A-Za-z0-9_.])|(?:(?<field>\.[\p{L}_][\p{L}\p{Nd}_]*)|(?<word>[\p{L}_][\p{L}\p{Nd}_]*))(?![^ \t\r\n.,|:()}])|(?<symbol>[.()|])/uy;

/**
 * The tokens of a template. Comments are gone and trim markers have done their work.
 *
 * @throws OidcError CONFIG on an action that does not end and on characters that mean nothing here
 */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let trimNext = false;
  for (let at = 0; at < source.length;) {
    const open = source.indexOf(OPEN, at);
    const end = open < 0 ? source.length : open;
    const trimThis = open >= 0 && startsTrimmed(source, open);
    const text = trim(source.slice(at, end), trimNext, trimThis);
    if (text !== '') tokens.push({ kind: 'text', value: text });
    if (open < 0) break;
    const comment = match(COMMENT, source, open);
    if (comment !== undefined) {
      at = open + comment[0].length;
      trimNext = source[at - 3] === '-';
      continue;
    }
    const action = tokenizeAction(source, open + OPEN.length + (trimThis ? 1 : 0));
    tokens.push({ kind: 'open', value: OPEN }, ...action.tokens, { kind: 'close', value: CLOSE });
    at = action.end;
    trimNext = action.trimsAfter;
  }
  return tokens;
}

function startsTrimmed(source: string, open: number): boolean {
  return match(TRIM_BEFORE, source, open + OPEN.length) !== undefined;
}

function trim(text: string, start: boolean, end: boolean): string {
  const trimmed = start ? text.replace(/^[ \t\r\n]+/, '') : text;
  return end ? trimEnd(trimmed) : trimmed;
}

function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && ' \t\r\n'.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

interface Action {
  readonly tokens: readonly Token[];
  readonly end: number;
  readonly trimsAfter: boolean;
}

function tokenizeAction(source: string, start: number): Action {
  const tokens: Token[] = [];
  for (let at = start; at < source.length;) {
    const closing = match(CLOSING, source, at);
    if (closing !== undefined) {
      return { tokens, end: at + closing[0].length, trimsAfter: closing[1] !== undefined };
    }
    const found = match(INSIDE, source, at);
    if (found === undefined) throw unexpected(source, at);
    tokens.push(tokenOf(found));
    at += found[0].length;
  }
  throw new OidcError('CONFIG', `template: an action has no end, want ${CLOSE}`);
}

function tokenOf(found: RegExpExecArray): Token {
  const groups = found.groups ?? {};
  const text = found[0];
  if (groups['string'] !== undefined) return { kind: 'string', value: unquote(text) };
  if (groups['raw'] !== undefined) return { kind: 'string', value: text.slice(1, -1).replaceAll('\r', '') };
  if (groups['field'] !== undefined) return { kind: 'field', value: text.slice(1) };
  if (groups['number'] !== undefined) return { kind: 'number', value: text };
  if (groups['word'] !== undefined) return { kind: 'word', value: text };
  return { kind: groups['space'] === undefined ? 'symbol' : 'space', value: text };
}

function unexpected(source: string, at: number): OidcError {
  const rest = source.slice(at, at + 16);
  const what = rest.startsWith('$') ? 'variables are not supported' : 'not understood';
  return new OidcError('CONFIG', `template at character ${at}: ${quote(rest)}: ${what}`);
}

const ESCAPE = /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[^])/g;
const CHARACTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

/** A Go string literal. Octal and \x escapes beyond ASCII are bytes in Go, not characters: refused. */
function unquote(literal: string): string {
  return literal.slice(1, -1).replace(ESCAPE, (escape, simple, byte, short, long) => {
    if (simple !== undefined) return CHARACTERS[simple] as string;
    const code = Number.parseInt(byte ?? short ?? long ?? '', 16);
    const limit = byte === undefined ? 0x10ffff : 0x7f;
    if (!(code <= limit) || (code >= 0xd800 && code <= 0xdfff)) {
      throw new OidcError('CONFIG', `template: the escape ${quote(escape)} is not supported`);
    }
    return String.fromCodePoint(code);
  });
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
