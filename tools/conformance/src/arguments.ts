import { parseArgs } from 'node:util';
import { UsageError } from './errors.ts';

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
 *     verify-bundle [--staging] --bundle FILE (--certificate-identity I --certificate-oidc-issuer U | --key K)
 *                   [--trusted-root F] FILE_OR_DIGEST
 *
 * @throws UsageError
 */
export function parseArguments(argv: readonly string[]): VerifyArguments {
  const [command, ...rest] = argv;
  if (command !== 'verify-bundle') {
    throw new UsageError(`the command is ${JSON.stringify(command ?? '')}, want verify-bundle`);
  }
  return readVerifyArguments(rest);
}

function readVerifyArguments(argv: string[]): VerifyArguments {
  const { values, positionals } = read(argv);
  if (values.staging === true && values['trusted-root'] === undefined) {
    throw new UsageError('the staging instance is not known here: give its root with --trusted-root');
  }
  return {
    command: 'verify-bundle',
    bundle: required(values.bundle, '--bundle'),
    signer: expectedSigner(values),
    trustedRoot: values['trusted-root'],
    artifact: onlyOne(positionals),
  };
}

type Values = ReturnType<typeof read>['values'];

function read(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        staging: { type: 'boolean' },
        bundle: { type: 'string' },
        'certificate-identity': { type: 'string' },
        'certificate-oidc-issuer': { type: 'string' },
        key: { type: 'string' },
        'trusted-root': { type: 'string' },
      },
    });
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

function expectedSigner(values: Values): ExpectedSigner {
  const identity = values['certificate-identity'];
  const issuer = values['certificate-oidc-issuer'];
  if (values.key === undefined) {
    return {
      kind: 'identity',
      identity: required(identity, '--certificate-identity'),
      issuer: required(issuer, '--certificate-oidc-issuer'),
    };
  }
  if (identity !== undefined || issuer !== undefined) {
    throw new UsageError('--key excludes --certificate-identity and --certificate-oidc-issuer');
  }
  return { kind: 'key', key: values.key };
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
