import { request } from 'node:http';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  imageManifest,
  pushBlob,
  pushImage,
  sha256Digest,
  startRegistry,
  type RunningRegistry,
} from './testonly/running-registry.ts';

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

let registry: RunningRegistry;
beforeAll(async () => {
  registry = await startRegistry({ maxBlobBytes: 1_000_000 });
});
afterAll(() => registry.remove());

const url = (path: string) => `${registry.url}/v2/${path}`;
const open = async (repository = 'app') => {
  const opened = await fetch(url(`${repository}/blobs/uploads/`), { method: 'POST' });
  return { opened, location: new URL(opened.headers.get('location') ?? '', registry.url).href };
};
const errorOf = async (response: Response) => {
  const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
  return { status: response.status, code: errors[0]?.code };
};

describe('the base endpoint', () => {
  it.each(['/v2/', '/v2'])('answers %s so that clients know what it is', async (path) => {
    const response = await fetch(registry.url + path);
    expect(response.status).toBe(200);
    expect(response.headers.get('docker-distribution-api-version')).toBe('registry/2.0');
  });
});

describe('pushing blobs', () => {
  it('takes POST then PUT and serves the blob with its digest and length', async () => {
    const digest = await pushBlob(registry.url, 'team/app', 'hello');
    const read = await fetch(url(`team/app/blobs/${digest}`));
    expect(await read.text()).toBe('hello');
    expect(read.headers.get('docker-content-digest')).toBe(digest);
    const head = await fetch(url(`team/app/blobs/${digest}`), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '5']);
  });

  it('takes a whole blob in one POST', async () => {
    const response = await fetch(url(`app/blobs/uploads/?digest=${sha256Digest('single')}`), {
      method: 'POST',
      body: 'single',
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`/v2/app/blobs/${sha256Digest('single')}`);
  });

  it('takes chunks with Content-Range and tells how far it is', async () => {
    const { opened, location } = await open();
    expect([opened.status, opened.headers.get('range')]).toEqual([202, '0-0']);
    const first = await fetch(location, {
      method: 'PATCH',
      body: 'abc',
      headers: { 'content-range': '0-2' },
    });
    expect([first.status, first.headers.get('range')]).toEqual([202, '0-2']);
    const state = await fetch(location);
    expect([state.status, state.headers.get('range')]).toEqual([204, '0-2']);
    const last = await fetch(`${location}?digest=${sha256Digest('abcdef')}`, {
      method: 'PUT',
      body: 'def',
      headers: { 'content-range': '3-5' },
    });
    expect(last.status).toBe(201);
    expect(await (await fetch(url(`app/blobs/${sha256Digest('abcdef')}`))).text()).toBe('abcdef');
  });

  it('takes a streamed chunk of unknown length, as docker sends it', async () => {
    const { location } = await open();
    const body = new ReadableStream({
      start(controller) {
        for (const part of ['one', 'two', 'three']) controller.enqueue(new TextEncoder().encode(part));
        controller.close();
      },
    });
    const patched = await fetch(location, { method: 'PATCH', body, duplex: 'half' });
    expect(patched.status).toBe(202);
    const done = await fetch(`${location}?digest=${sha256Digest('onetwothree')}`, { method: 'PUT' });
    expect(done.status).toBe(201);
  });

  it('refuses a chunk out of order with 416 and keeps the upload', async () => {
    const { location } = await open();
    await fetch(location, { method: 'PATCH', body: 'abc', headers: { 'content-range': '0-2' } });
    const wrong = await fetch(location, {
      method: 'PATCH',
      body: 'xyz',
      headers: { 'content-range': '5-7' },
    });
    expect(wrong.headers.get('range')).toBe('0-2');
    expect(await errorOf(wrong)).toEqual({ status: 416, code: 'RANGE_INVALID' });
    const done = await fetch(`${location}?digest=${sha256Digest('abc')}`, { method: 'PUT' });
    expect(done.status).toBe(201);
  });

  it.each(['3', 'x-y', '5-2', '-1', 'bytes=0-2'])('refuses Content-Range %j', async (range) => {
    const { location } = await open();
    const response = await fetch(location, {
      method: 'PATCH',
      body: 'abc',
      headers: { 'content-range': range },
    });
    expect(await errorOf(response)).toEqual({ status: 416, code: 'RANGE_INVALID' });
  });

  it('takes back a chunk whose length is not the announced one', async () => {
    const { location } = await open();
    const wrong = await fetch(location, {
      method: 'PATCH',
      body: 'abcd',
      headers: { 'content-range': '0-2' },
    });
    expect(await errorOf(wrong)).toEqual({ status: 400, code: 'BLOB_UPLOAD_INVALID' });
    expect((await fetch(location)).headers.get('range')).toBe('0-0');
  });

  it('takes back a chunk that breaks off', async () => {
    const { location } = await open();
    const closed = new Promise((resolve) => {
      const broken = request(location, { method: 'PATCH', headers: { 'content-length': 1000 } });
      broken.on('error', () => undefined).on('close', resolve);
      broken.write('abc', () => broken.destroy());
    });
    await closed;
    const state = async () => (await fetch(location)).headers.get('range');
    expect(await state()).toBe('0-0');
    let done = await fetch(`${location}?digest=${sha256Digest('whole')}`, { method: 'PUT', body: 'whole' });
    // The server may still be busy taking the broken chunk back.
    for (let tries = 0; done.status === 400 && tries < 100; tries++) {
      done = await fetch(`${location}?digest=${sha256Digest('whole')}`, { method: 'PUT', body: 'whole' });
    }
    expect(done.status).toBe(201);
  });

  it('refuses content of another digest and never shows it', async () => {
    const { location } = await open();
    const refused = await fetch(`${location}?digest=${sha256Digest('expected')}`, {
      method: 'PUT',
      body: 'something else',
    });
    expect(await errorOf(refused)).toEqual({ status: 400, code: 'DIGEST_INVALID' });
    for (const content of ['expected', 'something else']) {
      expect((await fetch(url(`app/blobs/${sha256Digest(content)}`))).status).toBe(404);
    }
    expect((await fetch(location)).status).toBe(404);
    expect(await readdir(join(registry.directory, 'uploads'))).toEqual(
      expect.not.arrayContaining([location.split('/').at(-1)]),
    );
  });

  it.each(['', 'md5:0', `sha256:${'A'.repeat(64)}`, 'sha256:..%2f..'])(
    'refuses digest %j',
    async (digest) => {
      const { location } = await open();
      expect(
        await errorOf(await fetch(`${location}?digest=${digest}`, { method: 'PUT', body: 'x' })),
      ).toEqual({
        status: 400,
        code: 'DIGEST_INVALID',
      });
    },
  );

  it('refuses a blob beyond its bound while it streams', async () => {
    const { location } = await open();
    const response = await fetch(location, { method: 'PATCH', body: 'x'.repeat(1_000_001) });
    expect(await errorOf(response)).toEqual({ status: 413, code: 'SIZE_INVALID' });
  });

  it('mounts a blob of another repository, and opens an upload when it is not there', async () => {
    const digest = await pushBlob(registry.url, 'source', 'shared');
    const mounted = await fetch(url(`destination/blobs/uploads/?mount=${digest}&from=source`), {
      method: 'POST',
    });
    expect(mounted.status).toBe(201);
    expect(await (await fetch(url(`destination/blobs/${digest}`))).text()).toBe('shared');
    const other = await fetch(url(`destination/blobs/uploads/?mount=${sha256Digest('none')}&from=source`), {
      method: 'POST',
    });
    expect(other.status).toBe(202);
  });

  it('keeps repositories apart', async () => {
    const digest = await pushBlob(registry.url, 'mine', 'private');
    expect((await fetch(url(`yours/blobs/${digest}`))).status).toBe(404);
    expect((await fetch(url(`mine/deeper/blobs/${digest}`))).status).toBe(404);
  });

  it('gives up a cancelled upload', async () => {
    const { location } = await open();
    expect((await fetch(location, { method: 'DELETE' })).status).toBe(204);
    expect(await errorOf(await fetch(location, { method: 'PATCH', body: 'x' }))).toEqual({
      status: 404,
      code: 'BLOB_UPLOAD_UNKNOWN',
    });
  });

  it('binds an upload to its repository', async () => {
    const { location } = await open('one');
    expect((await fetch(location.replace('/one/', '/two/'), { method: 'PATCH', body: 'x' })).status).toBe(
      404,
    );
  });
});

