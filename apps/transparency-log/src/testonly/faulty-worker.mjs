/** A worker that fails in the ways a worker can. */
export default function failAll({ bodies }) {
  return Promise.all(bodies.map(fail));
}

function fail(body) {
  const text = Buffer.from(body).toString();
  if (text === 'throw') throw new Error('a fault of ours');
  if (text === 'exit') process.exit(3);
  if (text === 'crash') return crash();
  return { admitted: { canonicalBody: body, indexKeys: [], attestation: undefined } };
}

/** Never answers: the thread has ended before. */
function crash() {
  setImmediate(() => {
    throw new Error('nobody catches this');
  });
  return new Promise(() => undefined);
}
