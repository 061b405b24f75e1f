import { SIGNING, signingDifferences } from './signing-differences.ts';

/** What is there under the same name and means something else, or is here under another name, and why. */
export interface CommandDifference {
  readonly command: string;
  readonly why: string;
}

export interface FlagDifference {
  readonly flag: string;
  /** Every command that has the flag unless given. */
  readonly commands?: readonly string[];
  readonly why: string;
}

export const commandDifferences: readonly CommandDifference[] = [
  {
    command: 'copy',
    why: 'bundles and other referrers go along; signatures that are there stay, and those that come are added',
  },
  { command: 'debug providers', why: 'hidden in cosign; `sigstead issuer check` explains tokens' },
  { command: 'env', why: 'prints export lines that point clients at the stack' },
  { command: 'generate-fig-spec', why: 'hidden in cosign, for a program that has ended' },
  {
    command: 'download attestation',
    why: 'leaves out what signs the image itself; nothing found ends with 10',
  },
  {
    command: 'download signature',
    why: 'leaves out what only attests something; nothing found ends with 10',
  },
  {
    command: 'login',
    why: 'logs in at the issuer and prints the token; for registries, `docker login`',
  },
  {
    command: 'signing-config create',
    why: 'the ceremony writes the file; the stack serves it under `/trust/`',
  },
  {
    command: 'trusted-root create',
    why: 'the ceremony writes the file; the stack serves it under `/trust/`',
  },
  {
    command: 'verify',
    why: 'judges both forms, and each at every time that is known; an attestation is no signature of the image; ends with 10 to 13 for bundles too',
  },
  { command: 'verify-attestation', why: 'judges both forms; ends with 10 to 13 as `verify` does' },
  { command: 'verify-blob', why: 'a bundle that only attests something is refused' },
  { command: 'version', why: '`sigstead --version`' },
];

const VERIFYING = ['verify', 'verify-attestation', 'verify-blob', 'verify-blob-attestation'] as const;

export const flagDifferences: readonly FlagDifference[] = [
  { flag: 'check-claims', why: 'is always so; `=false` is refused' },
  {
    flag: 'experimental-oci11',
    commands: VERIFYING,
    why: 'not deprecated: layers that refer to the image are read beside the other forms',
  },
  {
    flag: 'insecure-ignore-tlog',
    why: 'log entries that are there must hold all the same, unless nothing counts but a key',
  },
  {
    flag: 'identity-token',
    why: 'a token is told by its form, whatever its algorithm; of a file the space around is dropped; an empty variable is none',
  },
  {
    flag: 'key',
    commands: ['import-key-pair', 'public-key', ...SIGNING, ...VERIFYING],
    why: 'a file or `env://NAME`; no KMS, Kubernetes, GitLab or URL',
  },
  {
    flag: 'fulcio-auth-flow',
    why: 'the same names; without it a build (`CI`) begins no login, where cosign starts the device flow that nobody sees',
  },
  { flag: 'max-workers', why: 'taken, and not needed' },
  {
    flag: 'new-bundle-format',
    commands: VERIFYING,
    why: '`=false` leaves bundles beside images unread; files are read in either form',
  },
  {
    flag: 'offline',
    why: 'not deprecated: nobody is asked but the registry',
  },
  {
    flag: 'oidc-issuer',
    why: 'not deprecated: stands before the issuer of the signing configuration; https, or http on this machine',
  },
  {
    flag: 'oidc-provider',
    why: '`envvar` as well, `google` not yet; a provider that is there and fails ends the search; the usual SPIFFE socket in /tmp counts only when asked for by name',
  },
  {
    flag: 'output',
    commands: ['verify', 'verify-attestation'],
    why: '`text` tells the chain of trust; it is what `verify` prints unless it is called by the name cosign',
  },
  {
    flag: 'output-key-prefix',
    why: '`sigstead` and `import-sigstead` unless given',
  },
  {
    flag: 'rekor-url',
    commands: ['verify', 'verify-attestation'],
    why: 'not deprecated, the stack unless given: asked for proofs that signatures of the older form came without',
  },
  {
    flag: 'trusted-root',
    commands: VERIFYING,
    why: 'may be given several times, and stand beside other roots',
  },
  {
    flag: 'yes',
    commands: ['import-key-pair'],
    why: 'without it a key that is there is never overwritten; nothing is asked',
  },
  ...signingDifferences,
];
