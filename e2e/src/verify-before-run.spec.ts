import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { LocalStack, pushImage, ROOT, run, type Finished } from '@sigstead/instance';

/** What people have in front of `docker run`, written for cosign: nothing is started whose signature does not verify. */
const SCRIPT = `#!/usr/bin/env bash
set -euo pipefail

docker pull "$IMAGE"

if cosign verify \\
  --certificate-identity-regexp "$SIGNED_BY" \\
  --certificate-oidc-issuer "$ISSUED_BY" \\
  "$IMAGE" > /dev/null 2>&1; then
  echo "verified: $IMAGE"
  docker run -d \\
    --name app \\
    -p 9998:9998 \\
    -v app-data:/var/lib/app \\
    "$IMAGE"
else
  echo "not verified, not started: $IMAGE"
  exit 1
fi
`;
const WORKFLOWS = '^https://github.com/sigstead-dev/workflows/';

let directory: string;
let stack: LocalStack;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sigstead-before-run-'));
  await mkdir(join(directory, 'bin'));
  await executable('bin/docker', `#!/bin/sh\necho "docker $*" >> '${join(directory, 'calls')}'\n`);
  await executable('verify-and-run.sh', SCRIPT);
  await symlink(join(ROOT, 'tools/cli/bin/sigstead.js'), join(directory, 'bin/cosign'));
  stack = await LocalStack.start(join(directory, 'stack'));
}, 120_000);

afterAll(async () => {
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

beforeEach(() => writeFile(join(directory, 'calls'), ''));

async function executable(name: string, text: string): Promise<void> {
  await writeFile(join(directory, name), text);
  await chmod(join(directory, name), 0o755);
}

async function verifyAndRun(image: string, changes: Record<string, string> = {}): Promise<Finished> {
  return run([join(directory, 'verify-and-run.sh')], {
    PATH: [join(directory, 'bin'), dirname(process.execPath), process.env['PATH']].join(':'),
    SIGSTEAD_URL: stack.url,
    IMAGE: image,
    SIGNED_BY: WORKFLOWS,
    ISSUED_BY: stack.issuer,
    ...changes,
  });
}

async function signedImage(repository: string): Promise<string> {
  const { reference } = await pushImage(stack.url, repository, 'v1');
  const signed = await run([process.execPath, 'tools/cli/bin/sigstead.js', 'sign', '--yes', reference], {
    SIGSTEAD_URL: stack.url,
  });
  expect([signed.code, signed.stderr]).toEqual([0, expect.anything()]);
  return reference;
}

const calls = () => readFile(join(directory, 'calls'), 'utf8');

it('starts an image that the right workflow signed', async () => {
  const image = await signedImage('app/signed');
  const { code, stdout } = await verifyAndRun(image);
  expect([code, stdout]).toEqual([0, `verified: ${image}\n`]);
  expect(await calls()).toBe(
    `docker pull ${image}\ndocker run -d --name app -p 9998:9998 -v app-data:/var/lib/app ${image}\n`,
  );
});

async function expectNotStarted(image: string, changes: Record<string, string> = {}): Promise<void> {
  const { code, stdout } = await verifyAndRun(image, changes);
  expect([code, stdout]).toEqual([1, `not verified, not started: ${image}\n`]);
  expect(await calls()).toBe(`docker pull ${image}\n`);
}

it('does not start an image that another workflow signed', async () => {
  const image = await signedImage('app/other-workflow');
  await expectNotStarted(image, { SIGNED_BY: '^https://github.com/acme/' });
});

it('does not start an image whose signer was known to another issuer', async () => {
  const image = await signedImage('app/other-issuer');
  await expectNotStarted(image, { ISSUED_BY: `${stack.url}/issuers/email` });
});

it('does not start an image that nobody signed', async () => {
  await expectNotStarted((await pushImage(stack.url, 'app/unsigned', 'v1')).reference);
});

it('does not start an image that took the place of a signed one', async () => {
  const image = await signedImage('app/replaced');
  await pushImage(stack.url, 'app/replaced', 'v1', 'something else');
  await expectNotStarted(image);
});

it('does not start anything when the verifier cannot be asked', async () => {
  const image = await signedImage('app/unreachable');
  await expectNotStarted(image, { SIGSTEAD_URL: 'http://127.0.0.1:1' });
});
