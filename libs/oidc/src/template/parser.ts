import { OidcError, quote } from '../errors.ts';
import { tokenize, type Token } from './lexer.ts';
import { isFunctionName, type Command, type Node, type Operand, type Pipeline } from './nodes.ts';

const MAX_TOKENS = 2_000;
const MAX_DEPTH = 16;
/** Of text/template itself, understood by Fulcio and not here. */
const UNSUPPORTED = [
  'range',
  'define',
  'template',
  'block',
  'break',
  'continue',
  'call',
  'html',
  'js',
  'println',
  'slice',
  'urlquery',
];
const LITERALS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['nil', null],
]);

/** @throws OidcError CONFIG naming what is wrong or not supported */
export function parse(source: string): Node[] {
  const tokens = tokenize(source);
  if (tokens.length > MAX_TOKENS) throw fail(`${tokens.length} tokens, at most ${MAX_TOKENS} are taken`);
  const parser = new Parser(tokens);
  return parser.document();
}

function fail(reason: string): OidcError {
  return new OidcError('CONFIG', `template: ${reason}`);
}

/** Recursive descent over the grammar of text/template/parse. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  document(): Node[] {
    const nodes = this.#list();
    const rest = this.#keyword();
    if (rest !== undefined) throw fail(`{{${rest}}} without {{if}} or {{with}}`);
    return nodes;
  }

  /** Up to the end or to an `else` or `end`, which stays. */
  #list(): Node[] {
    const nodes: Node[] = [];
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (token.kind === 'text') {
        this.#at++;
        nodes.push({ kind: 'text', text: token.value });
        continue;
      }
      const keyword = this.#keyword();
      if (keyword === 'else' || keyword === 'end') return nodes;
      this.#open();
      nodes.push(keyword === 'if' || keyword === 'with' ? this.#branch(keyword) : this.#action());
    }
    return nodes;
  }

  #action(): Node {
    const pipeline = this.#pipeline();
    this.#close();
    return { kind: 'action', pipeline };
  }

  #branch(kind: 'if' | 'with'): Node {
    return this.#nested(() => {
      this.#word(kind);
      const pipeline = this.#pipeline();
      this.#close();
      const then = this.#list();
      const otherwise = this.#otherwise(kind);
      return { kind, pipeline, then, otherwise };
    });
  }

  #otherwise(kind: 'if' | 'with'): Node[] {
    const keyword = this.#keyword();
    if (keyword === undefined) throw fail(`{{${kind}}} has no {{end}}`);
    this.#open();
    this.#word(keyword);
    this.#space();
    if (keyword === 'end') {
      this.#close();
      return [];
    }
    // `else if` shares the end of the outermost branch.
    if (this.#peek()?.value === 'if' && this.#peek()?.kind === 'word') {
      if (kind !== 'if') throw fail('{{else if}} belongs to {{if}}');
      return [this.#branch('if')];
    }
    this.#close();
    const nodes = this.#list();
    if (this.#keyword() !== 'end') throw fail(`{{${kind}}} has no {{end}}`);
    this.#open();
    this.#word('end');
    this.#space();
    this.#close();
    return nodes;
  }

  #pipeline(): Pipeline {
    return this.#nested(() => {
      const commands = [this.#command()];
      while (this.#symbol('|')) commands.push(this.#command());
      commands.forEach(assertCommand);
      return commands;
    });
  }

  #command(): Command {
    this.#space();
    const name = this.#peek();
    if (name?.kind === 'word' && !LITERALS.has(name.value)) {
      this.#at++;
      if (!isFunctionName(name.value)) throw unknownWord(name.value);
      return { kind: 'call', name: name.value, operands: this.#operands() };
    }
    const [operand, ...others] = this.#operands(1);
    if (operand === undefined) throw fail('an action or a pipeline is empty');
    if (others.length > 0) throw fail('only a function takes arguments');
    return { kind: 'operand', operand };
  }

  /** Separated by white space; `index . "a"` has two, `index."a"` is a mistake. */
  #operands(first = 0): Operand[] {
    const operands: Operand[] = [];
    for (;;) {
      const spaced = this.#space();
      const token = this.#peek();
      if (token === undefined || token.kind === 'close' || token.value === '|' || token.value === ')')
        return operands;
      if (!spaced && operands.length >= first)
        throw fail(`white space is missing before ${quote(token.value)}`);
      operands.push(this.#operand());
    }
  }

  #operand(): Operand {
    const token = this.#next();
    switch (token.kind) {
      case 'string':
        return { kind: 'literal', value: token.value };
      case 'number':
        return { kind: 'literal', value: wholeNumber(token.value) };
      case 'field':
        return { kind: 'field', names: [token.value, ...this.#fields()] };
      case 'word': {
        const value = LITERALS.get(token.value);
        if (value !== undefined) return { kind: 'literal', value };
        throw isFunctionName(token.value)
          ? fail(`function ${token.value} is an argument, want it in parentheses`)
          : unknownWord(token.value);
      }
      default:
        if (token.value === '.') return { kind: 'dot' };
        if (token.value === '(') return { kind: 'pipeline', pipeline: this.#parenthesized() };
        throw fail(`${quote(token.value)} is not expected here`);
    }
  }

  #fields(): string[] {
    const names: string[] = [];
    while (this.#peek()?.kind === 'field') names.push(this.#next().value);
    return names;
  }

  #parenthesized(): Pipeline {
    const pipeline = this.#pipeline();
    if (!this.#symbol(')')) throw fail('a parenthesis is not closed');
    if (this.#peek()?.kind === 'field') throw fail('a field of a parenthesis is not supported');
    return pipeline;
  }

  /** The keyword an action at this place starts with. */
  #keyword(): string | undefined {
    if (this.#peek()?.kind !== 'open') return undefined;
    const skip = this.#tokens[this.#at + 1]?.kind === 'space' ? 2 : 1;
    const token = this.#tokens[this.#at + skip];
    return token?.kind === 'word' && ['if', 'with', 'else', 'end'].includes(token.value)
      ? token.value
      : undefined;
  }

  #nested<T>(parseInner: () => T): T {
    if (++this.#depth > MAX_DEPTH * 2) throw fail(`nested deeper than ${MAX_DEPTH}`);
    const result = parseInner();
    this.#depth--;
    return result;
  }

  #open(): void {
    if (this.#next().kind !== 'open') throw fail('want an action');
  }

  #close(): void {
    this.#space();
    const token = this.#next();
    if (token.kind !== 'close') throw fail(`${quote(token.value)} is not expected here, want }}`);
  }

  #word(value: string): void {
    this.#space();
    if (this.#next().value !== value) throw fail(`want ${value}`);
  }

  #symbol(value: string): boolean {
    this.#space();
    const token = this.#peek();
    if (token?.kind !== 'symbol' || token.value !== value) return false;
    this.#at++;
    return true;
  }

  #space(): boolean {
    if (this.#peek()?.kind !== 'space') return false;
    this.#at++;
    return true;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #next(): Token {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw fail('ends too early');
    return token;
  }
}

/** Go refuses `nil` as a command and anything but a call after the first bar. */
function assertCommand(command: Command, position: number): void {
  if (command.kind === 'call') return;
  if (position > 0) throw fail('only a function can stand after |');
  if (command.operand.kind === 'literal' && command.operand.value === null) {
    throw fail('nil is not a value to print or test');
  }
}

function unknownWord(word: string): OidcError {
  return fail(
    UNSUPPORTED.includes(word) ? `${word} is not supported` : `there is no function ${quote(word)}`,
  );
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || /^[+-]?0[0-9]/.test(text))
    throw fail(`${quote(text)} is not a number that is supported`);
  return value;
}
