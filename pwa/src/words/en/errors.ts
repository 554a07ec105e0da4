/** What went wrong, in a plain sentence. */

import { section } from '../speech.ts'

export const errors = section('errors', {
  /** What happened and what to do, for every code (PROTOCOL 10). */
  codes: {
    rate_limited: 'Too many tries. Wait a few minutes and try again.',
    busy: 'The server is busy. Enid tries again by itself.',
    quota: 'The server is full. Your changes stay on this phone.',
    restoring: 'The server is being put right. Enid tries again by itself.',
    auth_required: 'This phone is signed out. Open it with your recovery code.',
    device_revoked: 'This phone was signed out for good. Ask your leader for a new code.',
    role_denied: 'You may not do that here, or you have left this group. Ask your leader.',
    invitation_needed: 'There is no account for this yet. You need a code from your leader.',
    invite_used: 'This code was used or withdrawn. Ask your leader for a new one.',
    invite_expired: 'This code is too old. Ask your leader for a new one.',
    no_such_invite: 'We do not know this code. Check it against your invitation.',
    no_such_slot: 'We do not know this recovery code. Check it against your kit.',
    upgrade_required: 'This needs a newer Enid. Update the app.',
    too_large: 'This is too long to send. Make it shorter or split it in two.',
    bad_code: 'One group of characters looks wrong. Check it.',
    bad_copy: 'This file is not a copy that this code can open. Check the file and the code.',
    storage_full: 'This phone is full. Free some space, then try again.',
    storage_refused: 'This browser does not let Enid keep anything. Try without private browsing.',
    storage_lost: 'This phone lost its copy. Enid gets it back when you have signal.',
    no_answer: 'No answer from the server. Check your signal and try again.',
    offline: 'This needs signal once. Try again when you have some.',
    server_fault: 'The server’s answer does not fit what your group signed. Nothing was changed.',
    no_account: 'There is no account on this phone yet.',
    unsent: 'Some changes are not sent yet.',
    cross_site: 'Open Enid from its own address.',
    camera_refused: 'Enid may not use the camera. Type the code instead.',
  } as Readonly<Record<string, string>>,
  codeUnknown: (code: string) => `Something went wrong (${code}). Nothing was lost. Try again.`,
})

/** A plain sentence for an error code. */
export function sentenceFor(code: string): string {
  return errors.codes[code] ?? errors.codeUnknown(code)
}
