import { decodeUtf8, parseJson, type JsonObject } from '@sigstead/encoding';
import type { Statement } from '@sigstead/signing';
import type { Attestation } from '../attest/read-attestation.ts';
import { outputFiles } from '../blob/output-files.ts';
import { bundleFiles } from '../bundle-files.ts';
import type { NamedImage } from '../image/resolve-images.ts';
import { wantedForm } from '../image/signature-form.ts';
import type { AttestBlobOptions, AttestOptions, CommandSurroundings } from '../options.ts';
import { askSigner, needsConfig } from './ask-signer.ts';
import { keepBundle } from './bundle-in.ts';
import { registryAuth } from './have-images-signed.ts';

/** Has a signer service attest something about images. @throws CliError */
export async function haveImagesAttested(
  images: readonly NamedImage[],
  attestation: Attestation,
  options: AttestOptions,
  surroundings: CommandSurroundings,
): Promise<void> {
  if (options.upload === false) throw needsConfig('--no-upload', options);
  const form = wantedForm(options);
  const bundles =
    options.bundle === undefined ? undefined : await bundleFiles(options.bundle, images.length > 1);
  const said =
    attestation.kind === 'statement'
      ? { statement: statementJson(attestation.statement) }
      : { predicateType: attestation.type, predicate: attestation.predicate };
  const artifacts = images.map(({ name }) => ({
    name,
    body: { ...said, image: name, ...(form !== undefined && { form }) },
  }));
  const keep = (_at: number, answer: JsonObject) =>
    keepBundle(answer, bundles?.pathFor(String(answer['digest'])));
  const common = registryAuth(images, options);
  await askSigner({ route: 'attest', artifacts, common, keep }, options, surroundings);
}

/** Has a signer service sign a statement about a file. @throws CliError */
export async function haveBlobAttested(
  statement: Statement,
  name: string,
  options: AttestBlobOptions,
  surroundings: CommandSurroundings,
): Promise<void> {
  const { bundle, output } = options;
  const filesOf = await outputFiles({ bundle, output }, [name]);
  await askSigner(
    {
      route: 'attest',
      artifacts: [{ name, body: { statement: statementJson(statement) } }],
      common: {},
      keep: (_at, answer) => keepBundle(answer, filesOf(name).bundle),
    },
    options,
    surroundings,
  );
}

function statementJson({ payload }: Statement): JsonObject {
  return parseJson(decodeUtf8(payload), { maxBytes: payload.length }) as JsonObject;
}
