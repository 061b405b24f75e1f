import { bundleToJson, parseBundle } from '@sigstead/bundle';
import { PrivateKeySigner, type PublicKey } from '@sigstead/crypto';
import {
  concatBytes,
  decodeHex,
  derBitString,
  derInteger,
  derNull,
  derOctetString,
  derOid,
  derSequence,
  encodeBase64,
  encodePem,
  type JsonObject,
} from '@sigstead/encoding';
import { parseTrustedRoot, serializeTrustedRoot, TrustError } from '@sigstead/trust';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { compilePolicy } from '../policy.ts';
import { signArtifact } from '../testonly/bundles.ts';
import { MiniSigstore, NOW } from '../testonly/mini-sigstore.ts';
import { ARTIFACT, CONTENT, KEYLESS, outcomeOf } from '../testonly/outcome.ts';
import { refusal } from '../testonly/refusal.ts';
import { verifyBundle } from '../verify-bundle.ts';

const EC = derOid('1.2.840.10045.2.1');
const P256 = derOid('1.2.840.10045.3.1.7');
const sound = PrivateKeySigner.generate('P-256').publicKey.spki.subarray(-64);
const [x, y] = [sound.subarray(0, 32), sound.subarray(32)];
const field = 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff';
const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
const modulus = decodeHex(`c3${'5f'.repeat(254)}d1`);

const spki = (algorithm: readonly Uint8Array[], key: Uint8Array): Uint8Array =>
  derSequence(derSequence(...algorithm), derBitString(key));
const p256 = (...point: Uint8Array[]): Uint8Array => spki([EC, P256], concatBytes(...point));
const ed25519 = (point: string): Uint8Array => spki([derOid('1.3.101.112')], decodeHex(point));
const rsa = (n: Uint8Array, e: bigint): Uint8Array =>
  spki([derOid('1.2.840.113549.1.1.1'), derNull()], derSequence(derInteger(n), derInteger(e)));

/** The curve of P-256 with the signer's own point as generator: the private key is 1 (CVE-2020-0601). */
const explicit = derSequence(
  derInteger(1n),
  derSequence(derOid('1.2.840.10045.1.1'), derInteger(decodeHex(field))),
  derSequence(
    derOctetString(decodeHex(`${field.slice(0, -1)}c`)),
    derOctetString(new Uint8Array(32).fill(5)),
  ),
  derOctetString(Uint8Array.of(4), x, y),
  derInteger(decodeHex(order)),
  derInteger(1n),
);

/** Keys under which anybody can sign, or that two readers could take for different ones. */
const KEYS: readonly (readonly [string, Uint8Array])[] = [
  ['P-256 at infinity', p256(Uint8Array.of(0))],
  ['P-256 without a point', p256()],
  ['P-256 at zero', p256(Uint8Array.of(4), new Uint8Array(64))],
  ['P-256 off the curve', p256(Uint8Array.of(4), y, x)],
  ['P-256 compressed', p256(Uint8Array.of(2 | ((y[31] as number) & 1)), x)],
  ['P-256 hybrid', p256(Uint8Array.of(6 | ((y[31] as number) & 1)), x, y)],
  ['P-256 with a byte more', p256(Uint8Array.of(4), x, y, Uint8Array.of(0))],
  ['a curve with parameters of its own', spki([EC, explicit], concatBytes(Uint8Array.of(4), x, y))],
  ['an EC key without a curve', spki([EC], concatBytes(Uint8Array.of(4), x, y))],
  ['Ed25519 of order 1', ed25519(`01${'00'.repeat(31)}`)],
  ['Ed25519 of order 2', ed25519(`ec${'ff'.repeat(30)}7f`)],
  ['Ed25519 of order 4', ed25519('00'.repeat(32))],
  ['Ed25519 of order 8', ed25519('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')],
  ['Ed25519 not canonical', ed25519(`ee${'ff'.repeat(30)}7f`)],
  ['RSA with exponent 1', rsa(modulus, 1n)],
  ['RSA with an even exponent', rsa(modulus, 65536n)],
  ['RSA of 1024 bits', rsa(modulus.subarray(0, 128), 65537n)],
  ['RSA without a modulus', rsa(Uint8Array.of(1), 65537n)],
];

describe.each(KEYS)('%s is no key', (_, bad) => {
  let sigstore: MiniSigstore;
  let bundle: JsonObject;
  beforeAll(async () => {
    sigstore = await shared();
    bundle = bundleToJson(await signArtifact(sigstore, CONTENT));
  });
  const refusedRoot = (edit: (root: JsonObject) => unknown): string => {
    const root = JSON.parse(serializeTrustedRoot(sigstore.trustedRoot)) as JsonObject;
    edit(root);
    try {
      parseTrustedRoot(JSON.stringify(root));
    } catch (error) {
      if (error instanceof TrustError) return error.code;
      throw error;
    }
    return 'accepted';
  };
  const first = (root: JsonObject, list: string): JsonObject => (root[list] as JsonObject[])[0] as JsonObject;

  it('in a signing certificate', async () => {
    const certificate = await sigstore.issue({ spki: bad } as PublicKey);
    const material = bundle['verificationMaterial'] as JsonObject;
    const rawBytes = encodeBase64(certificate);
    const text = JSON.stringify({
      ...bundle,
      verificationMaterial: { ...material, certificate: { rawBytes } },
    });
    const verdict = verifyBundle(parseBundle(text), ARTIFACT, sigstore.trustedRoot, KEYLESS, NOW);
    expect(outcomeOf(verdict)).toBe('CERTIFICATE_MALFORMED');
  });

  it('in a policy', () => {
    expect(refusal(() => compilePolicy({ key: encodePem('PUBLIC KEY', bad) }))).toBe('POLICY_INVALID');
  });

  it.each(['tlogs', 'ctlogs'])('in %s of a trusted root', (list) => {
    const code = refusedRoot((root) => {
      (first(root, list)['publicKey'] as JsonObject)['rawBytes'] = encodeBase64(bad);
    });
    expect(code).toBe('KEY');
  });

  it.each(['certificateAuthorities', 'timestampAuthorities'])('in %s of a trusted root', async (list) => {
    const rawBytes = encodeBase64(await sigstore.issue({ spki: bad } as PublicKey));
    const code = refusedRoot((root) => {
      const chain = first(root, list)['certChain'] as JsonObject;
      chain['certificates'] = [{ rawBytes }, ...(chain['certificates'] as JsonObject[]).slice(1)];
    });
    expect(code).toBe('CERTIFICATE');
  });
});

let made: Promise<MiniSigstore> | undefined;
function shared(): Promise<MiniSigstore> {
  return (made ??= MiniSigstore.create());
}
