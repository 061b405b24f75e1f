import { problemJsonErrors, type ErrorRenderer } from '@sigstead/server';

/** Errors that OAuth clients read are as RFC 6749 section 5.2 has them, in its media type: strict clients take no other. */
export const issuerErrors: ErrorRenderer = {
  ...problemJsonErrors,
  render: (problem) => {
    const error = problem.options.extra?.['error'];
    if (error === undefined) return problemJsonErrors.render(problem);
    return {
      status: problem.status,
      contentType: 'application/json',
      body: JSON.stringify({ error, error_description: problem.message }),
    };
  },
};
