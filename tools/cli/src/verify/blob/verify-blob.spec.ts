import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PrivateKeySigner } from '@sigstead/crypto';
import { runCommand, type Finished } from '../../testonly/run-command.ts';
import {
  CONFORMANCE,
  CONFORMANCE_IDENTITY,
  CONFORMANCE_ISSUER,
  hasVectors,
  PUBLIC_GOOD_ROOT,
} from '../../testonly/vectors.ts';

const FILE = join(CONFORMANCE, 'a.txt');
const ROOT = ['--trusted-root', PUBLIC_GOOD_ROOT];
const SIGNER = [
  ...['--certificate-identity', CONFORMANCE_IDENTITY],
  ...['--certificate-oidc-issuer', CONFORMANCE_ISSUER],
];

interface SigstoreBundle {
  readonly verificationMaterial: {
    readonly x509CertificateChain: { readonly certificates: readonly { readonly rawBytes: string }[] };
    readonly certificate: { readonly rawBytes: string };
    readonly tlogEntries: readonly {
      readonly logIndex: string;
      readonly logId: { readonly keyId: string };
      readonly integratedTime: string;
      readonly inclusionPromise: { readonly signedEntryTimestamp: string };
      readonly canonicalizedBody: string;
    }[];
  };
  readonly messageSignature: { readonly signature: string };
  readonly dsseEnvelope: Record<string, unknown>;
}

