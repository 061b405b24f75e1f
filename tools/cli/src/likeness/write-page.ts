import { writeFileSync } from 'node:fs';
import { commandTree } from '../completion/command-tree.ts';
import { createProgram } from '../program.ts';
import { compareWithCosign } from './compare.ts';
import { readCosign } from './cosign-commands.ts';
import { likenessPage } from './likeness-page.ts';

const cosign = readCosign();
const comparison = compareWithCosign(cosign, commandTree(createProgram('', {})));
writeFileSync(new URL('../../../../docs/cosign.md', import.meta.url), likenessPage(cosign, comparison));
