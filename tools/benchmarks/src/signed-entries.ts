import { generateKeyPairSync, randomBytes, sign, createHash, type KeyObject } from 'node:crypto';

const KEYS = 256;

interface SigningKey {
  readonly privateKey: KeyObject;
  /** PEM in base64, as entries carry it. */
  readonly content: string;
}

/** Proposed hashedrekord entries, no two alike, signed by P-256 keys. */
export class SignedEntries {
  readonly #keys = Array.from({ length: KEYS }, makeKey);
  readonly #ready: string[] = [];
  #made = 0;

  /** Makes entries until so many are ready, for a load that is about to begin. */
  prepare(count: number): void {
    while (this.#ready.length < count) this.#ready.push(this.#make());
  }

  /** JSON. One made before, or one made now when there are none left. */
  next(): string {
    return this.#ready.pop() ?? this.#make();
  }

  #make(): string {
    const { privateKey, content } = this.#keys[this.#made++ % KEYS] as SigningKey;
    const artifact = randomBytes(32);
    return JSON.stringify({
      apiVersion: '0.0.1',
      kind: 'hashedrekord',
      spec: {
        data: { hash: { algorithm: 'sha256', value: createHash('sha256').update(artifact).digest('hex') } },
        signature: {
          content: sign('sha256', artifact, privateKey).toString('base64'),
          publicKey: { content },
        },
      },
    });
  }
}

function makeKey(): SigningKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
  return { privateKey, content: Buffer.from(pem).toString('base64') };
}
