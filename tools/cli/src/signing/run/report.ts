import { isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import { CliError } from '../../cli-error.ts';
import { printable } from '../../printable.ts';
import { describeFailure, type Failure } from './failure.ts';
import { INTERRUPTED } from './interruption.ts';
import { Progress, type ProgressOutput } from './progress.ts';

/** What became of one of those named: what whoever had it signed gets to know, or why it was not. */
export type Outcome = { readonly answer: JsonObject } | { readonly failure: Failure };

export interface ReportOptions {
  readonly output: 'text' | 'json';
  /** As the caller named them. */
  readonly names: readonly string[];
  /** How many steps there are to show: an index has several. */
  readonly total?: number;
}

export interface ReportOutputs {
  readonly results: { write(text: string): unknown };
  readonly progress: ProgressOutput;
}

/**
 * Tells what became of each, in the order in which they were named, as soon as it is known of all before. One by itself is told in full, and its
 * failure is that of the command.
 */
export class Report {
  readonly #options: ReportOptions;
  readonly #outputs: ReportOutputs;
  readonly #outcomes: (Outcome | undefined)[];
  readonly #progress: Progress;
  #told = 0;

  constructor(
    options: ReportOptions,
    outputs: ReportOutputs = { results: process.stdout, progress: process.stderr },
  ) {
    this.#options = options;
    this.#outputs = outputs;
    this.#outcomes = options.names.map(() => undefined);
    this.#progress = new Progress(outputs.progress, 'signing', options.total ?? options.names.length);
  }

  /** One more of the steps is done. */
  step(failed = false): void {
    this.#progress.step(failed);
  }

  add(at: number, outcome: Outcome): void {
    this.#outcomes[at] = outcome;
    for (let next = this.#outcomes[this.#told]; next !== undefined; next = this.#outcomes[this.#told])
      this.#tell(this.#told++, next);
  }

  /** @throws CliError when not all of it is signed */
  end(): void {
    for (; this.#told < this.#outcomes.length; this.#told++) {
      const outcome = this.#outcomes[this.#told];
      if (outcome !== undefined) this.#tell(this.#told, outcome);
    }
    this.#progress.end();
    const { names } = this.#options;
    const [first] = this.#outcomes;
    const signed = this.#outcomes.filter((outcome) => outcome !== undefined && 'answer' in outcome).length;
    if (this.#outcomes.includes(undefined))
      throw new CliError(
        `interrupted: ${signed} of ${names.length} are signed; signing again is safe`,
        INTERRUPTED,
      );
    if (names.length === 1 && first !== undefined && 'failure' in first)
      throw new CliError(`signing ${printable(names[0] ?? '')}: ${describeFailure(first.failure)}`);
    if (signed < names.length)
      throw new CliError(`${names.length - signed} of ${names.length} are not signed`);
  }

  /** Takes the bar away when the work ended before its end. */
  abandon(): void {
    this.#progress.end();
  }

  #tell(at: number, outcome: Outcome): void {
    const { output, names } = this.#options;
    const name = printable(names[at] ?? '');
    const one = names.length === 1;
    this.#progress.around(() => {
      if (output === 'json')
        this.#outputs.results.write(`${JSON.stringify(jsonOf(names[at] ?? '', outcome))}\n`);
      else if ('answer' in outcome)
        this.#outputs.results.write(one ? inFull(outcome.answer, name) : inBrief(outcome.answer, name));
      // The failure of the only one is the command's own.
      if ('failure' in outcome && !one)
        this.#outputs.progress.write(`Error: signing ${name}: ${describeFailure(outcome.failure)}\n`);
    });
  }
}

function jsonOf(name: string, outcome: Outcome): JsonObject {
  if ('answer' in outcome) return outcome.answer;
  return { artifact: name, error: { ...outcome.failure } };
}

function inFull(answer: JsonObject, name: string): string {
  const certificate = objectOf(answer['certificate']);
  const referrer = objectOf(answer['referrer']);
  const manifest = objectOf(answer['signatureManifest'] ?? answer['attestationManifest']);
  const children = Array.isArray(answer['children']) ? answer['children'].length : 0;
  const lines: [string, JsonValue | undefined][] = [
    [
      answer['predicateType'] === undefined ? 'signed' : 'attested',
      answer['image'] ?? answer['name'] ?? name,
    ],
    ['digest', answer['digest']],
    ['type', answer['predicateType']],
    ['signer', certificate['identity']],
    ['issuer', certificate['issuer']],
    ['key', objectOf(answer['publicKey'])['hint']],
    [
      'log index',
      [answer['logIndex'], referrer['logIndex']].filter((index) => index !== undefined).join(', '),
    ],
    [answer['attestationManifest'] === undefined ? 'signature' : 'attestation', manifest['tag']],
    ['bundle', referrer['digest']],
    ['kept in', answer['repository']],
    ['written to', answer['bundleFile']],
    ['below it', children === 0 ? undefined : `${children} more manifests`],
  ];
  return lines
    .filter(([, value]) => value !== undefined && value !== null && value !== '')
    .map(([label, value]) => `${label.padEnd(11)} ${printable(String(value))}\n`)
    .join('');
}

function inBrief(answer: JsonObject, name: string): string {
  const what = answer['image'] ?? answer['name'] ?? name;
  const where = answer['bundleFile'];
  return `${answer['predicateType'] === undefined ? 'signed' : 'attested'}  ${printable(String(what))}  log index ${String(answer['logIndex'])}${
    typeof where === 'string' ? `  ${printable(where)}` : ''
  }\n`;
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return value !== undefined && isJsonObject(value) ? value : {};
}
