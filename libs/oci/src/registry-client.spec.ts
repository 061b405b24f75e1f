import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeUtf8 } from '@sigstead/encoding';
import { digestOf } from './digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from './media-types.ts';
import { parseImageReference, type ImageReference } from './reference.ts';
import { RegistryClient } from './registry-client.ts';
import { failure } from './testonly/expect-code.ts';
import { startMemoryRegistry, type MemoryRegistry } from './testonly/memory-registry.ts';
import type { RegistryOptions } from './transport.ts';

const manifest = encodeUtf8(
  JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: {}, layers: [] }),
);

let registry: MemoryRegistry;
let other: MemoryRegistry;
let image: ImageReference;

beforeEach(async () => {
  registry = await startMemoryRegistry();
  other = await startMemoryRegistry();
  image = parseImageReference(`${registry.host}/team/app:v1`);
  registry.manifests.set('v1', { mediaType: OCI_MANIFEST, bytes: manifest });
});
afterEach(async () => {
  await registry.close();
  await other.close();
});

const client = (options: Partial<RegistryOptions> = {}) =>
  new RegistryClient({ fetch, timeoutMs: 20_000, ...options });
const answer = (status: number, headers: Record<string, string>, body: string | Uint8Array = '') => {
  registry.intercept = (_request, response) => {
    response.writeHead(status, headers).end(body);
    return true;
  };
};

describe('reading', () => {
  it('resolves a tag to the digest of the bytes', async () => {
    expect(await client().resolve(image)).toEqual({
      digest: digestOf(manifest),
      mediaType: OCI_MANIFEST,
      size: manifest.length,
    });
  });

  it('pushes blobs and manifests and reads them back', async () => {
    const bytes = encodeUtf8('blob');
    const digest = await client().pushBlob(image, bytes);
    expect(await client().getBlob(image, digest, 100)).toEqual(bytes);
    expect(await client().pushManifest(image, 'v2', OCI_MANIFEST, manifest)).toBe(digestOf(manifest));
    expect((await client().getManifest(image, 'v2')).bytes).toEqual(manifest);
    registry.seen.length = 0;
    await client().pushBlob(image, bytes);
    expect(registry.seen.map(({ method }) => method)).toEqual(['HEAD']);
  });

  it('names what is missing and what the registry said', async () => {
    const error = await failure(client().getManifest(image, 'v9'), 'NOT_FOUND');
    expect(error.message).toContain('manifest team/app:v9: UNKNOWN no such thing');
    expect(error.status).toBe(404);
    await failure(client().getBlob(image, digestOf(manifest), 10), 'NOT_FOUND');
  });

  it.each(['../x', 'a/b', '', '-x', 'sha256:short'])('refuses %j as tag before asking', async (target) => {
    await failure(client().getManifest(image, target), 'REFERENCE');
    expect(registry.seen).toEqual([]);
  });
});

describe('tags', () => {
  const pages = (...bodies: (string | undefined)[]) => {
    registry.intercept = (request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://registry.invalid').searchParams.get('page'));
      const link =
        page + 1 < bodies.length ? { link: `</v2/team/app/tags/list?page=${page + 1}>; rel="next"` } : {};
      response.writeHead(200, link).end(bodies[page]);
      return true;
    };
  };
  const page = (...tags: unknown[]) => JSON.stringify({ name: 'team/app', tags });

  it('are listed over all pages', async () => {
    pages(page('a', 'b'), page('c'), '{"tags":null}');
    expect(await client().listTags(image)).toEqual(['a', 'b', 'c']);
    expect(registry.seen[0]?.url).toBe('/v2/team/app/tags/list?n=1000');
  });

  it('that could not be asked for are left out', async () => {
    pages(page('a', '../b', 7, '', 'c d'));
    expect(await client().listTags(image)).toEqual(['a']);
  });

  it('are none where there is no repository', async () => {
    answer(404, {});
    expect(await client().listTags(image)).toEqual([]);
  });

  it.each([
    ['more than the bound', [page('a', 'b', 'c')], 'TOO_LARGE'],
    ['empty pages without end', [page(), page()], 'TOO_LARGE'],
    ['no JSON', ['<html>'], 'MALFORMED'],
    ['no list', ['{"tags":{}}'], 'MALFORMED'],
  ] as const)('are refused when they are %s', async (_name, bodies, code) => {
    pages(...bodies);
    await failure(client().listTags(image, 2), code);
  });

  it('are not looked for on another host', async () => {
    answer(200, { link: `<http://${other.host}/v2/team/app/tags/list>; rel=next` }, page('a'));
    await failure(client().listTags(image), 'REFUSED');
    expect(other.seen).toEqual([]);
  });
});

