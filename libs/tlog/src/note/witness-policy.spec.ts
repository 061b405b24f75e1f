import { describe, expect, it } from '@jest/globals';
import { PrivateKeySigner, sha256 } from '@sigstead/crypto';
import { concatBytes, encodeBase64, encodeHex, encodeUtf8 } from '@sigstead/encoding';
import fc from 'fast-check';
import { refusal } from '../testonly/errors.ts';
import { formatVerifierKey, noteKeyOf } from './verifier-key.ts';
import { isQuorumMet, parseWitnessPolicy, type WitnessPolicy } from './witness-policy.ts';

const logKey = PrivateKeySigner.generate('Ed25519').publicKey;
const LOG = formatVerifierKey('log.example', logKey);
const keys = Array.from({ length: 7 }, () => PrivateKeySigner.generate('Ed25519').publicKey);
const vkeys = keys.map((key, at) => formatVerifierKey(`witness.example/${at}`, key, 'cosignature'));
const [A, B, C, D] = vkeys as [string, string, string, string];
const ML_DSA = mlDsaVkey('pq.example');

function mlDsaVkey(name: string): string {
  const typed = concatBytes(Uint8Array.of(6), new Uint8Array(1312).fill(3));
  const hint = sha256(concatBytes(encodeUtf8(`${name}\n`), typed)).slice(0, 4);
  return `${name}+${encodeHex(hint)}+${encodeBase64(typed)}`;
}

/** Every set of witnesses that meets the quorum, as words. */
function winners(policy: WitnessPolicy): string[] {
  const names = policy.witnesses.map(({ name }) => name);
  const sets = Array.from({ length: 2 ** names.length }, (_, bits) =>
    names.filter((_name, at) => bits & (1 << at)),
  );
  return sets.filter((set) => isQuorumMet(policy, new Set(set))).map((set) => set.join(' '));
}

