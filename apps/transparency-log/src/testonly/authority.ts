import { PrivateKeySigner, type Signer } from '@sigstead/crypto';
import {
  Certificate,
  encodeCaCertificate,
  encodeLeafTbs,
  oids,
  POISON_EXTENSION,
  signTbs,
  type Extension,
} from '@sigstead/x509';
import { randomBytes } from 'node:crypto';

const YEAR_MS = 365 * 86_400_000;

/** A root and an issuing CA, as a private Fulcio has them. */
export interface TestAuthority {
  readonly root: Certificate;
  readonly rootSigner: Signer;
  readonly intermediate: Certificate;
  /** Of the intermediate. */
  readonly signer: Signer;
  /** A leaf with a fresh key: a precertificate unless another last extension is given. */
  issue(last?: Extension, notBefore?: Date): Promise<Certificate>;
}

export interface AuthorityOptions {
  readonly rootSigner?: Signer;
  readonly signer?: Signer;
  readonly extendedKeyUsages?: readonly string[];
}

export async function makeAuthority(options: AuthorityOptions = {}): Promise<TestAuthority> {
  const { rootSigner = PrivateKeySigner.generate('P-256'), signer = PrivateKeySigner.generate('P-256') } =
    options;
  const { extendedKeyUsages = [oids.codeSigning] } = options;
  const root = await makeRoot(rootSigner);
  const intermediate = await sign(
    encodeCaCertificate({
      ...validity(),
      serialNumber: serialNumber(),
      subject: { organization: 'sigstead test', commonName: 'intermediate' },
      publicKey: signer.publicKey,
      issuer: root,
      pathLength: 0,
      extendedKeyUsages,
    }),
    rootSigner,
  );
  return {
    root,
    rootSigner,
    intermediate,
    signer,
    issue: (last = POISON_EXTENSION, notBefore = new Date()) =>
      sign(
        encodeLeafTbs(
          {
            serialNumber: serialNumber(),
            issuer: intermediate,
            notBefore,
            notAfter: new Date(notBefore.getTime() + 600_000),
            publicKey: PrivateKeySigner.generate('P-256').publicKey,
            subjectAlternativeName: { type: 'uri', value: 'https://example.com/workflow' },
            claims: { issuer: 'https://issuer.example.com' },
          },
          last,
        ),
        signer,
      ),
  };
}

/** A self-signed certificate of this key, another one every time. */
export function makeRoot(signer: Signer): Promise<Certificate> {
  return sign(
    encodeCaCertificate({
      ...validity(),
      serialNumber: serialNumber(),
      subject: { organization: 'sigstead test', commonName: 'root' },
      publicKey: signer.publicKey,
      pathLength: 1,
    }),
    signer,
  );
}

function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - YEAR_MS), notAfter: new Date(Date.now() + YEAR_MS) };
}

async function sign(tbs: Uint8Array, signer: Signer): Promise<Certificate> {
  return Certificate.parse(await signTbs(tbs, signer));
}

function serialNumber(): Uint8Array {
  const bytes = Uint8Array.from(randomBytes(16));
  bytes[0] = 1;
  return bytes;
}
