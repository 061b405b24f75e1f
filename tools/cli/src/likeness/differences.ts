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
  { command: 'debug providers', why: 'hidden in cosign; `sigstead issuer check` explains tokens' },
  { command: 'env', why: 'prints export lines that point clients at the stack' },
  { command: 'generate-fig-spec', why: 'hidden in cosign, for a program that has ended' },
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
  { command: 'version', why: '`sigstead --version`' },
];

export const flagDifferences: readonly FlagDifference[] = [
  {
    flag: 'identity-token',
    why: 'a token is told by its form, whatever its algorithm; of a file the space around is dropped; an empty variable is none',
  },
  {
    flag: 'key',
    commands: ['import-key-pair', 'public-key'],
    why: 'a file or `env://NAME`; no KMS, Kubernetes, GitLab or URL',
  },
  {
    flag: 'fulcio-auth-flow',
    why: 'the same names; without it a build (`CI`) begins no login, where cosign starts the device flow that nobody sees',
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
    flag: 'output-key-prefix',
    why: '`sigstead` and `import-sigstead` unless given',
  },
  {
    flag: 'yes',
    commands: ['import-key-pair'],
    why: 'without it a key that is there is never overwritten; nothing is asked',
  },
];
