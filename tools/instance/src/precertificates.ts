import { PrivateKeySigner, type PublicKey } from '@sigstead/crypto';
import { encodeBase64 } from '@sigstead/encoding';
import { Certificate, encodeLeafTbs, POISON_EXTENSION, randomSerialNumber, signTbs } from '@sigstead/x509';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const LIFETIME_MS = 600_000;

/** An authority that issues precertificates and nothing else, no two alike, for a log that knows its root. */
export class Precertificates {
  /** Of the precertificates. */
  readonly issuer: Certificate;
  readonly #chain: readonly Certificate[];
  readonly #signer: PrivateKeySigner;
  readonly #subjectKey: PublicKey = PrivateKeySigner.generate('P-256').publicKey;

  private constructor(chain: readonly Certificate[], signer: PrivateKeySigner) {
    const [issuer] = chain;
    if (issuer === undefined) throw new Error('the chain of the authority is empty');
    this.issuer = issuer;
    this.#chain = chain;
    this.#signer = signer;
  }

  /** @param folder `ca.key.pem`, `passphrase` and `chain.pem`, as the ceremony makes them for a certificate authority */
  static async open(folder: string): Promise<Precertificates> {
    const file = (name: string) => readFile(join(folder, name), 'utf8');
    const signer = PrivateKeySigner.fromPem(await file('ca.key.pem'), (await file('passphrase')).trim());
    return new Precertificates(Certificate.chainFromPem(await file('chain.pem')), signer);
  }

  async issue(): Promise<Certificate> {
    const tbs = encodeLeafTbs(
      {
        serialNumber: randomSerialNumber((length) => new Uint8Array(randomBytes(length))),
        issuer: this.issuer,
        notBefore: new Date(),
        notAfter: new Date(Date.now() + LIFETIME_MS),
        publicKey: this.#subjectKey,
        subjectAlternativeName: { type: 'uri', value: 'https://load.example/workflow' },
        claims: { issuer: 'https://issuer.load.example' },
      },
      POISON_EXTENSION,
    );
    return Certificate.parse(await signTbs(tbs, this.#signer));
  }

  /** JSON of a submission to add-pre-chain (RFC 6962 section 4.2). */
  requestFor(precertificate: Certificate): string {
    return JSON.stringify({ chain: [precertificate, ...this.#chain].map(({ raw }) => encodeBase64(raw)) });
  }
}
