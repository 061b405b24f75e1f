import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runCommand } from '../../testonly/run-command.ts';
import { CONFORMANCE, CONFORMANCE_IDENTITY, hasVectors, PUBLIC_GOOD_ROOT } from '../../testonly/vectors.ts';
import type { Explanation } from './explain-bundle.ts';

const ROOT = ['--trusted-root', PUBLIC_GOOD_ROOT];

(hasVectors ? describe : describe.skip)('explain', () => {
  const explain = (name: string, ...args: string[]) =>
    runCommand(['explain', join(CONFORMANCE, name, 'bundle.sigstore.json'), ...args]);
  const explained = async (name: string, ...args: string[]): Promise<Explanation> => {
    const { code, stdout } = await explain(name, '--output', 'json', ...args);
    expect(code).toBe(0);
    return JSON.parse(stdout) as Explanation;
  };
  const outcomes = ({ links }: Explanation) => links.map(({ outcome }) => outcome);

  it('tells what is claimed without a trusted root, and that nothing was judged', async () => {
    const { code, stdout } = await explain('happy-path-v0.3');
    expect(code).toBe(0);
    expect(stdout).toContain('What it claims, unverified: there is no trusted root here');
    expect(stdout).toContain(CONFORMANCE_IDENTITY);
    expect(stdout).not.toMatch(/\bverified\b/i);
    expect(stdout).not.toContain('holds');
  });

  it('tells which links hold, for an artifact or for what is claimed', async () => {
    const claimed = await explained('happy-path-v0.3', ...ROOT);
    expect(claimed).toMatchObject({
      version: '0.3',
      claims: {
        signer: { kind: 'certificate', identity: CONFORMANCE_IDENTITY },
        logEntries: [{ log: 'https://rekor.sigstore.dev', promise: true, proof: { treeSize: '75408393' } }],
      },
      artifact: { given: false },
    });
    expect(outcomes(claimed)).toEqual(['holds', 'holds', 'holds', 'holds']);
    const given = await explained('happy-path-v0.3', ...ROOT, '--artifact', join(CONFORMANCE, 'a.txt'));
    expect([outcomes(given), given.artifact?.given]).toEqual([['holds', 'holds', 'holds', 'holds'], true]);
    const other = await explained('happy-path-v0.3', ...ROOT, '--artifact', `sha256:${'00'.repeat(32)}`);
    expect(outcomes(other)).toEqual(['holds', 'holds', 'fails', 'open']);
  });

  it('never calls it verified', async () => {
    const { stdout } = await explain('happy-path-v0.3', ...ROOT, '--artifact', join(CONFORMANCE, 'a.txt'));
    expect(stdout.match(/ holds: /g)).toHaveLength(4);
    expect(stdout).not.toMatch(/\bverified\b/i);
    expect(stdout).toContain('this is no verification');
  });

  it('tells which link fails', async () => {
    const { code, stdout } = await explain('set-invalid-signature_fail', ...ROOT);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/✘ log entry +fails: .*signed entry timestamp does not verify/),
    ]);
  });

  it('tells what a statement is about, and when an authority says it was', async () => {
    const statement = await explained('happy-path-intoto-in-dsse-v3', ...ROOT);
    expect(statement.claims.signs).toMatchObject({
      kind: 'statement',
      predicateType: 'https://slsa.dev/provenance/v1',
      subjects: [{ name: 'a.txt' }],
    });
    expect(outcomes(statement)).toEqual(['holds', 'holds', 'holds', 'holds']);
    const root = join(CONFORMANCE, 'rekor2-happy-path', 'trusted_root.json');
    const stamped = await explained('rekor2-happy-path', '--trusted-root', root);
    expect(stamped.claims.timestamps).toEqual([{ genTime: expect.stringMatching(/^20/) }]);
    expect(stamped.claims.logEntries[0]).not.toHaveProperty('integratedTime');
    expect(outcomes(stamped)).toEqual(['holds', 'holds', 'holds', 'holds']);
  });

  it('judges a signature by a key when it is given', async () => {
    const name = 'managed-key-happy-path';
    expect(outcomes(await explained(name, ...ROOT))).toEqual(['open', 'open', 'open', 'open']);
    const key = ['--key', join(CONFORMANCE, name, 'key.pub')];
    expect(outcomes(await explained(name, ...ROOT, ...key))).toEqual(['holds', 'holds', 'holds', 'holds']);
  });

  it('ends with 1 for what is no bundle', async () => {
    const { code, stderr } = await explain('bundle-unknown-version_fail', ...ROOT);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^Error: bundle .* cannot be used: [^\n]*\n$/)]);
    expect((await runCommand(['explain', join(CONFORMANCE, 'none')])).code).toBe(1);
  });
});
