import { expect, it } from '@jest/globals';
import { describeCase, isImage } from '../interop-case.ts';
import { ALL_CASES } from './all.ts';

const lines = ALL_CASES.flatMap((each) => each.verifiers.map((verifier) => ({ each, verifier })));

it('every line is there once', () => {
  const named = lines.map(({ each, verifier }) => describeCase(each, verifier));
  expect(named.filter((name, index) => named.indexOf(name) !== index)).toEqual([]);
});

it('the older form is on Rekor v1 only, since it needs the promise of the log', () => {
  const wrong = ALL_CASES.filter(({ form, log }) => form === 'legacy' && log === 'rekor-v2');
  expect(wrong).toEqual([]);
});

it('nobody is asked for what they cannot do', () => {
  const wrong = lines.filter(
    ({ each: { artifact, credential = 'keyless', signer }, verifier }) =>
      (signer === 'sigstore-js' || [signer, verifier].includes('sigstore-python')) &&
      (isImage(artifact) || credential !== 'keyless'),
  );
  expect(wrong).toEqual([]);
});

it('only images are copied', () => {
  expect(ALL_CASES.filter(({ artifact, copier }) => copier && !isImage(artifact))).toEqual([]);
});
