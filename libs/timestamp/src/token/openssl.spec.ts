import { beforeAll, describe, expect, it } from '@jest/globals';
import type { HashAlgorithm } from '@sigstead/crypto';
import type { Certificate } from '@sigstead/x509';
import { makeCa } from '../testonly/authority.ts';
import { openssl } from '../testonly/openssl.ts';
import { refusalCode } from '../testonly/refusal.ts';
import { ARTIFACT } from '../testonly/request.ts';
import { makeAuthority, makeResponse, type TestAuthority } from '../testonly/token.ts';
import { parseTimestamp } from './parse-timestamp.ts';
import { verifyTimestamp } from './verify-timestamp.ts';

/** openssl writes the time of its clock, whatever we say. */
const VALIDITY = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2120-01-01T00:00:00Z') };
const POLICY = '1.2.3.4.1';
const KEY_TYPES = ['P-256', 'P-384', 'P-521', 'RSA'] as const;

interface Settings {
  readonly digest?: HashAlgorithm;
  readonly identifier?: 'sha1' | HashAlgorithm;
  readonly precision?: number;
  readonly more?: readonly string[];
}

function configuration({
  digest = 'sha256',
  identifier = 'sha256',
  precision = 0,
  more = [],
}: Settings): string {
  return [
    '[tsa]',
    'serial = serial',
    `default_policy = ${POLICY}`,
    'digests = sha256, sha384, sha512',
    `signer_digest = ${digest}`,
    `ess_cert_id_alg = ${identifier}`,
    `clock_precision_digits = ${precision}`,
    ...more,
    '',
  ].join('\n');
}

const pem = (...chain: readonly Certificate[]): string => chain.map((one) => one.toPem()).join('');

function respond(
  { leaf, chain, privateKey }: TestAuthority,
  settings: Settings,
  query: readonly string[] = ['-cert'],
): Uint8Array {
  const request = openssl(['ts', '-query', '-data', 'artifact', '-out', 'out', ...query], {
    artifact: ARTIFACT,
  });
  return openssl(
    // prettier-ignore
    ['ts', '-reply', '-config', 'config', '-section', 'tsa', '-queryfile', 'query', '-signer', 'leaf', '-inkey', 'key',
      '-chain', 'above', '-out', 'out'],
    {
      config: configuration(settings),
      serial: '2A\n',
      query: request,
      leaf: pem(leaf),
      above: pem(...chain.slice(1)),
      key: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    },
  );
}

describe('timestamps of openssl', () => {
  const authorities = new Map<(typeof KEY_TYPES)[number], TestAuthority>();
  const authorityOf = (type: (typeof KEY_TYPES)[number]) => authorities.get(type) as TestAuthority;

  beforeAll(async () => {
    const above = [await makeCa('timestamp root', VALIDITY)];
    for (const type of KEY_TYPES)
      authorities.set(type, await makeAuthority(type, { above, profile: VALIDITY }));
  });

  const verify = (authority: TestAuthority, response: Uint8Array, message = ARTIFACT) =>
    verifyTimestamp(parseTimestamp(response), message, authority.chain);

  describe.each(KEY_TYPES)('with a %s key', (type) => {
    it.each(['sha256', 'sha384', 'sha512'] as const)('and %s are accepted', (hash) => {
      const authority = authorityOf(type);
      for (const identifier of ['sha1', 'sha256', 'sha512'] as const) {
        const response = respond(authority, { digest: hash, identifier }, [`-${hash}`, '-cert']);
        const verified = verify(authority, response);
        expect(verified).toMatchObject({ policy: POLICY, hashAlgorithm: hash, signer: authority.leaf });
        // RFC 3161 wants whole seconds unless more is needed.
        expect(verified.genTime.getUTCMilliseconds()).toBe(0);
      }
    });
  });

  it.each<[string, Settings]>([
    ['fractions of a second', { precision: 6 }],
    [
      'accuracy, ordering and its name',
      { more: ['accuracy = secs:1, millisecs:500, microsecs:100', 'ordering = yes', 'tsa_name = yes'] },
    ],
    ['identifiers of the whole chain', { more: ['ess_cert_id_chain = yes'] }],
    ['identifiers of the whole chain by SHA-1', { identifier: 'sha1', more: ['ess_cert_id_chain = yes'] }],
  ])('are accepted with %s', (_what, settings) => {
    for (const query of [['-cert'], ['-no_nonce'], ['-cert', '-tspolicy', POLICY]]) {
      const authority = authorityOf('P-256');
      expect(() => verify(authority, respond(authority, settings, query))).not.toThrow();
    }
  });

  it('are refused for another message, of another authority, or when openssl refused', async () => {
    const [authority, other] = [authorityOf('P-256'), authorityOf('P-384')];
    const response = respond(authority, {});
    expect(await refusalCode(() => verify(authority, response, new Uint8Array()))).toBe('IMPRINT');
    expect(await refusalCode(() => verify(other, response))).toBe('SIGNER');
    const rejection = respond(authority, {}, ['-sha1', '-cert']);
    expect(await refusalCode(() => parseTimestamp(rejection))).toBe('STATUS');
  });

  it('and ours are judged alike', async () => {
    const root = await makeCa('root', VALIDITY);
    const intermediate = await makeCa('intermediate', { above: root, ...VALIDITY });
    const authority = await makeAuthority('P-256', { above: [intermediate, root], profile: VALIDITY });
    const [leaf, ...above] = authority.chain as [Certificate, ...Certificate[]];
    const response = makeResponse(authority);
    expect(() => verify(authority, response)).not.toThrow();
    const verdict = openssl(
      ['ts', '-verify', '-data', 'artifact', '-in', 'response', '-CAfile', 'root', '-untrusted', 'rest'],
      { artifact: ARTIFACT, response, root: pem(root.certificate), rest: pem(leaf, ...above) },
    );
    expect(Buffer.from(verdict).toString()).toContain('Verification: OK');
  });
});
