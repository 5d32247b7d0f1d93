import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { disconnectProblem, problem } from '../../core/problems';

// The ids that admission answers with; the contract is their one source.
const CONTRACT = readFileSync(new URL('../../../chalicelib/contract/errors.py', import.meta.url), 'utf8');
const ADMISSION = [
  'token_missing',
  'token_invalid',
  'token_expired',
  'token_revoked',
  'meeting_inactive',
  'not_allowed',
  'meeting_not_found',
  'participant_not_found',
  'preset_not_found',
  'session_ended',
  'too_many_requests',
  'internal_error',
  'busy',
  'no_node_available',
  'control_plane_unreachable',
];

describe('the texts of problems', () => {
  it.each(ADMISSION)('%s is an error of the contract and has words of its own', (id) => {
    expect(CONTRACT).toContain(`"${id}"`);
    expect(problem(id, 'MESSAGE').detail).not.toContain('MESSAGE');
  });

  it('never offer to join again with a token that will not work', () => {
    for (const id of ['token_missing', 'token_invalid', 'token_expired', 'token_revoked']) expect(problem(id).remedy).toBe('new_link');
  });

  it.each([
    [1, 'left'],
    [2, 'duplicate_identity'],
    [4, 'participant_removed'],
    [10, 'meeting_ended'],
    [undefined, 'connection_lost'],
    [99, 'connection_lost'],
  ])('a call that ends for reason %s shows %s', (reason, id) => {
    expect(disconnectProblem(reason).id).toBe(id);
  });
});
