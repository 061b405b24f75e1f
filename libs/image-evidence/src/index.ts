export { completeWithProofs, type ProofSource } from './complete-with-proofs.ts';
export { nameEvidence, readCandidates, type FurtherForms, type WantedEvidence } from './image-candidates.ts';
export { LogProofs, type ProofAnswer } from './log-proofs.ts';
