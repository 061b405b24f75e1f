import { EncodingError, isJsonObject, parseJson, type JsonObject } from '@sigstead/encoding';
import { OciError } from './errors.ts';
import type { Answer } from './exchange.ts';
import type { ImageReference } from './reference.ts';

/** Passes an answer of one of these statuses. @throws OciError NOT_FOUND, UNAUTHORIZED, STATUS with the registry's own words */
export function assertStatus(
  answer: Answer,
  wanted: readonly number[],
  ref: ImageReference,
  what: string,
): void {
  const { status } = answer;
  if (wanted.includes(status)) return;
  const said = registryMessage(answer.bytes);
  const message = `registry ${ref.registry} answered ${status} for ${what}${said === '' ? '' : `: ${said}`}`;
  if (status === 404) throw new OciError('NOT_FOUND', message, { status });
  if (status === 401 || status === 403) throw new OciError('UNAUTHORIZED', message, { status });
  throw new OciError('STATUS', message, { status });
}

/** The registry's own words, made safe to show; empty when there are none. */
function registryMessage(bytes: Uint8Array): string {
  const { code, message } = registryError(bytes) ?? {};
  const text = [code, message].filter((part) => typeof part === 'string').join(' ');
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);
}

/** The first error of `{"errors":[{"code","message"}]}` (distribution-spec, "Error Codes"); undefined when there is none. */
export function registryError(bytes: Uint8Array): JsonObject | undefined {
  try {
    const json = parseJson(bytes, { maxBytes: 16_384 });
    const errors = isJsonObject(json) ? json['errors'] : undefined;
    const first = Array.isArray(errors) ? errors[0] : undefined;
    return isJsonObject(first) ? first : undefined;
  } catch (cause) {
    if (cause instanceof EncodingError) return undefined;
    throw cause;
  }
}
