import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrivateKeySigner, type Signer } from '@sigstead/crypto';
import { encodeBase64 } from '@sigstead/encoding';
import { Certificate, issueCaChain, oids, verifyDetachedSct } from '@sigstead/x509';
import { makeAuthority } from '../testonly/authority.ts';
import { CtStage, expectRefusal, ok, sctOf } from '../testonly/ct-stage.ts';
import { codeSigning, extension, signOddLeaf, usages } from '../testonly/odd-certificates.ts';
import { runSql } from '../testonly/postgres.ts';
import type { AddChainResponse } from './ct-log.ts';
import type { LeafJson } from './ct-reader.ts';

const stage = new CtStage();

beforeAll(async () => {
  await stage.start({
    settings: {
      extendedKeyUsages: [oids.codeSigning, oids.timeStamping],
      acceptExpired: false,
      notAfterStart: '2020-01-01T00:00:00Z',
      notAfterLimit: '2100-01-01T00:00:00Z',
    },
  });
  await stage.logged();
}, 60_000);

afterAll(() => stage.stop());

/** The file is replaced at once, as whoever adds a CA should do it. */
async function replaceRoots(pem: string): Promise<void> {
  const path = join(stage.installation.directory, 'roots.pem');
  await writeFile(`${path}-new`, pem);
  await rename(`${path}-new`, path);
}

async function submit(issuer: Certificate, signer: Signer): Promise<Response> {
  return stage.submit('add-chain', [await signOddLeaf(issuer, signer), issuer.raw]);
}

const roots = async (): Promise<string[]> =>
  (await stage.getJson<{ certificates: string[] }>('ct/v1/get-roots')).certificates;

describe('roots that are replaced while the log runs', () => {
  it('count for the very next certificate, and those that are gone count no more', async () => {
    const { authority } = stage;
    const added = await makeAuthority();
    await expectRefusal(await submit(added.intermediate, added.signer), 400, /./);
    await replaceRoots(authority.root.toPem() + added.root.toPem());
    await ok(await submit(added.intermediate, added.signer));
    expect(await roots()).toEqual([authority.root, added.root].map(({ raw }) => encodeBase64(raw)));
    await ok(await submit(authority.intermediate, authority.signer));
    await replaceRoots(added.root.toPem());
    // A chain that holds so far is not a reason to look at the file: the watch is.
    while ((await roots()).length > 1);
    await expectRefusal(await submit(authority.intermediate, authority.signer), 400, /./);
    await ok(await submit(added.intermediate, added.signer));
    await replaceRoots(authority.root.toPem());
    await ok(await submit(authority.intermediate, authority.signer));
  });

  it('stay as they were when the file is broken', async () => {
    const before = await roots();
    await replaceRoots('-----BEGIN CERTIFICATE-----\nbroken');
    const stranger = await makeAuthority();
    await expectRefusal(await submit(stranger.intermediate, stranger.signer), 400, /./);
    expect(await roots()).toEqual(before);
    await ok(await submit(stage.authority.intermediate, stage.authority.signer));
    await replaceRoots(stage.authority.root.toPem());
  });

  it('may be the chain file of a CA that makes itself anew under one name, as an ephemeral one does', async () => {
    for (let start = 0; start < 3; start++) {
      const signer = PrivateKeySigner.generate('P-384');
      const chain = await issueCaChain({
        organization: 'ephemeral',
        root: PrivateKeySigner.generate('P-384'),
        issuingKey: signer.publicKey,
        notBefore: new Date(),
        rootNotAfter: new Date(Date.now() + 86_400_000),
        issuingNotAfter: new Date(Date.now() + 86_400_000),
        randomBytes: (length) => Uint8Array.from(randomBytes(length)),
      });
      await writeFile(
        join(stage.installation.directory, 'roots.pem'),
        chain.map((each) => each.toPem()).join(''),
      );
      const answer = (await ok(await submit(chain[0] as Certificate, signer))) as AddChainResponse;
      expect(answer.sct_version).toBe(0);
      expect(await roots()).toEqual([encodeBase64((chain[1] as Certificate).raw)]);
    }
    await replaceRoots(stage.authority.root.toPem());
  });
});

