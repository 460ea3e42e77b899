/** A text with at most so many characters of it, and a sign where some are left out. */
export const shorten = (text: string, most = 80) => (text.length > most ? `${text.slice(0, most)}…` : text)
