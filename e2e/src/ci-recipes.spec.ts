import { spawn } from 'node:child_process';
import { createHash, verify, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { removeCluster } from '@sigstead/embedded-postgres';
import { pushImage, ROOT, run, start, type Started } from '@sigstead/instance';
import { parse } from 'yaml';

const STACK = [process.execPath, 'tools/local-stack/dist/main.js'] as const;
const CLI = [process.execPath, 'tools/cli/bin/sigstead.js'] as const;
const READY = /^ready: (http:\/\/localhost:\d+)$/m;
const IDENTITY = 'https://github.com/sigstead-dev/workflows/.github/workflows/release.yml@refs/heads/main';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The recipes of the documentation, run as they are written, against a stack whose development issuer stands in for the CI's. */
describe('CI recipes', () => {
  let parent: string;
  let stack: Started;
  let url: string;
  let folder: string;

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'sigstead-ci-'));
    stack = start(STACK, { SIGSTEAD_HOME: join(parent, 'home'), PORT: '0' });
    url = READY.exec(await stack.printed(READY, 120_000))?.[1] as string;
  }, 130_000);
  afterAll(async () => {
    await stack?.stop();
    await removeCluster(join(parent, 'home', 'postgres'));
    await rm(parent, { recursive: true, force: true });
  }, 60_000);
  beforeEach(async () => {
    folder = await mkdtemp(join(parent, 'job-'));
  });

  async function shell(
    command: readonly [string, ...string[]],
    script: string,
    environment: Readonly<Record<string, string>>,
  ): Promise<Ended> {
    const file = join(folder, 'script.sh');
    await writeFile(file, script);
    const [program, ...args] = command;
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ...environment };
    const child = spawn(program, [...args, file], { cwd: folder, env });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    const [code] = (await once(child, 'close')) as [number];
    return { code, stdout, stderr };
  }

  async function developmentToken(): Promise<string> {
    const answer = await fetch(`${url}/issuers/github/token`, { method: 'POST', body: '{}' });
    return ((await answer.json()) as { value: string }).value;
  }

  async function verified(image: string): Promise<number> {
    const { code } = await run(
      [
        ...CLI,
        'verify',
        image,
        '--certificate-identity',
        IDENTITY,
        '--certificate-oidc-issuer',
        `${url}/issuers/github`,
      ],
      { SIGSTEAD_URL: url },
    );
    return code;
  }

  const page = (name: string): Promise<string> => readFile(join(ROOT, 'docs/ci', name), 'utf8');
  const blocks = (text: string, language: string): string[] =>
    [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(
      ([, code]) => code as string,
    );

  /** That the bundle of a file is a signature of this file, by the certificate in it. */
  async function isBundleOf(content: string, path: string): Promise<boolean> {
    const bundle = JSON.parse(await readFile(path, 'utf8')) as {
      verificationMaterial: { certificate: { rawBytes: string } };
      messageSignature: { messageDigest: { digest: string }; signature: string };
    };
    const { messageDigest, signature } = bundle.messageSignature;
    const certificate = new X509Certificate(
      Buffer.from(bundle.verificationMaterial.certificate.rawBytes, 'base64'),
    );
    const isDigest = messageDigest.digest === createHash('sha256').update(content).digest('base64');
    return (
      isDigest &&
      verify('sha256', Buffer.from(content), certificate.publicKey, Buffer.from(signature, 'base64'))
    );
  }

  describe('action.yml', () => {
    interface Action {
      readonly inputs: Readonly<Record<string, { readonly default?: string; readonly required?: boolean }>>;
      readonly outputs: Readonly<Record<string, { readonly value: string }>>;
      readonly runs: {
        readonly steps: readonly {
          readonly id: string;
          readonly shell: string;
          readonly env: Readonly<Record<string, string>>;
          readonly run: string;
        }[];
      };
    }
    let action: Action;
    beforeAll(async () => {
      action = parse(await readFile(join(ROOT, 'action.yml'), 'utf8')) as Action;
    });

    /** As a runner does it: inputs into expressions, expressions into variables, and the script under the shell it names. */
    async function runAction(
      inputs: Record<string, string>,
      job: Record<string, string> = {
        ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/issuers/github/token?v=1`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'bearer-of-the-job',
      },
    ): Promise<Ended & { outputs: string }> {
      const evaluate = (text: string): string =>
        text.replace(/\$\{\{ *([\w.-]+) *\}\}/g, (_expression, name: string) => {
          if (name === 'runner.temp') return folder;
          const input = name.replace(/^inputs\./, '');
          expect(Object.keys(action.inputs)).toContain(input);
          return inputs[input] ?? evaluate(action.inputs[input]?.default ?? '');
        });
      const [step, ...others] = action.runs.steps;
      expect([step?.shell, others]).toEqual(['bash', []]);
      const variables = Object.entries(step?.env ?? {}).map(([name, text]) => [name, evaluate(text)]);
      const output = join(folder, 'output');
      await writeFile(output, '');
      const ended = await shell(['bash', '--noprofile', '--norc', '-eo', 'pipefail'], step?.run ?? '', {
        ...(Object.fromEntries(variables) as Record<string, string>),
        ...job,
        GITHUB_OUTPUT: output,
      });
      return { ...ended, outputs: await readFile(output, 'utf8') };
    }

    it('has no expression in its script: what callers write is never read as shell', () => {
      for (const { run: script } of action.runs.steps) expect(script).not.toContain('${{');
    });

    it('signs images and files under one certificate, and says where the bundles are', async () => {
      const images = await Promise.all(
        ['one', 'two'].map(async (name) => (await pushImage(url, `ci/${name}`, 'v1', name)).reference),
      );
      await writeFile(join(folder, 'app one.txt'), 'content of one');
      const { code, stdout, stderr, outputs } = await runAction({
        url: `${url}/`,
        images: `${images.join('\n')}\n\n`,
        files: '  app one.txt',
        annotations: 'commit=abc\nequation=a=b\n',
      });
      expect([code, stderr]).toEqual([0, '']);
      expect(await Promise.all(images.map(verified))).toEqual([0, 0]);
      expect(await isBundleOf('content of one', join(folder, 'app one.txt.sigstore.json'))).toBe(true);
      const result = JSON.parse(await readFile(join(folder, 'sigstead-bundles/result.json'), 'utf8')) as {
        outcomes: { certificate: { serialNumber: string } }[];
      };
      expect(new Set(result.outcomes.map(({ certificate }) => certificate.serialNumber)).size).toBe(1);
      const bundles = (await readdir(join(folder, 'sigstead-bundles'))).filter((name) =>
        name.startsWith('sha256-'),
      );
      expect(bundles).toHaveLength(2);
      expect(outputs).toMatch(
        /^images<<(end-[0-9a-f]{16})\n\S+@sha256:[0-9a-f]{64}\n\S+@sha256:[0-9a-f]{64}\n\1$/m,
      );
      expect(outputs).toContain(`bundles=${folder}/sigstead-bundles`);
      // The token is shown to nobody but the runner, which hides it from then on.
      expect(stdout.match(/eyJ[\w-]+\.eyJ/g)).toHaveLength(1);
      expect(stdout).toMatch(/^::add-mask::eyJ/m);
    });

    it('takes nothing that is given for shell, nor for a command to the runner', async () => {
      const { code, stdout } = await runAction({
        url,
        images: '$(touch pwned)`touch pwned`\n::add-path::/evil',
      });
      expect(code).toBe(1);
      expect(stdout).not.toMatch(/^::add-path/m);
      expect(await readdir(folder)).not.toContain('pwned');
    });

    it.each<[string, Record<string, string>, RegExp]>([
      ['nothing to sign', {}, /nothing to sign/],
      ['a file that is not there', { files: 'none' }, /there is no file none/],
      [
        'an annotation without a value',
        { images: 'localhost/x', annotations: 'word' },
        /word is not key=value/,
      ],
      ['an image that is not there', { images: 'HOST/ci/none:v1' }, /HOST\/ci\/none:v1: .+/],
    ])('ends with %s', async (_what, inputs, message) => {
      const host = new URL(url).host;
      const given = Object.entries(inputs).map(([name, value]) => [name, value.replace('HOST', host)]);
      const { code, stdout, stderr } = await runAction({ url, ...(Object.fromEntries(given) as object) });
      expect(code).not.toBe(0);
      expect(stdout + stderr).toMatch(new RegExp(message.source.replace('HOST', host)));
    });

    it('tells a job without the permission what it needs', async () => {
      const { code, stdout } = await runAction({ url, images: 'x' }, {});
      expect([code, stdout]).toEqual([1, expect.stringContaining('permissions: id-token: write')]);
    });

    it('tells when nobody answers', async () => {
      const { code, stdout } = await runAction({ url: 'http://127.0.0.1:1', images: 'x' });
      expect([code, stdout]).toEqual([1, expect.stringContaining('does not answer')]);
    });
  });

  it('docs/ci/gitlab.md: the script of the job signs', async () => {
    const [code = ''] = blocks(await page('gitlab.md'), 'yaml');
    const { sign } = parse(code) as {
      sign: { script: string[]; id_tokens: { SIGSTORE_ID_TOKEN: { aud: string } } };
    };
    expect(sign.id_tokens.SIGSTORE_ID_TOKEN.aud).toBe('sigstore');
    const { reference } = await pushImage(url, 'ci/gitlab', 'v1');
    const environment = {
      SIGSTEAD_URL: url,
      SIGSTORE_ID_TOKEN: await developmentToken(),
      CI_JOB_ID: '1',
      IMAGE: reference,
    };
    const ended = await shell(['sh', '-e'], sign.script.join('\n'), environment);
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    expect(await verified(reference)).toBe(0);
    expect(JSON.parse(await readFile(join(folder, 'image.sigstore.json'), 'utf8'))).toHaveProperty(
      'mediaType',
    );
    const refused = await shell(['sh', '-e'], sign.script.join('\n'), {
      ...environment,
      CI_JOB_ID: '2',
      IMAGE: `${reference}-none`,
    });
    expect([refused.code, refused.stdout]).toEqual([1, expect.stringContaining('none')]);
  });

  it('docs/ci/curl.md: its lines sign and verify', async () => {
    const recipes = blocks(await page('curl.md'), 'sh');
    expect(recipes).toHaveLength(3);
    const { reference } = await pushImage(url, 'ci/curl', 'v1');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'app.tar.gz'), 'an archive');
    const environment = {
      SIGSTEAD_URL: url,
      SIGSTORE_ID_TOKEN: await developmentToken(),
      IMAGE: reference,
      IDENTITY,
      ISSUER: `${url}/issuers/github`,
    };
    const ended = await shell(['sh', '-e'], recipes.join('\n'), environment);
    expect([ended.code, ended.stderr]).toEqual([0, '']);
    const { bundle } = JSON.parse(await readFile(join(folder, 'signed-file.json'), 'utf8')) as {
      bundle: object;
    };
    await writeFile(join(folder, 'bundle.json'), JSON.stringify(bundle));
    expect(await isBundleOf('an archive', join(folder, 'bundle.json'))).toBe(true);
    expect(await verified(reference)).toBe(0);
    const refused = await shell(['sh', '-e'], recipes.join('\n'), {
      ...environment,
      SIGSTORE_ID_TOKEN: 'eyJ.a.b',
    });
    expect(refused.code).toBe(22);
  });
});