describe('reading blobs', () => {
  it('serves ranges', async () => {
    const digest = await pushBlob(registry.url, 'app', '0123456789');
    const part = async (range: string) => fetch(url(`app/blobs/${digest}`), { headers: { range } });
    const middle = await part('bytes=2-4');
    expect([middle.status, await middle.text(), middle.headers.get('content-range')]).toEqual([
      206,
      '234',
      'bytes 2-4/10',
    ]);
    expect(await (await part('bytes=7-')).text()).toBe('789');
    expect(await (await part('bytes=-2')).text()).toBe('89');
    expect((await part('bytes=10-')).status).toBe(416);
    expect((await part('lines=1-2')).status).toBe(200);
  });

  it('answers 404 for an unknown blob and deletes known ones', async () => {
    const digest = await pushBlob(registry.url, 'app', 'short-lived');
    expect((await fetch(url(`app/blobs/${digest}`), { method: 'DELETE' })).status).toBe(202);
    expect(await errorOf(await fetch(url(`app/blobs/${digest}`)))).toEqual({
      status: 404,
      code: 'BLOB_UNKNOWN',
    });
    expect((await fetch(url(`app/blobs/${digest}`), { method: 'DELETE' })).status).toBe(404);
  });
});

describe('manifests', () => {
  it('are stored under tag and digest, byte for byte', async () => {
    const { response, manifest, digest } = await pushImage(registry.url, 'images', 'v1');
    expect(response.status).toBe(201);
    expect(response.headers.get('docker-content-digest')).toBe(digest);
    for (const target of ['v1', digest]) {
      const read = await fetch(url(`images/manifests/${target}`));
      expect(await read.text()).toBe(manifest);
      expect(read.headers.get('content-type')).toBe(OCI_MANIFEST);
      const head = await fetch(url(`images/manifests/${target}`), { method: 'HEAD' });
      expect([
        head.status,
        head.headers.get('docker-content-digest'),
        head.headers.get('content-length'),
      ]).toEqual([200, digest, String(manifest.length)]);
    }
  });

  it('move a tag', async () => {
    await pushImage(registry.url, 'moving', 'latest', ['old']);
    const { digest } = await pushImage(registry.url, 'moving', 'latest', ['new']);
    expect((await fetch(url('moving/manifests/latest'))).headers.get('docker-content-digest')).toBe(digest);
  });

  it('are refused under a digest that is not theirs', async () => {
    const { response } = await pushImage(registry.url, 'images', sha256Digest('other'));
    expect(await errorOf(response)).toEqual({ status: 400, code: 'DIGEST_INVALID' });
  });

  it('are refused while a blob is missing', async () => {
    const response = await fetch(url('missing/manifests/v1'), {
      method: 'PUT',
      headers: { 'content-type': OCI_MANIFEST },
      body: imageManifest('{"absent":1}', []),
    });
    expect(await errorOf(response)).toEqual({ status: 404, code: 'MANIFEST_BLOB_UNKNOWN' });
    expect((await fetch(url('missing/manifests/v1'))).status).toBe(404);
  });

  it.each([
    ['not JSON', 'nonsense', OCI_MANIFEST],
    ['no object', '[]', OCI_MANIFEST],
    ['no schema version', '{}', OCI_MANIFEST],
    [
      'another media type inside',
      JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }),
      OCI_MANIFEST,
    ],
    ['image and index at once', JSON.stringify({ schemaVersion: 2, manifests: [], layers: [] }), OCI_INDEX],
    [
      'a bad descriptor',
      JSON.stringify({ schemaVersion: 2, config: { digest: '../../etc' }, layers: [] }),
      OCI_MANIFEST,
    ],
    ['an unknown content type', '{"schemaVersion":2}', 'text/plain'],
    ['deep nesting', '['.repeat(10_000), OCI_MANIFEST],
  ])('are refused with %s', async (_name, body, contentType) => {
    const response = await fetch(url('images/manifests/bad'), {
      method: 'PUT',
      headers: { 'content-type': contentType },
      body,
    });
    expect(await errorOf(response)).toEqual({ status: 400, code: 'MANIFEST_INVALID' });
  });

  it('are bounded', async () => {
    const response = await fetch(url('images/manifests/big'), {
      method: 'PUT',
      headers: { 'content-type': OCI_MANIFEST },
      body: ' '.repeat(4 * 1024 * 1024 + 1),
    });
    expect(await errorOf(response)).toEqual({ status: 413, code: 'SIZE_INVALID' });
  });

  it('list other manifests in an index', async () => {
    const { digest, manifest } = await pushImage(registry.url, 'multi', 'amd64');
    const index = (child: string) =>
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_INDEX,
        manifests: [
          {
            mediaType: OCI_MANIFEST,
            digest: child,
            size: manifest.length,
            platform: { os: 'linux', architecture: 'amd64' },
          },
        ],
      });
    const put = (body: string) =>
      fetch(url('multi/manifests/latest'), { method: 'PUT', headers: { 'content-type': OCI_INDEX }, body });
    expect((await put(index(digest))).status).toBe(201);
    expect(await errorOf(await put(index(sha256Digest('absent'))))).toEqual({
      status: 404,
      code: 'MANIFEST_BLOB_UNKNOWN',
    });
  });

  it('are deleted by tag, and by digest with all their tags', async () => {
    const { digest } = await pushImage(registry.url, 'gone', 'a');
    await pushImage(registry.url, 'gone', 'b');
    expect((await fetch(url('gone/manifests/a'), { method: 'DELETE' })).status).toBe(202);
    expect((await fetch(url('gone/manifests/a'))).status).toBe(404);
    expect((await fetch(url(`gone/manifests/${digest}`))).status).toBe(200);
    expect((await fetch(url(`gone/manifests/${digest}`), { method: 'DELETE' })).status).toBe(202);
    expect(await errorOf(await fetch(url('gone/manifests/b')))).toEqual({
      status: 404,
      code: 'MANIFEST_UNKNOWN',
    });
    expect(await (await fetch(url('gone/tags/list'))).json()).toEqual({ name: 'gone', tags: [] });
  });
});