describe('deletion', () => {
  it('tells whether there was something', async () => {
    expect(await client().deleteManifest(image, 'v1')).toBe(true);
    expect(await client().deleteManifest(image, 'v1')).toBe(false);
    await failure(client().deleteManifest(image, '../x'), 'REFERENCE');
  });
});

describe('uploads', () => {
  const bytes = encodeUtf8('content');
  async function* chunks() {
    yield bytes.subarray(0, 3);
    yield bytes.subarray(3);
  }

  it('of a stream arrive whole', async () => {
    await client().pushStream(image, digestOf(bytes), chunks());
    expect(registry.blobs.get(digestOf(bytes))).toEqual(bytes);
  });

  it('of a stream that ends with an error leave nothing', async () => {
    async function* failing() {
      yield bytes;
      await Promise.resolve();
      throw new TypeError('disk');
    }
    await expect(client().pushStream(image, digestOf(bytes), failing())).rejects.toThrow(
      new TypeError('disk'),
    );
    expect([registry.blobs.size, registry.uploads.size]).toEqual([0, 0]);
  });

  it('of a stream that stands still end in time', async () => {
    async function* still() {
      yield bytes;
      await new Promise(() => undefined);
    }
    await failure(client({ timeoutMs: 100 }).pushStream(image, digestOf(bytes), still()), 'TIMEOUT');
  });

  it('that a registry stores under another digest are refused', async () => {
    const wrong = { 'docker-content-digest': `sha256:${'1'.repeat(64)}` };
    registry.intercept = (request, response) => {
      if (request.method !== 'PUT') return false;
      response.writeHead(201, wrong).end();
      return true;
    };
    await failure(client().pushBlob(image, bytes), 'DIGEST_MISMATCH');
    await failure(client().pushManifest(image, 'v2', OCI_MANIFEST, manifest), 'DIGEST_MISMATCH');
  });

  it.each([
    ['refuses', 403, {}],
    ['opens an upload instead', 202, { location: '/v2/team/app/blobs/uploads/1' }],
    ['knows nothing of mounts', 404, {}],
  ])('are not mounted where the registry %s', async (_name, status, headers) => {
    registry.intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      response.writeHead(status, headers as Record<string, string>).end();
      return true;
    };
    const from = parseImageReference(`${registry.host}/base`);
    expect(await client().mountBlob(image, digestOf(bytes), from)).toBe(false);
  });

  it('ask for a token that reads the repository a blob is mounted from', async () => {
    registry.blobs.set(digestOf(bytes), bytes);
    registry.intercept = (request, response) => {
      if (request.url?.startsWith('/token')) response.writeHead(200).end(JSON.stringify({ token: 'abc' }));
      else if (request.headers.authorization === 'Bearer abc') return false;
      else
        response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${registry.host}/token"` }).end();
      return true;
    };
    const from = parseImageReference(`${registry.host}/base`);
    expect(await client().mountBlob(image, digestOf(bytes), from)).toBe(true);
    const [asked] = registry.seen.filter(({ url }) => url.startsWith('/token'));
    expect(new URL(asked?.url ?? '', 'http://x').searchParams.getAll('scope')).toEqual([
      'repository:team/app:pull,push',
      'repository:base:pull',
    ]);
  });
});

describe('a streamed blob', () => {
  const read = async (options: Partial<RegistryOptions> = {}) => {
    const blob = { digest: digestOf(encodeUtf8('content')), size: 7 };
    const parts: Uint8Array[] = [];
    for await (const chunk of await client(options).openBlob(image, blob)) parts.push(chunk);
    return Buffer.concat(parts).toString();
  };

  it('is handed on as it comes', async () => {
    answer(200, {}, 'content');
    expect(await read()).toBe('content');
  });

  it.each([
    ['other bytes', 'CONTENT', 'DIGEST_MISMATCH'],
    ['fewer bytes', 'conten', 'DIGEST_MISMATCH'],
    ['more bytes', 'content!', 'TOO_LARGE'],
  ] as const)('of %s ends with an error', async (_name, body, code) => {
    answer(200, {}, body);
    await failure(read(), code);
  });

  it('that is missing is not begun', async () => {
    await failure(read(), 'NOT_FOUND');
  });

  it('that stands still ends in time', async () => {
    registry.intercept = (_request, response) => {
      response.writeHead(200).write('cont');
      return true;
    };
    await failure(read({ timeoutMs: 100 }), 'TIMEOUT');
  });
});

