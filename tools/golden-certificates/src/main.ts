import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { allGroups } from './cases/all.ts';
import { refusedConfigurations } from './cases/configuration.ts';
import { generateVectors } from './generate.ts';
import { writeVectors } from './vector.ts';

interface Options {
  readonly fulcio: string;
  readonly out: string;
  readonly publicConfiguration: string;
}

const VECTORS = process.env['SIGSTEAD_VECTORS'] ?? join(import.meta.dirname, '../../../../shared/vectors');

const program = new Command('golden-certificates')
  .description('Has a real Fulcio certify and refuse identities, and keeps its answers as vectors.')
  .requiredOption('--fulcio <path>', 'the fulcio program')
  .requiredOption('--out <path>', 'where to write; a folder of vectors per issuer type')
  .option(
    '--public-configuration <path>',
    "configuration of the public instance (Fulcio's config/identity/config.yaml)",
    join(VECTORS, 'fulcio/config.yaml'),
  );

try {
  await run(program.parse().opts<Options>());
} catch (error) {
  process.stderr.write(`golden-certificates: ${error instanceof Error ? error.message : 'failed'}\n`);
  process.exitCode = 1;
}

async function run(options: Options): Promise<void> {
  const vectors = await generateVectors({
    program: options.fulcio,
    publicConfiguration: await readFile(options.publicConfiguration, 'utf8'),
    groups: allGroups,
    refusedConfigurations,
    clock: () => new Date(),
  });
  for (const [folder, ofFolder] of vectors) {
    await writeVectors(join(options.out, folder), ofFolder);
    const refused = ofFolder.filter((vector) => 'refusal' in vector).length;
    process.stdout.write(`${folder}: ${ofFolder.length - refused} issued, ${refused} refused\n`);
  }
}
