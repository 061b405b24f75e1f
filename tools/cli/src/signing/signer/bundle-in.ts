import type { JsonObject, JsonValue } from '@sigstead/encoding';
import { isJsonObject } from '@sigstead/encoding';
import { replaceFile } from '../../replace-file.ts';

/** Writes the bundle of an answer: of an image the one that refers to it, where there is one. @throws CliError */
export async function keepBundle(answer: JsonObject, path: string | undefined): Promise<JsonObject> {
  if (path === undefined) return answer;
  const referrer = objectOf(answer['referrer']);
  const bundle = referrer['bundle'] ?? answer['bundle'] ?? null;
  await replaceFile(path, `${JSON.stringify(bundle)}\n`);
  return { ...answer, bundleFile: path };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return value !== undefined && isJsonObject(value) ? value : {};
}