describe('a lying registry', () => {
  const wrong = `sha256:${'1'.repeat(64)}`;

  it('is caught when the bytes are not those of the asked digest', async () => {
    answer(200, { 'content-type': OCI_MANIFEST }, manifest);
    const error = await failure(client().getManifest(image, wrong), 'DIGEST_MISMATCH');
    expect(error.message).toContain(digestOf(manifest));
    await failure(client().getBlob(image, wrong, 1000), 'DIGEST_MISMATCH');
  });

  it('is caught when its digest header does not fit the bytes', async () => {
    answer(200, { 'content-type': OCI_MANIFEST, 'docker-content-digest': wrong }, manifest);
    await failure(client().resolve(image), 'DIGEST_MISMATCH');
  });

  it.each([
    ['no media type', {}, manifest],
    ['an HTML page', { 'content-type': 'text/html' }, '<html>'],
    ['another media type inside', { 'content-type': OCI_INDEX }, manifest],
    ['malformed JSON', { 'content-type': OCI_MANIFEST }, '{"schemaVersion":2,'],
    ['invalid UTF-8', { 'content-type': OCI_MANIFEST }, new Uint8Array([0x22, 0xff, 0x22])],
    ['no object', { 'content-type': OCI_MANIFEST }, '[]'],
    ['deep nesting', { 'content-type': OCI_MANIFEST }, '['.repeat(50_000)],
    [
      'an image that is an index too',
      { 'content-type': OCI_INDEX },
      '{"schemaVersion":2,"manifests":[],"layers":[]}',
    ],
  ])('that answers %s is refused', async (_name, headers, body) => {
    answer(200, headers as Record<string, string>, body);
    await failure(client().resolve(image), 'MALFORMED');
  });

  it('that answers 500 is named with its status', async () => {
    answer(500, {}, 'x'.repeat(1_000_000));
    expect((await failure(client().resolve(image), 'STATUS')).status).toBe(500);
  });

  it('shows no control characters of its message', async () => {
    answer(
      404,
      {},
      JSON.stringify({ errors: [{ code: 'X', message: 'a\u001b[31mb\n' + 'y'.repeat(1000) }] }),
    );
    const { message } = await failure(client().resolve(image), 'NOT_FOUND');
    expect(message).not.toMatch(/[^\x20-\x7e]/);
    expect(message.length).toBeLessThan(400);
  });
});

describe('an endless or slow registry', () => {
  const flood = (response: ServerResponse) => {
    const chunk = Buffer.alloc(65_536);
    const pump = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', pump);
    pump();
  };

  it('is cut off at the bound of a manifest', async () => {
    registry.intercept = (_request, response) => {
      response.writeHead(200, { 'content-type': OCI_MANIFEST });
      flood(response);
      return true;
    };
    await failure(client().resolve(image), 'TOO_LARGE');
  });

  it('is cut off at the bound of a blob, also when it announces less', async () => {
    registry.intercept = (_request, response) => {
      response.writeHead(200);
      flood(response);
      return true;
    };
    await failure(client().getBlob(image, digestOf(manifest), 1000), 'TOO_LARGE');
  });

  it('gets no more than its time for the headers', async () => {
    registry.intercept = () => true;
    await failure(client({ timeoutMs: 50 }).resolve(image), 'TIMEOUT');
  });

  it('gets no more than its time for the body', async () => {
    registry.intercept = (_request, response) => {
      response.writeHead(200, { 'content-type': OCI_MANIFEST }).write('{');
      return true;
    };
    await failure(client({ timeoutMs: 100 }).resolve(image), 'TIMEOUT');
  });

  it('that is not there at all is unreachable', async () => {
    await registry.close();
    const error = await failure(client().resolve(image), 'UNREACHABLE');
    expect(error.message).toContain('ECONNREFUSED');
  });
});

