import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundleFromJSON, type SerializedBundle } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { Instance, pushImage, type PushedImage } from '@sigstead/instance';

const IDENTITY = 'https://github.com/sigstead-dev/workflows/.github/workflows/release.yml@refs/heads/main';

interface SignAnswer {
  readonly digest: string;
  readonly certificate: { readonly pem: string; readonly identity: string; readonly issuer: string };
  readonly logIndex: number;
  readonly entryUuid: string;
  readonly signatureManifest: { readonly tag: string; readonly digest: string };
  readonly bundle: SerializedBundle;
}

interface VerifyAnswer {
  readonly verified: boolean;
  readonly steps: readonly { readonly name: string; readonly outcome: string; readonly reason: string }[];
}

describe('services as separate processes', () => {
  let instance: Instance;
  let image: PushedImage;
  let signed: SignAnswer;

  beforeAll(async () => {
    instance = await Instance.prepare();
    await instance.startAll();
    image = await pushImage(instance.publicUrl('registry'), 'demo/app', 'v1');
    signed = (await (await sign(image.reference)).json()) as SignAnswer;
  }, 180_000);

  afterAll(() => instance.stop(), 60_000);

  async function token(claims: Record<string, unknown> = {}): Promise<string> {
    const answer = await fetch(`${instance.publicUrl('issuer')}/issuers/github/token`, {
      method: 'POST',
      body: JSON.stringify(claims),
    });
    return ((await answer.json()) as { value: string }).value;
  }

  async function sign(reference: string, identityToken?: string): Promise<Response> {
    return fetch(`${instance.publicUrl('signer')}/api/v1/sign`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${identityToken ?? (await token())}`,
      },
      body: JSON.stringify({ image: reference }),
    });
  }

  async function verify(reference: string, policy: Record<string, unknown> = {}): Promise<VerifyAnswer> {
    const answer = await fetch(`${instance.publicUrl('verifier')}/api/v1/verify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        image: reference,
        policy: { identity: IDENTITY, issuer: `${instance.publicUrl('issuer')}/issuers/github`, ...policy },
      }),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as VerifyAnswer;
  }

  it('signs an image keyless and verifies it in seven steps', async () => {
    expect(signed.digest).toBe(image.digest);
    expect(signed.certificate.identity).toBe(IDENTITY);
    expect(signed.signatureManifest.tag).toBe(`${image.digest.replace(':', '-')}.sig`);
    const verdict = await verify(image.reference);
    expect(verdict.steps.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'retrieval passed',
      'certificate-chain passed',
      'identity-extraction passed',
      'signature passed',
      'log-entry passed',
      'policy passed',
      'result passed',
    ]);
    expect(verdict.verified).toBe(true);
  });

  it('issues a certificate in which openssl sees the profile', () => {
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], {
      input: signed.certificate.pem,
      encoding: 'utf8',
    });
    const lines = text.split('\n').map((line) => line.trim());
    expect(lines).toContain('Version: 3 (0x2)');
    expect(lines).toContain('Signature Algorithm: ecdsa-with-SHA384');
    expect(lines).toContain('Issuer: O = sigstead, CN = sigstead intermediate');
    expect(lines).toContain('Subject:');
    expect(lines).toContain('Public-Key: (256 bit)');
    const extensions = lines.slice(lines.indexOf('X509v3 extensions:') + 1);
    expect(extensions.slice(0, 4)).toEqual([
      'X509v3 Key Usage: critical',
      'Digital Signature',
      'X509v3 Extended Key Usage:',
      'Code Signing',
    ]);
    expect(extensions[extensions.indexOf('X509v3 Subject Alternative Name: critical') + 1]).toBe(
      `URI:${IDENTITY}`,
    );
    const fulcio = extensions.flatMap((line) => /^1\.3\.6\.1\.4\.1\.57264\.1\.(\d+):/.exec(line)?.[1] ?? []);
    // .7 is no extension, .23 needs an environment.
    expect(fulcio.map(Number)).toEqual([
      1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24,
    ]);
    expect(extensions.filter((line) => /Signed Certificate Timestamp:/.test(line))).toHaveLength(1);
    expect(lines.some((line) => /Issuer Alternative Name/.test(line))).toBe(false);
    const [notBefore, notAfter] = ['Not Before', 'Not After '].map((name) =>
      Date.parse((lines.find((line) => line.startsWith(name)) as string).replace(/^[^:]*: ?/, '')),
    ) as [number, number];
    expect(notAfter - notBefore).toBe(10 * 60 * 1000);
  });

  it('produces evidence that @sigstore/verify accepts: chain, SCT, SET, checkpoint, inclusion proof, signature', async () => {
    const root = TrustedRoot.fromJSON(
      JSON.parse(await readFile(join(instance.directory, 'trust/trusted_root.json'), 'utf8')),
    );
    const verifier = new Verifier(toTrustMaterial(root), {
      ctlogThreshold: 1,
      tlogThreshold: 1,
      timestampThreshold: 1,
    });
    const payload = await signedPayload();
    const entity = toSignedEntity(bundleFromJSON(signed.bundle), payload);
    const signer = verifier.verify(entity, {
      subjectAlternativeName: IDENTITY,
      extensions: { issuer: `${instance.publicUrl('issuer')}/issuers/github` },
    });
    expect(signer.identity?.subjectAlternativeName).toBe(IDENTITY);
    const other = Buffer.concat([payload, Buffer.from(' ')]);
    expect(() => verifier.verify(toSignedEntity(bundleFromJSON(signed.bundle), other))).toThrow();
  });

  it('stores the signature as cosign does', async () => {
    const registry = instance.publicUrl('registry');
    const answer = await fetch(`${registry}/v2/demo/app/manifests/${signed.signatureManifest.tag}`);
    const manifest = (await answer.json()) as {
      layers: { mediaType: string; annotations: Record<string, string> }[];
    };
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual([
      'application/vnd.dev.cosign.simplesigning.v1+json',
    ]);
    const annotations = manifest.layers[0]?.annotations ?? {};
    expect(Object.keys(annotations).sort()).toEqual([
      'dev.cosignproject.cosign/signature',
      'dev.sigstore.cosign/bundle',
      'dev.sigstore.cosign/certificate',
      'dev.sigstore.cosign/chain',
      'dev.sigstore.cosign/rfc3161timestamp',
    ]);
    expect(JSON.parse((await signedPayload()).toString())).toEqual({
      critical: {
        identity: { 'docker-reference': image.reference.replace(/:v1$/, '') },
        image: { 'docker-manifest-digest': image.digest },
        type: 'cosign container image signature',
      },
      optional: null,
    });
  });

  it('keeps an earlier signature when a second one comes', async () => {
    const second = await sign(
      image.reference,
      await token({ job_workflow_ref: 'acme/other/.github/workflows/x.yml@refs/heads/main' }),
    );
    expect(second.status).toBe(200);
    expect((await verify(image.reference)).verified).toBe(true);
    expect(
      (
        await verify(image.reference, {
          identity: 'https://github.com/acme/other/.github/workflows/x.yml@refs/heads/main',
        })
      ).verified,
    ).toBe(true);
  });

  it('fails the policy step for another signer, and says who signed', async () => {
    const verdict = await verify(image.reference, {
      identity: 'https://github.com/evil/x/.github/workflows/y.yml@refs/heads/main',
    });
    expect(verdict.verified).toBe(false);
    expect(verdict.steps.find(({ name }) => name === 'policy')).toMatchObject({ outcome: 'failed' });
    expect(verdict.steps.find(({ name }) => name === 'policy')?.reason).toContain('evil/x');
  });

  it('fails retrieval for an image without signatures', async () => {
    const unsigned = await pushImage(instance.publicUrl('registry'), 'demo/unsigned', 'v1');
    const verdict = await verify(unsigned.reference);
    expect([verdict.verified, verdict.steps[0]]).toMatchObject([
      false,
      { name: 'retrieval', outcome: 'failed' },
    ]);
  });

  it('does not carry a signature over to another image', async () => {
    const registry = instance.publicUrl('registry');
    const other = await pushImage(registry, 'demo/app', 'v2');
    const signatures = await fetch(`${registry}/v2/demo/app/manifests/${signed.signatureManifest.tag}`);
    const moved = await fetch(`${registry}/v2/demo/app/manifests/${other.digest.replace(':', '-')}.sig`, {
      method: 'PUT',
      headers: { 'content-type': signatures.headers.get('content-type') ?? '' },
      body: await signatures.text(),
    });
    expect(moved.status).toBe(201);
    const verdict = await verify(other.reference);
    expect(verdict.verified).toBe(false);
    expect(verdict.steps.find(({ outcome }) => outcome === 'failed')?.name).toBe('signature');
  });

  it.each([
    ['garbage', async () => 'x.y.z'],
    ['an expired token', () => token({ exp: 1_700_000_000 })],
    ['a token that is not valid yet', () => token({ nbf: Math.floor(Date.now() / 1000) + 3600 })],
    ['another audience', () => token({ aud: 'somebody-else' })],
    ['a missing claim', () => token({ job_workflow_ref: null })],
  ])('refuses to sign with %s, and leaves nothing behind', async (_what, makeToken) => {
    const target = await pushImage(instance.publicUrl('registry'), 'demo/refused', 'v1');
    const size = await logSize();
    const answer = await sign(target.reference, await makeToken());
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    expect(await answer.json()).toMatchObject({ status: 400, detail: expect.stringMatching(/token/i) });
    expect(await logSize()).toBe(size);
    const tag = `${target.digest.replace(':', '-')}.sig`;
    expect((await fetch(`${instance.publicUrl('registry')}/v2/demo/refused/manifests/${tag}`)).status).toBe(
      404,
    );
  });

  it('names the image that is not there', async () => {
    const answer = await sign(`localhost:${instance.ports.registry}/demo/nothing:v1`);
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { detail: expect.stringContaining('demo/nothing') },
    ]);
  });

  it('says which service is down, and works again when it is back', async () => {
    const target = await pushImage(instance.publicUrl('registry'), 'demo/outage', 'v1');
    await instance.service('transparencyLog').stop();
    const during = await sign(target.reference);
    expect(during.status).toBe(503);
    expect(await during.json()).toMatchObject({ step: 'certificate' });
    await instance.start('transparencyLog');
    expect((await sign(target.reference)).status).toBe(200);
    expect((await verify(target.reference)).verified).toBe(true);
  }, 60_000);

  it('answers 502 or 503 for a registry that is down', async () => {
    await instance.service('registry').stop();
    const answer = await sign(image.reference);
    expect([502, 503]).toContain(answer.status);
    const verification = await fetch(`${instance.publicUrl('verifier')}/api/v1/verify`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ image: image.reference, policy: { identity: IDENTITY, issuer: 'x' } }),
    });
    expect([502, 503]).toContain(verification.status);
    await instance.start('registry');
    expect((await verify(image.reference)).verified).toBe(true);
  }, 60_000);

  async function logSize(): Promise<number> {
    return (
      (await (await fetch(`${instance.publicUrl('transparencyLog')}/api/v1/log`)).json()) as {
        treeSize: number;
      }
    ).treeSize;
  }

  /** The simple signing document, from the registry. */
  async function signedPayload(): Promise<Buffer> {
    const registry = instance.publicUrl('registry');
    const manifest = (await (
      await fetch(`${registry}/v2/demo/app/manifests/${signed.signatureManifest.tag}`)
    ).json()) as {
      layers: { digest: string }[];
    };
    const blob = await fetch(`${registry}/v2/demo/app/blobs/${manifest.layers[0]?.digest}`);
    return Buffer.from(await blob.arrayBuffer());
  }
});
