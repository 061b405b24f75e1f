import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@sigstead/encoding';
import { CliError } from '../../cli-error.ts';
import { Report, type ReportOptions } from './report.ts';

const collect = (options: Partial<ReportOptions> & Pick<ReportOptions, 'names'>) => {
  const written = { results: '', progress: '' };
  const report = new Report(
    { output: 'text', ...options },
    {
      results: { write: (text) => (written.results += text) },
      progress: { write: (text) => (written.progress += text) },
    },
  );
  return { report, written };
};
const answer: JsonObject = {
  image: 'registry.test/app@sha256:12',
  digest: 'sha256:12',
  certificate: { identity: 'me@sigstead.test', issuer: 'https://issuer.test' },
  logIndex: 7,
  signatureManifest: { tag: 'sha256-12.sig', digest: 'sha256:34' },
  referrer: { digest: 'sha256:56', logIndex: 8 },
};
const ending = (report: Report): unknown => {
  try {
    report.end();
    return undefined;
  } catch (error) {
    return error instanceof CliError ? [error.exitCode, error.message] : error;
  }
};

describe('Report', () => {
  it('tells one in full', () => {
    const { report, written } = collect({ names: ['app'] });
    report.add(0, { answer });
    expect(ending(report)).toBeUndefined();
    expect(written.results).toBe(
      [
        'signed      registry.test/app@sha256:12',
        'digest      sha256:12',
        'signer      me@sigstead.test',
        'issuer      https://issuer.test',
        'log index   7, 8',
        'signature   sha256-12.sig',
        'bundle      sha256:56',
        '',
      ].join('\n'),
    );
  });

  it('tells an attestation by a key, and where it was written', () => {
    const { report, written } = collect({ names: ['app'] });
    const publicKey = { hint: 'abc=', pem: '' };
    const bundleFile = 'b.json';
    report.add(0, {
      answer: { digest: 'sha256:12', predicateType: 'https://x', publicKey, logIndex: 0, bundleFile },
    });
    report.end();
    expect(written.results).toBe(
      'attested    app\ndigest      sha256:12\ntype        https://x\nkey         abc=\nlog index   0\nwritten to  b.json\n',
    );
  });

  it('tells many in the order of their names, each as soon as it can', () => {
    const { report, written } = collect({ names: ['a', 'b', 'c'] });
    report.add(1, { failure: { step: 'log', message: 'it is down' } });
    expect(written).toEqual({ results: '', progress: '' });
    report.add(0, { answer: { name: 'a', logIndex: 1 } });
    expect(written).toEqual({
      results: 'signed  a  log index 1\n',
      progress: 'Error: signing b: step log: it is down\n',
    });
    report.add(2, { answer: { name: 'c', logIndex: 2, bundleFile: 'c.json' } });
    expect(written.results).toContain('signed  c  log index 2  c.json\n');
    expect(ending(report)).toEqual([1, '1 of 3 are not signed']);
  });

  it('fails as the only one does', () => {
    const { report, written } = collect({ names: ['app'] });
    report.add(0, { failure: { step: 'push', message: 'registry.test answered 403' } });
    expect(written).toEqual({ results: '', progress: '' });
    expect(ending(report)).toEqual([1, 'signing app: step push: registry.test answered 403']);
  });

  it('has a line of JSON for each, failed or not', () => {
    const { report, written } = collect({ names: ['a', 'b'], output: 'json' });
    report.add(0, { answer });
    report.add(1, { failure: { step: 'log', message: 'it is down' } });
    expect(
      written.results
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual([answer, { artifact: 'b', error: { step: 'log', message: 'it is down' } }]);
    expect(ending(report)).toEqual([1, '1 of 2 are not signed']);
  });

  it('says what was signed when it was interrupted', () => {
    const { report, written } = collect({ names: ['a', 'b', 'c'] });
    report.add(0, { answer: { name: 'a', logIndex: 1 } });
    report.add(2, { failure: { step: 'resolve', message: 'no such image' } });
    expect(ending(report)).toEqual([130, 'interrupted: 1 of 3 are signed; signing again is safe']);
    expect(written.progress).toContain('signing c: step resolve: no such image');
  });

  it('lets nobody move the cursor', () => {
    const { report, written } = collect({ names: ['a\x1b[2J', 'b'] });
    report.add(0, { answer: { name: 'a\x1b[2J', logIndex: 1 } });
    report.add(1, { failure: { message: 'x' } });
    expect(written.results).not.toContain('\x1b');
  });
});
