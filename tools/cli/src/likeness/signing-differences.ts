import type { FlagDifference } from './differences.ts';

/** The commands that sign. */
export const SIGNING = ['sign', 'sign-blob', 'attest', 'attest-blob'];

export const signingDifferences: readonly FlagDifference[] = [
  {
    flag: 'annotations',
    commands: ['sign', 'generate'],
    why: 'one pair each time: a comma is part of the value',
  },
  {
    flag: 'bundle',
    commands: ['sign', 'attest'],
    why: 'of several images a folder; of the `.sig` and `.att` forms a Sigstore bundle too',
  },
  {
    flag: 'bundle',
    commands: ['sign-blob', 'attest-blob'],
    why: '`<file>.sigstore.json` unless given; of several files a folder; the older bundles are not written',
  },
  {
    flag: 'fulcio-url',
    commands: SIGNING,
    why: 'not deprecated: any single URL stands in the place of a signing configuration; no public instance unless given',
  },
  { flag: 'rekor-url', commands: SIGNING, why: 'as `--fulcio-url`; `--rekor-version 2` for Rekor v2' },
  { flag: 'timestamp-server-url', commands: SIGNING, why: 'as `--fulcio-url`' },
  {
    flag: 'new-bundle-format',
    commands: ['sign', 'attest'],
    why: 'without it images on Rekor v1 have both forms (`--form`)',
  },
  {
    flag: 'new-bundle-format',
    commands: ['sign-blob', 'attest-blob'],
    why: 'false is refused',
  },
  {
    flag: 'no-upload',
    why: 'what is made is in `--bundle` or `--output json`',
  },
  {
    flag: 'output',
    commands: ['sign-blob'],
    why: 'text or json; the file of the signature is `--output-signature`',
  },
  ...['registry-username', 'registry-password', 'registry-token'].map((flag) => ({
    flag,
    commands: ['sign', 'attest', 'copy'],
    why: 'for the images of one registry',
  })),
  {
    flag: 'replace',
    why: 'not deprecated: bundles of the type make room too',
  },
  {
    flag: 'signing-config',
    commands: SIGNING,
    why: 'SIGSTEAD_SIGNING_CONFIG or the file of the stack unless given, nothing of TUF; goes with `--key` and with either form',
  },
  {
    flag: 'statement',
    commands: ['attest', 'attest-blob'],
    why: 'for images as well; it must be in-toto, and about what is named',
  },
  {
    flag: 'tlog-upload',
    commands: SIGNING,
    why: 'false is refused: nothing is signed that is in no log',
  },
  {
    flag: 'trusted-root',
    commands: SIGNING,
    why: 'SIGSTEAD_TRUSTED_ROOT or the file beside the signing configuration unless given: every signature is verified before it is stored',
  },
  {
    flag: 'use-signing-config',
    commands: SIGNING,
    why: 'false wants the single URLs',
  },
  { flag: 'yes', commands: SIGNING, why: 'nothing is asked without it either' },
  {
    flag: 'force',
    commands: ['clean'],
    why: 'without it and without a terminal nothing is removed',
  },
  {
    flag: 'sig-only',
    why: 'bundles as well: `--only sig,referrer`',
  },
];
