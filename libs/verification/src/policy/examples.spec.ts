import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@sigstead/encoding';
import { compilePolicy } from '../policy.ts';
import { parseImagePolicyDocument } from './image/image-policy-document.ts';
import { compileImagePolicy } from './image/image-policy.ts';
import { parsePolicyInput } from './policy-input.ts';

const DOCUMENT = resolve(import.meta.dirname, '../../../../docs/policies.md');

/** Every block of JSON, in order. */
function examples(): string[] {
  const text = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
  return [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, block]) => block ?? '');
}

describe('examples of the documentation', () => {
  it('are there, of both forms', () => {
    const documents = examples().filter((text) => text.includes('"kind"'));
    expect(documents.length).toBeGreaterThanOrEqual(4);
    expect(examples().length - documents.length).toBeGreaterThanOrEqual(5);
  });

  it.each(examples().map((text, at) => [at + 1, text] as const))('number %i compiles', (_, text) => {
    if (text.includes('"kind"')) {
      expect(compileImagePolicy(parseImagePolicyDocument(text)).requirements.length).toBeGreaterThan(0);
    } else {
      expect(compilePolicy(parsePolicyInput(JSON.parse(text) as JsonObject)).rules.length).toBeGreaterThan(0);
    }
  });
});
