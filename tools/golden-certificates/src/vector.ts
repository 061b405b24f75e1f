import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Claims } from './golden-case.ts';

/** The configuration Fulcio had: the public instance's, or this text. */
export type VectorConfiguration = { readonly public: true } | { readonly text: string };

interface VectorRequest {
  readonly name: string;
  readonly fulcioVersion: string;
  readonly configuration: VectorConfiguration;
  /** When the token was shown, ISO 8601, whole seconds. */
  readonly requestedAt: string;
  readonly claims: Claims;
  /** The token's payload when it is not just the JSON of `claims`. */
  readonly payload?: string;
}

/** What Fulcio issued. PEM throughout. */
export interface IssuedVector extends VectorRequest {
  readonly publicKey: string;
  readonly certificate: string;
  readonly issuingCertificate: string;
  /** What the log was shown, and the log's key, when there was one. */
  readonly precertificate?: string;
  readonly logKey?: string;
}

/** What Fulcio refused. */
export interface RefusedVector extends VectorRequest {
  readonly refusal: { readonly status: number; readonly message: string };
}

/** A configuration Fulcio did not start with, and the words it ended with. */
export interface ConfigurationVector {
  readonly name: string;
  readonly fulcioVersion: string;
  readonly configuration: VectorConfiguration;
  readonly refusal: { readonly message: string };
}

export type Vector = IssuedVector | RefusedVector | ConfigurationVector;

/** A folder of vectors, in place of the one that was there. */
export async function writeVectors(folder: string, vectors: readonly Vector[]): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const vector of vectors) {
    await writeFile(join(folder, `${vector.name}.json`), `${JSON.stringify(vector, null, 2)}\n`);
  }
}
