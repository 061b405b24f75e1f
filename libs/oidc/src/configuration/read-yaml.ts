import {
  Composer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  Parser,
  type Document,
  type Node,
  type Pair,
} from 'yaml';
import { OidcError, quote } from '../errors.ts';
import type { Value } from './value.ts';

/** Open collections while parsing; every level of the file takes up to three. */
const MAX_PARSER_STACK = 100;
/** Values after every alias has been replaced by what it stands for. */
const MAX_VALUES = 50_000;
/** Collections around a value after every alias has been replaced. */
const MAX_DEPTH = 32;
const NULLS = new Set(['', '~', 'null', 'Null', 'NULL']);
const MERGE = '<<';
/** What the lexer says before the text of a scalar. */
const SCALAR_FOLLOWS = '\x1f';

/**
 * One YAML document, read as Fulcio's go-yaml does where that matters to its configuration: a colon ends the name of an
 * alias (`*github-type:` as a key), `<<` merges, keys are unique. Bounded in nesting and in what aliases expand to.
 *
 * @throws OidcError CONFIG
 */
export function readYaml(text: string): Value {
  const [document, ...others] = [
    ...new Composer({ schema: 'failsafe', uniqueKeys: false }).compose(tokens(text)),
  ];
  if (others.length > 0) throw new OidcError('CONFIG', 'issuer configuration: want one YAML document');
  if (document === undefined) return null;
  const [error] = document.errors;
  if (error !== undefined)
    throw new OidcError('CONFIG', `issuer configuration: malformed YAML: ${error.message}`, { cause: error });
  return new Reader().document(document);
}

function* tokens(text: string): ReturnType<Parser['next']> {
  const parser = new Parser();
  let before = '';
  for (const lexeme of new Lexer().lex(text)) {
    const isAliasKey = before !== SCALAR_FOLLOWS && /^\*.+:$/.test(lexeme);
    for (const part of isAliasKey ? [lexeme.slice(0, -1), ':'] : [lexeme]) yield* parser.next(part);
    if (parser.stack.length > MAX_PARSER_STACK)
      throw new OidcError('CONFIG', 'issuer configuration: YAML nested too deeply');
    before = lexeme;
  }
  yield* parser.end();
}

/** Walks in the order of the text: an alias stands for the last anchor of its name above it. */
class Reader {
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #values = 0;
  #aliases = 0;

  document({ contents }: Pick<Document.Parsed, 'contents'>): Value {
    return this.#read(contents);
  }

  #read(node: unknown): Value {
    if (++this.#values > MAX_VALUES)
      throw new OidcError('CONFIG', `issuer configuration: more than ${MAX_VALUES} values`);
    if (isAlias(node)) return this.#expand(node.source);
    if (isScalar(node)) {
      this.#remember(node);
      const value = String(node.value ?? '');
      return node.type === 'PLAIN' && NULLS.has(value) ? null : value;
    }
    if (!isMap(node) && !isSeq(node)) return null;
    this.#remember(node);
    this.#open.add(node);
    if (this.#open.size > MAX_DEPTH)
      throw new OidcError('CONFIG', `issuer configuration: nested deeper than ${MAX_DEPTH}`);
    const value = isMap(node) ? this.#mapping(node.items) : node.items.map((item) => this.#read(item));
    this.#open.delete(node);
    return value;
  }

  #mapping(pairs: readonly Pair[]): Value {
    const own = new Map<string, Value>();
    const merged = new Map<string, Value>();
    for (const { key, value } of pairs) {
      const name = this.#read(key);
      if (typeof name !== 'string') throw new OidcError('CONFIG', 'issuer configuration: want a text as key');
      const content = this.#read(value);
      if (name === MERGE) this.#merge(content, merged);
      else if (own.has(name))
        throw new OidcError('CONFIG', `issuer configuration: key ${quote(name)} is given twice`);
      else own.set(name, content);
    }
    for (const [name, value] of merged) if (!own.has(name)) own.set(name, value);
    return own;
  }

  #merge(content: Value, merged: Map<string, Value>): void {
    for (const source of Array.isArray(content) ? content : [content]) {
      if (!(source instanceof Map)) throw new OidcError('CONFIG', 'issuer configuration: << wants a mapping');
      for (const [name, value] of source) if (!merged.has(name)) merged.set(name, value);
    }
  }

  /** What is read again names nothing again: anchors count where they stand in the text. */
  #expand(name: string): Value {
    const node = this.#resolve(name);
    this.#aliases++;
    const value = this.#read(node);
    this.#aliases--;
    return value;
  }

  #remember(node: Node & { anchor?: string | undefined }): void {
    if (node.anchor !== undefined && this.#aliases === 0) this.#anchors.set(node.anchor, node);
  }

  #resolve(name: string): Node {
    const node = this.#anchors.get(name);
    if (node === undefined || this.#open.has(node))
      throw new OidcError('CONFIG', `issuer configuration: alias ${quote(name)} stands for nothing above it`);
    return node;
  }
}
