import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bundleFromJSON, type SerializedBundle } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { Instance, run } from '@sigstead/instance';
import {
  certifiedSigner,
  signThroughRekorV2,
  type CertifiedSigner,
  type SignedArtifact,
} from './harness/keyless-signer.ts';
import { readTileLog } from './harness/tile-log.ts';

const IDENTITY = 'https://github.com/sigstead-dev/workflows/.github/workflows/release.yml@refs/heads/main';
const ARTIFACTS = ['first', 'second', 'third'].map((text) => Buffer.from(text));

interface SigningConfig {
  readonly rekorTlogUrls: readonly { readonly url: string; readonly majorApiVersion: number }[];
  readonly caUrls: readonly { readonly url: string }[];
  readonly tsaUrls: readonly { readonly url: string }[];
}

interface TrustedLogs {
  readonly ctlogs: readonly { readonly baseUrl: string }[];
  readonly tlogs: readonly {
    readonly baseUrl: string;
    readonly publicKey: { readonly rawBytes: string; readonly keyDetails: string };
    readonly logId: { readonly keyId: string };
  }[];
}

describe('Rekor v2 and the CT log of services as separate processes', () => {
  let instance: Instance;
  let signer: CertifiedSigner;
  let signed: SignedArtifact[];
  let logUrl: string;

  beforeAll(async () => {
    instance = await Instance.prepare();
    for (const name of [
      'issuer',
      'transparencyLog',
      'certificateAuthority',
      'timestampAuthority',
      'verifier',
    ] as const)
      await instance.start(name);
    logUrl = instance.publicUrl('transparencyLog');
    const { rekorTlogUrls, caUrls, tsaUrls } = await trustFile<SigningConfig>(
      'signing_config_rekor_v2.v0.2.json',
    );
    expect(rekorTlogUrls).toMatchObject([{ url: logUrl, majorApiVersion: 2 }]);
    const services = {
      certificateAuthority: caUrls[0]?.url ?? '',
      transparencyLog: rekorTlogUrls[0]?.url ?? '',
      timestampAuthority: tsaUrls[0]?.url ?? '',
    };
    signer = await certifiedSigner(services, await token());
    signed = [];
    for (const artifact of ARTIFACTS) signed.push(await signThroughRekorV2(services, signer, artifact));
  }, 180_000);

  afterAll(() => instance.stop(), 60_000);

  async function token(): Promise<string> {
    const answer = await fetch(`${instance.publicUrl('issuer')}/issuers/github/token`, {
      method: 'POST',
      body: '{}',
    });
    return ((await answer.json()) as { value: string }).value;
  }

  async function trustFile<T>(name: string): Promise<T> {
    const answer = await fetch(`${instance.publicUrl('verifier')}/trust/${name}`);
    expect(answer.status).toBe(200);
    return (await answer.json()) as T;
  }

  /** The Rekor v2 log as clients know it. */
  async function trustedLog(): Promise<TrustedLogs['tlogs'][number]> {
    const { tlogs } = await trustFile<TrustedLogs>('trusted_root.json');
    expect(tlogs).toHaveLength(2);
    return tlogs[1] as TrustedLogs['tlogs'][number];
  }

  it('answers with entries that @sigstore/verify accepts: chain, SCT, timestamp, checkpoint, inclusion proof, signature', async () => {
    const root = TrustedRoot.fromJSON(await trustFile('trusted_root.json'));
    const verifier = new Verifier(toTrustMaterial(root), {
      ctlogThreshold: 1,
      tlogThreshold: 1,
      timestampThreshold: 1,
    });
    const policy = {
      subjectAlternativeName: IDENTITY,
      extensions: { issuer: `${instance.publicUrl('issuer')}/issuers/github` },
    };
    for (const [i, { bundle }] of signed.entries()) {
      const parsed = bundleFromJSON(bundle as SerializedBundle);
      const { identity } = verifier.verify(toSignedEntity(parsed, ARTIFACTS[i]), policy);
      expect(identity?.subjectAlternativeName).toBe(IDENTITY);
      expect(() => verifier.verify(toSignedEntity(parsed, Buffer.from('another')), policy)).toThrow();
    }
  });

  it('numbers them under the log ID of the trusted root, in a tree of their own', async () => {
    const { logId, publicKey, baseUrl } = await trustedLog();
    expect(signed.map(({ entry }) => [entry.logIndex, entry.kindVersion, entry.logId])).toEqual(
      ARTIFACTS.map((_, i) => [String(i), { kind: 'hashedrekord', version: '0.0.2' }, logId]),
    );
    expect([publicKey.keyDetails, new URL(baseUrl).hostname]).toEqual([
      'PKIX_ECDSA_P256_SHA_256',
      expect.stringMatching(/^log\d{4}-1\.localhost$/),
    ]);
    expect(await (await fetch(`${logUrl}/api/v1/log`)).json()).toMatchObject({ treeSize: 0 });
  });

  it('serves checkpoint, tiles and entries of one tree under every prefix', async () => {
    const { baseUrl, publicKey } = await trustedLog();
    const origin = new URL(baseUrl).hostname;
    for (const prefix of ['', '/api/v2', `/shards/${origin}`, `/shards/${origin}/api/v2`]) {
      expect(await readTileLog(`${logUrl}${prefix}`, publicKey.rawBytes)).toEqual({
        origin,
        size: ARTIFACTS.length,
        entries: signed.map(({ entry }) => Buffer.from(entry.canonicalizedBody, 'base64')),
      });
    }
  });

  it('is sound for fsck, under the key of its vkey file', async () => {
    const { baseUrl } = await trustedLog();
    const key = join(instance.directory, 'trust', `${new URL(baseUrl).hostname}.vkey`);
    expect(await fsck(logUrl, ['--public-key', key, '--kind', 'rekor-v2'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${ARTIFACTS.length} of ${ARTIFACTS.length} entries`),
    });
  });

  it('has the certificate in the CT log, whose tiles and issuers fsck finds sound', async () => {
    const { ctlogs } = await trustFile<TrustedLogs>('trusted_root.json');
    const url = ctlogs[0]?.baseUrl ?? '';
    const origin = `localhost${new URL(url).pathname}`;
    const [, issuer] = signer.chain as [Buffer, Buffer];
    const fingerprint = createHash('sha256').update(issuer).digest('hex');
    const served = await fetch(`${url}/issuer/${fingerprint}`);
    expect(Buffer.from(await served.arrayBuffer())).toEqual(issuer);
    const checkpoint = await (await fetch(`${url}/checkpoint`)).text();
    expect(checkpoint.split('\n').slice(0, 2)).toEqual([origin, '1']);
    const data = await fetch(`${url}/tile/data/000.p/1`);
    expect(Buffer.from(await data.arrayBuffer()).includes(signer.spki)).toBe(true);
    const key = join(instance.directory, 'trust/ctfe.pub');
    expect(await fsck(url, ['--public-key', key, '--origin', origin, '--kind', 'ct'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 of 1 entries'),
    });
  });

  it('finds the same log after a restart', async () => {
    const { publicKey } = await trustedLog();
    const before = await readTileLog(logUrl, publicKey.rawBytes);
    await instance.service('transparencyLog').stop();
    await instance.start('transparencyLog');
    expect(await readTileLog(logUrl, publicKey.rawBytes)).toEqual(before);
  }, 60_000);

  const fsck = (url: string, options: readonly string[]) =>
    run([process.execPath, 'tools/fsck/dist/main.js', url, ...options]);
});
