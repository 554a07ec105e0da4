/** A typed code as it stands on the screen: groups of five, and which of them look right. */

/** Only what a code is made of, in capitals. */
export function bare(text: string): string {
  return text.toUpperCase().replace(/[^0-9A-Z]/g, '')
}

/** 'ABCDE-FGHJK': as it is printed. */
export function spelled(text: string): string {
  return (bare(text).match(/.{1,5}/g) ?? []).join('-')
}

/** The groups that are complete, as far as they go. */
export function wholeGroups(text: string): readonly string[] {
  return (bare(text).match(/.{1,5}/g) ?? []).filter((group) => group.length === 5)
}
