import type { SignatureForm } from '@sigstead/signing';
import { CliError, exitCodes } from '../../cli-error.ts';
import type { FormOptions } from '../options.ts';

/**
 * The form that is asked for: by `--form`, or in cosign's words by `--new-bundle-format`.
 *
 * @returns undefined for what the log allows
 * @throws CliError when the two contradict each other
 */
export function wantedForm({ form, newBundleFormat }: FormOptions): SignatureForm | undefined {
  if (newBundleFormat === undefined) return form;
  const asked = newBundleFormat ? 'bundle' : 'legacy';
  if (form === undefined || form === asked) return asked;
  throw new CliError(
    `--form ${form} and --new-bundle-format=${newBundleFormat} contradict each other`,
    exitCodes.usage,
  );
}
