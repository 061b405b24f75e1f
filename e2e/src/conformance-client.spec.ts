import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEVELOPMENT_IDENTITY, LocalStack, run, type Finished } from '@sigstead/instance';

const CONTENT = 'what is signed';

let directory: string;
let stack: LocalStack;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-conformance-client-'));
  stack = await LocalStack.start(join(directory, 'stack'));
  await writeFile(file('artifact'), CONTENT);
  await writeFile(
    file('statement'),
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'artifact', digest: { sha256: sha256(CONTENT) } }],
      predicateType: 'https://example.com/built/v1',
      predicate: { where: 'here' },
    }),
  );
}, 120_000);

afterAll(async () => {
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

const file = (name: string) => join(directory, name);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function client(...args: string[]): Promise<Finished> {
  return run([process.execPath, 'tools/conformance/sigstead-conformance', ...args]);
}

function verify(bundle: string, artifact: string): Promise<Finished> {
  return client(
    'verify-bundle',
    ...['--bundle', file(bundle)],
    ...['--certificate-identity', DEVELOPMENT_IDENTITY, '--certificate-oidc-issuer', stack.issuer],
    ...['--trusted-root', stack.trustedRoot, artifact],
  );
}

describe.each(['rekor-v1', 'rekor-v2'] as const)('the conformance client, on %s', (log) => {
  it.each([
    ['a file', [], 'artifact', 'messageSignature'],
    ['a statement', ['--in-toto'], 'statement', 'dsseEnvelope'],
  ])('signs %s, and verifies it by path and by digest', async (_what, options, name, content) => {
    const bundle = `${log}-${name}.json`;
    const services = ['--trusted-root', stack.trustedRoot, '--signing-config', stack.signingConfig(log)];
    const signed = await client(
      'sign-bundle',
      ...options,
      ...['--identity-token', await stack.identityToken(), '--bundle', file(bundle)],
      ...[...services, file(name)],
    );
    expect(signed).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(JSON.parse(await readFile(file(bundle), 'utf8'))).toHaveProperty(content);
    expect((await verify(bundle, file('artifact'))).code).toBe(0);
    expect((await verify(bundle, `sha256:${sha256(CONTENT)}`)).code).toBe(0);
    const other = await verify(bundle, `sha256:${sha256('something else')}`);
    expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/^refused: /)]);
  });
});

it('writes no bundle for a token that nobody vouches for', async () => {
  const services = ['--trusted-root', stack.trustedRoot, '--signing-config', stack.signingConfig('rekor-v1')];
  const refused = await client(
    'sign-bundle',
    ...['--identity-token', 'eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.', '--bundle', file('none.json')],
    ...[...services, file('artifact')],
  );
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^refused: /)]);
  await expect(readFile(file('none.json'))).rejects.toThrow('ENOENT');
});
