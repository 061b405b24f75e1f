import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The only names that are served; what else lies in the folder is nobody's business. */
const NAMES = ['trusted_root.json', 'signing_config.v0.2.json', 'client_trust_config.json'] as const;

/** Trust material for clients, as the ceremony wrote it. */
export class TrustFiles {
  readonly #directory: string | undefined;

  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** Read each time, so that a rotation needs no restart. Undefined for other names and missing files. */
  async read(name: string): Promise<Buffer | undefined> {
    const known = NAMES.find((one) => one === name);
    if (this.#directory === undefined || known === undefined) return undefined;
    try {
      return await readFile(join(this.#directory, known));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}
