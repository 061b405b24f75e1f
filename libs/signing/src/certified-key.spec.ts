import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import type { LeafProfile } from '@sigstead/x509';
import { withCertifiedKey } from './certified-key.ts';
import { withCertifiedKeys } from './certified-keys.ts';
import type { SigningServices } from './services.ts';
import { failure, servicesOf } from './testonly/services.ts';
import { CLAIMS, makeToken, NOW, SmallSigstore, type Faults } from './testonly/small-sigstore.ts';

let sigstore: SmallSigstore;
let secrets: Uint8Array[];

beforeEach(async () => {
  sigstore = await SmallSigstore.start();
  secrets = [];
});
afterEach(() => sigstore.stop());

/** Keeps the bytes it hands out in view: they must be zero in the end. */
const randomBytes = (n: number) => {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(n));
  secrets.push(bytes);
  return bytes;
};
const services = (more: Partial<SigningServices> = {}): SigningServices => ({
  ...servicesOf(fetch, sigstore),
  ...more,
});
const certify = (claims: object = CLAIMS, more: Partial<SigningServices> = {}) =>
  withCertifiedKey(services(more), makeToken(claims), async ({ identity, certificate, chain }) => ({
    identity,
    certificate,
    chain,
  }));

describe('withCertifiedKey', () => {
  it('lends a key that is certified for the token', async () => {
    const { identity, chain } = await certify();
    expect(identity).toMatchObject({ identity: CLAIMS.job_workflow_ref, issuer: CLAIMS.iss });
    expect(chain.map((certificate) => certificate.raw)).toEqual([sigstore.issuer.raw, sigstore.root.raw]);
  });

  it('proves possession over the e-mail of a person', async () => {
    const { identity } = await certify({ ...CLAIMS, email: 'release@acme.example', email_verified: true });
    expect(identity).toMatchObject({ identity: 'release@acme.example', identityType: 'email' });
  });

  it('makes another key each time', async () => {
    const [one, two] = [await certify(), await certify()];
    expect(one.certificate.publicKey.toPem()).not.toBe(two.certificate.publicKey.toPem());
  });

  it('destroys the key after use, also when use fails, and it cannot sign any more', async () => {
    const lent: { sign(message: Uint8Array): Promise<Uint8Array> }[] = [];
    const use = (fail: boolean) =>
      withCertifiedKey(services({ randomBytes }), makeToken(), async ({ signer }) => {
        lent.push(signer);
        await signer.sign(new Uint8Array(1));
        if (fail) throw new Error('use failed');
      });
    await use(false);
    await expect(use(true)).rejects.toThrow('use failed');
    expect(lent).toHaveLength(2);
    for (const signer of lent) await expect(signer.sign(new Uint8Array(1))).rejects.toThrow('destroyed');
    expect(secrets.every((secret) => secret.every((byte) => byte === 0))).toBe(true);
  });

  it('makes no key at all for a token that cannot be used', async () => {
    const use = withCertifiedKey(services({ randomBytes }), 'x', () => Promise.resolve());
    await failure(use, 'input', 'TOKEN');
    expect(secrets).toEqual([]);
    expect(sigstore.seen).toEqual([]);
  });

  it('needs a certificate authority', async () => {
    const { fulcio: _, ...without } = services();
    await failure(
      withCertifiedKey(without, makeToken(), () => Promise.resolve()),
      'input',
      'SERVICES',
    );
  });
});

