import { Command } from 'commander';
import type { DownloadOptions } from '../verify/stored/download.ts';
import type { TriangulateOptions } from '../verify/stored/triangulate.ts';
import type { RegistryOptions } from '../registry/options.ts';
import { addRegistryOptions } from './registry-options.ts';

const IMAGE = ['<image>', 'host/repository[:tag][@digest]'] as const;

/** What lies beside an image. Nothing of it is verified here. */
export function treeCommand(environment: NodeJS.ProcessEnv): Command {
  const command = new Command('tree').description(
    'Shows what signatures, attestations and bills of materials an image has, unverified.',
  );
  return addRegistryOptions(command.argument(...IMAGE)).action(
    async (image: string, options: RegistryOptions) => {
      const { printTree } = await import('../verify/stored/tree.ts');
      await printTree(image, options, environment);
    },
  );
}

export function triangulateCommand(environment: NodeJS.ProcessEnv): Command {
  const command = new Command('triangulate')
    .description('Prints where something of an image lies.')
    .argument(...IMAGE)
    .option('--type <type>', 'signature, attestation, sbom, or digest', 'signature');
  return addRegistryOptions(command).action(async (image: string, options: TriangulateOptions) => {
    const { triangulate } = await import('../verify/stored/triangulate.ts');
    await triangulate(image, options, environment);
  });
}

export function downloadCommand(environment: NodeJS.ProcessEnv): Command {
  return new Command('download')
    .description('Prints what lies beside an image, unverified.')
    .addCommand(
      part('signature', 'Prints the bundles that sign an image, or where there are none its .sig.').action(
        async (image: string, options: DownloadOptions) =>
          (await import('../verify/stored/download.ts')).downloadSignatures(image, options, environment),
      ),
    )
    .addCommand(
      part('attestation', 'Prints what is attested about an image: bundles, and envelopes of its .att.')
        .option('--predicate-type <type>', 'only those of this type: a short name or a URI')
        .action(async (image: string, options: DownloadOptions) =>
          (await import('../verify/stored/download.ts')).downloadAttestations(image, options, environment),
        ),
    )
    .addCommand(
      part('bundle', 'Prints every Sigstore bundle that refers to an image.').action(
        async (image: string, options: DownloadOptions) =>
          (await import('../verify/stored/download.ts')).downloadBundles(image, options, environment),
      ),
    )
    .addCommand(
      part('sbom', 'Writes out the bill of materials that lies beside an image.').action(
        async (image: string, options: DownloadOptions) =>
          (await import('../verify/stored/download.ts')).downloadSbom(image, options, environment),
      ),
    );
}

function part(name: string, description: string): Command {
  const command = new Command(name)
    .description(description)
    .argument(...IMAGE)
    .option('--platform <os/architecture>', 'of an index: the image of this platform');
  return addRegistryOptions(command);
}
