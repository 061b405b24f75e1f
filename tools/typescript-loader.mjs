import { register } from 'node:module';
import { readFile } from 'node:fs/promises';
import { transform } from '@swc/core';

// Loaded twice: by `node --import`, in the main thread or a worker, and then by Node itself as hooks, in a thread of their own.
if (!import.meta.url.endsWith('?hooks')) register(`${import.meta.url}?hooks`);

/** Lets `node` run our sources, as jest does: a process under test needs no build. */
export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const { code } = await transform(await readFile(new URL(url), 'utf8'), {
    swcrc: false,
    module: { type: 'es6' },
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
  });
  return { format: 'module', source: code, shortCircuit: true };
}
