import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UsageError } from './errors.ts';

export type Arguments = SignArguments | VerifyArguments;

export interface SignArguments {
  readonly command: 'sign-bundle';
  readonly identityToken: string;
  /** Where the bundle is written. */
  readonly bundle: string;
  readonly trustedRoot: string;
  readonly signingConfig: string;
  /** Whether the file is a statement, to be signed in an envelope. */
  readonly inToto: boolean;
  readonly file: string;
}

export interface VerifyArguments {
  readonly command: 'verify-bundle';
  readonly bundle: string;
  readonly signer: ExpectedSigner;
  readonly trustedRoot: string | undefined;
  /** A file or `sha256:<hex>`. */
  readonly artifact: string;
}

export type ExpectedSigner =
  | { readonly kind: 'identity'; readonly identity: string; readonly issuer: string }
  /** File with a PEM public key. */
  | { readonly kind: 'key'; readonly key: string };

/**
 * The command line of sigstore-conformance (`docs/cli_protocol.md` there):
 *
 *     sign-bundle [--staging] [--in-toto] --identity-token TOKEN --bundle FILE [--trusted-root F] [--signing-config F] FILE
 *     verify-bundle [--staging] --bundle FILE (--certificate-identity I --certificate-oidc-issuer U | --key K)
 *                   [--trusted-root F] FILE_OR_DIGEST
 *
 * Signing wants root and configuration said: there is no instance that anybody may be signed up with unasked.
 *
 * @throws UsageError
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const [command, ...rest] = argv;
  if (command === 'sign-bundle') return readSignArguments(rest);
  if (command === 'verify-bundle') return readVerifyArguments(rest);
  throw new UsageError(`the command is ${JSON.stringify(command ?? '')}, want sign-bundle or verify-bundle`);
}

function readSignArguments(rest: string[]): SignArguments {
  const { values, positionals } = read(rest, {
    ...COMMON,
    'in-toto': { type: 'boolean' },
    'identity-token': { type: 'string' },
    'signing-config': { type: 'string' },
  });
  return {
    command: 'sign-bundle',
    identityToken: required(values['identity-token'], '--identity-token'),
    bundle: required(values.bundle, '--bundle'),
    trustedRoot: required(values['trusted-root'], '--trusted-root'),
    signingConfig: required(values['signing-config'], '--signing-config'),
    inToto: values['in-toto'] === true,
    file: onlyOne(positionals),
  };
}

function readVerifyArguments(rest: string[]): VerifyArguments {
  const { values, positionals } = read(rest, {
    ...COMMON,
    'certificate-identity': { type: 'string' },
    'certificate-oidc-issuer': { type: 'string' },
    key: { type: 'string' },
  });
  if (values.staging === true && values['trusted-root'] === undefined) {
    throw new UsageError('the staging instance is not known here: give its root with --trusted-root');
  }
  return {
    command: 'verify-bundle',
    bundle: required(values.bundle, '--bundle'),
    signer: expectedSigner(values.key, values['certificate-identity'], values['certificate-oidc-issuer']),
    trustedRoot: values['trusted-root'],
    artifact: onlyOne(positionals),
  };
}

const COMMON = {
  staging: { type: 'boolean' },
  bundle: { type: 'string' },
  'trusted-root': { type: 'string' },
} as const;

function read<const T extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: T) {
  try {
    return parseArgs({ args, allowPositionals: true, options });
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

function expectedSigner(
  key: string | undefined,
  identity: string | undefined,
  issuer: string | undefined,
): ExpectedSigner {
  if (key === undefined) {
    return {
      kind: 'identity',
      identity: required(identity, '--certificate-identity'),
      issuer: required(issuer, '--certificate-oidc-issuer'),
    };
  }
  if (identity !== undefined || issuer !== undefined) {
    throw new UsageError('--key excludes --certificate-identity and --certificate-oidc-issuer');
  }
  return { kind: 'key', key };
}

function required(value: string | undefined, name: string): string {
  if (value === undefined) throw new UsageError(`${name} is required`);
  return value;
}

function onlyOne(positionals: readonly string[]): string {
  const [artifact, ...others] = positionals;
  if (artifact === undefined || others.length > 0) {
    throw new UsageError(`${positionals.length} artifacts are named, want one file or digest`);
  }
  return artifact;
}