describe('a witness policy', () => {
  it('has logs and witnesses with keys and URLs', () => {
    const policy = parseWitnessPolicy(
      `log ${LOG} https://log.example\nwitness a ${A} http://127.0.0.1:80/w/\nwitness b ${B}\nquorum a\n`,
    );
    expect(policy.logs.map(({ key, url }) => [key.name, key.algorithm, url])).toEqual([
      ['log.example', 'ed25519', 'https://log.example'],
    ]);
    expect(policy.witnesses.map(({ name, key, url }) => [name, key.name, key.algorithm, url])).toEqual([
      ['a', 'witness.example/0', 'cosignature', 'http://127.0.0.1:80/w'],
      ['b', 'witness.example/1', 'cosignature', undefined],
    ]);
  });

  it('takes spaces, tabs, blank lines, comments and names of any script, and needs no last line feed', () => {
    const policy = parseWitnessPolicy(
      `# witnesses\n\n \t# more\n  witness\t\u65e5\u672c   ${A}\t\n\tquorum \u65e5\u672c`,
    );
    expect(winners(policy)).toEqual(['\u65e5\u672c']);
  });

  it('without witnesses is one that asks for nobody', () => {
    expect(isQuorumMet(parseWitnessPolicy('quorum none\n'), new Set())).toBe(true);
  });

  it('takes the log key of every type that signs checkpoints', () => {
    const others = (['P-256', 'RSA'] as const).map((type) => PrivateKeySigner.generate(type).publicKey);
    const lines = [LOG, ...others.map((key) => formatVerifierKey('log.example', key))].map(
      (vkey) => `log ${vkey}`,
    );
    const { logs } = parseWitnessPolicy(`${lines.join('\n')}\nquorum none\n`);
    expect(logs.map(({ key }) => key.algorithm)).toEqual(['ed25519', 'ecdsa', 'rsa']);
  });

  it('takes a plain Ed25519 key of a witness for the same key as a cosigner', () => {
    const [key] = keys as [(typeof keys)[0]];
    const { witnesses } = parseWitnessPolicy(`witness a ${formatVerifierKey('w', key)}\nquorum a\n`);
    expect(witnesses[0]?.key.keyHint).toEqual(noteKeyOf('cosignature', 'w', key).keyHint);
  });

  it('counts a witness with an ML-DSA key as one that never cosigns', () => {
    const policy = parseWitnessPolicy(`witness a ${A}\nwitness pq ${ML_DSA}\ngroup g any a pq\nquorum g\n`);
    expect([policy.unsupported, winners(policy)]).toEqual([['pq'], ['a']]);
  });

  it('holds 32 logs, witnesses and groups and more', () => {
    const many = Array.from({ length: 64 }, () => PrivateKeySigner.generate('Ed25519').publicKey);
    const lines = many.flatMap((key, at) => [
      `log ${formatVerifierKey(`log${at}`, key)}`,
      `witness w${at} ${formatVerifierKey(`w${at}`, key, 'cosignature')}`,
      `group g${at} all w${at}${at === 0 ? '' : ` g${at - 1}`}`,
    ]);
    const policy = parseWitnessPolicy(`${lines.join('\n')}\nquorum g63\n`);
    const names = policy.witnesses.map(({ name }) => name);
    expect(isQuorumMet(policy, new Set(names))).toBe(true);
    expect(names.some((name) => isQuorumMet(policy, new Set(names.filter((other) => other !== name))))).toBe(
      false,
    );
  });

  const witnesses = `witness a ${A}\nwitness b ${B}\nwitness c ${C}\n`;
  it.each([
    ['nothing at all', '', /has no quorum/],
    ['no quorum', witnesses, /has no quorum/],
    ['two quorums', `${witnesses}quorum a\nquorum b\n`, /line 5 .*second quorum/],
    ['a quorum of an unknown name', `${witnesses}quorum d\n`, /line 4 .*"d" is not defined/],
    ['a quorum before its witness', `quorum a\n${witnesses}`, /line 1 .*"a" is not defined/],
    ['a quorum without a name', `${witnesses}quorum\n`, /want quorum/],
    ['a quorum of two names', `${witnesses}quorum a b\n`, /want quorum/],
    ['another keyword', `${witnesses}Quorum a\n`, /unknown keyword "Quorum"/],
    ['a comment behind a line', `${witnesses}quorum a # really\n`, /want quorum/],
    ['a group that contains itself', `${witnesses}group g any a g\nquorum g\n`, /"g" is not defined/],
    [
      'groups that contain each other',
      `${witnesses}group g any a h\ngroup h any b g\nquorum g\n`,
      /"h" is not defined/,
    ],
    ['a group of nobody', `${witnesses}group g any\nquorum g\n`, /want group/],
    ['a group of an unknown name', `${witnesses}group g any a d\nquorum g\n`, /"d" is not defined/],
    ['none in a group', `${witnesses}group g any a none\nquorum g\n`, /"none" is not defined/],
    ['a member twice in a group', `${witnesses}group g 2 a a\nquorum g\n`, /same group member twice/],
    [
      'a member of two groups',
      `${witnesses}group g any a b\ngroup h any b c\nquorum g\n`,
      /same group member twice/,
    ],
    ['a group of threshold 0', `${witnesses}group g 0 a b\nquorum g\n`, /threshold "0"/],
    ['a group of threshold 3 with two members', `${witnesses}group g 3 a b\nquorum g\n`, /threshold "3"/],
    ['a threshold with a leading zero', `${witnesses}group g 01 a b\nquorum g\n`, /threshold "01"/],
    ['a threshold that is no number', `${witnesses}group g most a b\nquorum g\n`, /threshold "most"/],
    ['a name twice', `witness a ${A}\nwitness a ${B}\nquorum a\n`, /"a" is defined already/],
    ['a group of a witness’s name', `${witnesses}group a any b\nquorum a\n`, /"a" is defined already/],
    ['a witness of the name none', `witness none ${A}\nquorum none\n`, /none is taken/],
    ['a witness key twice', `witness a ${A}\nwitness b ${A}\nquorum a\n`, /same witness key twice/],
    [
      'a witness key under two names',
      `witness a ${A}\nwitness b ${formatVerifierKey('x', keys[0] as (typeof keys)[0])}\nquorum a\n`,
      /same witness key twice/,
    ],
    [
      'a log key twice',
      `log ${LOG}\nlog ${formatVerifierKey('x', logKey)}\nquorum none\n`,
      /same log key twice/,
    ],
    ['a witness without a key', 'witness a\nquorum a\n', /want witness/],
    ['a witness with too much', `witness a ${A} http://w.example more\nquorum a\n`, /want witness/],
    ['a log without a key', 'log\nquorum none\n', /want log/],
    ['a cosigner as a log', `log ${A}\nquorum none\n`, /log key of type cosignature/],
    ['an ML-DSA key as a log', `log ${ML_DSA}\nquorum none\n`, /log key of type ml-dsa-44/],
    [
      'an ECDSA key of a witness',
      `witness a ${formatVerifierKey('a', PrivateKeySigner.generate('P-256').publicKey)}\nquorum a\n`,
      /witness key of type ecdsa/,
    ],
    ['a malformed key', `witness a ${A.replace('+', '-')}\nquorum a\n`, /verifier key is not/],
    [
      'a quorum of a witness with an ML-DSA key',
      `witness pq ${ML_DSA}\nquorum pq\n`,
      /cannot be met without .*"pq"/,
    ],
    [
      'a quorum of all, one of them with an ML-DSA key',
      `${witnesses}witness pq ${ML_DSA}\ngroup g all a pq\nquorum g\n`,
      /cannot be met without/,
    ],
    ['a URL of another scheme', `witness a ${A} ftp://w.example\nquorum a\n`, /URL "ftp:/],
    ['a URL that is none', `witness a ${A} w.example\nquorum a\n`, /URL "w.example"/],
    ['a URL with credentials', `witness a ${A} https://u:p@w.example\nquorum a\n`, /URL /],
    ['a URL with a query', `witness a ${A} https://w.example/?a\nquorum a\n`, /URL /],
    ['carriage returns', `witness a ${A}\r\nquorum a\r\n`, /control character/],
    ['a NUL', 'quorum none\0\n', /control character/],
    [
      '65 witnesses',
      `${Array.from({ length: 65 }, (_, at) => `witness w${at} ${mlDsaVkey(`w${at}`)}`).join('\n')}\nquorum none\n`,
      /more than 64 witnesses/,
    ],
    ['more than 256 KiB', `${'#\n'.repeat(128 * 1024)}quorum none\n`, /characters, at most/],
  ])('with %s is refused', (_, text, message) => {
    expect(refusal(() => parseWitnessPolicy(text))).toBe('WITNESS_POLICY');
    expect(() => parseWitnessPolicy(text)).toThrow(message);
  });

  it('is a policy or refused, whatever comes', () => {
    const words = fc.constantFrom(
      'witness',
      'group',
      'quorum',
      'log',
      'none',
      'any',
      'all',
      '1',
      '2',
      'a',
      'b',
      'g',
      A,
      B,
      ML_DSA,
      '\n',
      '\n',
      '\n',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (text) => {
        expect(['accepted', 'WITNESS_POLICY']).toContain(refusal(() => parseWitnessPolicy(text.join(' '))));
      }),
      { numRuns: 500 },
    );
  });
});