describe('tags', () => {
  it('are listed in order and by pages', async () => {
    for (const tag of ['c', 'a', 'B', 'b']) await pushImage(registry.url, 'tagged', tag);
    expect(await (await fetch(url('tagged/tags/list'))).json()).toEqual({
      name: 'tagged',
      tags: ['B', 'a', 'b', 'c'],
    });
    const page = await fetch(url('tagged/tags/list?n=2'));
    expect(((await page.json()) as { tags: string[] }).tags).toEqual(['B', 'a']);
    const next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1] ?? '';
    expect(((await (await fetch(new URL(next, registry.url))).json()) as { tags: string[] }).tags).toEqual([
      'b',
      'c',
    ]);
    expect(((await (await fetch(url('tagged/tags/list?n=0'))).json()) as { tags: string[] }).tags).toEqual(
      [],
    );
  });

  it('of an unknown repository are a 404', async () => {
    expect(await errorOf(await fetch(url('nobody/tags/list')))).toEqual({
      status: 404,
      code: 'NAME_UNKNOWN',
    });
  });
});

describe('referrers', () => {
  it('are announced on push, listed and filtered, and go with their manifest', async () => {
    const subject = await pushImage(registry.url, 'referred', 'v1');
    const descriptor = { mediaType: OCI_MANIFEST, digest: subject.digest, size: subject.manifest.length };
    const annotations = { 'org.example.note': 'x' };
    const bundle = await pushImage(registry.url, 'referred', 'bundle', ['bundle'], {
      artifactType: 'application/a',
      subject: descriptor,
      annotations,
    });
    await pushImage(registry.url, 'referred', 'sbom', ['sbom'], {
      artifactType: 'application/b',
      subject: descriptor,
    });
    expect(bundle.response.headers.get('oci-subject')).toBe(subject.digest);

    const all = await fetch(url(`referred/referrers/${subject.digest}`));
    expect(all.headers.get('content-type')).toBe(OCI_INDEX);
    expect(((await all.json()) as { manifests: unknown[] }).manifests).toHaveLength(2);
    const some = await fetch(url(`referred/referrers/${subject.digest}?artifactType=application%2Fa`));
    expect(some.headers.get('oci-filters-applied')).toBe('artifactType');
    expect(((await some.json()) as { manifests: unknown[] }).manifests).toEqual([
      {
        mediaType: OCI_MANIFEST,
        digest: bundle.digest,
        size: bundle.manifest.length,
        artifactType: 'application/a',
        annotations,
      },
    ]);
    await fetch(url(`referred/manifests/${bundle.digest}`), { method: 'DELETE' });
    expect(
      ((await (await fetch(url(`referred/referrers/${subject.digest}`))).json()) as { manifests: unknown[] })
        .manifests,
    ).toHaveLength(1);
  });

  it('go by the config when there is no artifactType, and may come before their subject', async () => {
    const subject = { mediaType: OCI_MANIFEST, digest: sha256Digest('later'), size: 5 };
    const { response } = await pushImage(registry.url, 'early', 'ref', ['x'], { subject });
    expect(response.status).toBe(201);
    const { manifests } = (await (await fetch(url(`early/referrers/${subject.digest}`))).json()) as {
      manifests: { artifactType: string }[];
    };
    expect(manifests[0]?.artifactType).toBe('application/vnd.oci.image.config.v1+json');
  });

  it('of anything unknown are an empty index', async () => {
    const response = await fetch(url(`nobody/referrers/${sha256Digest('none')}`));
    expect([response.status, await response.json()]).toEqual([
      200,
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] },
    ]);
  });
});

