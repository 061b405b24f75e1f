import { describe, expect, it } from '@jest/globals';
import { PublicKey } from '@sigstead/crypto';
import { encodeHex } from '@sigstead/encoding';
import { OidcError, parseIssuerConfiguration } from '@sigstead/oidc';
import {
  Certificate,
  embeddedScts,
  encodeLeafTbs,
  POISON_EXTENSION,
  readFulcioExtensions,
  sctListExtension,
  verifyEmbeddedSct,
  type FulcioClaims,
  type LeafProfile,
} from '@sigstead/x509';
import {
  configurationText,
  goldenFolders,
  goldenVectors,
  hasPublicConfiguration,
  principalOfVector,
  profileOfVector,
  tbsWithoutLog,
  type GoldenVector,
} from './testonly/golden-vector.ts';
import { intendedDifferences, type IntendedDifference } from './testonly/intended-differences.ts';

const vectors = goldenFolders.flatMap(goldenVectors);
const identify = ({ folder, name }: GoldenVector): string => `${folder}/${name}`;
const differenceOf = (vector: GoldenVector): IntendedDifference | undefined =>
  intendedDifferences.get(identify(vector));

async function refusalOf(vector: GoldenVector): Promise<OidcError | undefined> {
  try {
    await principalOfVector(vector);
    return undefined;
  } catch (error) {
    if (error instanceof OidcError) return error;
    throw error;
  }
}

/** Compared as hexadecimal text: a failure shows the place. */
async function expectTheirTbs(vector: GoldenVector, profile: LeafProfile): Promise<void> {
  const theirs = Certificate.fromPem(vector.certificate);
  if (vector.precertificate === undefined || vector.logKey === undefined) {
    expect(encodeHex(await tbsWithoutLog(profile))).toBe(encodeHex(theirs.tbs));
    return;
  }
  const scts = embeddedScts(theirs);
  expect(scts).toHaveLength(1);
  for (const sct of scts) {
    verifyEmbeddedSct(theirs, profile.issuer, sct, PublicKey.fromPem(vector.logKey));
  }
  const precertificate = Certificate.fromPem(vector.precertificate);
  expect(encodeHex(encodeLeafTbs(profile, POISON_EXTENSION))).toBe(encodeHex(precertificate.tbs));
  expect(encodeHex(encodeLeafTbs(profile, sctListExtension(scts)))).toBe(encodeHex(theirs.tbs));
}

/** Claims of the first that the second has not, or otherwise. */
function otherClaims(ours: FulcioClaims, theirs: FulcioClaims): Partial<FulcioClaims> {
  const fields = Object.keys({ ...ours, ...theirs }) as (keyof FulcioClaims)[];
  return Object.fromEntries(
    fields.filter((field) => ours[field] !== theirs[field]).map((field) => [field, ours[field]]),
  );
}

/** A test that needs the public instance's configuration is skipped by name where it is absent. */
function test(vector: GoldenVector, title: string, run: () => Promise<void>): void {
  const runnable = hasPublicConfiguration || 'text' in vector.configuration;
  (runnable ? it : it.skip)(`${vector.name}: ${title}`, run);
}

describe.each(goldenFolders.filter((folder) => folder !== 'configuration'))(
  'what Fulcio does: %s',
  (folder) => {
    for (const vector of vectors.filter((one) => one.folder === folder)) {
      const difference = differenceOf(vector);
      if (difference?.kind === 'refused') {
        test(vector, `refused by us alone: ${difference.why}`, async () => {
          expect(vector.refusal).toBeUndefined();
          const { code, claim } = difference;
          expect(await refusalOf(vector)).toMatchObject({ code, claim });
        });
      } else if (difference?.kind === 'refused-earlier') {
        test(vector, `refused by both, by us earlier: ${difference.why}`, async () => {
          expect(vector.refusal?.status).toBe(400);
          expect(await refusalOf(vector)).toMatchObject({ code: 'CONFIG' });
        });
      } else if (difference?.kind === 'accepted') {
        test(vector, `certified by us alone: ${difference.why}`, async () => {
          expect(vector.refusal?.status).toBe(400);
          const { subjectAlternativeName } = await principalOfVector(vector);
          expect(subjectAlternativeName.value).toBe(difference.identity);
        });
      } else if (difference?.kind === 'different') {
        test(vector, `certified differently by us: ${difference.why}`, async () => {
          const profile = profileOfVector(vector, await principalOfVector(vector));
          const theirs = Certificate.fromPem(vector.certificate);
          const claims = { issuer: '', ...readFulcioExtensions(theirs) };
          const [subjectAlternativeName = { type: 'uri', value: '' }] = theirs.subjectAlternativeNames;
          expect(otherClaims(profile.claims, claims)).toEqual(difference.claims);
          expect(profile.subjectAlternativeName.value).toBe(
            difference.identity ?? subjectAlternativeName.value,
          );
          await expectTheirTbs(vector, { ...profile, claims, subjectAlternativeName });
        });
      } else if (vector.refusal !== undefined) {
        test(vector, 'refused by both', async () => {
          expect(vector.refusal?.status).toBe(400);
          const refusal = await refusalOf(vector);
          expect(refusal).toBeInstanceOf(OidcError);
          expect(['CONFIG', 'DISCOVERY', 'JWKS']).not.toContain(refusal?.code);
        });
      } else {
        test(vector, 'the same TBSCertificate', async () => {
          await expectTheirTbs(vector, profileOfVector(vector, await principalOfVector(vector)));
        });
      }
    }
  },
);

describe('configurations that Fulcio does not start with', () => {
  it.each(goldenVectors('configuration').map((vector) => [vector.name, vector] as const))(
    '%s: refused by both',
    (_, vector) => {
      expect(() => parseIssuerConfiguration(configurationText(vector))).toThrow(OidcError);
    },
  );
});

describe('the list of intended differences', () => {
  it('names vectors that exist', () => {
    const known = new Set(vectors.map(identify));
    expect([...intendedDifferences.keys()].filter((name) => !known.has(name))).toEqual([]);
  });
});
