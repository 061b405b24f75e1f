import type { Readable, Writable } from 'node:stream';
import { CliError } from '../cli-error.ts';

/** A terminal that can be told not to show what is typed. */
export interface Terminal extends Readable {
  setRawMode(isRaw: boolean): unknown;
}

const MAX_SECRET_BYTES = 1024;

const INTERRUPT = 0x03;
const END_OF_INPUT = 0x04;
const BACKSPACE: readonly number[] = [0x08, 0x7f];
const LINE_END: readonly number[] = [0x0a, 0x0d];
const ERASE_LINE = 0x15;

/**
 * Asks for one line and shows nothing of it. The bytes stay bytes, so that they can be overwritten. What was typed ahead waits for
 * the next question.
 */
export class SecretPrompt {
  readonly #terminal: Terminal;
  readonly #output: Writable;
  #ahead: Uint8Array = new Uint8Array(0);

  constructor(terminal: Terminal, output: Writable) {
    this.#terminal = terminal;
    this.#output = output;
  }

  /** @throws CliError when the person interrupts, or the terminal ends */
  async ask(question: string): Promise<Uint8Array> {
    // Before the question: some answer faster than the next line runs.
    this.#terminal.setRawMode(true);
    try {
      this.#output.write(question);
      return await this.#readLine();
    } finally {
      this.#terminal.setRawMode(false);
      this.#terminal.pause();
      this.#output.write('\n');
    }
  }

  async #readLine(): Promise<Uint8Array> {
    const line = new Line();
    for (let chunk = this.#ahead; ; chunk = await this.#nextChunk()) {
      const end = line.type(chunk);
      if (end === undefined) continue;
      // A line end of two bytes is one.
      const next = chunk[end] === 0x0d && chunk[end + 1] === 0x0a ? end + 2 : end + 1;
      this.#ahead = Uint8Array.from(chunk.subarray(next));
      chunk.fill(0);
      return line.taken();
    }
  }

  async #nextChunk(): Promise<Uint8Array> {
    const terminal = this.#terminal;
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        terminal.off('data', onData).off('end', onEnd).off('error', onEnd);
      };
      const onData = (chunk: Uint8Array): void => {
        settle();
        terminal.pause();
        resolve(chunk);
      };
      const onEnd = (): void => {
        settle();
        reject(new CliError('the password was not entered'));
      };
      // An end that came with the last piece is not told again.
      if (terminal.readableEnded || terminal.destroyed) return onEnd();
      terminal.on('data', onData).on('end', onEnd).on('error', onEnd);
      terminal.resume();
    });
  }
}

/** What somebody types, with the keys that mend it. */
class Line {
  readonly #bytes = new Uint8Array(MAX_SECRET_BYTES);
  #size = 0;

  /** @returns where the line ends, if it does */
  type(chunk: Uint8Array): number | undefined {
    for (const [at, byte] of chunk.entries()) {
      if (byte === INTERRUPT) throw this.#givenUp('interrupted');
      if (LINE_END.includes(byte) || byte === END_OF_INPUT) return at;
      if (BACKSPACE.includes(byte)) this.#eraseCharacter();
      else if (byte === ERASE_LINE) this.#erase();
      else if (this.#size === MAX_SECRET_BYTES)
        throw this.#givenUp(`the password has more than ${MAX_SECRET_BYTES} bytes`);
      else this.#bytes[this.#size++] = byte;
    }
    return undefined;
  }

  taken(): Uint8Array {
    const secret = this.#bytes.slice(0, this.#size);
    this.#erase();
    return secret;
  }

  #eraseCharacter(): void {
    // Back over the continuation bytes of UTF-8 to the byte that begins the character.
    do this.#size = Math.max(0, this.#size - 1);
    while (this.#size > 0 && ((this.#bytes[this.#size] as number) & 0xc0) === 0x80);
  }

  #erase(): void {
    this.#bytes.fill(0);
    this.#size = 0;
  }

  #givenUp(reason: string): CliError {
    this.#erase();
    return new CliError(reason);
  }
}