function pemOf(der: string): string {
  return `-----BEGIN CERTIFICATE-----\n${der.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** A bundle as older versions of cosign wrote it. */
function localBundle(signature: string, pem: string, parts: SigstoreBundle): string {
  const [entry] = parts.verificationMaterial.tlogEntries;
  return JSON.stringify({
    base64Signature: signature,
    cert: Buffer.from(pem).toString('base64'),
    rekorBundle: {
      SignedEntryTimestamp: entry?.inclusionPromise.signedEntryTimestamp,
      Payload: {
        body: entry?.canonicalizedBody,
        integratedTime: Number(entry?.integratedTime),
        logIndex: Number(entry?.logIndex),
        logID: Buffer.from(entry?.logId.keyId ?? '', 'base64').toString('hex'),
      },
    },
  });
}

(hasVectors ? describe : describe.skip)('verify-blob', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sigstead-blob-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const bundleOf = (name: string) => join(CONFORMANCE, name, 'bundle.sigstore.json');
  const verify = (name: string, ...args: string[]): Promise<Finished> =>
    runCommand(['verify-blob', '--bundle', bundleOf(name), ...args]);

  it.each(['happy-path-v0.1', 'happy-path-v0.3'])('accepts %s', async (name) => {
    expect(await verify(name, FILE, ...ROOT, ...SIGNER)).toEqual({
      code: 0,
      stdout: '',
      stderr: 'Verified OK\n',
    });
  });

  it('accepts what Rekor v2 logged, by a root of its own', async () => {
    const root = ['--trusted-root', join(CONFORMANCE, 'rekor2-happy-path', 'trusted_root.json')];
    expect(await verify('rekor2-happy-path', FILE, ...root, ...SIGNER)).toMatchObject({ code: 0 });
  });

  it('accepts a signature by a key, with a log and without anything', async () => {
    const key = ['--key', join(CONFORMANCE, 'managed-key-happy-path', 'key.pub')];
    expect(await verify('managed-key-happy-path', FILE, ...ROOT, ...key)).toMatchObject({ code: 0 });
    const alone = await verify('managed-key-happy-path', FILE, '--insecure-ignore-tlog', ...key);
    expect(alone).toMatchObject({ code: 0, stderr: expect.stringMatching(/^WARNING: Skipping tlog/) });
    const other = join(directory, 'other.pub');
    await writeFile(other, PrivateKeySigner.generate('P-256').publicKey.toPem());
    for (const by of [[...ROOT], ['--insecure-ignore-tlog']]) {
      const { code, stderr } = await verify('managed-key-happy-path', FILE, ...by, '--key', other);
      expect([code, stderr]).toEqual([1, expect.stringContaining('does not verify')]);
    }
  });

  it('takes the file from standard input, and its digest for it', async () => {
    const content = await readFile(FILE, 'utf8');
    const args = ['verify-blob', '-', '--bundle', bundleOf('happy-path-v0.3'), ...ROOT, ...SIGNER];
    expect(await runCommand(args, {}, { input: content })).toMatchObject({ code: 0 });
    expect((await runCommand(args, {}, { input: 'other' })).code).toBe(1);
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    expect(await verify('happy-path-v0.3', digest, ...ROOT, ...SIGNER)).toMatchObject({ code: 0 });
  });

  it.each([
    ['set-invalid-signature_fail', 'signed entry timestamp does not verify'],
    ['signature-mismatch_fail', 'the signature does not verify'],
    ['bundle-malformed-json_fail', 'cannot be used: malformed JSON'],
    ['rekor2-no-timestamp_fail', 'the certificate does not lead to a trusted root'],
  ])('refuses %s in one line', async (name, reason) => {
    const { code, stdout, stderr } = await verify(name, FILE, ...ROOT, ...SIGNER);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^Error: [^\n]*\n$/);
    expect(stderr).toContain(reason);
  });

  it('says of several bundles in one file, and of other documents, that they are not one bundle', async () => {
    const file = join(directory, 'other.json');
    const refusal = async (text: string): Promise<string> => {
      await writeFile(file, text);
      const { code, stderr } = await runCommand([
        'verify-blob',
        FILE,
        ...['--bundle', file],
        ...ROOT,
        ...SIGNER,
      ]);
      expect(code).toBe(1);
      return stderr;
    };
    expect(await refusal('{"mediaType":"x"}\n{"mediaType":"x"}\n')).toContain(
      'several documents, one a line',
    );
    expect(await refusal('{"mediaType":\n"x"}}')).toContain('malformed JSON');
    expect(await refusal('{"attestations":[]}')).toContain('"attestations" is no Sigstore bundle');
  });

  it('refuses what only attests something', async () => {
    const { code, stderr } = await verify('happy-path-intoto-in-dsse-v3', FILE, ...ROOT, ...SIGNER);
    expect([code, stderr]).toEqual([1, expect.stringContaining('see verify-blob-attestation')]);
  });

  it('wants a bundle or a signature, and not both', async () => {
    expect((await runCommand(['verify-blob', FILE, ...ROOT, ...SIGNER])).code).toBe(2);
    expect((await verify('happy-path-v0.3', FILE, '--signature', 'x', ...ROOT, ...SIGNER)).code).toBe(2);
    expect((await verify('happy-path-v0.3', FILE, '--check-claims=false', ...ROOT, ...SIGNER)).code).toBe(2);
  });

  it('prints the verdict where it is wanted', async () => {
    const { code, stdout } = await verify('happy-path-v0.3', FILE, '--output', 'json', ...ROOT, ...SIGNER);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { file: FILE, verified: true }]);
  });

  describe('what older versions of cosign wrote', () => {
    let parts: SigstoreBundle;
    let pem: string;
    let bundle: string;
    beforeAll(async () => {
      parts = JSON.parse(await readFile(bundleOf('happy-path-v0.1'), 'utf8')) as SigstoreBundle;
      pem = pemOf(parts.verificationMaterial.x509CertificateChain.certificates[0]?.rawBytes ?? '');
      bundle = join(directory, 'cosign.bundle');
      await writeFile(bundle, localBundle(parts.messageSignature.signature, pem, parts));
    });

    const judge = (file: string, ...args: string[]) =>
      runCommand(['verify-blob', file, '--bundle', bundle, ...ROOT, ...SIGNER, ...args]);

    it('is accepted by the promise of the log, unless a proof is wanted', async () => {
      expect(await judge(FILE)).toMatchObject({ code: 0, stderr: 'Verified OK\n' });
      const strict = await judge(FILE, '--require-inclusion-proof');
      expect([strict.code, strict.stderr]).toEqual([1, expect.stringContaining('proof is required')]);
    });

    it('is refused for another file', async () => {
      const other = join(directory, 'other.txt');
      await writeFile(other, 'other');
      const { code, stderr } = await judge(other);
      expect([code, stderr]).toEqual([1, expect.stringContaining('does not verify')]);
    });

    it('may lie in files of their own, which without a log need somebody to say when it was', async () => {
      const certificate = join(directory, 'cert.pem');
      const signature = join(directory, 'file.sig');
      await writeFile(certificate, pem);
      await writeFile(signature, `${parts.messageSignature.signature}\n`);
      for (const given of [signature, parts.messageSignature.signature]) {
        const args = ['verify-blob', FILE, '--signature', given, '--certificate', certificate];
        const { code, stderr } = await runCommand([...args, ...ROOT, ...SIGNER, '--insecure-ignore-tlog']);
        expect([code, stderr]).toEqual([
          1,
          expect.stringContaining('nothing says when the signature was made'),
        ]);
      }
    });
  });
});

(hasVectors ? describe : describe.skip)('verify-blob-attestation', () => {
  const attest = (file: string, name: string, ...args: string[]) =>
    runCommand([
      ...['verify-blob-attestation', file, '--bundle', join(CONFORMANCE, name, 'bundle.sigstore.json')],
      ...[...ROOT, ...SIGNER, ...args],
    ]);
  const TYPE = ['--type', 'slsaprovenance1'];

  it('accepts a statement about the file, of the type that is asked for', async () => {
    const name = 'happy-path-intoto-in-dsse-v3';
    expect(await attest(FILE, name, ...TYPE)).toEqual({ code: 0, stdout: '', stderr: 'Verified OK\n' });
    const other = await attest(FILE, name);
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringContaining('https://cosign.sigstore.dev/attestation/v1 is required'),
    ]);
  });

  it('refuses a bare signature', async () => {
    const { code, stderr } = await attest(FILE, 'happy-path-v0.3', ...TYPE);
    expect([code, stderr]).toEqual([1, expect.stringContaining('see verify-blob')]);
  });

  it('takes a digest by two options, as cosign does', async () => {
    const hex = createHash('sha256')
      .update(await readFile(FILE))
      .digest('hex');
    const base = [
      ...['verify-blob-attestation', ...ROOT, ...SIGNER, ...TYPE, '--bundle'],
      join(CONFORMANCE, 'happy-path-intoto-in-dsse-v3', 'bundle.sigstore.json'),
    ];
    expect((await runCommand([...base, '--digest', hex, '--digestAlg', 'sha256'])).code).toBe(0);
    expect((await runCommand([...base, '--digest', hex])).code).toBe(2);
    expect((await runCommand([...base, '--digest', 'abc', '--digestAlg', 'sha256'])).code).toBe(2);
  });

  describe('what older versions of cosign wrote', () => {
    let directory: string;
    let parts: SigstoreBundle;
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'sigstead-blob-'));
      const path = join(CONFORMANCE, 'happy-path-intoto-in-dsse-v3', 'bundle.sigstore.json');
      parts = JSON.parse(await readFile(path, 'utf8')) as SigstoreBundle;
    });
    afterAll(() => rm(directory, { recursive: true, force: true }));

    const write = async (envelope: unknown): Promise<string> => {
      const bundle = join(directory, 'cosign.bundle');
      const signature = Buffer.from(JSON.stringify(envelope)).toString('base64');
      const pem = pemOf(parts.verificationMaterial.certificate.rawBytes);
      await writeFile(bundle, localBundle(signature, pem, parts));
      return bundle;
    };
    const judge = async (file: string, envelope: unknown, ...args: string[]) => {
      const bundle = await write(envelope);
      return runCommand(['verify-blob-attestation', file, '--bundle', bundle, ...ROOT, ...SIGNER, ...args]);
    };

    it('is accepted by the promise of the log, unless a proof is wanted', async () => {
      expect(await judge(FILE, parts.dsseEnvelope, ...TYPE)).toMatchObject({
        code: 0,
        stderr: 'Verified OK\n',
      });
      const strict = await judge(FILE, parts.dsseEnvelope, ...TYPE, '--require-inclusion-proof');
      expect([strict.code, strict.stderr]).toEqual([1, expect.stringContaining('proof is required')]);
    });

    it('is refused for another file, another type and with another payload', async () => {
      const other = join(directory, 'other.txt');
      await writeFile(other, 'other');
      const changed = { ...parts.dsseEnvelope, payload: Buffer.from('{}').toString('base64') };
      const refusals = [
        [await judge(other, parts.dsseEnvelope, ...TYPE), 'about 1 other artifact'],
        [await judge(FILE, parts.dsseEnvelope), 'is required'],
        [await judge(FILE, changed, ...TYPE), 'does not verify'],
        [await judge(FILE, {}, ...TYPE), 'has no signatures'],
      ] as const;
      for (const [{ code, stderr }, reason] of refusals)
        expect([code, stderr]).toEqual([1, expect.stringContaining(reason)]);
    });

    it('is no signature of the file', async () => {
      const bundle = await write(parts.dsseEnvelope);
      const { code, stderr } = await runCommand([
        'verify-blob',
        FILE,
        '--bundle',
        bundle,
        ...ROOT,
        ...SIGNER,
      ]);
      expect([code, stderr]).toEqual([1, expect.stringContaining('see verify-blob-attestation')]);
    });
  });
});