describe('a certificate authority', () => {
  it('that refuses the token is quoted', async () => {
    const error = await failure(
      certify({ ...CLAIMS, iss: 'https://other.example' }),
      'certificate',
      'CALL_FAILED',
    );
    expect(error.message).toContain('There was an error processing the identity token');
    expect(error.cause).toMatchObject({ name: 'ClientError', status: 400 });
  });

  const profile = (change: Partial<LeafProfile>): Partial<Faults> => ({
    profile: (wanted) => ({ ...wanted, ...change }),
  });
  const later = (ms: number) => new Date(NOW.getTime() + ms);

  it.each<[string, () => Partial<Faults>]>([
    ['certifies another key', () => profile({ publicKey: PrivateKeySigner.generate('P-256').publicKey })],
    ['is not the one we trust', () => ({ caSigner: PrivateKeySigner.generate('P-256') })],
    ['has no promise of the CT log we trust', () => ({ sctSigner: PrivateKeySigner.generate('P-256') })],
    [
      'gives a certificate of yesterday',
      () => profile({ notBefore: later(-86_400_000), notAfter: later(-86_000_000) }),
    ],
    [
      'gives a certificate of tomorrow',
      () => profile({ notBefore: later(86_000_000), notAfter: later(86_400_000) }),
    ],
    [
      'answers with garbage',
      () => ({
        caAnswer: () => ({ signedCertificateEmbeddedSct: { chain: { certificates: ['garbage'] } } }),
      }),
    ],
  ])('that %s is refused before the key is lent', async (_name, faults) => {
    sigstore.faults = faults();
    await failure(certify(CLAIMS, { randomBytes }), 'certificate', 'ANSWER_INVALID');
    expect(secrets.every((secret) => secret.every((byte) => byte === 0))).toBe(true);
  });

  it('that does not answer at all is a failed call', async () => {
    sigstore.faults = { intercept: () => true };
    const { fulcio } = servicesOf(fetch, sigstore, 1, false, 50);
    const error = await failure(certify(CLAIMS, fulcio && { fulcio }), 'certificate', 'CALL_FAILED');
    expect(error.cause).toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('withCertifiedKeys', () => {
  const certificates = () => sigstore.seen.filter((path) => path === '/api/v2/signingCert').length;
  const pass = (ms: number) => (sigstore.now = new Date(sigstore.now.getTime() + ms));

  it('asks for one certificate, however many signatures are made at once', async () => {
    await withCertifiedKeys(services(), makeToken(), async (keys) => {
      const lent = await Promise.all(Array.from({ length: 20 }, () => keys.key()));
      expect(new Set(lent).size).toBe(1);
      pass(500_000);
      expect(await keys.key()).toBe(lent[0]);
    });
    expect(certificates()).toBe(1);
  });

  it('asks for another one, once, when the first is about to end', async () => {
    await withCertifiedKeys(services({ randomBytes }), makeToken(), async (keys) => {
      const first = await keys.key();
      pass(560_000);
      const lent = await Promise.all(Array.from({ length: 20 }, () => keys.key()));
      expect(new Set(lent).size).toBe(1);
      expect(lent[0]?.certificate.notBefore).toEqual(sigstore.now);
      // Who still has the first one may finish with it.
      await first.signer.sign(new Uint8Array(1));
    });
    expect(certificates()).toBe(2);
    expect(secrets).toHaveLength(2);
    expect(secrets.every((secret) => secret.every((byte) => byte === 0))).toBe(true);
  });

  it('fails for the rest when the token is not taken any more, and asks once', async () => {
    await withCertifiedKeys(services(), makeToken(), async (keys) => {
      await keys.key();
      pass(560_000);
      sigstore.faults = {
        intercept: (_request, response) => {
          response.writeHead(400).end(JSON.stringify({ code: 3, message: 'token expired' }));
          return true;
        },
      };
      for (let i = 0; i < 3; i++)
        expect((await failure(keys.key(), 'certificate', 'CALL_FAILED')).message).toContain('token expired');
    });
    expect(certificates()).toBe(2);
  });

  it('destroys a key that arrives after its use has failed', async () => {
    const work = withCertifiedKeys(services({ randomBytes }), makeToken(), async (keys) => {
      void keys.key();
      throw new Error('use failed');
    });
    await expect(work).rejects.toThrow('use failed');
    expect(secrets.every((secret) => secret.every((byte) => byte === 0))).toBe(true);
  });
});
