import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const JSON_TYPE = 'application/json';
const PEM_TYPE = 'application/x-pem-file';

/** The only names that are served, with their content types; what else lies in the folder is nobody's business. */
const CONTENT_TYPES: ReadonlyMap<string, string> = new Map([
  ['trusted_root.json', JSON_TYPE],
  ['signing_config.v0.2.json', JSON_TYPE],
  ['signing_config_rekor_v2.v0.2.json', JSON_TYPE],
  ['signing_config_tls.v0.2.json', JSON_TYPE],
  ['signing_config_rekor_v2_tls.v0.2.json', JSON_TYPE],
  ['client_trust_config.json', JSON_TYPE],
  ['client_trust_config_rekor_v2.json', JSON_TYPE],
  ['tls_ca.pem', PEM_TYPE],
  ['tsa.certchain.pem', PEM_TYPE],
  ['revocation.pub', PEM_TYPE],
]);

export interface TrustFile {
  readonly contentType: string;
  readonly content: Buffer;
}

/** Trust material for clients, as the ceremony wrote it. */
export class TrustFiles {
  readonly #directory: string | undefined;

  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** Read each time, so that a rotation needs no restart. Undefined for other names and missing files. */
  async read(name: string): Promise<TrustFile | undefined> {
    const contentType = CONTENT_TYPES.get(name);
    if (this.#directory === undefined || contentType === undefined) return undefined;
    try {
      return { contentType, content: await readFile(join(this.#directory, name)) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}
