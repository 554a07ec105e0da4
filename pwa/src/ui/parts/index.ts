/**
 * The parts that screens are made of; their CSS is `ui/style/parts.css`.
 *
 *   page    Page, PageHead (the h1; `up` gives Back), Card (tone), Section (h2), Inset, Audience
 *           ("who can see this"), Empty, Tag (tone, icon), Saving (writing | saved | sent | unsaved),
 *           Waiting
 *   button  Button, LinkButton (kind: primary | secondary | quiet | danger; small; icon), IconButton,
 *           Buttons (side by side where there is room)
 *   list    Rows, Row (title, sub, icon, end, href | onClick), Facts, Fact, Details
 *   copy    CopyButton, ChipLink: small acts beside a fact
 *   code    CodeField, wrongWith: typed codes in groups of five
 *   session WhereAndWho, CanYouCome, Cancelled: what stands of a session on more than one screen
 *   field   Field (one line; `code` for typed codes), TextArea, ErrorSummary (at the page's top;
 *           takes the focus)
 *   choice  Choices (radios; `chips`), Checkbox
 *   sheet   Sheet (a <dialog>; render it while it is open)
 *   status  StatusLine, statusWords: the shell shows it; a full-screen task shows it itself
 *   icons   Icon name size
 *   ring    Ring, Seat: the drawing of the group's seats; mark: Mark, the same as an icon
 *
 * Tones: amber = not sent yet, violet = you two differ, error = a field or a failure, never a person.
 * Sizes come from tokens: --h1 --h2 --body --ui --small; spaces --s1 (4) to --s7 (48).
 * A screen is `<Page><PageHead title=… up="today" />…</Page>`; it is listed in `ui/pages.ts`.
 */

export * from './button.tsx'
export * from './choice.tsx'
export * from './codefield.tsx'
export * from './copy.tsx'
export * from './field.tsx'
export * from './icons.tsx'
export * from './list.tsx'
export * from './mark.tsx'
export * from './page.tsx'
export * from './ring.tsx'
export * from './session.tsx'
export * from './sheet.tsx'
export * from './status.tsx'
