import { EntryPolicyError, TlogError, type EntryPolicyCode, type TlogErrorCode } from '@sigstead/tlog';

/** A {@link TlogError} as plain data: classes do not survive the way from one thread to another. */
export interface Refusal {
  readonly isPolicy: boolean;
  readonly code: TlogErrorCode;
  readonly message: string;
  readonly field: string | undefined;
}

export function describeRefusal(error: TlogError): Refusal {
  const { code, message, field } = error;
  return { isPolicy: error instanceof EntryPolicyError, code, message, field };
}

export function rebuildRefusal({ isPolicy, code, message, field }: Refusal): TlogError {
  if (isPolicy) return new EntryPolicyError(code as EntryPolicyCode, message);
  return new TlogError(code, message, field === undefined ? {} : { field });
}
