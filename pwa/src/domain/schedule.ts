/** What is asked for by more than one screen: groups, their sessions, Today, help. */

export { group, groups, help } from './group.ts'
export { session, sessions } from './meetings.ts'
export { today } from './today.ts'