describe('a quorum', () => {
  const witnesses = `witness a ${A}\nwitness b ${B}\nwitness c ${C}\n`;

  it.each([
    ['one witness', 'quorum b', ['b', 'a b', 'b c', 'a b c']],
    ['any', 'group g any a b\nquorum g', ['a', 'b', 'a b', 'a c', 'b c', 'a b c']],
    ['all', 'group g all a b\nquorum g', ['a b', 'a b c']],
    ['two of three', 'group g 2 a b c\nquorum g', ['a b', 'a c', 'b c', 'a b c']],
    ['nobody', 'quorum none', ['', 'a', 'b', 'a b', 'c', 'a c', 'b c', 'a b c']],
    ['a group and a witness', 'group g any a b\ngroup h all g c\nquorum h', ['a c', 'b c', 'a b c']],
  ])('of %s is met by these', (_, rules, sets) => {
    expect(winners(parseWitnessPolicy(`${witnesses}${rules}\n`))).toEqual(sets);
  });

  it('of groups of groups is met as in the example of C2SP', () => {
    const names = ['X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3'];
    const lines = names.map((name, at) => `witness ${name} ${vkeys[at]}`).join('\n');
    const policy = parseWitnessPolicy(
      `log ${LOG}\n\n${lines}\ngroup X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n`,
    );
    const want = (set: readonly string[]) =>
      set.filter((name) => name.startsWith('X')).length >= 2 && set.some((name) => name.startsWith('Y'));
    fc.assert(
      fc.property(fc.subarray(names), (set) => expect(isQuorumMet(policy, new Set(set))).toBe(want(set))),
    );
  });

  it('is not met by names that are no witnesses', () => {
    const policy = parseWitnessPolicy(`${witnesses}witness d ${D}\ngroup g 2 a b\nquorum g\n`);
    expect(isQuorumMet(policy, new Set(['a', 'g', 'd', 'x']))).toBe(false);
  });
});
