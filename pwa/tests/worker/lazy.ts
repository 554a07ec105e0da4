/** What the page loads only when it is asked to. */
export const words = 'lazy words of build N'
