import { PrivateKeySigner } from '@sigstead/crypto';
import { encodeHex, encodePem } from '@sigstead/encoding';
import { hashLeaf } from '@sigstead/merkle';
import { canonicalHashedRekord, hashedRekordIndexKeys, type X509Verifier } from '@sigstead/tlog';
import { Certificate, encodeCaCertificate, encodeLeafTbs, POISON_EXTENSION, signTbs } from '@sigstead/x509';
import { randomBytes } from 'node:crypto';
import type { Submission } from '../engine/submission.ts';

/** As many signers there are, each with a name to be found by. */
const SIGNERS = 64;
const SERIAL_BYTES = 16;
const DIGEST_BYTES = 32;
const SIGNATURE_BYTES = 71;
const HOUR_MS = 3_600_000;

/** A certificate whose serial number can be written over. */
interface Template {
  readonly certificate: Certificate;
  readonly serialAt: number;
}

/**
 * A source of entries as signing with certificates of ten minutes makes them: a hashedrekord with its own digest, signature and
 * certificate, that parses like any other. Only what differs between two is made, and by chance: no signature in it verifies.
 */
export async function entryMaker(now: Date): Promise<() => Submission> {
  const templates = await makeTemplates(now);
  let made = 0;
  return () => makeEntry(templates[made++ % templates.length] as Template);
}

function makeEntry({ certificate, serialAt }: Template): Submission {
  const random = randomBytes(SERIAL_BYTES + DIGEST_BYTES + SIGNATURE_BYTES);
  const der = Uint8Array.from(certificate.raw);
  // Its first byte stays: DER has one length for it then.
  der.set(random.subarray(1, SERIAL_BYTES), serialAt + 1);
  const verifier: X509Verifier = {
    publicKey: certificate.publicKey,
    certificate,
    chain: [certificate],
    canonicalPem: encodePem('CERTIFICATE', der),
  };
  const digest = random.subarray(SERIAL_BYTES, SERIAL_BYTES + DIGEST_BYTES);
  const signature = Uint8Array.from(random.subarray(SERIAL_BYTES + DIGEST_BYTES));
  const entry = { hash: { algorithm: 'sha256', value: encodeHex(digest) }, signature, verifier } as const;
  const body = canonicalHashedRekord(entry);
  const leafHash = hashLeaf(body);
  return {
    identity: leafHash,
    searchKeys: hashedRekordIndexKeys(entry),
    issuers: [],
    encode: () => ({ entry: body, leafHash }),
  };
}

async function makeTemplates(now: Date): Promise<Template[]> {
  const signer = PrivateKeySigner.generate('P-384');
  const authority = {
    serialNumber: serialNumber(),
    subject: { organization: 'fill', commonName: 'fill' },
    publicKey: signer.publicKey,
    pathLength: 0,
    notBefore: new Date(now.getTime() - HOUR_MS),
    notAfter: new Date(now.getTime() + HOUR_MS),
  };
  const issuer = Certificate.parse(await signTbs(encodeCaCertificate(authority), signer));
  return Promise.all(
    Array.from({ length: SIGNERS }, async (_, i) => {
      const serial = serialNumber();
      const tbs = encodeLeafTbs(
        {
          serialNumber: serial,
          issuer,
          notBefore: now,
          notAfter: new Date(now.getTime() + HOUR_MS / 6),
          publicKey: PrivateKeySigner.generate('P-256').publicKey,
          subjectAlternativeName: {
            type: 'uri',
            value: `https://ci.example/team/project-${i}/.github/workflows/release.yml@refs/heads/main`,
          },
          claims: { issuer: 'https://token.ci.example' },
        },
        POISON_EXTENSION,
      );
      const certificate = Certificate.parse(await signTbs(tbs, signer));
      return { certificate, serialAt: Buffer.from(certificate.raw).indexOf(serial) };
    }),
  );
}

function serialNumber(): Uint8Array {
  const bytes = Uint8Array.from(randomBytes(SERIAL_BYTES));
  bytes[0] = 1;
  return bytes;
}