describe('paths', () => {
  /** Sent as written: fetch would tidy `..` away. */
  const raw = (method: string, path: string) =>
    new Promise<number>((resolve, reject) => {
      const { hostname, port } = new URL(registry.url);
      request({ hostname, port, path, method }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      })
        .on('error', reject)
        .end();
    });

  it.each([
    ['/v2/../../etc/passwd/tags/list'],
    ['/v2/..%2f..%2fetc/tags/list'],
    ['/v2/app/../../tags/list'],
    ['/v2/app%00/tags/list'],
    ['/v2/App/tags/list'],
    ['/v2/_tags/tags/list'],
    ['/v2/app/_manifests/tags/list'],
    ['/v2/app/manifests/..'],
    ['/v2/app/manifests/%2e%2e%2f%2e%2e'],
    ['/v2/app/blobs/sha256:../../x'],
    ['/v2/app/referrers/latest'],
    ['/v2/%E0%A4%A/tags/list'],
    ['/v2/app/nothing'],
    ['/v2/app/blobs/uploads/../../../x'],
  ])('%s never reaches a file', async (path) => {
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const status = await raw(method, path);
      expect([400, 404, 405]).toContain(status);
    }
  });

  it('tell wrong methods from unknown endpoints', async () => {
    expect(await errorOf(await fetch(url('app/tags/list'), { method: 'POST' }))).toEqual({
      status: 405,
      code: 'UNSUPPORTED',
    });
  });
});