describe('settings of the log', () => {
  it('decide on usages and dates', async () => {
    const authority = await makeAuthority({ extendedKeyUsages: [oids.timeStamping, oids.serverAuth] });
    await replaceRoots(stage.authority.root.toPem() + authority.root.toPem());
    const add = async (usage: string, notAfter = new Date('2099-01-01')): Promise<Response> => {
      const parts = { extensions: [usages(usage)], notBefore: new Date(0), notAfter };
      const certificate = await signOddLeaf(authority.intermediate, authority.signer, parts);
      return stage.submit('add-chain', [certificate, authority.intermediate.raw]);
    };
    await ok(await add(oids.timeStamping));
    await expectRefusal(await add(oids.serverAuth), 400, /want one of/);
    await expectRefusal(await add(oids.timeStamping, new Date('2019-12-31')), 400, /expired certificates/);
    await expectRefusal(await add(oids.timeStamping, new Date('2100-01-01')), 400, /want before 2100/);
  });
});

describe('get-entries of large certificates', () => {
  it('is cut to a few megabytes and goes on where it ended', async () => {
    const { intermediate, signer } = stage.authority;
    const from = (await stage.getJson<{ tree_size: number }>('ct/v1/get-sth')).tree_size;
    const huge = [codeSigning, extension('1.2.3', new Uint8Array(60_000))];
    for (let i = 0; i < 80; i++) {
      const certificate = await signOddLeaf(intermediate, signer, { extensions: huge });
      await ok(await stage.submit('add-chain', [certificate, intermediate.raw]));
    }
    const sizes: number[] = [];
    for (let start = from; start < from + 80;) {
      const path = `ct/v1/get-entries?start=${start}&end=${from + 79}`;
      const { entries } = await stage.getJson<{ entries: LeafJson[] }>(path);
      start += entries.length;
      sizes.push(entries.length);
    }
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes) * 60_000).toBeLessThanOrEqual(4 * 1024 * 1024);
  }, 60_000);
});

describe('a frozen log', () => {
  it('takes nothing more, gives SCTs for nothing, and answers all questions', async () => {
    const { intermediate, signer } = stage.authority;
    const certificate = await signOddLeaf(intermediate, signer);
    const chain = [certificate, intermediate.raw];
    const answer = (await ok(await stage.submit('add-chain', chain))) as AddChainResponse;
    verifyDetachedSct(Certificate.parse(certificate), sctOf(answer), stage.installation.ctKey);
    const before = await stage.getJson<{ tree_size: number }>('ct/v1/get-sth');
    await runSql(stage.database.ownerUrl, `UPDATE tlog.log SET state = 'frozen' WHERE kind = 'ct'`);
    for (const each of [chain, [await signOddLeaf(intermediate, signer), intermediate.raw]])
      await expectRefusal(await stage.submit('add-chain', each), 503, /frozen/);
    const after = await stage.getJson<{ tree_size: number }>('ct/v1/get-sth');
    expect(after.tree_size).toBe(before.tree_size);
    for (const path of ['checkpoint', 'tile/0/000.p/1', 'ct/v1/get-entries?start=0&end=1'])
      expect((await stage.get(path)).status).toBe(200);
  });
});

describe('a log whose database and anchor contradict each other', () => {
  it('signs nothing and says why, and gives what is published no more', async () => {
    await runSql(
      stage.database.ownerUrl,
      'ALTER TABLE tlog.tree_head DISABLE TRIGGER USER',
      `DELETE FROM tlog.tree_head USING tlog.log WHERE id = log_id AND kind = 'ct'`,
    );
    const replica = await stage.addReplica();
    for (const path of ['ct/v1/get-sth', 'checkpoint', 'ct/v1/get-entries?start=0&end=1', 'tile/0/000.p/1']) {
      const response = await stage.get(path, {}, replica.url);
      expect(response.headers.get('retry-after')).toBeNull();
      await expectRefusal(response, 503, /signs nothing/);
    }
    const { intermediate, signer } = stage.authority;
    const chain = [await signOddLeaf(intermediate, signer), intermediate.raw];
    await expectRefusal(await stage.submit('add-chain', chain, replica.url), 503, /signs nothing/);
  });
});