describe('credentials', () => {
  const credentials = () => ({ username: 'alice', password: 'wonderland' });
  const basic = `Basic ${Buffer.from('alice:wonderland').toString('base64')}`;

  it('are sent only when the registry asks for them', async () => {
    await client({ credentials }).resolve(image);
    expect(registry.seen[0]?.authorization).toBeUndefined();
  });

  it('answer a basic challenge', async () => {
    registry.intercept = (request, response) => {
      if (request.headers.authorization === basic) return false;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      return true;
    };
    await client({ credentials }).resolve(image);
    const error = await failure(client().resolve(image), 'UNAUTHORIZED');
    expect(error.message).toContain('wants credentials');
  });

  it('buy a token of our own scope at the realm, kept for later requests', async () => {
    registry.intercept = (request, response) => {
      if (request.url?.startsWith('/token')) {
        response.writeHead(200).end(JSON.stringify({ token: 'abc' }));
        return true;
      }
      if (request.headers.authorization === 'Bearer abc') return false;
      const challenge = `Bearer realm="http://${registry.host}/token",service="s",scope="repository:secret/other:pull,push"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end();
      return true;
    };
    const one = client({ credentials });
    await one.resolve(image);
    await one.resolve(image);
    const asked = registry.seen.filter(({ url }) => url.startsWith('/token'));
    expect(asked).toEqual([
      { method: 'GET', url: '/token?service=s&scope=repository%3Ateam%2Fapp%3Apull', authorization: basic },
    ]);
  });

  it('never reach a realm on another host', async () => {
    other.intercept = (_request, response) => {
      response.writeHead(200).end(JSON.stringify({ access_token: 'anonymous' }));
      return true;
    };
    registry.intercept = (request, response) => {
      if (request.headers.authorization === 'Bearer anonymous') return false;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${other.host}/token"` }).end();
      return true;
    };
    await client({ credentials }).resolve(image);
    expect(other.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it.each([
    ['a realm that carries credentials', (host: string) => `http://u:p@${host}/token`],
    ['a realm over http on a public host', () => 'http://registry.example/token'],
    ['a realm of another protocol', () => 'file:///etc/passwd'],
  ])('are refused to %s', async (_name, realm) => {
    answer(401, { 'www-authenticate': `Bearer realm="${realm(registry.host)}"` });
    await failure(client({ credentials }).resolve(image), 'REFUSED');
  });

  it.each(['', 'Bearer', 'Bearer realm="not a url"', 'Negotiate'])(
    'cannot answer challenge %j',
    async (challenge) => {
      answer(401, { 'www-authenticate': challenge });
      const error = await client({ credentials })
        .resolve(image)
        .catch((reason: unknown) => reason);
      expect(['UNAUTHORIZED', 'MALFORMED']).toContain((error as { code: string }).code);
    },
  );

  it.each(['{}', 'nonsense', '{"token":"two words"}', '{"token":"a\\nb"}', '{"token":7}'])(
    'refuse token answer %s',
    async (body) => {
      registry.intercept = (request, response) => {
        if (request.url?.startsWith('/token')) response.writeHead(200).end(body);
        else
          response
            .writeHead(401, { 'www-authenticate': `Bearer realm="http://${registry.host}/token"` })
            .end();
        return true;
      };
      await failure(client({ credentials }).resolve(image), 'MALFORMED');
    },
  );

  it('do not follow a redirect to another host', async () => {
    const blob = encodeUtf8('content');
    registry.intercept = (request, response) => {
      if (request.headers.authorization !== basic)
        response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      else response.writeHead(307, { location: `http://${other.host}/cdn/blobs/${digestOf(blob)}` }).end();
      return true;
    };
    other.blobs.set(digestOf(blob), blob);
    expect(await client({ credentials }).getBlob(image, digestOf(blob), 100)).toEqual(blob);
    expect(registry.seen.at(-1)?.authorization).toBe(basic);
    expect(other.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('do not answer the challenge of a host that was redirected to', async () => {
    answer(307, { location: `http://${other.host}/x` });
    other.intercept = (_request, response) => {
      response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      return true;
    };
    await failure(client({ credentials }).resolve(image), 'UNAUTHORIZED');
    expect(other.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('do not go to an upload location on another host', async () => {
    registry.intercept = (request, response) => {
      if (request.headers.authorization !== basic)
        response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      else if (request.method === 'HEAD') response.writeHead(404).end();
      else response.writeHead(202, { location: `http://${other.host}/upload` }).end();
      return true;
    };
    await client({ credentials }).pushBlob(image, encodeUtf8('x'));
    expect(other.seen.map(({ method, authorization }) => [method, authorization])).toEqual([
      ['PUT', undefined],
    ]);
  });

  it('do not go along with a stream to an upload location on another host', async () => {
    const bytes = encodeUtf8('streamed');
    async function* chunks() {
      yield await Promise.resolve(bytes);
    }
    registry.intercept = (request, response) => {
      if (request.headers.authorization !== basic)
        response.writeHead(401, { 'www-authenticate': 'Basic' }).end();
      else response.writeHead(202, { location: `http://${other.host}/v2/app/blobs/uploads/9` }).end();
      return true;
    };
    await client({ credentials }).pushStream(image, digestOf(bytes), chunks());
    expect(other.blobs.get(digestOf(bytes))).toEqual(bytes);
    expect(other.seen.map(({ method, authorization }) => [method, authorization])).toEqual([
      ['PATCH', undefined],
      ['PUT', undefined],
    ]);
  });

  it('never appear in an error', async () => {
    answer(401, { 'www-authenticate': 'Basic' }, '{"errors":[{"code":"DENIED"}]}');
    const error = await failure(client({ credentials }).resolve(image), 'UNAUTHORIZED');
    expect(`${error.message}${error.stack}`).not.toMatch(/wonderland|d29uZGVybGFuZA/);
  });
});

describe('redirects', () => {
  it('end after three', async () => {
    registry.intercept = (_request, response) => {
      response.writeHead(302, { location: `/again/${registry.seen.length}` }).end();
      return true;
    };
    await failure(client().resolve(image), 'REFUSED');
    expect(registry.seen).toHaveLength(4);
  });

  it.each(['http://example.com/', 'ftp://127.0.0.1/', 'http://user:secret@127.0.0.1/', 'data:text/plain,x'])(
    'to %s are refused',
    async (location) => {
      answer(302, { location });
      const error = await failure(client().resolve(image), 'REFUSED');
      expect(error.message).not.toContain('secret');
    },
  );

  it.each(['', 'http://'])('to %j are malformed', async (location) => {
    answer(302, { location });
    await failure(client().resolve(image), 'MALFORMED');
  });

  it('of an upload are not followed', async () => {
    registry.intercept = (request, response) => {
      response.writeHead(request.method === 'HEAD' ? 404 : 307, { location: `http://${other.host}/x` }).end();
      return true;
    };
    await failure(client().pushBlob(image, encodeUtf8('x')), 'STATUS');
    registry.intercept = (request, response) => {
      if (request.method !== 'PATCH') return false;
      response.writeHead(307, { location: `http://${other.host}/x` }).end();
      return true;
    };
    async function* chunks() {
      yield await Promise.resolve(encodeUtf8('x'));
    }
    await failure(client().pushStream(image, digestOf(encodeUtf8('x')), chunks()), 'UNREACHABLE');
    expect(other.seen).toEqual([]);
  });
});

describe('the scheme', () => {
  const urls: string[] = [];
  const recording = (host: string, options: Partial<RegistryOptions> = {}) => {
    urls.length = 0;
    const recorder = (url: string) => {
      urls.push(url);
      return Promise.resolve(
        new Response(manifest as Uint8Array<ArrayBuffer>, { headers: { 'content-type': OCI_MANIFEST } }),
      );
    };
    return client({ fetch: recorder, ...options }).resolve(parseImageReference(`${host}/app`));
  };

  it.each([
    ['localhost:5000', 'http:'],
    ['127.9.9.9', 'http:'],
    ['[::1]:5000', 'http:'],
    ['ghcr.io', 'https:'],
    ['localhost.example.com', 'https:'],
    ['10.0.0.1:5000', 'https:'],
    // A capital letter makes it a host; it is also the name of what every object has.
    ['Constructor', 'https:'],
  ])('for %s is %s', async (host, scheme) => {
    await recording(host);
    expect(new URL(urls[0] ?? '').protocol).toBe(scheme);
  });

  it('is http where it is allowed by configuration', async () => {
    await recording('registry:5000', { allowHttp: (host) => host === 'registry:5000' });
    expect(urls[0]).toBe('http://registry:5000/v2/app/manifests/latest');
  });

  it('goes with the API host of Docker Hub', async () => {
    await recording('docker.io');
    expect(urls[0]).toBe('https://registry-1.docker.io/v2/library/app/manifests/latest');
  });

  it('is never left from https to http, not even for this machine', async () => {
    const redirect = () =>
      Promise.resolve(new Response(null, { status: 302, headers: { location: `http://${other.host}/x` } }));
    await failure(client({ fetch: redirect }).resolve(parseImageReference('ghcr.io/app')), 'REFUSED');
  });
});