describe('a restart', () => {
  it('keeps what was complete and clears what was not', async () => {
    const first = await startRegistry();
    const { digest } = await pushImage(first.url, 'app', 'v1');
    const opened = await fetch(`${first.url}/v2/app/blobs/uploads/`, { method: 'POST' });
    const location = opened.headers.get('location') ?? '';
    await fetch(first.url + location, { method: 'PATCH', body: 'half' });
    await first.stop();
    await mkdir(join(first.directory, 'uploads'), { recursive: true });
    await writeFile(join(first.directory, 'uploads', 'leftover'), 'torn');

    const second = await startRegistry({ directory: first.directory });
    expect((await fetch(`${second.url}/v2/app/manifests/v1`)).headers.get('docker-content-digest')).toBe(
      digest,
    );
    expect((await fetch(second.url + location, { method: 'PATCH', body: 'rest' })).status).toBe(404);
    expect(await readdir(join(first.directory, 'uploads'))).toEqual([]);
    await second.remove();
  });
});

describe('uploads left alone', () => {
  it('are dropped after an hour', async () => {
    let now = new Date('2026-01-01T00:00:00Z');
    const own = await startRegistry({ clock: () => now });
    const begin = async () =>
      own.url +
      ((await fetch(`${own.url}/v2/app/blobs/uploads/`, { method: 'POST' })).headers.get('location') ?? '');
    const old = await begin();
    now = new Date('2026-01-01T01:00:01Z');
    await begin();
    expect((await fetch(old)).status).toBe(404);
    expect(await readdir(join(own.directory, 'uploads'))).toHaveLength(1);
    await own.remove();
  });
});
