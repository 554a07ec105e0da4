/** A style sheet is imported for its effect: the build takes it along. */
declare module '*.css' {}
