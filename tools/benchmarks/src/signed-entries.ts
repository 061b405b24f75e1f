import { PublicKey } from '@sigstead/crypto';
import { createEntryRequest, proposedEntry, type ArtifactSignature } from '@sigstead/instance';
import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { Submissions } from './submissions.ts';

const KEYS = 256;

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: PublicKey;
}

/** Signatures for a Rekor log, no two alike, by P-256 keys. */
export class SignedEntries implements Submissions {
  readonly path: string;
  readonly wantStatus = 201;
  readonly #render: (signed: ArtifactSignature) => string;
  readonly #keys = Array.from({ length: KEYS }, makeKey);
  readonly #ready: string[] = [];
  #made = 0;

  private constructor(path: string, render: (signed: ArtifactSignature) => string) {
    this.path = path;
    this.#render = render;
  }

  static forRekorV1(): SignedEntries {
    return new SignedEntries('/api/v1/log/entries', proposedEntry);
  }

  static forRekorV2(): SignedEntries {
    return new SignedEntries('/api/v2/log/entries', createEntryRequest);
  }

  prepare(count: number): Promise<void> {
    while (this.#ready.length < count) this.#ready.push(this.#make());
    return Promise.resolve();
  }

  next(): string {
    return this.#ready.pop() ?? this.#make();
  }

  #make(): string {
    const { privateKey, publicKey } = this.#keys[this.#made++ % KEYS] as SigningKey;
    const artifact = randomBytes(32);
    const digest = createHash('sha256').update(artifact).digest();
    return this.#render({ digest, signature: sign('sha256', artifact, privateKey), publicKey });
  }
}

function makeKey(): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, publicKey: PublicKey.fromSpki(publicKey.export({ type: 'spki', format: 'der' })) };
}
